"""How each nerve of each side changes along its course: symmetry is not health.

Two sides that are enlarged alike differ in nothing. What can be seen of it without a norm is the
course of the nerve itself: the slope of the logarithm of area along arc length, which no common
factor on the area changes. Shapes: ``n`` usable nodes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plexus_mri.asymmetry.index import normal_quantile
from plexus_mri.asymmetry.noise import LARGEST_LAG_ONE, LEAST_NODES
from plexus_mri.asymmetry.pairing import usable_nodes
from plexus_mri.asymmetry.refusal import is_mostly_coarse
from plexus_mri.asymmetry.settings import AsymmetrySettings
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

    @property
    def step_mm(self) -> float:
        """Distance of neighbouring nodes."""
        return float(np.diff(self.arc_mm).min())


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
        if key in table.profiles and not is_mostly_coarse(table.profiles[key])
    }
    long = {key: course for key, course in courses.items() if len(course.arc_mm) >= LEAST_NODES}
    lag_one, scatter = _noise(list(long.values()))
    reach = normal_quantile(0.5 + settings.interval_percent / 200.0)
    return tuple(
        _taper(key, long[key], (lag_one, scatter), reach)
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


def _noise(courses: Sequence[_Course]) -> tuple[float, float]:
    """Correlation of neighbours and factor on the stated errors, of all courses of a case."""
    if not courses:
        return 0.0, 1.0
    residuals = [_residual(course) for course in courses]
    lag_one = float(np.median([_lag_one(r, c) for r, c in zip(residuals, courses, strict=True)]))
    scatter = [
        float(np.median(np.abs(residual) / course.own) / normal_quantile(0.75))
        for residual, course in zip(residuals, courses, strict=True)
    ]
    return min(max(lag_one, 0.0), LARGEST_LAG_ONE), max(float(np.median(scatter)), 1.0)


def _residual(course: _Course) -> FloatArray:
    """Logarithm of area (n,) without its straight line."""
    residual: FloatArray = course.log_area - np.polyval(
        np.polyfit(course.arc_mm, course.log_area, 1), course.arc_mm
    )
    return residual


def _lag_one(residual: FloatArray, course: _Course) -> float:
    """Lag-one autocorrelation, freed of the bias that a fitted line makes.

    About a mean the bias is -(1 + 4ρ)/n [Kendall 1954, Biometrika 41:403]; about a line
    -(2 + 5ρ)/n is taken, with which intervals of simulated courses hold the truth in 95-96 %.
    """
    power = float(np.sum(residual**2))
    if power < len(residual) * 1e-18:  # a straight line, to rounding
        return 0.0
    together = np.diff(course.arc_mm) < 1.5 * course.step_mm
    raw = float(np.sum((residual[1:] * residual[:-1])[together])) / power
    count = len(residual)
    return (count * raw + 2.0) / (count - 5.0)


def _taper(key: NerveKey, course: _Course, noise: tuple[float, float], reach: float) -> Taper:
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


def _error(weights: FloatArray, course: _Course, noise: tuple[float, float]) -> float:
    """Standard error of ``weights @ log_area``, with weights (n,) that sum to 0.

    Errors of neighbours go together, and what all nodes share counts as far as it differs
    along the nerve.
    """
    lag_one, scatter = noise
    gaps = np.abs(course.arc_mm[:, None] - course.arc_mm[None]) / course.step_mm
    own = scatter * weights * course.own
    shared = float(weights @ course.common)
    return float(np.sqrt(max(float(own @ lag_one**gaps @ own), 0.0) + shared**2))


def _why_absent(key: NerveKey, table: MeasurementTable, nerves: NerveTree) -> ReasonCode:
    """Reason why a side of a nerve has no taper."""
    if key in nerves.missing:
        return nerves.missing[key]
    if key in table.profiles and is_mostly_coarse(table.profiles[key]):
        return ReasonCode.VOXEL_COARSE
    measured = table.get(key[1], key[0], Quantity.CSA_MEAN)
    return (measured.reason if measured is not None else None) or ReasonCode.TOO_SHORT
