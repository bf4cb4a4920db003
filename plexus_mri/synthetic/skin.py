"""The outline of neck, shoulders and chest, as a depth below the skin."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.synthetic.posture import Posture

Field = Callable[[FloatArray], FloatArray]

COARSE_MM = 4.0
SMOOTH_MM = 14.0

# Template mm. Neck: height, half-width, half-depth, y of the centre.
NECK = np.array(
    [
        [-200, 62, 66, 2],
        [-20, 60, 64, 1],
        [20, 55, 59, -1],
        [55, 54, 57, 1],
        [85, 58, 62, 6],
        [115, 68, 76, 14],
        [170, 74, 92, 18],
    ]
)
# Shoulder: lateral, height of its top, half-depth, y of the centre, how far back its crest lies.
SHOULDER = np.array(
    [
        [0, 64, 72, 4, 0],
        [42, 56, 72, 3, 8],
        [60, 44, 70, 1, 22],
        [80, 30, 67, -2, 28],
        [110, 15, 60, -5, 22],
        [150, 4, 52, -4, 6],
        [180, -5, 47, 0, 0],
        [196, -22, 42, 1, 0],
        [206, -50, 38, 2, 0],
        [214, -120, 34, 2, 0],
        [224, -400, 30, 2, 0],
    ]
)
CREST_MM = 48.0


def skin_depth_at(points_mm: FloatArray, posture: Posture) -> FloatArray:
    """Depth (n,) below the skin at world points (n, 3)."""
    return _depth_mm(points_mm, posture)


def skin_depth_mm(grid: Grid, posture: Posture) -> npt.NDArray[np.float32]:
    """Depth below the skin at each voxel, negative in the air; exact near the skin only.

    Evaluated every 4 mm and interpolated: the outline has no finer shape.
    """
    return upsampled(grid, lambda points: _depth_mm(points, posture))


def upsampled(grid: Grid, field: Field) -> npt.NDArray[np.float32]:
    """Values of a smooth field of world points (n, 3) at every voxel, from every 4 mm of it."""
    stride = np.maximum(1.0, COARSE_MM / grid.spacing)
    counts = np.ceil((np.array(grid.shape) - 1) / stride).astype(int) + 2
    coarse_ijk = np.indices(tuple(counts)).reshape(3, -1).T * stride
    coarse = field(grid.to_world(coarse_ijk)).reshape(tuple(counts)).astype(np.float32)
    out: npt.NDArray[np.float32] = ndimage.affine_transform(
        coarse, 1.0 / stride, output_shape=grid.shape, order=1, mode="nearest", output=np.float32
    )
    return out


def _depth_mm(points_mm: FloatArray, posture: Posture) -> FloatArray:
    """Depth (n,) at world points (n, 3)."""
    patient = posture.world_from_patient.inverse().apply(points_mm)
    template = posture.unbend(patient) / posture.anatomy.size
    x_mm, y_mm, z_mm = np.abs(template[:, 0]), template[:, 1], template[:, 2]
    neck = _neck(x_mm, y_mm, z_mm)
    shoulder = _shoulder(x_mm, y_mm, z_mm)
    blend = np.clip(0.5 + 0.5 * (neck - shoulder) / SMOOTH_MM, 0.0, 1.0)
    depth = shoulder + (neck - shoulder) * blend + SMOOTH_MM * blend * (1 - blend)
    out: FloatArray = depth + posture.anatomy.fat_mm - 6.0
    return out


def _neck(x_mm: FloatArray, y_mm: FloatArray, z_mm: FloatArray) -> FloatArray:
    """Depth (n,) in the neck's elliptical column."""
    width, depth, center = (np.interp(z_mm, NECK[:, 0], NECK[:, k]) for k in (1, 2, 3))
    rho = np.sqrt((x_mm / width) ** 2 + ((y_mm - center) / depth) ** 2)
    out: FloatArray = (1 - rho) * np.minimum(width, depth)
    return out


def _shoulder(x_mm: FloatArray, y_mm: FloatArray, z_mm: FloatArray) -> FloatArray:
    """Depth (n,) under the slope of the shoulder, rounded towards front and back."""
    top, depth, center, back = (
        np.interp(x_mm, SHOULDER[:, 0], SHOULDER[:, k]) for k in (1, 2, 3, 4)
    )
    above = np.maximum((z_mm - top) / CREST_MM + 1, 0.0)
    rho = np.hypot(above, (y_mm - center + back * np.minimum(above, 1.0)) / depth)
    out: FloatArray = (1 - rho) * np.minimum(depth, CREST_MM)
    return out
