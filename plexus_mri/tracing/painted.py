"""Painted nerves as the program's own are: roots from their ganglion on, and their junctions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from plexus_mri.core.anatomy import ROOTS, NerveKey
from plexus_mri.core.case import OwnMask
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.evidence import Ganglion
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.nerve_tree import TracedNerve
from plexus_mri.reasons import ReasonCode
from plexus_mri.tracing.label_course import ganglion_centre_mm
from plexus_mri.tracing.refine import RefinedCurve
from plexus_mri.tracing.settings import TracingSettings

# Thick slices and a nerve that lies over another part a label by some millimetres; a slip of the
# pen lies farther away, or harms nothing (only the largest piece is followed).
FARTHEST_PIECE_MM = 10.0
_FINE_MM = 0.1
# A course begins in a corner of its label, half a ganglion beside the axis; its direction is that
# of the stretch after, and rough: what lies about its beginning is looked for in a wider tube.
_CORNER_MM = 3.0
_DIRECTION_MM = 5.0
_WIDER = 2.0
_ENDS = (0, -1)


def begun_at_ganglion(
    curve: RefinedCurve,
    mask: OwnMask,
    key: NerveKey,
    ganglia: Sequence[Ganglion],
    settings: TracingSettings,
) -> tuple[RefinedCurve, tuple[ReasonCode, ...]]:
    """Curve of a painted nerve whose node 0 is the ganglion where it is a root's.

    The ganglion is the one that is painted as such, else the one seen in the image. Where there
    is none the curve begins where it was painted and LANDMARK_DOUBT says so.

    Parameters
    ----------
    ganglia
        Those seen in the image, of both sides.
    """
    if key[1] not in ROOTS:
        return curve, ()
    painted_mm = ganglion_centre_mm(mask, key)
    if painted_mm is not None and _gap_mm(curve.line, painted_mm) <= FARTHEST_PIECE_MM:
        return _from_painted(curve, painted_mm, settings), ()
    seen_mm = _seen_on_course(curve.line, [g for g in ganglia if g.side is key[0]], settings)
    if seen_mm is None:
        return curve, (ReasonCode.LANDMARK_DOUBT,)
    return _cut(curve, seen_mm, settings), ()


def with_junctions(
    nerves: Mapping[NerveKey, TracedNerve], settings: TracingSettings
) -> dict[NerveKey, TracedNerve]:
    """Nerves with the arc lengths at which an end of theirs meets another one of their side."""
    return {
        key: replace(nerve, junction_mm=tuple(_met_mm(key, nerves, settings)))
        for key, nerve in nerves.items()
    }


def _met_mm(
    key: NerveKey, nerves: Mapping[NerveKey, TracedNerve], settings: TracingSettings
) -> Iterator[float]:
    """Arc lengths of those ends of a nerve that meet another one."""
    own = nerves[key]
    others = [other for k, other in nerves.items() if k != key and k[0] is key[0]]
    for end in _ENDS:
        place_mm = own.centerline.points_mm[end]
        for other in others:
            gap_mm = np.linalg.norm(other.centerline.points_mm - place_mm, axis=1)
            near = int(np.argmin(gap_mm))
            touch_mm = own.radius_mm[end] + other.radius_mm[near] + settings.painted_touch_mm
            if gap_mm[near] <= touch_mm:
                yield float(own.centerline.arc_length_mm[end])
                break


def _seen_on_course(
    line: Centerline, ganglia: Sequence[Ganglion], settings: TracingSettings
) -> FloatArray | None:
    """Centre (3,) of the clearest ganglion near the medial part of a course.

    None where a clearer one lies before the medial end: then the label begins lateral of the
    ganglion, and what stands out on the course is something else.
    """
    medial = _fine(line.between(0.0, min(settings.painted_ganglion_reach_mm, line.length_mm)))
    for ganglion in sorted(ganglia, key=lambda g: -g.strength):
        if ganglion.strength < settings.painted_ganglion_least_strength:
            return None
        before_mm, aside_mm = _before_course(line, ganglion.point_mm)
        gap_mm = float(np.linalg.norm(medial - ganglion.point_mm, axis=1).min())
        largest_mm = settings.painted_ganglion_aside_mm
        if gap_mm <= largest_mm and before_mm <= settings.painted_ganglion_short_mm:
            return ganglion.point_mm
        near = -largest_mm <= before_mm <= settings.painted_ganglion_before_mm
        if near and aside_mm <= _WIDER * largest_mm:
            return None
    return None


def _before_course(line: Centerline, place_mm: FloatArray) -> tuple[float, float]:
    """How far a place lies before the medial end, and how far beside the course run on."""
    start, on = line.at(np.array([_CORNER_MM, _CORNER_MM + _DIRECTION_MM]))
    ahead = (on - start) / np.linalg.norm(on - start)
    back = start - place_mm
    along_mm = float(back @ ahead)
    return along_mm - _CORNER_MM, float(np.linalg.norm(back - along_mm * ahead))


def _from_painted(
    curve: RefinedCurve, centre_mm: FloatArray, settings: TracingSettings
) -> RefinedCurve:
    """Curve from the centre of a painted ganglion on; led to it where the root begins beyond."""
    begins_beyond = _nearest(curve.line, centre_mm) == 0
    if not begins_beyond or _gap_mm(curve.line, centre_mm) < settings.node_step_mm:
        return _cut(curve, centre_mm, settings)
    points = np.concatenate([centre_mm[None], curve.line.points_mm])
    return _of_radius(Centerline(points), curve, settings)


def _cut(curve: RefinedCurve, place_mm: FloatArray, settings: TracingSettings) -> RefinedCurve:
    """Curve from the place nearest to a point on."""
    line = curve.line
    start_mm = _nearest(line, place_mm) * line.length_mm / (len(_fine(line)) - 1)
    least_mm = min(settings.node_step_mm, line.length_mm / 2)  # left where a ganglion is all
    start_mm = min(start_mm, line.length_mm - least_mm)
    return _of_radius(line.between(start_mm, line.length_mm), curve, settings)


def _of_radius(line: Centerline, curve: RefinedCurve, settings: TracingSettings) -> RefinedCurve:
    """Line with even nodes and the mean radius of a curve."""
    even = line.resampled_evenly(settings.node_step_mm)
    return RefinedCurve(even, np.full(len(even.points_mm), float(curve.radius_mm.mean())))


def _fine(line: Centerline) -> FloatArray:
    """Points along a course, close together."""
    return line.resampled_evenly(_FINE_MM).points_mm


def _nearest(line: Centerline, place_mm: FloatArray) -> int:
    """Number of the fine point of a course that is nearest to a place."""
    return int(np.argmin(np.linalg.norm(_fine(line) - place_mm, axis=1)))


def _gap_mm(line: Centerline, place_mm: FloatArray) -> float:
    """Distance of a place to a course."""
    return float(np.linalg.norm(_fine(line) - place_mm, axis=1).min())
