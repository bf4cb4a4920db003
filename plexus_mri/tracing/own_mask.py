"""The user's own mask to the NerveTree: one centerline a label, sides checked."""

import cc3d
import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.graph import MCP_Geometric

from plexus_mri.core.anatomy import NERVE_KEYS, NerveKey
from plexus_mri.core.case import OwnMask
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.errors import InputError, StageError
from plexus_mri.reasons import ReasonCode
from plexus_mri.tracing.refine import RefinedCurve, smooth_curve
from plexus_mri.tracing.settings import TracingSettings

# Thick slices and a nerve that lies over another part a label by some millimetres; a slip of the
# pen lies farther away, or harms nothing (only the largest piece is followed).
FARTHEST_PIECE_MM = 10.0

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.integer]


def trace_own_mask(mask: OwnMask, frame: PatientFrame, settings: TracingSettings) -> NerveTree:
    """Centerlines of the labels of the user's mask; node 0 is the end nearer to the midline.

    Raises
    ------
    InputError
        When a label lies on the other side of the midline than its name says, or has a piece
        far away from the rest of it.
    """
    nerves: dict[NerveKey, TracedNerve] = {}
    missing = dict.fromkeys(NERVE_KEYS, ReasonCode.NERVE_NOT_FOUND)
    for index, key in sorted(mask.nerve_of_index.items()):
        _check_pieces(mask, key, index, frame)
        found = curve_of_label(mask, index, frame, settings)
        if found is None:
            continue
        missing[key] = ReasonCode.TOO_SHORT
        if isinstance(found, RefinedCurve):
            _check_side(found.line, key, index, frame)
            if found.line.length_mm >= settings.least_length_mm:
                nerves[key] = TracedNerve(found.line, 1.0, {"own_mask": 1.0}, found.radius_mm)
                del missing[key]
    return NerveTree(nerves, missing)


def curve_of_label(
    mask: OwnMask, index: int, frame: PatientFrame, settings: TracingSettings
) -> RefinedCurve | ReasonCode | None:
    """Curve through the largest piece of a label, medial end first, and its mean radius.

    None where the label is not there, TOO_SHORT where it is no more than a spot.
    """
    points, radius_mm = _longest_path(mask, index, frame)
    if len(points) == 0:
        return None
    try:
        line = smooth_curve(points, settings.node_step_mm, settings.smooth_mm)
    except StageError:
        return ReasonCode.TOO_SHORT
    return RefinedCurve(line, np.full(len(line.points_mm), radius_mm))


def _check_side(line: Centerline, key: NerveKey, index: int, frame: PatientFrame) -> None:
    """Refuse a label on the wrong side of the patient."""
    found = frame.side_of(line.points_mm)
    if found is not key[0]:
        place = line.points_mm[len(line.points_mm) // 2].round(1).tolist()
        msg = (
            f"label {index} is named {key[1]} {key[0]} but lies on the patient's {found} side, "
            f"around {place} mm (RAS+); correct the label table or the mask"
        )
        raise InputError(msg, ReasonCode.MASK_SIDE)


def _longest_path(mask: OwnMask, index: int, frame: PatientFrame) -> tuple[FloatArray, float]:
    """Longest way through the largest piece of a label, medial end first, and its mean radius."""
    pieces, low = pieces_of_label(mask, index)
    if pieces.size == 0:
        return np.empty((0, 3)), 0.0
    piece: BoolArray = pieces == 1
    depth = ndimage.distance_transform_edt(np.pad(piece, 1), mask.labels.grid.spacing)
    depth = depth[1:-1, 1:-1, 1:-1]
    path = _between_far_ends(piece, depth, mask.labels.grid.spacing)
    points = mask.labels.grid.to_world((path + low).astype(float))
    lateral = np.abs(frame.lateral_mm(points[[0, -1]]))
    points = points if lateral[0] <= lateral[1] else points[::-1]
    volume_mm3 = float(piece.sum()) * mask.labels.grid.voxel_volume_mm3
    length_mm = max(float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum()), 1.0)
    return points, float(np.sqrt(volume_mm3 / length_mm / np.pi))


def pieces_of_label(mask: OwnMask, index: int) -> tuple[IntArray, IntArray]:
    """Connected pieces of a label in a window around it, the largest numbered 1.

    The second value is the window's first voxel (3,); the window is empty without the label.
    """
    voxels = np.argwhere(mask.labels.mask(index))
    if len(voxels) == 0:
        return np.zeros((0, 0, 0), int), np.zeros(3, int)
    low = np.maximum(voxels.min(axis=0) - 1, 0)
    window = tuple(slice(a, b + 2) for a, b in zip(low, voxels.max(axis=0), strict=True))
    found = cc3d.connected_components(mask.labels.mask(index)[window], connectivity=26)
    sizes = np.bincount(found.ravel())
    order = np.argsort(-sizes[1:], kind="stable") + 1
    rank = np.zeros(len(sizes), int)
    rank[order] = np.arange(1, len(sizes))
    return rank[found], low


def _check_pieces(mask: OwnMask, key: NerveKey, index: int, frame: PatientFrame) -> None:
    """Refuse a label with a piece far from its largest one, with the place of it in mm."""
    pieces, low = pieces_of_label(mask, index)
    voxels = np.argwhere(pieces > 1)
    if len(voxels) == 0:
        return
    grid = mask.labels.grid
    points_mm = grid.to_world((voxels + low).astype(float))
    gaps_mm, _ = cKDTree(grid.to_world((np.argwhere(pieces == 1) + low).astype(float))).query(
        points_mm
    )
    number = pieces[tuple(voxels.T)]
    nearest = {int(k): float(gaps_mm[number == k].min()) for k in np.unique(number)}
    stray, gap_mm = max(nearest.items(), key=lambda item: item[1])
    if gap_mm <= FARTHEST_PIECE_MM:
        return
    piece_mm = points_mm[number == stray]
    msg = (
        f"label {index}, {key[1]} {key[0]}, has a piece {gap_mm:.0f} mm away from the rest of it, "
        f"around {piece_mm.mean(axis=0).round(1).tolist()} mm (RAS+) on the patient's "
        f"{frame.side_of(piece_mm)} side; erase it, or join the two"
    )
    alike = frame.side_of(piece_mm) is key[0]
    raise InputError(msg, ReasonCode.MASK_STRAY if alike else ReasonCode.MASK_SIDE)


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
