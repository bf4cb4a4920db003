"""Rows of the result tables from a case's values, in a stated order.

Nerves stand in the order of ``Nerve`` (proximal to distal, cranial to caudal), the left before the
right, quantities in the order of ``Quantity``, nodes from proximal to distal.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

from plexus_mri.core.anatomy import ROOTS, Nerve, NerveKey, Side, label_index
from plexus_mri.core.comparison import Comparison, PooledComparison
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.measurement import Measurement, MeasurementTable, Profile, Quantity
from plexus_mri.core.norms import Norms
from plexus_mri.core.series_map import MapProfiles
from plexus_mri.core.taper import Taper
from plexus_mri.errors import StageError
from plexus_mri.io.columns import FIRST_POINT, GANGLION
from plexus_mri.io.tables import number
from plexus_mri.reasons import ReasonCode

Row = dict[str, object]

_NERVES, _SIDES, _QUANTITIES = list(Nerve), list(Side), list(Quantity)
_WIDTHS_IN_INTERVAL = 2 * 1.959964  # a 95 % interval of a normal error, in standard errors


def label_rows() -> list[Row]:
    """Rows of the label table: every nerve of both sides, by rising label number."""
    return [
        {
            "index": label_index(side, nerve),
            "nerve": nerve,
            "side": side,
            "name": f"{nerve.value}_{side.value}",
        }
        for side in Side
        for nerve in Nerve
    ]


def nerve_rows(
    measurements: Sequence[Measurement], who: Mapping[str, object], norms: Norms
) -> list[Row]:
    """Rows of ``nerve_measures``; ``who`` holds subject and session.

    Raises
    ------
    StageError
        When a number is missing without a reason.
    """
    ordered = sorted(
        measurements,
        key=lambda m: (
            _NERVES.index(m.nerve),
            _SIDES.index(m.side),
            _QUANTITIES.index(m.quantity),
        ),
    )
    return [
        {**who, **_nerve_row(m), "within_healthy_range": norms.value_within(m)} for m in ordered
    ]


def profile_rows(
    table: MeasurementTable, who: Mapping[str, object], maps: MapProfiles
) -> list[Row]:
    """Rows of ``profile_measures``: one per node, with a column for each map."""
    keys = sorted(table.profiles, key=lambda k: (_NERVES.index(k[1]), _SIDES.index(k[0])))
    return [
        {**who, **row, **_map_cells(maps, key, node)}
        for key in keys
        for node, row in enumerate(_profile_rows(table.profiles[key]))
    ]


def _map_cells(maps: MapProfiles, key: NerveKey, node: int) -> Row:
    return {f"map_{name}": number(float(along[key][node])) for name, along in maps.items()}


def asymmetry_rows(
    comparisons: Sequence[Comparison],
    table: MeasurementTable,
    who: Mapping[str, object],
    norms: Norms,
) -> list[Row]:
    """Rows of ``asymmetry_measures``; ``table`` gives the errors of left and right.

    Raises
    ------
    StageError
        When a number is missing without a reason.
    """
    ordered = sorted(
        comparisons, key=lambda c: (_NERVES.index(c.nerve), _QUANTITIES.index(c.quantity))
    )
    return [
        {
            **who,
            **_asymmetry_row(c, table),
            "within_healthy_range": norms.difference_within(c),
            **_chances(c),
        }
        for c in ordered
    ]


def pooled_rows(pooled: Sequence[PooledComparison], who: Mapping[str, object]) -> list[Row]:
    """Rows of ``pooled_measures``, as they come.

    Raises
    ------
    StageError
        When a number is missing without a reason.
    """
    return [{**who, **_pooled_row(one)} for one in pooled]


def taper_rows(tapers: Sequence[Taper], who: Mapping[str, object]) -> list[Row]:
    """Rows of ``taper_measures``, as they come.

    Raises
    ------
    StageError
        When a number is missing without a reason.
    """
    return [{**who, **_taper_row(one)} for one in tapers]


def _nerve_row(m: Measurement) -> Row:
    what = f"{m.quantity.value} of {m.nerve.value} {m.side.value}"
    check_reason(what, m.value, m.reason)
    return {
        "nerve": m.nerve,
        "side": m.side,
        "quantity": m.quantity,
        "value": number(m.value, m.standard_error),
        "unit": m.quantity.unit,
        "ci_low": number(m.ci_low, m.standard_error),
        "ci_high": number(m.ci_high, m.standard_error),
        "quality": None if m.value is None else m.quality.word,
        "reason": m.reason,
        "standard_error": _error(m.standard_error),
        "noise_standard_error": _error(m.noise_standard_error),
    }


def _profile_rows(profile: Profile) -> Iterator[Row]:
    diameter_mm, ratio = profile.diameter_mm, profile.signal_ratio
    # First-order propagation: d = 2·sqrt(A/π) has dd/d = dA/(2·A).
    csa_errors_mm2, signal_errors = profile.csa_error_mm2, profile.signal_error
    raw_errors = signal_errors * profile.signal_raw / profile.signal
    diameter_se_mm = diameter_mm * csa_errors_mm2 / (2 * profile.csa_mm2)
    for node, quality in enumerate(profile.quality):
        csa_se_mm2, signal_se = csa_errors_mm2[node], signal_errors[node]
        yield {
            "nerve": profile.nerve,
            "side": profile.side,
            "node": node,
            "arc_length_mm": _micrometers(profile.arc_length_mm, node),
            "x_mm": _micrometers(profile.points_mm[:, 0], node),
            "y_mm": _micrometers(profile.points_mm[:, 1], node),
            "z_mm": _micrometers(profile.points_mm[:, 2], node),
            "csa_mm2": number(profile.csa_mm2[node], csa_se_mm2),
            "diameter_mm": number(diameter_mm[node], diameter_se_mm[node]),
            "signal": number(profile.signal[node], signal_se),
            "signal_ratio": number(ratio[node], signal_se / profile.reference[node]),
            "quality": quality.word,
            "landmark": GANGLION if _begins_at_ganglion(profile) else FIRST_POINT,
            "csa_se_mm2": _error(csa_se_mm2),
            "long_mm": _micrometers(profile.long_mm, node),
            "short_mm": _micrometers(profile.short_mm, node),
            "angle_deg": number(profile.angle_deg[node], 1.0),
            "signal_se": _error(signal_se),
            "reference": number(profile.reference[node]),
            "signal_ratio_marrow": number(profile.signal_ratio_marrow[node], 0.01),
            "contrast_to_noise": number(profile.contrast_to_noise[node], 0.1),
            "signal_raw": number(profile.signal_raw[node], raw_errors[node]),
            "signal_spread": number(profile.signal_spread[node], signal_se / 10.0),
            "csa_mask_mm2": number(profile.mask_area_mm2[node], 0.1),
            "csa_noise_se_mm2": _error(profile.csa_noise_se_mm2[node]),
        }


def _begins_at_ganglion(profile: Profile) -> bool:
    return profile.nerve in ROOTS and not profile.begins_anywhere


def _asymmetry_row(c: Comparison, table: MeasurementTable) -> Row:
    what = f"asymmetry of {c.quantity.value} of {c.nerve.value}"
    check_reason(what, c.asymmetry_percent, c.reason)
    error = error_of_interval(c.ci_low, c.ci_high)
    return {
        "nerve": c.nerve,
        "quantity": c.quantity,
        "left": number(c.left, _side_error(table, c, Side.LEFT)),
        "right": number(c.right, _side_error(table, c, Side.RIGHT)),
        "unit": c.quantity.unit,
        "asymmetry_percent": number(c.asymmetry_percent, error),
        "ci_low": number(c.ci_low, error),
        "ci_high": number(c.ci_high, error),
        "smallest_detectable_percent": number(c.smallest_detectable_percent, error),
        "verdict": c.verdict,
        "pattern": c.pattern,
        "from_mm": number(c.from_mm),
        "to_mm": number(c.to_mm),
        "reason": c.reason,
    }


def _pooled_row(one: PooledComparison) -> Row:
    what = f"pooled {one.quantity.value} of the {one.region.value}"
    check_reason(what, one.asymmetry_percent, one.reason)
    error = error_of_interval(one.ci_low, one.ci_high)
    return {
        "region": one.region,
        "quantity": one.quantity,
        "nerves": "+".join(nerve.value for nerve in one.nerves),
        "asymmetry_percent": number(one.asymmetry_percent, error),
        "ci_low": number(one.ci_low, error),
        "ci_high": number(one.ci_high, error),
        "reason": one.reason,
        **_chances(one),
    }


def _taper_row(one: Taper) -> Row:
    check_reason(f"taper of {one.nerve.value} {one.side.value}", one.percent_per_10mm, one.reason)
    error = error_of_interval(one.ci_low, one.ci_high)
    ratio_error = error_of_interval(one.ratio_ci_low, one.ratio_ci_high)
    return {
        "nerve": one.nerve,
        "side": one.side,
        "from_mm": number(one.from_mm),
        "to_mm": number(one.to_mm),
        "taper_percent_per_10mm": number(one.percent_per_10mm, error),
        "ci_low": number(one.ci_low, error),
        "ci_high": number(one.ci_high, error),
        "distal_over_proximal": number(one.distal_over_proximal, ratio_error),
        "ratio_ci_low": number(one.ratio_ci_low, ratio_error),
        "ratio_ci_high": number(one.ratio_ci_high, ratio_error),
        "trend": one.trend,
        "within_healthy_range": one.within_healthy_range,
        "reason": one.reason,
    }


def error_of_interval(ci_low: float | None, ci_high: float | None) -> float | None:
    """Standard error that an interval stands for."""
    if ci_low is None or ci_high is None:
        return None
    return (ci_high - ci_low) / _WIDTHS_IN_INTERVAL


def _chances(c: Comparison | PooledComparison) -> Row:
    """Chances, to two digits: more would claim to know the tails of the errors."""
    return {name: _two_digits(getattr(c, name)) for name in ("p_value", "q_value")}


def _two_digits(chance: float | None) -> str:
    return number(None) if chance is None else f"{chance:.2g}"


def _side_error(table: MeasurementTable, comparison: Comparison, side: Side) -> float | None:
    measurement = table.get(comparison.nerve, side, comparison.quantity)
    return measurement.standard_error if measurement else None


def _error(standard_error: float | None) -> str:
    """Text of a standard error itself: two digits."""
    return number(standard_error, standard_error)


def _micrometers(values_mm: FloatArray, node: int) -> str:
    """Text of a length with three decimals: far below any error of an image."""
    return number(float(values_mm[node]), 0.01)


def check_reason(what: str, value: float | None, reason: ReasonCode | None) -> None:
    """Refuse a missing number without a reason.

    Raises
    ------
    StageError
        Names what is missing.
    """
    if (value is None or not math.isfinite(value)) and reason is None:
        msg = f"the {what} is missing without a reason code"
        raise StageError(msg, ReasonCode.CASE_CRASHED)
