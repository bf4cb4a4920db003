"""Left against right of each nerve and quantity, or the reason why they cannot be compared."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from plexus_mri.asymmetry.index import Contrast, Estimate, normal_quantile
from plexus_mri.asymmetry.naming import doubtful_names, merged_nerves, outgrown_cords
from plexus_mri.asymmetry.noise import (
    NodeNoise,
    estimate_noise,
    lift_of_maximum,
    max_estimate,
    mean_estimate,
)
from plexus_mri.asymmetry.pairing import Course, PairedCourse, pair_courses
from plexus_mri.asymmetry.placement import (
    shift_error_at,
    shift_error_of_maxima,
    shift_error_of_means,
)
from plexus_mri.asymmetry.refusal import (
    is_coarse,
    is_unresolved,
    refusal_of_common_stretch,
    refusal_of_sides,
)
from plexus_mri.asymmetry.settings import AsymmetrySettings
from plexus_mri.core.anatomy import ROOTS, Nerve, Side
from plexus_mri.core.measurement import Measurement, MeasurementTable, Quality, Quantity
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.reasons import ReasonCode

COURSE_OF_MEAN = {
    Quantity.CSA_MEAN: Course.AREA,
    Quantity.DIAMETER_MEAN: Course.DIAMETER,
    Quantity.SIGNAL_MEAN: Course.SIGNAL,
    Quantity.SIGNAL_RATIO_MEAN: Course.RATIO,
}
COURSE_OF_MAX = {
    Quantity.CSA_MAX: Course.AREA,
    Quantity.SIGNAL_RATIO_MAX: Course.RATIO,
}
COURSE_OF = {**COURSE_OF_MEAN, **COURSE_OF_MAX}
# Where along the nerve a value at a place lies: it is compared as its neighbours are.
PLACE_MM = {Quantity.DIAMETER_AT_10: 10.0}
# What rests on a few nodes.
AT_A_PLACE = frozenset({*COURSE_OF_MAX, Quantity.DIAMETER_AT_0, Quantity.DIAMETER_AT_10})


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the contrasts of a case are made from."""

    table: MeasurementTable
    nerves: NerveTree
    pairs: Mapping[tuple[Nerve, Course], PairedCourse]
    noise: Mapping[Course, NodeNoise]
    merged: frozenset[Nerve]
    doubtful_names: frozenset[Nerve]
    settings: AsymmetrySettings


def gather(table: MeasurementTable, nerves: NerveTree, settings: AsymmetrySettings) -> Evidence:
    """Pair the profiles and learn the noise of each course from all nerves."""
    pairs = pair_courses(table, settings)
    noise = {
        course: estimate_noise([pair for (_, c), pair in pairs.items() if c is course])
        for course in Course
    }
    doubtful = doubtful_names(table) | outgrown_cords(table)
    return Evidence(table, nerves, pairs, noise, merged_nerves(table), doubtful, settings)


def contrast(evidence: Evidence, nerve: Nerve, quantity: Quantity) -> Contrast | ReasonCode:
    """Left against right of one nerve and quantity, or why not."""
    refused = refusal_of_sides(evidence.table, evidence.nerves, nerve, quantity, evidence.settings)
    refused = refused or _refusal_of_nerve(evidence, nerve, quantity)
    if refused is not None:
        return refused
    if quantity not in COURSE_OF and quantity not in PLACE_MM:
        return _contrast_of_numbers(evidence, nerve, quantity)
    course = COURSE_OF.get(quantity, Course.DIAMETER)
    pair = evidence.pairs.get((nerve, course))
    if pair is None or pair.usable_mm < evidence.settings.least_common_mm:
        return refusal_of_common_stretch(evidence.table, evidence.nerves, nerve, course)
    if quantity in COURSE_OF:
        return _contrast_along(evidence, pair, quantity)
    if not pair.covers(PLACE_MM[quantity]):
        return refusal_of_common_stretch(evidence.table, evidence.nerves, nerve, course)
    placed = shift_error_at(pair, PLACE_MM[quantity], evidence.settings)
    return _contrast_of_numbers(evidence, nerve, quantity, placed)


def _refusal_of_nerve(evidence: Evidence, nerve: Nerve, quantity: Quantity) -> ReasonCode | None:
    """Reason that lies in the nerve's neighbours, its name or its width in voxels."""
    if nerve in evidence.merged:
        return ReasonCode.NERVES_TOUCH
    if nerve in evidence.doubtful_names:
        return ReasonCode.NAME_DOUBT
    if quantity is Quantity.LENGTH:
        return None
    coarse = quantity in AT_A_PLACE and is_coarse(evidence.table, nerve)
    coarse = coarse or is_unresolved(evidence.table, nerve, evidence.settings)
    return ReasonCode.VOXEL_COARSE if coarse else None


def _contrast_along(evidence: Evidence, pair: PairedCourse, quantity: Quantity) -> Contrast:
    """Contrast of a mean or largest value over the common stretch."""
    settings, noise = evidence.settings, evidence.noise[COURSE_OF[quantity]]
    window_mm, lift = settings.max_window_mm, 0.0
    sides = ((pair.left, pair.left_se), (pair.right, pair.right_se))
    if quantity in COURSE_OF_MAX:
        left, right = (max_estimate(pair, v, se, noise, window_mm) for v, se in sides)
        lift = lift_of_maximum(pair, window_mm)
        placed = shift_error_of_maxima(pair, settings)
    else:
        left, right = (mean_estimate(pair, v, se, noise) for v, se in sides)
        placed = shift_error_of_means(pair, settings)
    share = float(pair.touching.mean())
    model = model_error(quantity, settings) * touching_factor(share, settings)
    errors = SharedErrors(model, lift, placed, coarse=float(pair.common_error.mean()))
    return _contrast(pair.nerve, quantity, (left, right), errors)


def _contrast_of_numbers(
    evidence: Evidence, nerve: Nerve, quantity: Quantity, placed: float = 0.0
) -> Contrast | ReasonCode:
    """Contrast of two measurements as they are in the table."""
    left, right = (evidence.table.get(nerve, side, quantity) for side in (Side.LEFT, Side.RIGHT))
    if left is None or right is None or not left.value or not right.value:
        return ReasonCode.SIDE_MISSING
    if min(left.value, right.value) <= 0:
        return ReasonCode.FIT_FAILED
    touching = float(bool((left.quality | right.quality) & Quality.TOUCHING))
    sides = (
        Estimate(left.value, _relative_se(left, left.value)),
        Estimate(right.value, _relative_se(right, right.value)),
    )
    model = model_error(quantity, evidence.settings) * touching_factor(touching, evidence.settings)
    return _contrast(nerve, quantity, sides, SharedErrors(model, placed=placed))


@dataclass(frozen=True)
class SharedErrors:
    """Relative errors beside those of the nodes.

    ``model`` is that of the fit, per side; ``lift`` how many standard errors noise lifts a
    largest value; ``placed`` what the places of both nodes 0 add to the log ratio, and
    ``coarse`` what both widths in voxels add to it.
    """

    model: float
    lift: float = 0.0
    placed: float = 0.0
    coarse: float = 0.0


def _contrast(
    nerve: Nerve, quantity: Quantity, sides: tuple[Estimate, Estimate], errors: SharedErrors
) -> Contrast:
    """Errors of both sides together: independent, each with its model error."""
    left, right = sides
    error = None
    if left.relative_se is not None and right.relative_se is not None:
        error = math.hypot(
            *sorted((left.relative_se, right.relative_se)),  # so that swapping changes no bit
            math.sqrt(2.0) * errors.model,
            errors.lift * (left.relative_se - right.relative_se),
            errors.placed,
            errors.coarse,
        )
    return Contrast(nerve, quantity, left.value, right.value, error)


def _relative_se(measurement: Measurement, value: float) -> float | None:
    """Standard error over the value; taken from the 95 % interval when it is all there is."""
    if measurement.standard_error is not None:
        return measurement.standard_error / value
    if measurement.ci_low is not None and measurement.ci_high is not None:
        width = measurement.ci_high - measurement.ci_low
        return width / (2.0 * normal_quantile(0.975)) / value
    return None


def is_tested(contrast: Contrast) -> bool:
    """Whether a row can be called a difference at all.

    Where a trace ends is arbitrary, so its length is not tested; nor is the first point of a
    trunk or cord, which lies where nerves part or join.
    """
    if contrast.log_ratio_se is None or contrast.quantity is Quantity.LENGTH:
        return False
    return contrast.quantity is not Quantity.DIAMETER_AT_0 or contrast.nerve in ROOTS


def model_error(quantity: Quantity, settings: AsymmetrySettings) -> float:
    """Model error of one side, relative (1 = 100 %)."""
    percent = {
        Quantity.LENGTH: 0.0,
        Quantity.CSA_MEAN: settings.area_mean_model_error_percent,
        Quantity.CSA_MAX: settings.area_max_model_error_percent,
        Quantity.DIAMETER_MEAN: settings.diameter_mean_model_error_percent,
        Quantity.DIAMETER_AT_0: settings.diameter_point_model_error_percent,
        Quantity.DIAMETER_AT_10: settings.diameter_point_model_error_percent,
        Quantity.SIGNAL_MEAN: settings.signal_mean_model_error_percent,
        Quantity.SIGNAL_RATIO_MEAN: settings.ratio_mean_model_error_percent,
        Quantity.SIGNAL_RATIO_MAX: settings.ratio_max_model_error_percent,
    }
    return percent[quantity] / 100.0


def touching_factor(share: float, settings: AsymmetrySettings) -> float:
    """Factor on the model error when a share (0-1) of the nodes touches a neighbour."""
    return 1.0 + (settings.touching_model_error_factor - 1.0) * share
