"""The native voxels around one node of a nerve: no interpolation."""

from dataclasses import dataclass

import numpy as np

from plexus_mri.core.grid import FloatArray
from plexus_mri.core.volume import Volume
from plexus_mri.measure.nerve_curve import NerveCurve


@dataclass(frozen=True, eq=False)
class Window:
    """Voxels of a slab around a node, n of them.

    Parameters
    ----------
    points_mm : (n, 3)
        Voxel centres, RAS+ mm.
    values : (n,)
        Intensities.
    weights : (n,)
        Share of the voxel inside the slab, 0-1.
    section_mm : (n, 2)
        Position in the section plane relative to the node.
    share_in_view
        Share of the window that lies inside the image.
    """

    voxels: np.ndarray[tuple[int], np.dtype[np.int64]]
    points_mm: FloatArray
    values: FloatArray
    weights: FloatArray
    section_mm: FloatArray
    share_in_view: float


def window_at(
    image: Volume, curve: NerveCurve, node: int, reach_mm: float, half_length_mm: float
) -> Window:
    """Voxels within ``reach_mm`` of the curve and ``half_length_mm`` of the node along it.

    Where voxels are long along the nerve the slab grows to half a voxel to each side.
    """
    axes = image.grid.affine[:3, :3]
    extent = float(np.abs(axes.T @ curve.tangents[node]).sum())
    half = max(half_length_mm, 0.5 * extent)
    ijk = _box(image, curve.points_mm[node], float(np.hypot(reach_mm, half + 0.5 * extent)))
    points = image.grid.to_world(ijk.astype(float))
    local = curve.coordinates(node, points, 2.0 * reach_mm)
    weights = np.clip((half + 0.5 * extent - np.abs(local[:, 2])) / extent, 0.0, 1.0)
    kept = (weights > 0.0) & ((local[:, :2] ** 2).sum(axis=1) <= reach_mm**2)
    inside = kept & np.all((ijk >= 0) & (ijk < np.array(image.grid.shape)), axis=1)
    voxels = np.ravel_multi_index(tuple(ijk[inside].T), image.grid.shape)
    values = image.data[tuple(ijk[inside].T)].astype(float)
    share = float(weights[inside].sum() / max(weights[kept].sum(), 1e-9))
    return Window(voxels, points[inside], values, weights[inside], local[inside, :2], share)


def _box(
    image: Volume, centre_mm: FloatArray, reach_mm: float
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Voxel indices (n, 3) of a box around a point, not clipped to the image."""
    centre = image.grid.to_voxel(centre_mm[None])[0]
    inverse = np.linalg.inv(image.grid.affine[:3, :3])
    reach = reach_mm * np.linalg.norm(inverse, axis=1)
    low, high = np.ceil(centre - reach).astype(int), np.floor(centre + reach).astype(int)
    indices: np.ndarray[tuple[int, int], np.dtype[np.int64]]
    indices = np.indices(high - low + 1).reshape(3, -1).T + low
    return indices
