"""DICOM series as volumes: real values on their grid, or one reason why not."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.pixels.utils import pixel_array

from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import Volume
from plexus_mri.errors import InputError
from plexus_mri.io.dicom_checks import Problem
from plexus_mri.io.dicom_frames import Frame
from plexus_mri.io.dicom_header import DICOM_DAMAGE, quiet_dicom, transfer_syntax
from plexus_mri.io.dicom_stack import Stack
from plexus_mri.reasons import ReasonCode

Pixels = npt.NDArray[np.generic]


def read_stack(stack: Stack) -> Volume:
    """Volume of a sound stack: stored values times slope plus intercept, slice by slice.

    The array axes are (column, row, slice).

    Raises
    ------
    InputError
        When pixels are missing or cannot be decoded, or when two files of one slice differ.
    """
    _check_copies(stack)
    data = np.empty(stack.shape, dtype=np.float32)
    place = {(f.path, f.in_file): k for k, f in enumerate(stack.frames)}
    with np.errstate(all="ignore"):  # what overflows is refused below
        for frame, plane in _planes(stack.frames):
            data[:, :, place[frame.path, frame.in_file]] = _real(frame, plane).T
    if not np.isfinite(data).all():
        msg = f"a slope of {_steepest(stack):.3g} makes values too large to measure"
        raise InputError(msg, ReasonCode.PIXEL_RANGE)
    return Volume(data, Grid(stack.shape, stack.affine))


def stack_problem(stack: Stack) -> Problem | None:
    """Why the pixels of a stack cannot be read, judged by its first file and its copies."""
    try:
        _check_copies(stack)
        first = stack.frames[0]
        if decode(first.path, first.in_file).shape != first.size:
            msg = "a file holds pixels of another shape than its header says"
            return ReasonCode.PIXEL_MISSING, msg
    except InputError as error:
        return error.reason, str(error)
    return None


def _check_copies(stack: Stack) -> None:
    """Dropping a second file is harmless only when its pixels are the same."""
    for kept, copy in stack.copies:
        one, two = (plane for frame in (kept, copy) for _, plane in _planes([frame]))
        if not np.array_equal(one, two):
            msg = "two files of one slice differ in their pixels; export the series again"
            raise InputError(msg, ReasonCode.GEO_DUPLICATE_SLICE)


def _planes(frames: Sequence[Frame]) -> Iterator[tuple[Frame, Pixels]]:
    """Stored values (rows, columns) of each frame; every file is opened once."""
    files: dict[Path, list[Frame]] = defaultdict(list)
    for frame in frames:
        files[frame.path].append(frame)
    for path, wanted in files.items():
        whole = decode(path)
        stored = whole if whole.ndim > 2 else whole[np.newaxis]
        for frame in wanted:
            if frame.in_file >= len(stored) or stored[frame.in_file].shape != frame.size:
                msg = f"a file holds pixels of shape {whole.shape}, other than its header says"
                raise InputError(msg, ReasonCode.PIXEL_MISSING)
            yield frame, stored[frame.in_file]


def decode(path: Path, frame: int | None = None) -> Pixels:
    """Stored pixel values of a file: (rows, columns) or (frames, rows, columns).

    Parameters
    ----------
    frame
        Number of the only frame to decode, from 0.

    Raises
    ------
    InputError
        When the pixel data are missing, short or cannot be decompressed.
    """
    with quiet_dicom():
        try:
            dataset = pydicom.dcmread(path, force=True)
            syntax = transfer_syntax(dataset)
            dataset.file_meta.TransferSyntaxUID = syntax
            stored: Pixels = pixel_array(dataset, index=frame, raw=True)
        except DICOM_DAMAGE as error:
            msg = "the pixels of a file are cut short or cannot be decoded; export it again"
            raise InputError(msg, ReasonCode.PIXEL_COMPRESSION) from error
    return stored


def _steepest(stack: Stack) -> float:
    return max((abs(frame.scaling.slope or 1.0) for frame in stack.frames), default=1.0)


def _real(frame: Frame, plane: Pixels) -> npt.NDArray[np.float64]:
    """Modality LUT (DICOM PS3.3 C.11.1): slope times stored value plus intercept."""
    slope = 1.0 if frame.scaling.slope is None else frame.scaling.slope
    return plane.astype(np.float64) * slope + (frame.scaling.intercept or 0.0)
