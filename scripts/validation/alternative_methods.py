"""Roots by two library pipelines, each helped by the truth where the product is not.

Symbols: n points of a curve.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import cc3d
import numpy as np
import numpy.typing as npt
import SimpleITK as sitk  # noqa: N813 - the library's own short name
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.graph import route_through_array
from skimage.morphology import skeletonize

from plexus_mri.core.anatomy import NerveKey
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.volume import Volume

BoolArray = npt.NDArray[np.bool_]
Curves = dict[NerveKey, FloatArray]
# A piece of a skeleton is a root's when this share of it lies this near to the root.
NEAR_MM, OWN_SHARE = 3.0, 0.8
# Of the intensities beside the canal; the one that finds most of a case's roots is taken.
THRESHOLD_PERCENT = (80.0, 85.0, 90.0, 93.0, 96.0, 98.0)
SMALLEST_VOXELS = 50
# Where neither looks: the canal, and farther out than the product follows.
LATERAL_MM = (7.5, 115.0)
OBJECTNESS_MM = (1.0, 1.5, 2.2, 3.0)
COST_FLOOR = 0.02
# Of the objectness beside the canal, what counts as a full tube.
FULL_PERCENT = 99.0
BOX_MM = 25.0


@dataclass(frozen=True, eq=False)
class Searched:
    """What both pipelines are given.

    Parameters
    ----------
    work
        The product's isotropic copy of the bias-corrected image.
    inside : (nx, ny, nz)
        Where nerves are looked for, by the product's midline.
    """

    work: Volume
    inside: BoolArray

    @classmethod
    def of(cls, work: Volume, frame: PatientFrame) -> "Searched":
        """Give the working image with the canal and what lies too far aside left out."""
        voxels = np.indices(work.grid.shape).reshape(3, -1).T
        aside = np.abs(frame.lateral_mm(work.grid.to_world(voxels.astype(float))))
        inside = (aside >= LATERAL_MM[0]) & (aside <= LATERAL_MM[1])
        return cls(work, inside.reshape(work.grid.shape))


def covered_share(true_mm: FloatArray, found_mm: FloatArray) -> float:
    """Share of a true course (n, 3) that has a found point within 3 mm."""
    if not len(found_mm):
        return 0.0
    return float((cKDTree(found_mm).query(true_mm)[0] <= NEAR_MM).mean())


def thresholded(searched: Searched, roots: Mapping[NerveKey, FloatArray]) -> Curves:
    """Bright voxels in pieces, thinned to lines by scikit-image.

    The truth helps twice: it picks the threshold of each case, and each piece between branchings
    is given to the root that it runs on.
    """
    tried = [_by_threshold(searched, roots, percent) for percent in THRESHOLD_PERCENT]
    return max(tried, key=lambda curves: _covered(curves, roots))


def routed(
    searched: Searched, roots: Mapping[NerveKey, FloatArray], ends: Mapping[NerveKey, FloatArray]
) -> Curves:
    """Cheapest way through SimpleITK's tubularity by scikit-image, from end to end.

    The truth gives both ends of each way: the root's ganglion, and the end (3,) of its trunk.
    """
    cost = _cost(searched)
    found = {}
    for key, true_mm in roots.items():
        way = _way(searched, cost, np.stack([true_mm[0], ends[key]]))
        if len(way):
            found[key] = _along(way, true_mm)
    return found


def _covered(curves: Curves, roots: Mapping[NerveKey, FloatArray]) -> float:
    return sum(covered_share(roots[key], points) for key, points in curves.items())


def _by_threshold(
    searched: Searched, roots: Mapping[NerveKey, FloatArray], percent: float
) -> Curves:
    data = searched.work.data
    bright = (data > np.percentile(data[searched.inside], percent)) & searched.inside
    lines = skeletonize(cc3d.dust(bright, threshold=SMALLEST_VOXELS).astype(bool))
    own: dict[NerveKey, list[FloatArray]] = {}
    trees = {key: cKDTree(points) for key, points in roots.items()}
    for piece in _pieces(lines, searched.work):
        apart = {key: tree.query(piece)[0] for key, tree in trees.items()}
        best = min(apart, key=lambda key: float(np.median(apart[key])))
        if (apart[best] <= NEAR_MM).mean() >= OWN_SHARE:
            own.setdefault(best, []).append(piece)
    return {key: np.concatenate(pieces) for key, pieces in own.items()}


def _pieces(lines: BoolArray, work: Volume) -> Iterator[FloatArray]:
    """Points (n, 3) of each piece of a skeleton between its branchings."""
    neighbours = ndimage.convolve(lines.astype(np.uint8), np.ones((3, 3, 3), np.uint8)) - 1
    labels = cc3d.connected_components(lines & (neighbours <= 2), connectivity=26)
    voxels = np.argwhere(labels > 0)
    names = labels[tuple(voxels.T)]
    order = np.argsort(names, kind="stable")
    cuts = np.flatnonzero(np.diff(names[order])) + 1
    for part in np.split(voxels[order], cuts):
        if len(part) > 2:
            yield work.grid.to_world(part.astype(float))


def _cost(searched: Searched) -> FloatArray:
    """Cost per voxel from the largest objectness over scales; endless where nothing is sought."""
    image = sitk.GetImageFromArray(searched.work.data.astype(np.float32))
    best = np.zeros(searched.work.grid.shape)
    spacing_mm = float(searched.work.grid.spacing[0])
    for scale_mm in OBJECTNESS_MM:
        smooth = sitk.SmoothingRecursiveGaussian(image, scale_mm / spacing_mm)
        tubes = sitk.ObjectnessMeasure(smooth, objectDimension=1, brightObject=True)
        best = np.maximum(best, sitk.GetArrayViewFromImage(tubes) * (scale_mm / spacing_mm) ** 2)
    full = np.percentile(best[searched.inside], FULL_PERCENT)
    ease = np.clip(best / full, 0.0, 1.0)
    return np.where(searched.inside, 1.0 / (COST_FLOOR + ease), -1.0)


def _way(searched: Searched, cost: FloatArray, ends_mm: FloatArray) -> FloatArray:
    """Points (n, 3) of the cheapest way between two points; none where there is no way."""
    grid = searched.work.grid
    ends = np.rint(grid.to_voxel(ends_mm)).astype(int)
    if not ((ends >= 0) & (ends < grid.shape)).all():
        return np.empty((0, 3))
    reach = round(BOX_MM / float(grid.spacing[0]))
    low = np.maximum(ends.min(axis=0) - reach, 0)
    high = np.minimum(ends.max(axis=0) + reach + 1, grid.shape)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    try:
        way, _ = route_through_array(cost[box], *(tuple(e) for e in ends - low), geometric=True)
    except ValueError:  # no way
        return np.empty((0, 3))
    return grid.to_world(np.array(way, dtype=float) + low)


def _along(way_mm: FloatArray, true_mm: FloatArray) -> FloatArray:
    """The part of a way that belongs to the root: up to where it is nearest to the root's end."""
    last = int(np.argmin(np.linalg.norm(way_mm - true_mm[-1], axis=1)))
    part: FloatArray = way_mm[: last + 1]
    return part
