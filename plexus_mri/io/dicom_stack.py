"""The gate for DICOM geometry: frames become a sound stack or get one reason.

Positions are LPS until `Stack.affine`, which is RAS+ like all of the project.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from plexus_mri.core.grid import FloatArray
from plexus_mri.io.dicom_checks import Problem
from plexus_mri.io.dicom_frames import Frame
from plexus_mri.io.dicom_scaling import scaling_problem
from plexus_mri.reasons import ReasonCode

MIN_STACK = 3  # even spacing can only be seen from two gaps on
# Scanners print direction cosines with 5 digits and positions with 3-4. The limits are far above
# that and move no point of a 400 mm field of view by half a millimetre.
MAX_TURN = 1e-3
_SAME_PLACE_MM = 0.01
_EVEN_SHARE = 0.02  # of the slice spacing
_EVEN_MM = 0.02
_WHOLE_STEPS = 0.05  # a gap this close to a multiple of the spacing is missing slices
_MAX_SLANT = 5e-3  # sideways per step along the normal: 0.3 degrees
_SPACING_RANGE_MM = (0.05, 30.0)
_RAS_FROM_LPS = np.diag([-1.0, -1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Stack:
    """Frames of one volume, in the order of growing position along the normal.

    Parameters
    ----------
    affine : (4, 4)
        (column, row, slice) index to RAS+ mm; the identity when ``problem`` is set.
    copies
        Second files of frames that were kept; their pixels must be the same.
    problem
        Why this is no sound volume.
    note
        Which part of its series it is; empty when it is all of it.
    part
        Its number among volumes at the same places; 0 when there are no others.
    """

    frames: tuple[Frame, ...]
    affine: FloatArray
    copies: tuple[tuple[Frame, Frame], ...] = ()
    problem: Problem | None = None
    note: str = ""
    part: int = 0

    @property
    def shape(self) -> tuple[int, int, int]:
        """Columns, rows, slices."""
        rows, columns = self.frames[0].size
        return columns, rows, len(self.frames)


def gate(frames: Sequence[Frame], copies: Sequence[tuple[Frame, Frame]] = ()) -> Stack:
    """Stack of frames of one orientation, sound or with the first thing that is wrong with it."""
    problem = _lost_problem(frames) or _size_problem(frames)
    problem = problem or scaling_problem([f.scaling for f in frames])
    ordered = list(frames)
    if problem is None:
        ordered = in_order(frames)
        problem = _spacing_problem(ordered)
    affine = np.eye(4) if problem else _affine(ordered)
    return Stack(tuple(ordered), affine, tuple(copies), problem)


def refused(frames: Sequence[Frame], problem: Problem) -> Stack:
    """Frames that make no volume, and why."""
    return Stack(tuple(frames), np.eye(4), problem=problem)


def without_copies(
    frames: Sequence[Frame],
) -> tuple[list[Frame], list[tuple[Frame, Frame]]]:
    """Frames once each, and pairs of a kept frame with a second file of the same instance."""
    seen: dict[tuple[object, ...], Frame] = {}
    copies = []
    for frame in frames:
        own = frame.instance or str(frame.path)
        first = seen.setdefault((own, frame.in_file, frame.position_mm), frame)
        if first is not frame:
            copies.append((first, frame))
    return list(seen.values()), copies


def in_order(frames: Sequence[Frame]) -> list[Frame]:
    """Frames by growing position along the normal of the first."""
    return [frames[k] for k in np.argsort(heights_mm(frames), kind="stable")]


def heights_mm(frames: Sequence[Frame]) -> FloatArray:
    """Positions along the normal (n,)."""
    heights: FloatArray = _positions(frames) @ _normal(frames[0].orientation)
    return heights


def offsets_mm(frames: Sequence[Frame]) -> FloatArray:
    """Positions within the plane, along growing column and row index (n, 2)."""
    turn = np.array(frames[0].orientation, dtype=float).reshape(2, 3)
    offsets: FloatArray = _positions(frames) @ turn.T
    return offsets


def numbered_places(frames: Sequence[Frame]) -> list[int]:
    """Number of the slice position of each ordered frame, from 0."""
    heights = heights_mm(frames)
    new = np.diff(heights, prepend=heights[0]) > _SAME_PLACE_MM
    return [int(n) for n in np.cumsum(new)]


def _positions(frames: Sequence[Frame]) -> FloatArray:
    return np.array([frame.position_mm for frame in frames], dtype=float)


def _lost_problem(frames: Sequence[Frame]) -> Problem | None:
    """Slices that do not say where they lie."""
    lost = sum(f.position_mm is None or not is_turn(f.orientation) for f in frames)
    if lost:
        detail = f"{lost} of {len(frames)} slices state no valid position or orientation"
        return ReasonCode.GEO_NO_POSITION, detail
    return None


def _size_problem(frames: Sequence[Frame]) -> Problem | None:
    """Impossible pixel spacing, or planes that differ in size."""
    low, high = _SPACING_RANGE_MM
    spacings = np.array([f.spacing_mm or (0.0, 0.0) for f in frames])
    if spacings.min() < low or spacings.max() > high:
        return ReasonCode.GEO_BAD_AFFINE, "the pixel spacing is missing or impossible"
    if len({f.size for f in frames}) > 1 or np.abs(spacings / spacings[0] - 1).max() > MAX_TURN:
        return ReasonCode.GEO_MIXED_SIZE, "the slices differ in size or pixel spacing"
    return None


@lru_cache(maxsize=4096)
def is_turn(orientation: tuple[float, ...] | None) -> bool:
    """Whether two directions are of length one and at right angles."""
    if orientation is None:
        return False
    pair = np.array(orientation).reshape(2, 3)
    return bool(np.abs(pair @ pair.T - np.eye(2)).max() <= MAX_TURN)


def _spacing_problem(frames: Sequence[Frame]) -> Problem | None:
    """Too few, missing, uneven or slanted slices."""
    if len(frames) < MIN_STACK:
        detail = f"{len(frames)} of the {MIN_STACK} slices that are needed to prove their spacing"
        return ReasonCode.GEO_TOO_FEW_SLICES, detail
    gaps_mm = np.diff(heights_mm(frames))
    if gaps_mm.min() <= _SAME_PLACE_MM:
        return ReasonCode.GEO_DUPLICATE_SLICE, "two slices lie at one place"
    step_mm = float(np.median(gaps_mm))
    steps = gaps_mm / _base_mm(gaps_mm)
    if steps.max() > 1.5 and np.abs(steps - steps.round()).max() <= _WHOLE_STEPS:  # noqa: PLR2004
        expected = int(steps.round().sum()) + 1
        detail = f"{expected - len(frames)} of {expected} slice positions are missing"
        return ReasonCode.GEO_MISSING_SLICE, detail
    if np.abs(gaps_mm - step_mm).max() > max(_EVEN_SHARE * step_mm, _EVEN_MM):
        detail = f"slice gaps run from {gaps_mm.min():.2f} to {gaps_mm.max():.2f} mm"
        return ReasonCode.GEO_UNEVEN_SPACING, detail
    if step_mm > _SPACING_RANGE_MM[1]:
        return ReasonCode.GEO_BAD_AFFINE, f"the slices lie {step_mm:.0f} mm apart"
    return _thinned_problem(frames, step_mm) or _slant_problem(frames, gaps_mm)


def _base_mm(gaps_mm: FloatArray) -> float:
    """Spacing of the complete stack: mean of the gaps that are like the smallest."""
    return float(gaps_mm[gaps_mm < 1.2 * gaps_mm.min()].mean())


def _thinned_problem(frames: Sequence[Frame], step_mm: float) -> Problem | None:
    """Every other slice missing: the gaps are even, but the file numbers and header say it."""
    stated_mm = frames[0].between_slices_mm
    numbers = [f.instance_number for f in frames]
    if not stated_mm or any(n is None for n in numbers):
        return None
    jumps = np.abs(np.diff(np.array(numbers, dtype=float)))
    ratio = step_mm / abs(stated_mm)
    whole = round(ratio)
    if whole > 1 and abs(ratio - whole) <= _WHOLE_STEPS and (jumps == whole).all():
        expected = (len(frames) - 1) * whole + 1
        detail = f"{expected - len(frames)} of {expected} slice positions are missing"
        return ReasonCode.GEO_MISSING_SLICE, detail
    return None


def _slant_problem(frames: Sequence[Frame], gaps_mm: FloatArray) -> Problem | None:
    """Slices that move sideways as they go along the normal."""
    positions = _positions(frames)
    normal = _normal(frames[0].orientation)
    along = (positions - positions[0]) @ normal
    sideways = positions - positions[0] - np.outer(along, normal)
    slant = float(np.linalg.norm(sideways, axis=1).max() / gaps_mm.sum())
    if slant > _MAX_SLANT:
        detail = f"the slices are stacked {np.degrees(np.arctan(slant)):.1f} degrees off square"
        return ReasonCode.GEO_SHEARED, detail
    return None


@lru_cache(maxsize=4096)
def _normal(orientation: tuple[float, ...] | None) -> FloatArray:
    row, column = np.array(orientation, dtype=float).reshape(2, 3)
    normal: FloatArray = np.cross(row, column)
    normal.setflags(write=False)
    return normal


def _affine(frames: Sequence[Frame]) -> FloatArray:
    """(column, row, slice) index to RAS+ mm, from the first and last position."""
    first, last = frames[0], frames[-1]
    row, column = np.array(first.orientation, dtype=float).reshape(2, 3)
    row_gap_mm, column_gap_mm = first.spacing_mm or (1.0, 1.0)
    start = np.array(first.position_mm, dtype=float)
    span = np.array(last.position_mm, dtype=float) - start
    lps = np.column_stack(
        [row * column_gap_mm, column * row_gap_mm, span / (len(frames) - 1), start]
    )
    affine = np.eye(4)
    affine[:3] = _RAS_FROM_LPS @ lps
    return affine
