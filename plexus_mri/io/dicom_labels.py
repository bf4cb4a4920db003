"""Labels of a DICOM segmentation: which segment each voxel belongs to."""

import importlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom

from plexus_mri.core.grid import Grid
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode

_SEGMENTATIONS = frozenset({"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"})
_MAX_VOXELS = 2**31  # as of images: no mask of an MR image, so a damaged or hostile header
_RAS_FROM_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def read_dicom_labels(path: Path) -> tuple[npt.NDArray[np.int16], Grid]:
    """Segment number of each voxel (0: none) of a DICOM segmentation, and their grid.

    Raises
    ------
    InputError
        MASK_LABELS when it is no segmentation, its segments overlap or are shares; MASK_GRID when
        its frames are no regular volume; INPUT_UNREADABLE when it is damaged.
    """
    _check_kind(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about values that are odd but do no harm
            # Imported here: it takes half a second that no other mask needs.
            segmentation: Any = importlib.import_module("highdicom.seg").segread(path)
            _check_segments(path, segmentation)
            _check_frames(path, segmentation)
            volume = segmentation.get_volume(combine_segments=True, dtype=np.int16)
    except InputError:
        raise
    except Exception as error:
        # Whatever the libraries stumble over, and without their words: those quote the header.
        msg = (
            f"the segments of '{path.name}' cannot be read as one label map: it is damaged, "
            "incomplete, its segments overlap or its slices are irregular; export it again, or "
            "as NIfTI"
        )
        raise InputError(msg, ReasonCode.MASK_GRID) from error
    labels = np.asarray(volume.array, dtype=np.int16)
    return labels, Grid(labels.shape, _RAS_FROM_LPS @ np.asarray(volume.affine))


def _check_kind(path: Path) -> None:
    """Refuse what is no segmentation, or too large to be one of an MR image, by its header."""
    try:
        head = pydicom.dcmread(path, stop_before_pixels=True)
        kind = str(head.get("SOPClassUID", ""))
        voxels = np.prod([float(head.get(k, 1) or 1) for k in ("Rows", "Columns")])
        voxels *= float(head.get("NumberOfFrames", 1) or 1)
    except Exception as error:
        msg = f"'{path.name}' is a damaged DICOM file; export the mask again"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE) from error
    if kind not in _SEGMENTATIONS:
        msg = f"'{path.name}' is DICOM, but no segmentation; give a DICOM SEG or a NIfTI of labels"
        raise InputError(msg, ReasonCode.MASK_LABELS)
    if not 0.0 < voxels <= _MAX_VOXELS:
        msg = f"'{path.name}' claims {voxels:.3g} voxels; no mask of an MR image is as large"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE)


def _check_segments(path: Path, segmentation: Any) -> None:  # noqa: ANN401 - imported late
    """Refuse shares of segments, and numbers that no label table can name."""
    if str(segmentation.get("SegmentationType", "")) == "FRACTIONAL":
        msg = (
            f"'{path.name}' holds shares of segments (FRACTIONAL), not which segment a voxel is; "
            "export it as BINARY or LABELMAP"
        )
        raise InputError(msg, ReasonCode.MASK_LABELS)
    largest = max(segmentation.segment_numbers, default=0)
    if largest > np.iinfo(np.int16).max:
        msg = f"'{path.name}' holds segment {largest}; numbers up to 32767 are possible"
        raise InputError(msg, ReasonCode.MASK_LABELS)


def _check_frames(path: Path, segmentation: Any) -> None:  # noqa: ANN401 - imported late
    """Refuse frames that are described but not counted, or of no segment: labels get lost."""
    frames = segmentation.PerFrameFunctionalGroupsSequence
    claimed = int(segmentation.NumberOfFrames)
    if len(frames) != claimed:
        msg = f"'{path.name}' claims {claimed} frames and describes {len(frames)}; export it again"
        raise InputError(msg, ReasonCode.MASK_GRID)
    named = {
        int(frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        for frame in frames
        if "SegmentIdentificationSequence" in frame
    }
    if unknown := sorted(named - set(segmentation.segment_numbers)):
        msg = (
            f"'{path.name}' has frames of segments {unknown[:5]} that it does not describe; "
            "export it again"
        )
        raise InputError(msg, ReasonCode.MASK_LABELS)
