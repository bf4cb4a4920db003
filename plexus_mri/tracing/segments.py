"""Root curves of one side, cut at their junctions into roots and trunks."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from plexus_mri.core.anatomy import ROOTS_OF_TRUNK, TRUNKS, Nerve, Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.frame import PatientFrame
from plexus_mri.reasons import ReasonCode
from plexus_mri.tracing.paths import SHARED_FROM_MM
from plexus_mri.tracing.settings import TracingSettings

# Trunks form at 40-44 mm from the midline (domain waypoints 7e); used for a root whose partner
# is missing.
USUAL_JUNCTION_MM = 42.0
# A junction nearer to the midline than this is two roots running into one path by mistake:
# foramina end at 17-18 mm (domain waypoints 7e).
NEAREST_JUNCTION_MM = 24.0
# One farther out is where all nerves gather: the two roots never met (domain waypoints 7e).
FARTHEST_JUNCTION_MM = SHARED_FROM_MM
# Two curves closer than this run in one nerve: below the distance of the axes of two touching
# roots of 2.7 mm (C5, Won 2012).
TOGETHER_MM = 2.0
# … and stay so for at least this length.
TOGETHER_FOR_MM = 6.0
# On synthetic cases the true junction lay 1-6 mm
# beyond the place where two curves meet (ADR-22). What lies between belongs to no nerve.
FORMING_MM = 5.0


@dataclass(frozen=True, eq=False)
class Piece:
    """A stretch of curve that is one nerve.

    Parameters
    ----------
    line
        Proximal to distal.
    joins_start, joins_end
        Whether it meets other nerves of the tree there.
    reasons
        Why it ends early or is doubted.
    """

    line: Centerline
    joins_start: bool
    joins_end: bool
    reasons: tuple[ReasonCode, ...] = ()


def split_side(
    roots: Mapping[Nerve, Centerline], frame: PatientFrame, side: Side, settings: TracingSettings
) -> dict[Nerve, Piece]:
    """Roots and trunks of one side.

    A trunk starts where the curves of its two roots come together. The middle trunk has no
    junction: C7 becomes it at the mean distance from the midline at which the others form.

    Parameters
    ----------
    roots
        Curves from the ganglia as far out as the plexus was followed.
    """
    starts = _trunk_starts(roots, frame, side)
    pieces: dict[Nerve, Piece] = {}
    for trunk in TRUNKS:
        for root in ROOTS_OF_TRUNK[trunk]:
            if root in roots:
                pieces[root] = _root_piece(roots[root], starts.get((trunk, root)), frame, side)
    for trunk in TRUNKS:
        carrier = _carrier(trunk, starts)
        if carrier is None:
            continue
        line, start_mm = roots[carrier], starts[trunk, carrier] + FORMING_MM
        strangers = [roots[n] for n in roots if n not in ROOTS_OF_TRUNK[trunk]]
        meets = [meeting_mm(line, other) for other in strangers]
        alone_mm = min((m for m in meets if m is not None), default=line.length_mm)
        end_mm = min(start_mm + settings.trunk_mm, alone_mm)
        if end_mm - start_mm >= settings.least_length_mm:
            joins_end = end_mm == alone_mm < line.length_mm
            stretch = line.between(start_mm, end_mm)
            pieces[trunk] = Piece(stretch, joins_start=True, joins_end=joins_end)
    return pieces


def meeting_mm(line: Centerline, other: Centerline) -> float | None:
    """Arc length from which a curve runs together with another; None when it never does."""
    distance = cKDTree(other.resampled_evenly(0.5).points_mm).query(line.points_mm)[0]
    arc = line.arc_length_mm
    together = distance < TOGETHER_MM
    for k in np.flatnonzero(together):
        ahead = (arc >= arc[k]) & (arc <= arc[k] + TOGETHER_FOR_MM)
        if together[ahead].all():
            return float(arc[k])
    return None


def _trunk_starts(
    roots: Mapping[Nerve, Centerline], frame: PatientFrame, side: Side
) -> dict[tuple[Nerve, Nerve], float]:
    """Arc length at which each root turns into its trunk."""
    starts: dict[tuple[Nerve, Nerve], float] = {}
    known = []
    for trunk in (Nerve.UPPER_TRUNK, Nerve.LOWER_TRUNK):
        one, two = ROOTS_OF_TRUNK[trunk]
        if one in roots and two in roots:
            for root, partner in ((one, two), (two, one)):
                meets = meeting_mm(roots[root], roots[partner])
                if meets is None:
                    continue
                lateral = side.sign * float(frame.lateral_mm(roots[root].at(meets))[0])
                if NEAREST_JUNCTION_MM <= lateral <= FARTHEST_JUNCTION_MM:
                    starts[trunk, root] = meets
                    known.append(lateral)
    middle_mm = float(np.mean(known)) if known else USUAL_JUNCTION_MM
    if Nerve.C7 in roots:
        beyond = _arc_at_lateral(roots[Nerve.C7], middle_mm, frame, side)
        if beyond is not None:
            starts[Nerve.MIDDLE_TRUNK, Nerve.C7] = beyond
    return starts


def _arc_at_lateral(
    line: Centerline, lateral_mm: float, frame: PatientFrame, side: Side
) -> float | None:
    """Arc length at which a curve first reaches a distance from the midline."""
    beyond = np.flatnonzero(side.sign * frame.lateral_mm(line.points_mm) >= lateral_mm)
    return float(line.arc_length_mm[beyond[0]]) if len(beyond) else None


def _root_piece(
    line: Centerline, trunk_start_mm: float | None, frame: PatientFrame, side: Side
) -> Piece:
    """Root from its ganglion to its trunk; without a junction, to where trunks usually form."""
    if trunk_start_mm is not None:
        return Piece(line.between(0.0, trunk_start_mm), joins_start=False, joins_end=True)
    stop = _arc_at_lateral(line, USUAL_JUNCTION_MM, frame, side) or line.length_mm
    return Piece(
        line.between(0.0, stop),
        joins_start=False,
        joins_end=False,
        reasons=(ReasonCode.NERVE_LOST,),
    )


def _carrier(trunk: Nerve, starts: Mapping[tuple[Nerve, Nerve], float]) -> Nerve | None:
    """Root whose curve is followed on as the trunk."""
    for root in reversed(ROOTS_OF_TRUNK[trunk]):
        if (trunk, root) in starts:
            return root
    return None
