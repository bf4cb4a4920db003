"""Nerves taken together, as rows of the report: the effect first, the chances last."""

from collections.abc import Mapping

from plexus_mri.core.case import CaseResult
from plexus_mri.core.comparison import PooledComparison
from plexus_mri.report.rounding import fixed, percent_decimals
from plexus_mri.report.words import QUANTITY_WORDS, SHORT_NAMES

_SMALLEST_CHANCE = 0.001  # what is shown; smaller ones rest on the far tails of the errors


def pooled_rows(result: CaseResult) -> tuple[Mapping[str, object], ...]:
    """One row a region and quantity."""
    return tuple(_row(one) for one in result.pooled)


def _row(one: PooledComparison) -> Mapping[str, object]:
    return {
        "region": one.region.value,
        "quantity": one.quantity.value,
        "quantity_words": QUANTITY_WORDS[one.quantity],
        "nerves": [nerve.value for nerve in one.nerves],
        "nerves_words": ", ".join(SHORT_NAMES[nerve] for nerve in one.nerves),
        "asymmetry_percent": one.asymmetry_percent,
        "ci_low": one.ci_low,
        "ci_high": one.ci_high,
        **_printed(one),
        "p_value": one.p_value,
        "q_value": one.q_value,
        "reason": None if one.reason is None else one.reason.value,
        "reason_text": None if one.reason is None else one.reason.text,
    }


def _printed(one: PooledComparison) -> Mapping[str, str]:
    if one.asymmetry_percent is None or one.ci_low is None or one.ci_high is None:
        names = ("difference_printed", "interval_printed", "p_printed", "q_printed")
        return dict.fromkeys(names, "")
    decimals = percent_decimals(one.ci_low, one.ci_high)
    return {
        "difference_printed": fixed(one.asymmetry_percent, decimals),
        "interval_printed": f"{fixed(one.ci_low, decimals)} to {fixed(one.ci_high, decimals)}",
        "p_printed": _chance(one.p_value),
        "q_printed": _chance(one.q_value),
    }


def _chance(value: float | None) -> str:
    """Two digits, down to the smallest that is shown.

    >>> _chance(0.0231), _chance(2e-9), _chance(None)
    ('0.023', 'below 0.001', '')
    """
    if value is None:
        return ""
    return f"{value:.2g}" if value >= _SMALLEST_CHANCE else f"below {_SMALLEST_CHANCE:g}"
