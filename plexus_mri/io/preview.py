"""Small eight-bit copies of image and labels for the viewer page; nothing is measured on them."""

import numpy as np

from plexus_mri.core.anatomy import NERVE_KEYS, label_index
from plexus_mri.core.case import CaseResult
from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.core.volume import LabelMap
from plexus_mri.io.nifti import encoded_nifti

_MOST_VOXELS = 5_000_000  # about 3 MB compressed: the page stays under 8 MB with its program
_MARGIN_MM = 25.0  # around the nerves, when the image is larger
_WINDOW_PERCENT = (0.5, 99.5)  # brighter fluid is shown white


def preview_bytes(result: CaseResult) -> tuple[bytes, bytes]:
    """Image and labels as compressed NIfTI, cut to the nerves and thinned where they are large.

    Labels are numbered from 1 in the order of ``core.anatomy.NERVE_KEYS``.
    """
    low, high = _box(result.labels)
    grid = result.image.grid
    image = np.asarray(result.image.data[_slices(low, high)])
    labels = np.asarray(result.labels.data[_slices(low, high)])
    affine = grid.affine.copy()
    affine[:3, 3] = grid.to_world(low[None].astype(float))[0]
    step = _thinning(image.shape, grid.spacing)
    thin = tuple(slice(None, None, int(s)) for s in step)
    affine[:3, :3] = affine[:3, :3] * step
    small = labels[thin]
    shape = (small.shape[0], small.shape[1], small.shape[2])
    smaller = Grid(shape, affine)
    return (
        encoded_nifti(_eight_bits(image[thin]), smaller),
        encoded_nifti(_renumbered(small), smaller),
    )


def _box(labels: LabelMap) -> tuple[np.ndarray, np.ndarray]:
    """First and one-past-last voxel (3,): all of a small image, else the nerves and a margin."""
    shape = np.array(labels.grid.shape)
    nerves = np.argwhere(labels.data > 0)
    if shape.prod() <= _MOST_VOXELS or len(nerves) == 0:
        return np.zeros(3, dtype=int), shape
    margin = np.ceil(_MARGIN_MM / labels.grid.spacing).astype(int)
    low = np.maximum(nerves.min(axis=0) - margin, 0)
    return low, np.minimum(nerves.max(axis=0) + 1 + margin, shape)


def _slices(low: np.ndarray, high: np.ndarray) -> tuple[slice, ...]:
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))


def _thinning(shape: tuple[int, ...], spacing_mm: FloatArray) -> np.ndarray:
    """Step (3,) along each axis; the finest axis is thinned first."""
    step = np.ones(3, dtype=int)
    while np.prod(np.ceil(np.array(shape) / step)) > _MOST_VOXELS:
        step[int(np.argmin(spacing_mm * step))] += 1
    return step


def _eight_bits(data: np.ndarray) -> np.ndarray:
    known = data[np.isfinite(data)]
    low, high = np.percentile(known, _WINDOW_PERCENT) if known.size else (0.0, 1.0)
    scaled = (np.nan_to_num(data) - low) / max(high - low, 1e-6)
    out: np.ndarray = np.round(255.0 * scaled.clip(0.0, 1.0)).astype(np.uint8)
    return out


def _renumbered(labels: np.ndarray) -> np.ndarray:
    numbers = {label_index(*key): number for number, key in enumerate(NERVE_KEYS, start=1)}
    table = np.zeros(int(max(numbers)) + 1, dtype=np.uint8)
    for old, new in numbers.items():
        table[old] = new
    out: np.ndarray = table[labels]
    return out
