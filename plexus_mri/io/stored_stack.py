"""A stack of an earlier run, packed until somebody reads its pixels: most are never read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from plexus_mri.io.dicom_acquisition import About
from plexus_mri.io.dicom_frames import Frame
from plexus_mri.io.dicom_scaling import Scaling
from plexus_mri.io.dicom_stack import Stack
from plexus_mri.io.packed import packed, unpacked


@dataclass(frozen=True)
class StoredStack:
    """A sound stack as bytes, of files that lie at ``paths``."""

    content: bytes = field(repr=False)
    paths: Sequence[Path]

    @classmethod
    def of(cls, stack: Stack, paths: Sequence[Path]) -> "StoredStack":
        """Pack a stack without a problem, of these files."""
        parts = (stack.frames, stack.affine.tolist(), stack.copies, stack.note, stack.part)
        return cls(packed(parts, paths), paths)

    def opened(self) -> Stack:
        """The stack itself.

        Raises
        ------
        DAMAGE
            When the bytes hold anything else.
        """
        kinds = (About, Frame, Scaling)
        frames, affine, copies, note, part = unpacked(self.content, self.paths, kinds)
        return Stack(frames, np.array(affine), copies, note=note, part=part)
