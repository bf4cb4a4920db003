"""Areas as other practices take them from the same image and the same course.

Symbols: s sections, p samples along the edge of a plane, m voxels.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree
from shape_cases import Seen
from shape_images import SCALE
from skimage.measure import find_contours, label, regionprops

from plexus_mri.core.anatomy import NerveKey
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.volume import Volume

IntArray = npt.NDArray[np.integer]
REACH_MM = 8.0
PLANE_STEP_MM = 0.25
# The nerve's level is the median this near to the course (in thick slices half their thickness),
# that of its surroundings the median this far from it. Of the middle or upper quartile within 0.75
# or 1 mm, and of the sections' peaks, this one served the practices best on other seeds.
CORE_MM, AROUND_MM = 1.0, (5.0, 8.0)
# A slice across x says nothing of a nerve that runs nearly along it: over 76 degrees.
LEAST_AHEAD = 0.24
FEWEST_VOXELS = 10


@dataclass(frozen=True, eq=False)
class Given:
    """What a practice is given of one nerve.

    Parameters
    ----------
    course
        Of the stretch that is measured.
    half
        Intensity half-way between the nerve and its surroundings.
    mask
        Voxels over it that are nearer to this course than to any other, in one piece.
    """

    image: Volume
    course: Centerline
    half: float
    mask: npt.NDArray[np.bool_]


# Areas (s,) of one nerve.
Method = Callable[[Given], FloatArray]


def as_given(seen: Seen, key: NerveKey) -> Given:
    """The rough trace that the product is given, and levels read off the image along it."""
    courses = {k: seen.nerves[k].centerline for k in seen.nerves}
    return _given(seen.image, key, courses, _half_way(seen.image, courses[key]))


def as_told(seen: Seen, key: NerveKey) -> Given:
    """The true course and the level half-way between the true signals."""
    courses = {k: Centerline(solid.inner_mm) for k, solid in seen.picture.solids.items()}
    return _given(seen.image, key, courses, (SCALE.nerve + SCALE.muscle) / 2)


def counted(given: Given) -> FloatArray:
    """Voxel counting: volume over length, one value."""
    volume_mm3 = len(_inner_voxels(given)) * given.image.grid.voxel_volume_mm3
    return np.array([volume_mm3 / given.course.length_mm])


def perpendicular(given: Given) -> FloatArray:
    """Mask resampled on planes across the course, region areas by scikit-image."""
    planes = _planes(given.mask.astype(float), given, order=1)
    return np.array([_region_area(plane > 0.5) for plane in planes])  # noqa: PLR2004 - half


def contoured(given: Given) -> FloatArray:
    """Half-way contour on planes across the course, cubic interpolation, by scikit-image."""
    planes = _planes(given.image.data, given, order=3)
    return np.array([_contour_area(plane, given.half) for plane in planes])


def axial_cosines(given: Given) -> FloatArray:
    """Area of each slice across the x axis times the cosines of its two tilts.

    The practice of spinal cord tools, whose slices lie across the body's long axis.
    """
    line = given.course
    ahead, aside = np.abs(line.tangents[:, 0]), np.abs(line.tangents[:, 1:])
    if ahead.min() < LEAST_AHEAD:
        return np.empty(0)
    factor = np.prod(np.cos(np.arctan2(aside, ahead[:, None])), axis=1)
    # A slice counts where the tube crosses it whole, off the ends of the stretch.
    voxels, grid = np.argwhere(given.mask), given.image.grid
    slices, counts = np.unique(voxels[:, 0], return_counts=True)
    x_mm = grid.affine[0, 0] * slices + grid.affine[0, 3]
    low, high = np.sort(line.points_mm[[0, -1], 0])
    whole = (x_mm >= low) & (x_mm <= high)
    order = np.argsort(line.points_mm[:, 0])
    here = np.interp(x_mm[whole], line.points_mm[order, 0], factor[order])
    return np.asarray(counts[whole] * grid.spacing[1] * grid.spacing[2] * here)


def straight_axis(given: Given) -> FloatArray:
    """Volume of each millimetre along the mask's one principal axis."""
    voxels = _inner_voxels(given)
    if len(voxels) < FEWEST_VOXELS:
        return np.empty(0)
    points = given.image.grid.to_world(voxels.astype(float))
    off = points - points.mean(axis=0)
    along = off @ np.linalg.svd(off, full_matrices=False)[2][0]
    edges = np.arange(along.min() + 2.0, along.max() - 2.0, 1.0)
    return np.asarray(np.histogram(along, edges)[0] * given.image.grid.voxel_volume_mm3)


METHODS: dict[str, Method] = {
    "voxel counting: volume over length": counted,
    "mask on planes across, `regionprops`": perpendicular,
    "half-way contour on planes across, `find_contours`": contoured,
    "axial area times two cosines": axial_cosines,
    "across one straight principal axis": straight_axis,
}


def _given(
    image: Volume, key: NerveKey, courses: dict[NerveKey, Centerline], half: float
) -> Given:
    bright = np.argwhere(image.data > half)
    points = image.grid.to_world(bright.astype(float))
    apart = {k: cKDTree(c.points_mm).query(points)[0] for k, c in courses.items()}
    own = bright[(apart[key] <= np.min(list(apart.values()), axis=0)) & (apart[key] < REACH_MM)]
    mask = np.zeros(image.grid.shape, dtype=bool)
    mask[tuple(own.T)] = True
    if mask.any():
        pieces = label(mask)
        mask = pieces == int(np.argmax(np.bincount(pieces[mask])))
    return Given(image, courses[key], half, mask)


def _half_way(image: Volume, course: Centerline) -> float:
    """Level half-way between the nerve's and that of its surroundings, off the image."""
    voxels = np.argwhere(np.ones(image.grid.shape, dtype=bool))
    apart = cKDTree(course.resampled(1.0).points_mm).query(
        image.grid.to_world(voxels.astype(float)), distance_upper_bound=AROUND_MM[1]
    )[0]
    values = image.data[tuple(voxels.T)]
    around = np.median(values[(apart > AROUND_MM[0]) & np.isfinite(apart)])
    core_mm = max(CORE_MM, float(image.grid.spacing.max()) / 2)
    return float((np.median(values[apart < core_mm]) + around) / 2)


def _inner_voxels(given: Given) -> IntArray:
    """Voxels (m, 3) of the mask between the planes across both ends of the course."""
    voxels = np.argwhere(given.mask)
    points = given.image.grid.to_world(voxels.astype(float))
    line = given.course
    inside = ((points - line.points_mm[0]) @ line.tangents[0] >= 0) | _nearer(points, line, 0)
    inside &= ((points - line.points_mm[-1]) @ line.tangents[-1] <= 0) | _nearer(points, line, -1)
    return voxels[inside]


def _nearer(points_mm: FloatArray, line: Centerline, end: int) -> npt.NDArray[np.bool_]:
    """Whether points (m, 3) are nearest to another place of a bent course than its end."""
    nearest = cKDTree(line.points_mm).query(points_mm)[1]
    far = np.abs(nearest - end % len(line.points_mm)) > len(line.points_mm) // 4
    return np.asarray(far)


def _planes(data: FloatArray, given: Given, *, order: int) -> FloatArray:
    """Values on planes across the course, one a millimetre: (s, p, p)."""
    line = given.course.resampled(1.0)
    first, second = line.normals(np.eye(3))
    reach = np.arange(-REACH_MM, REACH_MM + 1e-9, PLANE_STEP_MM)
    u, v = np.meshgrid(reach, reach, indexing="ij")
    points = (
        line.points_mm[:, None, None]
        + u[..., None] * first[:, None, None]
        + v[..., None] * second[:, None, None]
    )
    ijk = given.image.grid.to_voxel(points.reshape(-1, 3))
    values = ndimage.map_coordinates(data, ijk.T, order=order, mode="nearest")
    return np.asarray(values).reshape(points.shape[:3])


def _region_area(inside: npt.NDArray[np.bool_]) -> float:
    """Area of the region nearest to the middle of a plane."""
    middle = (np.array(inside.shape) - 1) / 2
    regions = regionprops(label(inside))
    if not regions:
        return 0.0
    best = min(regions, key=lambda r: float(np.linalg.norm(np.array(r.centroid) - middle)))
    return float(best.area) * PLANE_STEP_MM**2


def _contour_area(plane: FloatArray, half: float) -> float:
    """Area inside the closed half-way contour nearest to the middle of a plane."""
    middle = (np.array(plane.shape) - 1) / 2
    closed = [c for c in find_contours(plane, half) if (c[0] == c[-1]).all() and _is_nerve(c)]
    if not closed:
        return float("nan")
    best = min(closed, key=lambda c: float(np.linalg.norm(c.mean(axis=0) - middle)))
    return abs(_signed_area(best)) * PLANE_STEP_MM**2


def _is_nerve(contour: FloatArray) -> bool:
    """Whether a contour is no speck of noise: as large as a disc of 0.5 mm."""
    return abs(_signed_area(contour)) * PLANE_STEP_MM**2 > np.pi * 0.25


def _signed_area(contour: FloatArray) -> float:
    x, y = contour.T
    return 0.5 * float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum())
