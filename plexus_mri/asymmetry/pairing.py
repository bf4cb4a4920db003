"""Both sides of a nerve on one arc length, cut to what both cover.

Shapes: ``n`` common usable nodes, ``m`` nodes of one profile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from plexus_mri.asymmetry.settings import AsymmetrySettings
from plexus_mri.asymmetry.usable import skip_mm, usable_nodes
from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.grid import BoolArray, FloatArray
from plexus_mri.core.measurement import MeasurementTable, Profile, Quality


class Course(StrEnum):
    """What is compared along the nerve."""

    AREA = "area"
    DIAMETER = "diameter"
    SIGNAL = "signal"
    RATIO = "ratio"


@dataclass(frozen=True, eq=False)
class PairedCourse:
    """One course of a nerve at the nodes that are usable on both sides.

    Parameters
    ----------
    arc_length_mm : (n,)
        Distance from node 0, increasing; gaps where a node is unusable on a side.
    left, right : (n,)
        Values, all > 0.
    left_se, right_se : (n,)
        Their standard errors.
    step_mm
        Distance of neighbouring nodes.
    touching : (n,)
        Whether a side touches a neighbour there.
    common_error : (n,)
        Error of ``log_ratio`` that no mean along the nerve lessens: each side's width in voxels.
    begins_anywhere
        Whether node 0 of a side is no landmark.
    """

    nerve: Nerve
    arc_length_mm: FloatArray
    left: FloatArray
    right: FloatArray
    left_se: FloatArray
    right_se: FloatArray
    step_mm: float
    touching: BoolArray
    common_error: FloatArray
    begins_anywhere: bool = False

    @property
    def usable_mm(self) -> float:
        """Length that the nodes stand for."""
        return len(self.arc_length_mm) * self.step_mm

    def covers(self, place_mm: float) -> bool:
        """Whether both sides are usable at a distance from node 0."""
        return bool((np.abs(self.arc_length_mm - place_mm) <= self.step_mm).any())

    @property
    def log_ratio(self) -> FloatArray:
        """``ln(left / right)`` at each node: (n,)."""
        log_ratio: FloatArray = np.log(self.left) - np.log(self.right)
        return log_ratio

    @property
    def log_ratio_se(self) -> FloatArray:
        """Standard error of ``log_ratio`` from the nodes' own errors: (n,)."""
        error: FloatArray = np.hypot(self.left_se / self.left, self.right_se / self.right)
        return error


def pair_courses(
    table: MeasurementTable, settings: AsymmetrySettings
) -> Mapping[tuple[Nerve, Course], PairedCourse]:
    """All courses measured on both sides; what has no common usable node is left out."""
    paired: dict[tuple[Nerve, Course], PairedCourse] = {}
    for nerve in Nerve:
        left = table.profiles.get((Side.LEFT, nerve))
        right = table.profiles.get((Side.RIGHT, nerve))
        if left is None or right is None:
            continue
        arc, step_mm = _common_arc_mm(left, right, settings)
        usable = [usable_nodes(side, settings) for side in (left, right)]
        for course in Course:
            sides = [_at(s, course, arc, u) for s, u in zip((left, right), usable, strict=True)]
            pair = replace(
                _pair(nerve, arc, step_mm, sides),
                begins_anywhere=left.begins_anywhere or right.begins_anywhere,
            )
            if len(pair.arc_length_mm):
                paired[nerve, course] = pair
    return paired


@dataclass(frozen=True, eq=False)
class _SideCourse:
    """One side at the common nodes (n,): NaN where unusable."""

    values: FloatArray
    errors: FloatArray
    common_error: FloatArray
    touching: BoolArray


def _pair(
    nerve: Nerve, arc_length_mm: FloatArray, step_mm: float, sides: Sequence[_SideCourse]
) -> PairedCourse:
    """Both sides at the nodes where both are usable."""
    left, right = sides
    usable = np.isfinite(left.values) & np.isfinite(right.values)
    return PairedCourse(
        nerve=nerve,
        arc_length_mm=arc_length_mm[usable],
        left=left.values[usable],
        right=right.values[usable],
        left_se=left.errors[usable],
        right_se=right.errors[usable],
        step_mm=step_mm,
        touching=(left.touching | right.touching)[usable],
        common_error=np.hypot(left.common_error, right.common_error)[usable],
    )


def _common_arc_mm(
    left: Profile, right: Profile, settings: AsymmetrySettings
) -> tuple[FloatArray, float]:
    """Nodes (n,) from the later start to the earlier end, and their step: the coarser one.

    They are multiples of the step from node 0, so that equal grids are used as they are.
    """
    arcs = (left.arc_length_mm, right.arc_length_mm)
    if min(len(a) for a in arcs) < 2:
        return np.empty(0), 1.0
    step_mm = max(float(np.median(np.diff(a))) for a in arcs)
    start = max(*(skip_mm(side, settings) for side in (left, right)), *(float(a[0]) for a in arcs))
    end = min(float(a[-1]) for a in arcs) - settings.trace_end_mm
    first, last = np.ceil(start / step_mm - 1e-6), np.floor(end / step_mm + 1e-6)
    return np.arange(int(first), int(last) + 1) * step_mm, step_mm


def _at(
    profile: Profile,
    course: Course,
    arc_length_mm: FloatArray,
    usable: BoolArray,
) -> _SideCourse:
    """One course of a side at arc lengths (n,); NaN next to an unusable node."""
    with np.errstate(divide="ignore", invalid="ignore"):  # what is not finite is unusable
        values, errors = _course(profile, course)
    usable = usable & np.isfinite(values) & np.isfinite(errors) & (values > 0)
    nodes = profile.arc_length_mm
    nearest = np.abs(arc_length_mm[:, None] - nodes[None, :]).argmin(axis=1)
    # A node that is met to rounding is taken as it is, whatever its neighbours are.
    met = np.isclose(arc_length_mm, nodes[nearest], rtol=0.0, atol=1e-6)
    places = np.where(met, nodes[nearest], arc_length_mm)
    common = _common_error(profile, course)
    values, errors, common = (
        np.interp(places, nodes, np.where(usable, c, np.nan)) for c in (values, errors, common)
    )
    touching = profile.flagged(Quality.TOUCHING)[nearest]
    return _SideCourse(values, errors, common, touching)


def _common_error(profile: Profile, course: Course) -> FloatArray:
    """Relative error (m,) of one course that the nodes of a side have in common."""
    if course is Course.AREA:
        return profile.common_error
    return 0.5 * profile.common_error if course is Course.DIAMETER else profile.signal_common_error


def _course(profile: Profile, course: Course) -> tuple[FloatArray, FloatArray]:
    """Values and standard errors (m,) of one course."""
    if course is Course.AREA:
        return profile.csa_mm2, profile.csa_se_mm2
    if course is Course.DIAMETER:
        # d ∝ sqrt(A), so the relative error halves.
        diameter = profile.diameter_mm
        return diameter, diameter * profile.csa_se_mm2 / (2.0 * profile.csa_mm2)
    if course is Course.SIGNAL:
        return profile.signal, profile.signal_se
    return profile.signal_ratio, profile.signal_se / profile.reference
