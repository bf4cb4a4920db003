"""How each nerve of each side changes along its course: symmetry is not health.

Two sides that are enlarged alike differ in nothing. What can be seen of it without a norm is the
course of the nerve itself: the slope of the logarithm of area along arc length, which no common
factor on the area changes. Shapes: ``n`` usable nodes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plexus_mri.asymmetry.correlation import LEAST_NODES, correlation, shared_length_mm
from plexus_mri.asymmetry.index import normal_quantile
from plexus_mri.asymmetry.noise import NodeNoise
from plexus_mri.asymmetry.refusal import is_mostly_coarse
from plexus_mri.asymmetry.settings import AsymmetrySettings
from plexus_mri.asymmetry.usable import usable_nodes
from plexus_mri.core.anatomy import NERVE_KEYS, NerveKey
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.measurement import MeasurementTable, Profile, Quantity
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.taper import Taper
from plexus_mri.reasons import ReasonCode

PER_MM = 10.0  # the length over which a taper is told
THIRDS = 3


@dataclass(frozen=True, eq=False)
class _Course:
    """Area of one nerve of a side at its usable nodes.

    Parameters
    ----------
    arc_mm, log_area : (n,)
        Place and logarithm of area.
    own, common : (n,)
        Relative errors: of each node alone, and of all nodes together.
    """

    arc_mm: FloatArray
    log_area: FloatArray
    own: FloatArray
    common: FloatArray


def taper_of_sides(
    table: MeasurementTable, nerves: NerveTree, settings: AsymmetrySettings
) -> tuple[Taper, ...]:
    """Taper of every nerve and side, in the order of nerves, the left first.

    The errors of neighbouring nodes correlate as the residuals of straight lines do, in the middle
    of all nerves of the case. A nerve that is truly bent in its course scatters about its line as
    well, which widens the intervals.
    """
    courses = {
        key: _course(table.profiles[key], settings)
        for key in NERVE_KEYS
        if key in table.profiles
        and not is_mostly_coarse(table.profiles[key])
        and not table.profiles[key].begins_anywhere
    }
    long = {key: course for key, course in courses.items() if len(course.arc_mm) >= LEAST_NODES}
    noise = _noise(list(long.values()))
    reach = normal_quantile(0.5 + settings.interval_percent / 200.0)
    return tuple(
        _taper(key, long[key], noise, reach)
        if key in long
        else Taper(key[1], key[0], reason=_why_absent(key, table, nerves))
        for key in NERVE_KEYS
    )


def _course(profile: Profile, settings: AsymmetrySettings) -> _Course:
    """Usable nodes of a profile, without its last stretch."""
    usable = usable_nodes(profile, settings)
    arc_mm = profile.arc_length_mm
    usable = usable & (arc_mm <= arc_mm[-1] - settings.trace_end_mm + 1e-9)
    usable = usable & np.isfinite(profile.csa_se_mm2)
    area = profile.csa_mm2[usable]
    return _Course(
        arc_mm[usable],
        np.log(area),
        np.hypot(
            profile.csa_se_mm2[usable] / area, settings.area_node_model_error_percent / 100.0
        ),
        profile.common_error[usable],
    )


def _noise(courses: Sequence[_Course]) -> NodeNoise:
    """Noise of all courses of a case about their straight lines."""
    if not courses:
        return NodeNoise(0.0, 1.0)
    scatter = [
        float(np.median(np.abs(_residual(course)) / course.own) / normal_quantile(0.75))
        for course in courses
    ]
    shared_mm = shared_length_mm([(c.arc_mm, c.log_area) for c in courses], terms=2)
    return NodeNoise(shared_mm, max(float(np.median(scatter)), 1.0))


def _residual(course: _Course) -> FloatArray:
    """Logarithm of area (n,) without its straight line."""
    residual: FloatArray = course.log_area - np.polyval(
        np.polyfit(course.arc_mm, course.log_area, 1), course.arc_mm
    )
    return residual


def _taper(key: NerveKey, course: _Course, noise: NodeNoise, reach: float) -> Taper:
    """Slope and ratio of thirds of one course, with their intervals."""
    arc_mm, area = course.arc_mm, np.exp(course.log_area)
    away = arc_mm - arc_mm.mean()
    weights = away / float(away @ away) * PER_MM
    slope, slope_error = float(weights @ course.log_area), _error(weights, course, noise)
    third_mm = float(arc_mm[-1] - arc_mm[0]) / THIRDS
    first, last = (
        np.where(inside, area, 0.0) / area[inside].sum()
        for inside in (arc_mm <= arc_mm[0] + third_mm, arc_mm >= arc_mm[-1] - third_mm)
    )
    ratio = _mean(area, last) / _mean(area, first)
    ratio_error = _error(last - first, course, noise)
    low, high = (float(np.expm1(slope + s * reach * slope_error)) * 100.0 for s in (-1.0, 1.0))
    return Taper(
        key[1],
        key[0],
        float(arc_mm[0]),
        float(arc_mm[-1]),
        float(np.expm1(slope)) * 100.0,
        low,
        high,
        ratio,
        ratio * float(np.exp(-reach * ratio_error)),
        ratio * float(np.exp(reach * ratio_error)),
    )


def _mean(area: FloatArray, weights: FloatArray) -> float:
    """Mean of the areas (n,) that have a weight."""
    return float(area[weights > 0.0].mean())


def _error(weights: FloatArray, course: _Course, noise: NodeNoise) -> float:
    """Standard error of ``weights @ log_area``, with weights (n,) that sum to 0.

    Errors of neighbours go together, and what all nodes share counts as far as it differs
    along the nerve.
    """
    own = noise.scatter * weights * course.own
    shared = float(weights @ course.common)
    variance = float(own @ correlation(course.arc_mm, noise.shared_mm) @ own)
    return float(np.sqrt(max(variance, 0.0) + shared**2))


def _why_absent(key: NerveKey, table: MeasurementTable, nerves: NerveTree) -> ReasonCode:
    """Reason why a side of a nerve has no taper."""
    if key in nerves.missing:
        return nerves.missing[key]
    if key in table.profiles and is_mostly_coarse(table.profiles[key]):
        return ReasonCode.VOXEL_COARSE
    if key in table.profiles and table.profiles[key].begins_anywhere:
        return ReasonCode.LANDMARK_DOUBT
    measured = table.get(key[1], key[0], Quantity.CSA_MEAN)
    return (measured.reason if measured is not None else None) or ReasonCode.TOO_SHORT
