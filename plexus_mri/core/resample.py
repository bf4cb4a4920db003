"""Isotropic working copies for detection; nothing is ever measured on one."""

import numpy as np
from scipy import ndimage

from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.core.volume import Volume


def isotropic_copy(
    image: Volume, spacing_mm: float, *, box_mm: FloatArray | None = None
) -> Volume:
    """Smoothed isotropic copy whose voxels are placed symmetrically about the image's centre.

    Symmetric, so that the copy of a mirrored image is the mirrored copy.

    Parameters
    ----------
    spacing_mm
        Voxel edge of the copy; finer images are smoothed to it first.
    box_mm : (2, 3), optional
        Lowest and highest world point to keep, RAS+ mm; the whole image when absent.
    """
    grid = image.grid
    scale = spacing_mm / grid.spacing
    half = np.floor((np.array(grid.shape) - 1) / 2 / scale).astype(int)
    low, high = -half, half
    if box_mm is not None:
        low, high = _box_steps(grid, box_mm, scale, half)
    start = (np.array(grid.shape) - 1) / 2 + low * scale
    shape = tuple(int(n) for n in high - low + 1)
    smoothing = np.where(scale > 1.0, 0.5 * np.sqrt(np.maximum(scale**2 - 1.0, 0.0)), 0.0)
    smooth = ndimage.gaussian_filter(image.data, smoothing, mode="nearest")
    data = ndimage.affine_transform(
        smooth, scale, start, output_shape=shape, order=1, mode="nearest"
    )
    voxel_from_copy = np.diag([*scale, 1.0])
    voxel_from_copy[:3, 3] = start
    return Volume(data, Grid((shape[0], shape[1], shape[2]), grid.affine @ voxel_from_copy))


def _box_steps(
    grid: Grid, box_mm: FloatArray, scale: FloatArray, half: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """First and last copy index per axis, counted from the image's centre, that hold a box."""
    picks = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1).T
    corners = np.take_along_axis(np.asarray(box_mm), picks, axis=0)
    steps = (grid.to_voxel(corners) - (np.array(grid.shape) - 1) / 2) / scale
    low = np.maximum(np.floor(steps.min(axis=0)).astype(int), -half)
    high = np.minimum(np.ceil(steps.max(axis=0)).astype(int), half)
    return low, np.maximum(high, low)
