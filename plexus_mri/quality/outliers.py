"""Values that stand apart from those of the other cases of a study, by a stated cut-off."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST_VALUES = 8  # fewer say nothing of the spread
CUTOFF = 3.5  # modified z-score; Iglewicz & Hoaglin 1993, How to Detect and Handle Outliers
_NORMAL = 0.6745  # median absolute deviation of a normal distribution in its sd
CUTOFF_WORDS = (
    f"A value stands apart when its modified z-score is beyond {CUTOFF} "
    "(0.6745 · distance from the median over the median absolute deviation; Iglewicz & Hoaglin "
    f"1993), judged from {LEAST_VALUES} values on."
)


@dataclass(frozen=True)
class Limits:
    """Range outside of which a value stands apart; None when it cannot be judged."""

    low: float
    high: float


def outlier_limits(values: Sequence[float]) -> Limits | None:
    """Limits from the values of all cases; None for too few values or no spread.

    >>> outlier_limits([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])
    Limits(low=-5.378, high=15.378)
    """
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    if known.size < LEAST_VALUES:
        return None
    middle = float(np.median(known))
    deviation = float(np.median(np.abs(known - middle)))
    if deviation == 0.0:
        return None
    reach = CUTOFF * deviation / _NORMAL
    return Limits(round(middle - reach, 3), round(middle + reach, 3))
