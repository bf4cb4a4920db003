"""Areas as other practices take them, on the same images and given the true course.

Each is favoured: the course is the true one, a mask keeps only what lies nearest to its own
nerve, and the threshold lies half-way between the true signals of nerve and muscle.
"""

from collections.abc import Callable, Mapping

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree
from shape_images import SCALE, STEP_MM, Solid
from skimage.measure import find_contours, label, regionprops

from plexus_mri.core.anatomy import NerveKey
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.volume import Volume

HALF = (SCALE.nerve + SCALE.muscle) / 2
REACH_MM = 8.0
PLANE_STEP_MM = 0.25
# A slice across x says nothing of a nerve that runs nearly along it: over 76 degrees.
LEAST_AHEAD = 0.24
# Areas (sections,) of one nerve from its mask or its image.
Method = Callable[[Volume, Solid], FloatArray]


def mask_of(image: Volume, key: NerveKey, solids: Mapping[NerveKey, Solid]) -> Volume:
    """Voxels over half-way to the nerve's signal that are nearer to it than to any other."""
    bright = np.argwhere(image.data > HALF)
    points = image.grid.to_world(bright.astype(float))
    apart = {k: cKDTree(s.axis_mm).query(points)[0] for k, s in solids.items()}
    nearest = np.min(list(apart.values()), axis=0)
    own = bright[(apart[key] <= nearest) & (apart[key] < REACH_MM)]
    mask = np.zeros(image.grid.shape)
    mask[tuple(own.T)] = 1.0
    return image.with_data(mask)


def counted(mask: Volume, solid: Solid) -> FloatArray:
    """Voxel counting: volume over length, one value."""
    inside = _inner_voxels(mask, solid)
    length_mm = STEP_MM * (len(solid.inner_mm) - 1)
    return np.array([len(inside) * mask.grid.voxel_volume_mm3 / length_mm])


def perpendicular(mask: Volume, solid: Solid) -> FloatArray:
    """Mask resampled on planes across the course, region areas by scikit-image."""
    planes = _planes(mask.data, mask, solid, order=1)
    return np.array([_region_area(plane > 0.5) for plane in planes])  # noqa: PLR2004 - half


def contoured(image: Volume, solid: Solid) -> FloatArray:
    """Half-way contour on planes across the course, cubic interpolation, by scikit-image."""
    return np.array([_contour_area(plane) for plane in _planes(image.data, image, solid, order=3)])


def axial_cosines(mask: Volume, solid: Solid) -> FloatArray:
    """Area of each slice across the x axis times the cosines of its two tilts.

    The practice of spinal cord tools, whose slices lie across the body's long axis.
    """
    line = Centerline(solid.inner_mm)
    ahead, aside = np.abs(line.tangents[:, 0]), np.abs(line.tangents[:, 1:])
    if ahead.min() < LEAST_AHEAD:
        return np.empty(0)
    factor = np.prod(np.cos(np.arctan2(aside, ahead[:, None])), axis=1)
    slices, counts = np.unique(_inner_voxels(mask, solid)[:, 0], return_counts=True)
    x_mm = mask.grid.affine[0, 0] * slices + mask.grid.affine[0, 3]
    # A slice counts where the tube crosses it whole, off the ends of the stretch.
    low, high = np.sort(line.points_mm[[0, -1], 0])
    lean = (np.linalg.norm(aside, axis=1) / ahead).max()
    half_mm = solid.radius_mm * np.sqrt(solid.ratio) * lean
    whole = (x_mm > low + half_mm) & (x_mm < high - half_mm)
    order = np.argsort(line.points_mm[:, 0])
    here = np.interp(x_mm[whole], line.points_mm[order, 0], factor[order])
    across_mm2 = mask.grid.spacing[1] * mask.grid.spacing[2]
    return counts[whole] * across_mm2 * here


def straight_axis(mask: Volume, solid: Solid) -> FloatArray:
    """Volume of each millimetre along the mask's one principal axis."""
    points = mask.grid.to_world(_inner_voxels(mask, solid).astype(float))
    off = points - points.mean(axis=0)
    along = off @ np.linalg.svd(off, full_matrices=False)[2][0]
    edges = np.arange(along.min() + 2.0, along.max() - 2.0, 1.0)
    counts = np.histogram(along, edges)[0]
    return counts * mask.grid.voxel_volume_mm3


def _inner_voxels(mask: Volume, solid: Solid) -> FloatArray:
    """Voxels (m, 3) of a mask that lie beside the traced part of the course."""
    voxels = np.argwhere(mask.data > 0)
    nearest = cKDTree(solid.axis_mm).query(mask.grid.to_world(voxels.astype(float)))[1]
    skipped = (len(solid.axis_mm) - len(solid.inner_mm)) // 2
    inside = (nearest >= skipped) & (nearest < len(solid.axis_mm) - skipped)
    return voxels[inside]


def _planes(data: FloatArray, grid_of: Volume, solid: Solid, *, order: int) -> FloatArray:
    """Values on planes across the course, one a millimetre: (sections, p, p)."""
    line = Centerline(solid.inner_mm).resampled(1.0)
    first, second = line.normals
    reach = np.arange(-REACH_MM, REACH_MM + 1e-9, PLANE_STEP_MM)
    u, v = np.meshgrid(reach, reach, indexing="ij")
    points = (
        line.points_mm[:, None, None]
        + u[..., None] * first[:, None, None]
        + v[..., None] * second[:, None, None]
    )
    ijk = grid_of.grid.to_voxel(points.reshape(-1, 3))
    values = ndimage.map_coordinates(data, ijk.T, order=order, mode="nearest")
    return np.asarray(values).reshape(points.shape[:3])


def _region_area(inside: FloatArray) -> float:
    """Area of the region nearest to the middle of a plane."""
    middle = (np.array(inside.shape) - 1) / 2
    regions = regionprops(label(inside))
    if not regions:
        return 0.0
    best = min(regions, key=lambda r: float(np.linalg.norm(np.array(r.centroid) - middle)))
    return float(best.area) * PLANE_STEP_MM**2


def _contour_area(plane: FloatArray) -> float:
    """Area inside the closed half-way contour nearest to the middle of a plane."""
    middle = (np.array(plane.shape) - 1) / 2
    closed = [c for c in find_contours(plane, HALF) if (c[0] == c[-1]).all() and _is_bright(c)]
    if not closed:
        return float("nan")
    best = min(closed, key=lambda c: float(np.linalg.norm(c.mean(axis=0) - middle)))
    return abs(_signed_area(best)) * PLANE_STEP_MM**2


def _is_bright(contour: FloatArray) -> bool:
    """Whether a contour is no speck of noise: as large as a disc of 0.5 mm."""
    return abs(_signed_area(contour)) * PLANE_STEP_MM**2 > np.pi * 0.25


def _signed_area(contour: FloatArray) -> float:
    x, y = contour.T
    return 0.5 * float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum())


ON_MASK: dict[str, Method] = {
    "voxel counting: volume over length": counted,
    "mask on planes across, `regionprops`": perpendicular,
    "axial area times two cosines": axial_cosines,
    "across one straight principal axis": straight_axis,
}
ON_IMAGE: dict[str, Method] = {"half-way contour on planes across": contoured}
