"""Isotropic working copies for detection; nothing is ever measured on one."""

import numpy as np
from scipy import ndimage

from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.core.volume import Volume


def isotropic_copy(
    image: Volume, spacing_mm: float, *, about: tuple[FloatArray, FloatArray] | None = None
) -> Volume:
    """Smoothed isotropic copy whose voxels are placed symmetrically about the image's centre.

    Symmetric, so that the copy of a mirrored image is the mirrored copy.

    Parameters
    ----------
    spacing_mm
        Voxel edge of the copy; finer images are smoothed to it first.
    about : ((n, 3), (3,)), optional
        World points, and how far from them to keep the image along each of its axes, in mm; the
        whole image when absent.
    """
    grid = image.grid
    scale = spacing_mm / grid.spacing
    half = np.floor((np.array(grid.shape) - 1) / 2 / scale).astype(int)
    low, high = -half, half
    if about is not None:
        low, high = _box_steps(grid, about, scale, half)
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
    grid: Grid, about: tuple[FloatArray, FloatArray], scale: FloatArray, half: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """First and last copy index per axis, counted from the image's centre, about some points."""
    points_mm, reach_mm = about
    steps = (grid.to_voxel(points_mm) - (np.array(grid.shape) - 1) / 2) / scale
    reach = reach_mm / (scale * grid.spacing)
    low = np.maximum(np.floor(steps.min(axis=0) - reach).astype(int), -half)
    high = np.minimum(np.ceil(steps.max(axis=0) + reach).astype(int), half)
    return low, np.maximum(high, low)
