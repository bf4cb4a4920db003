"""Why the sides of a nerve cannot be compared: the most telling reason."""

from collections.abc import Iterable, Sequence

import numpy as np

from plexus_mri.asymmetry.pairing import Course
from plexus_mri.asymmetry.settings import AsymmetrySettings
from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.measurement import MeasurementTable, Profile, Quality, Quantity
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.reasons import ReasonCode

COVERAGE_OF = {Side.LEFT: ReasonCode.COVERAGE_LEFT, Side.RIGHT: ReasonCode.COVERAGE_RIGHT}
COVERAGES = frozenset({*COVERAGE_OF.values(), ReasonCode.COVERAGE_NONE})
REASON_OF = {Quality.POOR_FIT: ReasonCode.FIT_FAILED, Quality.JUNCTION: ReasonCode.NERVES_TOUCH}
# Share of the nodes from which a flag is the reason.
MOST = 0.5
# A trace that ended for one of these has no length of its own.
CUT_SHORT = frozenset({*COVERAGES, ReasonCode.NERVE_LOST})


def refusal_of_sides(
    table: MeasurementTable,
    nerves: NerveTree,
    nerve: Nerve,
    quantity: Quantity,
    settings: AsymmetrySettings,
) -> ReasonCode | None:
    """Reason that lies in one side or both alone; None when both can be used."""
    reasons = {side: _missing(table, nerves, nerve, side, quantity) for side in Side}
    left, right = reasons[Side.LEFT], reasons[Side.RIGHT]
    if left is not None and right is not None:
        return _of_both(left, right)
    if left is not None or right is not None:
        return _of_one(left or right or ReasonCode.SIDE_MISSING)
    return _of_measured(table, nerves, nerve, quantity, settings)


def _of_measured(
    table: MeasurementTable,
    nerves: NerveTree,
    nerve: Nerve,
    quantity: Quantity,
    settings: AsymmetrySettings,
) -> ReasonCode | None:
    """Reason why two sides with numbers cannot be used."""
    traced = [t for t in nerves.pair(nerve) if t is not None]
    if any(t.confidence < settings.least_confidence for t in traced):
        return ReasonCode.LOW_CONFIDENCE
    if _begin_differently(table, nerve):
        return ReasonCode.LANDMARK_DOUBT
    if _too_unlike(table, nerve, settings):
        return ReasonCode.SIDES_UNLIKE
    if quantity is Quantity.LENGTH:
        return _first(r for t in traced for r in t.reasons if r in CUT_SHORT)
    return None


def _begin_differently(table: MeasurementTable, nerve: Nerve) -> bool:
    """Whether one side begins at a landmark and the other where its label does."""
    begins = {p.begins_anywhere for s in Side if (p := table.profiles.get((s, nerve))) is not None}
    return len(begins) > 1


def _too_unlike(table: MeasurementTable, nerve: Nerve, settings: AsymmetrySettings) -> bool:
    """Whether one side's mean area is too many times the other's to be the same nerve."""
    areas = [
        row.value
        for side in Side
        if (row := table.get(nerve, side, Quantity.CSA_MEAN)) is not None and row.value is not None
    ]
    return len(areas) == len(Side) and max(areas) > settings.largest_area_ratio * min(areas)


def _missing(
    table: MeasurementTable, nerves: NerveTree, nerve: Nerve, side: Side, quantity: Quantity
) -> ReasonCode | None:
    """Reason why a side has no number; None when it has one."""
    untraced = nerves.missing.get((side, nerve))
    if untraced is not None:
        in_view = untraced not in COVERAGES
        return untraced if in_view else COVERAGE_OF[side]
    measured = table.get(nerve, side, quantity)
    if measured is None:
        return ReasonCode.SIDE_MISSING
    if measured.value is None or not np.isfinite(measured.value):
        return measured.reason or ReasonCode.FIT_FAILED
    return None


def _of_both(left: ReasonCode, right: ReasonCode) -> ReasonCode:
    """One reason for two sides without a number."""
    if {left, right} <= COVERAGES:
        return ReasonCode.COVERAGE_NONE
    if ReasonCode.SIDE_MISSING in (left, right):
        known = [r for r in (left, right) if r is not ReasonCode.SIDE_MISSING]
        return known[0] if known else ReasonCode.NERVE_NOT_FOUND
    # The order of the list of reasons settles it, so that swapping sides changes nothing.
    return min(left, right, key=list(ReasonCode).index)


def _of_one(reason: ReasonCode) -> ReasonCode:
    """Reason of the side that has no number, when the other has one."""
    return ReasonCode.SIDE_MISSING if reason is ReasonCode.NERVE_NOT_FOUND else reason


def refusal_of_common_stretch(
    table: MeasurementTable, nerves: NerveTree, nerve: Nerve, course: Course
) -> ReasonCode:
    """Reason why both sides have numbers but too little of the nerve in common."""
    traced = [t for t in nerves.pair(nerve) if t is not None]
    shortest_first = sorted(traced, key=lambda t: t.centerline.length_mm)
    cut = next((r for t in shortest_first for r in t.reasons if r in COVERAGES), None)
    if cut is not None:
        return cut
    profiles = [table.profiles.get((side, nerve)) for side in Side]
    known = [p for p in profiles if p is not None]
    if course is Course.RATIO and any(np.isnan(p.reference).mean() > MOST for p in known):
        return ReasonCode.NO_REFERENCE
    return _of_flags(known)


def is_coarse(table: MeasurementTable, nerve: Nerve) -> bool:
    """Whether most of the nerve is too few voxels wide on a side for a value at a place."""
    profiles = [table.profiles.get((side, nerve)) for side in Side]
    return any(is_mostly_coarse(p) for p in profiles if p)


def is_mostly_coarse(profile: Profile) -> bool:
    """Whether most of one side's nodes have no value at a place (ADR-45)."""
    return float(profile.flagged(Quality.COARSE).mean()) > MOST


def is_unresolved(table: MeasurementTable, nerve: Nerve, settings: AsymmetrySettings) -> bool:
    """Whether a side is narrower than the longest voxel edge over most of its length."""
    profiles = [table.profiles.get((side, nerve)) for side in Side]
    limit = settings.largest_common_error_percent / 100.0
    # False where nothing was fitted
    return any(float(np.mean(p.common_error > limit)) > MOST for p in profiles if p)


def _of_flags(profiles: Sequence[Profile]) -> ReasonCode:
    """Reason that the flags of most nodes of a side give."""
    for flag in (Quality.EDGE_OF_VIEW, Quality.POOR_FIT, Quality.JUNCTION):
        shares = {p.side: p.flagged(flag).mean() for p in profiles}
        worst = max(shares, key=lambda side: shares[side], default=None)
        if worst is not None and shares[worst] > MOST:
            return COVERAGE_OF[worst] if flag is Quality.EDGE_OF_VIEW else REASON_OF[flag]
    return ReasonCode.TOO_SHORT


def _first(reasons: Iterable[ReasonCode]) -> ReasonCode | None:
    """First reason in the order of the list, or None."""
    return min(reasons, key=list(ReasonCode).index, default=None)
