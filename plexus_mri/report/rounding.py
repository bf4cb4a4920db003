"""Numbers as text with no more digits than their precision allows."""

import math

_TWO_DIGITS_BELOW = 2.0  # 0.13 keeps two digits, 0.34 one (Particle Data Group habit, simplified)


def decimals_for(uncertainty: float) -> int:
    """Decimals that an uncertainty allows: one digit of it, two when it starts with a 1.

    >>> decimals_for(0.34), decimals_for(0.13), decimals_for(12.0)
    (1, 2, 0)
    """
    if not math.isfinite(uncertainty) or uncertainty <= 0:
        return 1
    exponent = math.floor(math.log10(uncertainty))
    leading = uncertainty / 10.0**exponent
    return max(0, -exponent + (1 if leading < _TWO_DIGITS_BELOW else 0))


def fixed(value: float, decimals: int) -> str:
    """Number with that many decimals, a real minus sign and no minus zero.

    >>> fixed(-0.04, 1), fixed(-3.16, 1)
    ('0.0', '−3.2')
    """
    text = f"{value:.{decimals}f}"
    if float(text) == 0.0:
        text = f"{0.0:.{decimals}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def with_precision(value: float, ci_low: float | None, ci_high: float | None) -> str:
    """Value ± half of its 95 % interval, or the interval itself when it is lopsided or cut at 0.

    >>> with_precision(4.137, 3.83, 4.44), with_precision(4.137, 4.0, 5.0)
    ('4.1 ± 0.3', '4.1 (4.0 to 5.0)')
    >>> with_precision(8.5, 0.0, 20.9)
    '8 (0 to 21)'
    """
    if ci_low is None or ci_high is None:
        return f"{significant(value)} (precision unknown)"
    half = (ci_high - ci_low) / 2.0
    decimals = decimals_for(half)
    is_cut = ci_low == 0.0 < value
    if not is_cut and abs((ci_high + ci_low) / 2.0 - value) <= 0.25 * half:
        return f"{fixed(value, decimals)} ± {fixed(half, decimals)}"
    return f"{fixed(value, decimals)} ({fixed(ci_low, decimals)} to {fixed(ci_high, decimals)})"


def significant(value: float, digits: int = 3) -> str:
    """Number with so many significant digits, without an exponent.

    >>> significant(0.012345), significant(1234.5)
    ('0.0123', '1234')
    """
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "n/a"
    return fixed(value, max(0, digits - 1 - math.floor(math.log10(abs(value)))))


def plain_number(value: float) -> str:
    """Number with three significant digits and no needless zeros.

    >>> plain_number(11.0), plain_number(0.46), plain_number(1234.5)
    ('11', '0.46', '1234')
    """
    text = significant(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent_decimals(ci_low: float, ci_high: float) -> int:
    """Decimals for percentages: none, or one when the interval is narrower than ±2.

    >>> percent_decimals(3.0, 21.0), percent_decimals(-0.5, 0.9)
    (0, 1)
    """
    return 1 if abs(ci_high - ci_low) < 2 * _TWO_DIGITS_BELOW else 0
