"""Both sides of a nerve on one arc length, cut to what both cover.

Shapes: ``n`` common usable nodes, ``m`` nodes of one profile.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from plexus_mri.asymmetry.settings import AsymmetrySettings
from plexus_mri.core.anatomy import ROOTS, Nerve, Side
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.measurement import MeasurementTable, Profile, Quality

UNUSABLE = Quality.POOR_FIT | Quality.JUNCTION | Quality.EDGE_OF_VIEW
DOUBTFUL = Quality.THIN | Quality.TOUCHING


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
    doubtful : (n,)
        Whether a side is thin for the voxel or touches a neighbour there.
    """

    nerve: Nerve
    arc_length_mm: FloatArray
    left: FloatArray
    right: FloatArray
    left_se: FloatArray
    right_se: FloatArray
    step_mm: float
    doubtful: npt.NDArray[np.bool_]

    @property
    def usable_mm(self) -> float:
        """Length that the nodes stand for."""
        return len(self.arc_length_mm) * self.step_mm

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
        skip_mm = settings.ganglion_mm if nerve in ROOTS else 0.0
        for course in Course:
            pair = _pair(left, right, course, skip_mm)
            if len(pair.arc_length_mm):
                paired[nerve, course] = pair
    return paired


def _pair(left: Profile, right: Profile, course: Course, skip_mm: float) -> PairedCourse:
    """One course of two profiles on a common arc length."""
    arc, step_mm = _common_arc_mm(left, right, skip_mm)
    sides = [_at(profile, course, arc) for profile in (left, right)]
    usable = np.logical_and.reduce([np.isfinite(v) & np.isfinite(se) for v, se, _ in sides])
    return PairedCourse(
        nerve=left.nerve,
        arc_length_mm=arc[usable],
        left=sides[0][0][usable],
        right=sides[1][0][usable],
        left_se=sides[0][1][usable],
        right_se=sides[1][1][usable],
        step_mm=step_mm,
        doubtful=(sides[0][2] | sides[1][2])[usable],
    )


def _common_arc_mm(left: Profile, right: Profile, skip_mm: float) -> tuple[FloatArray, float]:
    """Nodes (n,) from the later start to the earlier end, and their step: the coarser one.

    They are multiples of the step from node 0, so that equal grids are used as they are.
    """
    arcs = (left.arc_length_mm, right.arc_length_mm)
    if min(len(a) for a in arcs) < 2:
        return np.empty(0), 1.0
    step_mm = max(float(np.median(np.diff(a))) for a in arcs)
    start = max(skip_mm, *(float(a[0]) for a in arcs))
    end = min(float(a[-1]) for a in arcs)
    first, last = np.ceil(start / step_mm - 1e-6), np.floor(end / step_mm + 1e-6)
    return np.arange(int(first), int(last) + 1) * step_mm, step_mm


def _at(
    profile: Profile, course: Course, arc_length_mm: FloatArray
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    """Values, standard errors and doubt (n,) at arc lengths (n,); NaN next to an unusable node."""
    with np.errstate(divide="ignore", invalid="ignore"):  # what is not finite is unusable below
        values, errors = _course(profile, course)
    usable = np.isfinite(values) & np.isfinite(errors) & (values > 0)
    usable &= np.array([not q & UNUSABLE for q in profile.quality], dtype=bool)
    nodes = profile.arc_length_mm
    nearest = np.abs(arc_length_mm[:, None] - nodes[None, :]).argmin(axis=1)
    # A node that is met to rounding is taken as it is, whatever its neighbours are.
    met = np.isclose(arc_length_mm, nodes[nearest], rtol=0.0, atol=1e-6)
    arc_length_mm = np.where(met, nodes[nearest], arc_length_mm)
    columns = [
        np.interp(arc_length_mm, nodes, np.where(usable, column, np.nan))
        for column in (values, errors)
    ]
    doubtful = np.array([bool(q & DOUBTFUL) for q in profile.quality], dtype=bool)
    return columns[0], columns[1], doubtful[nearest]


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
