"""Each nerve of each side along its own course, as rows of the report."""

from collections.abc import Mapping

from plexus_mri.core.case import CaseResult
from plexus_mri.core.taper import Taper, Trend
from plexus_mri.report.healthy import within_words
from plexus_mri.report.rounding import decimals_for, fixed, percent_decimals
from plexus_mri.report.words import nerve_words

_TREND_WORDS = {
    Trend.NARROWER: "narrower distally",
    Trend.WIDER: "wider distally",
    Trend.NOT_SHOWN: "no change shown",
    Trend.UNKNOWN: "",
}


def taper_rows(result: CaseResult) -> tuple[Mapping[str, object], ...]:
    """One row a nerve and side."""
    return tuple(_row(one) for one in result.tapers)


def _row(one: Taper) -> Mapping[str, object]:
    return {
        "nerve": one.nerve.value,
        "nerve_words": nerve_words(one.nerve),
        "side": one.side.value,
        "from_mm": one.from_mm,
        "to_mm": one.to_mm,
        "taper_percent_per_10mm": one.percent_per_10mm,
        "ci_low": one.ci_low,
        "ci_high": one.ci_high,
        "distal_over_proximal": one.distal_over_proximal,
        "ratio_ci_low": one.ratio_ci_low,
        "ratio_ci_high": one.ratio_ci_high,
        "trend": one.trend.value,
        "trend_words": _TREND_WORDS[one.trend],
        "within_healthy_range": one.within_healthy_range.value,
        "within_words": within_words(one.within_healthy_range),
        **_stretch(one),
        **_printed_taper(one.percent_per_10mm, one.ci_low, one.ci_high),
        **_printed_ratio(one.distal_over_proximal, one.ratio_ci_low, one.ratio_ci_high),
        "reason": None if one.reason is None else one.reason.value,
        "reason_text": None if one.reason is None else one.reason.text,
    }


def _stretch(one: Taper) -> Mapping[str, str]:
    if one.from_mm is None or one.to_mm is None:
        return {"stretch_printed": ""}
    return {"stretch_printed": f"{one.from_mm:.0f} to {one.to_mm:.0f}"}


def _printed_taper(
    value: float | None, low: float | None, high: float | None
) -> Mapping[str, str]:
    if value is None or low is None or high is None:
        return {"taper_printed": "", "interval_printed": ""}
    decimals = percent_decimals(low, high)
    return {
        "taper_printed": fixed(value, decimals),
        "interval_printed": f"{fixed(low, decimals)} to {fixed(high, decimals)}",
    }


def _printed_ratio(
    value: float | None, low: float | None, high: float | None
) -> Mapping[str, str]:
    if value is None or low is None or high is None:
        return {"ratio_printed": "", "ratio_interval_printed": ""}
    decimals = decimals_for((high - low) / 2.0)
    return {
        "ratio_printed": fixed(value, decimals),
        "ratio_interval_printed": f"{fixed(low, decimals)} to {fixed(high, decimals)}",
    }
