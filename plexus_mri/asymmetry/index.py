"""The asymmetry index, its error and its interval, by way of the logarithm of left over right.

With ``d = ln(left / right)`` the index is ``200·tanh(d / 2)``: swapping the sides changes the sign
of ``d`` and nothing else, a common gain drops out, and an interval around ``d`` maps to one of
the index that stays within ±200.
"""

import math
from dataclasses import dataclass

from scipy import special

from plexus_mri.core.anatomy import Nerve
from plexus_mri.core.measurement import Quantity


def asymmetry_percent(left: float, right: float) -> float:
    """Signed left-right difference over the mean: positive when the left is larger.

    Parameters
    ----------
    left, right
        The same quantity on each side of the patient, both in one unit and > 0.

    Examples
    --------
    >>> asymmetry_percent(12.0, 8.0)
    40.0
    """
    return 200.0 * (left - right) / (left + right)


def percent_of_log_ratio(log_ratio: float) -> float:
    """Asymmetry index in percent of ``ln(left / right)``.

    >>> round(percent_of_log_ratio(math.log(12.0 / 8.0)), 9)
    40.0
    """
    return 200.0 * math.tanh(log_ratio / 2.0)


def normal_quantile(probability: float) -> float:
    """Standard normal deviate below which a share ``probability`` lies."""
    return float(special.ndtri(probability))


def two_sided_p(log_ratio: float, standard_error: float) -> float:
    """Chance of a ``ln(left / right)`` this far from 0, to either side, between equal sides.

    >>> round(two_sided_p(-0.196, 0.1), 3)
    0.05
    """
    return float(2.0 * special.ndtr(-abs(log_ratio) / standard_error))


@dataclass(frozen=True)
class Estimate:
    """A quantity of one side and its relative standard error (1 = 100 %), None when unknown."""

    value: float
    relative_se: float | None


@dataclass(frozen=True)
class Contrast:
    """Left against right of one nerve and quantity, before any verdict.

    ``log_ratio_se`` is None when the error of a side is unknown.
    """

    nerve: Nerve
    quantity: Quantity
    left: float
    right: float
    log_ratio_se: float | None

    @property
    def log_ratio(self) -> float:
        """``ln(left / right)``, as a difference, so that swapping sides negates it exactly."""
        return math.log(self.left) - math.log(self.right)

    @property
    def p_value(self) -> float:
        """Two-sided chance of a difference this large between equal sides."""
        if self.log_ratio_se is None:
            return 1.0
        return two_sided_p(self.log_ratio, self.log_ratio_se)

    def interval_percent(self, coverage: float) -> tuple[float, float] | None:
        """Interval of the index with a ``coverage`` in 0-1, in percent."""
        if self.log_ratio_se is None:
            return None
        reach = normal_quantile((1.0 + coverage) / 2.0) * self.log_ratio_se
        low, high = self.log_ratio - reach, self.log_ratio + reach
        return percent_of_log_ratio(low), percent_of_log_ratio(high)

    def smallest_detectable_percent(self, level: float) -> float | None:
        """Smallest index, in percent, whose ``p_value`` reaches ``level``."""
        if self.log_ratio_se is None:
            return None
        return percent_of_log_ratio(-normal_quantile(level / 2.0) * self.log_ratio_se)
