"""One number per nerve and quantity, with its 95 % interval, from the nerve's profile."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from plexus_mri.core.anatomy import ROOTS
from plexus_mri.core.grid import BoolArray
from plexus_mri.core.measurement import Measurement, Profile, Quality, Quantity
from plexus_mri.core.reference import ReferenceTissue
from plexus_mri.measure.landmark import Estimate, diameter_near, ganglion_doubt
from plexus_mri.measure.profile_sums import Series, maximum_along, mean_along, noise_errors
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.reasons import ReasonCode

_Z95 = 1.959964
_HALF = 0.5
# What its ganglion alone would change: where it lies must be known.
_AT_A_PLACE = (
    Quantity.DIAMETER_AT_0,
    Quantity.DIAMETER_AT_10,
    Quantity.CSA_MAX,
    Quantity.SIGNAL_RATIO_MAX,
)


def summarize(
    profile: Profile, length_mm: float, reference: ReferenceTissue, settings: MeasureSettings
) -> tuple[Measurement, ...]:
    """Every quantity of one nerve.

    Means and maxima run over what `_body` says. Errors of nodes, the profile's own scatter and
    its correlation along the nerve, and a model error are in the interval. Of a root whose node 0
    is no landmark, length and means are given with that reason, and nothing at a place.

    Parameters
    ----------
    length_mm
        Length of the traced centerline.
    reference
        Muscle of the case; its unevenness is part of the error of every signal.
    """
    body = _body(profile, settings)
    csa, diameter = _calibers(profile, body)
    signal = Series(profile.signal, profile.signal_se, body)
    reference_error = reference.relative_error(profile.points_mm)
    ratio_error = np.hypot(profile.signal_se / profile.signal, reference_error)
    ratio = Series(
        profile.signal_ratio,
        profile.signal_ratio * ratio_error,
        body & np.isfinite(profile.reference),
    )
    found: dict[Quantity, Estimate | ReasonCode | None] = {
        Quantity.LENGTH: (length_mm, settings.length_error_mm),
        Quantity.CSA_MEAN: mean_along(csa, settings),
        Quantity.CSA_MAX: maximum_along(csa, settings),
        Quantity.DIAMETER_MEAN: mean_along(diameter, settings),
        Quantity.DIAMETER_AT_0: _at_start(profile, diameter, settings),
        Quantity.DIAMETER_AT_10: diameter_near(
            profile.arc_length_mm,
            (diameter.values, diameter.errors),
            10.0,
            settings.at_10_reach_mm,
            settings,
        ),
        Quantity.SIGNAL_MEAN: mean_along(signal, settings),
        Quantity.SIGNAL_RATIO_MEAN: mean_along(ratio, settings),
        Quantity.SIGNAL_RATIO_MAX: maximum_along(ratio, settings),
        **_not_compared(profile, body, settings),
    }
    if profile.begins_anywhere:
        found |= dict.fromkeys(_AT_A_PLACE, ReasonCode.LANDMARK_DOUBT)
    shared = _shared_error(profile, body)
    model = {q: _model_error(q, shared, reference.unevenness, settings) for q in Quantity}
    rows = (_measurement(profile, q, found[q], model[q], settings) for q in Quantity)
    return _with_noise_errors(rows, noise_errors(csa, diameter, settings))


def _calibers(profile: Profile, body: BoolArray) -> tuple[Series, Series]:
    """Areas and diameters along the nerve."""
    noise, error = profile.noise_covariance, profile.csa_se_mm2
    # First-order propagation: d = 2·sqrt(A/π) has dd/d = dA/(2·A).
    return (
        Series(profile.csa_mm2, error, body, noise),
        Series(
            profile.diameter_mm,
            error / np.sqrt(np.pi * profile.csa_mm2),
            body,
            None if noise is None else noise / 4.0,
        ),
    )


def _with_noise_errors(
    rows: Iterable[Measurement], by_noise: Mapping[Quantity, float | None]
) -> tuple[Measurement, ...]:
    """Rows that have a value with their errors by the image's noise alone."""
    return tuple(
        row if row.value is None else replace(row, noise_standard_error=by_noise.get(row.quantity))
        for row in rows
    )


def _shared_error(profile: Profile, body: BoolArray) -> tuple[float, float, float]:
    """Relative errors that all nodes have in common.

    Of area and of signal by the width in voxels, of area by the blur.
    """
    if not body.any():
        return 0.0, 0.0, 0.0
    blur = 0.0 if profile.blur_error is None else float(profile.blur_error[body].mean())
    area, signal = profile.common_error[body].mean(), profile.signal_common_error[body].mean()
    return float(area), float(signal), blur


def _not_compared(
    profile: Profile, body: BoolArray, settings: MeasureSettings
) -> dict[Quantity, Estimate | ReasonCode | None]:
    """Raw signal, spread and the mask's area over the same nodes, where they are known."""
    raw, area = profile.signal_raw, profile.mask_area_mm2
    raw_se = profile.signal_se * raw / profile.signal
    unstated = np.zeros(len(area))  # how well a hand draws is not told by one drawing
    return {
        Quantity.SIGNAL_RAW_MEAN: mean_along(
            Series(raw, raw_se, body & np.isfinite(raw)), settings
        ),
        Quantity.SIGNAL_SPREAD_MEAN: _spread_along(profile, body, settings),
        Quantity.CSA_MASK_MEAN: mean_along(
            Series(area, unstated, body & np.isfinite(area)), settings
        ),
    }


def _spread_along(profile: Profile, body: BoolArray, settings: MeasureSettings) -> Estimate | None:
    """Root of the mean variance within the sections: a mean of roots would count noise as spread.

    Its error is half of what the root of the mean variance ± its own error spans.
    """
    square, error = profile.spread_square, profile.spread_square_se
    if square is None or error is None:
        return None
    found = mean_along(Series(square, error, body & np.isfinite(square)), settings)
    if found is None:
        return None
    low, middle, high = np.sqrt(np.maximum(found[0] + found[1] * np.array([-1, 0, 1]), 0.0))
    return float(middle), float(high - low) / 2.0


def _body(profile: Profile, settings: MeasureSettings) -> BoolArray:
    """Nodes (n,) that count: no junction, bridge, failed fit, last stretch or root's ganglion."""
    arc_mm = profile.arc_length_mm
    start_mm = settings.root_start_mm if profile.nerve in ROOTS else 0.0
    start_mm += settings.painted_ganglion_mm if profile.begins_anywhere else 0.0
    inner = (arc_mm >= start_mm) & (arc_mm <= arc_mm[-1] - settings.trace_end_mm)
    clean = ~profile.flagged(Quality.POOR_FIT | Quality.JUNCTION | Quality.BRIDGED)
    return np.asarray(inner & clean & np.isfinite(profile.csa_mm2))


def _at_start(
    profile: Profile, diameter: Series, settings: MeasureSettings
) -> Estimate | ReasonCode | None:
    """Diameter at node 0; of a root only when node 0 looks like its ganglion."""
    arc, reach = profile.arc_length_mm, settings.ganglion_reach_mm
    found = diameter_near(arc, (diameter.values, diameter.errors), 0.0, reach, settings)
    doubt = ganglion_doubt(arc, diameter.values, settings) if profile.nerve in ROOTS else None
    return found if found is None else doubt or found


def _measurement(
    profile: Profile,
    quantity: Quantity,
    found: Estimate | ReasonCode | None,
    model_error: float,
    settings: MeasureSettings,
) -> Measurement:
    """Row of the table: value with interval and flags, or the reason for its absence."""
    if found is None or isinstance(found, ReasonCode):
        reason = found or _why_absent(profile, quantity)
        return Measurement(profile.nerve, profile.side, quantity, None, reason=reason)
    value, error = found
    flags = _common_flags(profile, settings)
    doubt = ReasonCode.LANDMARK_DOUBT if profile.begins_anywhere else None
    if quantity is Quantity.CSA_MASK_MEAN:
        return Measurement(
            profile.nerve, profile.side, quantity, value, quality=flags, reason=doubt
        )
    whole = float(np.hypot(error, model_error * value))
    of_spread = quantity is Quantity.SIGNAL_SPREAD_MEAN
    return Measurement(
        profile.nerve,
        profile.side,
        quantity,
        value,
        max(value - _Z95 * whole, 0.0) if of_spread else value - _Z95 * whole,
        value + _Z95 * whole,
        whole,
        flags,
        doubt,
    )


def _model_error(
    quantity: Quantity,
    shared: tuple[float, float, float],
    unevenness: float,
    settings: MeasureSettings,
) -> float:
    """Relative error of the model itself, which no number of nodes averages out.

    ``shared`` holds the parts that come from the nerve's width in voxels, of area and of signal,
    and from the blur, of area.
    """
    coarse, coarse_signal, blur = shared
    area = math.hypot(settings.area_model_error_percent / 100.0, coarse, blur)
    if quantity is Quantity.LENGTH:
        return 0.0
    if quantity in (Quantity.CSA_MEAN, Quantity.CSA_MAX):
        return area
    if quantity in (Quantity.DIAMETER_MEAN, Quantity.DIAMETER_AT_0, Quantity.DIAMETER_AT_10):
        return area / 2.0
    return math.hypot(settings.signal_model_error_percent / 100.0, unevenness, coarse_signal)


def _common_flags(profile: Profile, settings: MeasureSettings) -> Quality:
    """Flags that a sizeable share of the nodes carries."""
    flags = np.array([q.value for q in profile.quality])
    common = Quality.GOOD
    for flag in Quality:
        if ((flags & flag.value) > 0).mean() >= settings.common_flag_percent / 100.0:
            common |= flag
    return common


def _why_absent(profile: Profile, quantity: Quantity) -> ReasonCode:
    """Reason for a number that cannot be given."""
    ratio = quantity in (Quantity.SIGNAL_RATIO_MEAN, Quantity.SIGNAL_RATIO_MAX)
    fitted = np.isfinite(profile.csa_mm2)
    if quantity is Quantity.CSA_MASK_MEAN and profile.csa_mask_mm2 is None:
        return ReasonCode.MASK_NONE
    if quantity is Quantity.SIGNAL_SPREAD_MEAN and fitted.mean() >= _HALF:
        return ReasonCode.FEW_INSIDE
    if ratio and fitted.any() and not np.isfinite(profile.reference[fitted]).any():
        return ReasonCode.NO_REFERENCE
    return ReasonCode.FIT_FAILED if fitted.mean() < _HALF else ReasonCode.TOO_SHORT
