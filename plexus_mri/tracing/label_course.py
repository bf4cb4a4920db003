"""Courses of painted labels: a curve through the largest piece of a nerve's labels."""

import cc3d
import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.graph import MCP_Geometric

from plexus_mri.core.anatomy import NerveKey
from plexus_mri.core.case import OwnMask
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import BoolArray, FloatArray
from plexus_mri.errors import StageError
from plexus_mri.reasons import ReasonCode
from plexus_mri.tracing.refine import RefinedCurve, smooth_curve
from plexus_mri.tracing.settings import TracingSettings

IntArray = npt.NDArray[np.integer]


def course_of_labels(
    mask: OwnMask, key: NerveKey, frame: PatientFrame, settings: TracingSettings
) -> RefinedCurve | ReasonCode | None:
    """Curve through the largest piece of a nerve's labels, medial end first, and its mean radius.

    A ganglion that touches its root belongs to the course. None where nothing is painted,
    TOO_SHORT where it is no more than a spot or a ganglion alone.
    """
    pieces, low = pieces_of_nerve(mask, key)
    if pieces.size == 0:
        return None
    if not mask.voxels(key).any():
        return ReasonCode.TOO_SHORT
    points, radius_mm = _longest_path(pieces == 1, low, mask, frame)
    try:
        line = smooth_curve(points, settings.node_step_mm, settings.smooth_mm)
    except StageError:
        return ReasonCode.TOO_SHORT
    return RefinedCurve(line, np.full(len(line.points_mm), radius_mm))


def pieces_of_nerve(mask: OwnMask, key: NerveKey) -> tuple[IntArray, IntArray]:
    """Connected pieces of a nerve's labels in a window around them, the largest numbered 1.

    A piece is as large as what it holds of the nerve beside its ganglion. The second value is the
    window's first voxel (3,); the window is empty where nothing is painted.
    """
    nerve, ganglion = mask.voxels(key), mask.ganglion_voxels(key)
    painted: BoolArray = nerve | ganglion
    voxels = np.argwhere(painted)
    if len(voxels) == 0:
        return np.zeros((0, 0, 0), int), np.zeros(3, int)
    low = np.maximum(voxels.min(axis=0) - 1, 0)
    window = tuple(slice(a, b + 2) for a, b in zip(low, voxels.max(axis=0), strict=True))
    ranked = _by_size(painted[window], nerve[window] if nerve.any() else painted[window])
    return ranked, low


def ganglion_centre_mm(mask: OwnMask, key: NerveKey) -> FloatArray | None:
    """Centre (3,) of the largest piece of a root's ganglion label; None without one."""
    ganglion = mask.ganglion_voxels(key)
    if not ganglion.any():
        return None
    voxels = np.argwhere(_by_size(ganglion, ganglion) == 1)
    centre: FloatArray = mask.labels.grid.to_world(voxels.mean(axis=0)[None])[0]
    return centre


def _by_size(painted: BoolArray, counted: BoolArray) -> IntArray:
    """Connected pieces, 1 the one that holds most voxels of ``counted``."""
    found = cc3d.connected_components(painted, connectivity=26)
    sizes = np.bincount(found.ravel(), weights=counted.ravel())
    order = np.argsort(-sizes[1:], kind="stable") + 1
    rank = np.zeros(len(sizes), int)
    rank[order] = np.arange(1, len(sizes))
    ranked: IntArray = rank[found]
    return ranked


def _longest_path(
    piece: BoolArray, low: IntArray, mask: OwnMask, frame: PatientFrame
) -> tuple[FloatArray, float]:
    """Longest way through a piece, medial end first, and its mean radius."""
    grid = mask.labels.grid
    depth = ndimage.distance_transform_edt(np.pad(piece, 1), grid.spacing)
    depth = depth[1:-1, 1:-1, 1:-1]
    path = _between_far_ends(piece, depth, grid.spacing)
    points = grid.to_world((path + low).astype(float))
    lateral = np.abs(frame.lateral_mm(points[[0, -1]]))
    points = points if lateral[0] <= lateral[1] else points[::-1]
    volume_mm3 = float(piece.sum()) * grid.voxel_volume_mm3
    length_mm = max(float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum()), 1.0)
    return points, float(np.sqrt(volume_mm3 / length_mm / np.pi))


def _between_far_ends(
    piece: BoolArray, depth: FloatArray, spacing: FloatArray
) -> npt.NDArray[np.int_]:
    """Voxel path (n, 3) between the two ends of a piece, kept to its middle."""
    inside = np.where(piece, 1.0, np.inf)
    some = tuple(int(v) for v in np.argwhere(piece)[0])
    start = _farthest_from(some, inside, spacing)
    end = _farthest_from(start, inside, spacing)
    middle = np.where(piece, 1.0 / (0.1 + depth / depth.max()) ** 2, np.inf)
    search = MCP_Geometric(middle, sampling=tuple(spacing))
    search.find_costs([start], [end])
    return np.array(search.traceback(end))


def _farthest_from(
    start: tuple[int, ...], cost: FloatArray, spacing: FloatArray
) -> tuple[int, ...]:
    """Voxel that is the longest way from another, inside finite cost."""
    costs, _ = MCP_Geometric(cost, sampling=tuple(spacing)).find_costs([start])
    flat = int(np.argmax(np.where(np.isfinite(costs), costs, -1.0)))
    return tuple(int(v) for v in np.unravel_index(flat, cost.shape))
