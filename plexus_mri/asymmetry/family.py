"""Control of false flags over all tests of a case."""

import numpy as np

from plexus_mri.core.grid import FloatArray


def holm_levels(p_values: FloatArray, family_level: float) -> FloatArray:
    """Level that each test must reach under Holm's step-down rule, the other tests as they are.

    A test is rejected by Holm's rule exactly when its p value is at most its level, so the level
    also says what would have been rejected: the smallest detectable difference.

    Parameters
    ----------
    p_values : (m,)
        Two-sided p values of the family.
    family_level
        Chance of any false rejection, 0-1, whatever the dependence between the tests.

    Returns
    -------
    (m,)
        ``family_level / (m - j)`` with j the number of other tests that are rejected before it.

    References
    ----------
    Holm 1979, Scand. J. Stat. 6:65.

    Examples
    --------
    >>> holm_levels(np.array([0.01, 0.04]), 0.05)
    array([0.025, 0.05 ])
    """
    count = len(p_values)
    steps = family_level / np.arange(count, 0, -1)
    levels = np.empty(count)
    for k in range(count):
        others = np.sort(np.delete(p_values, k))
        rejected_before = int(np.cumprod(others <= steps[: count - 1]).sum())
        levels[k] = steps[rejected_before]
    return levels


def sidak_level(family_level: float, count: int) -> float:
    """Level per node that keeps the chance of any false one of ``count`` at ``family_level``.

    Holds for two-sided tests of jointly normal errors with any correlation along the nerve, so
    the correlation need not be known; it only makes the rule stricter than needed.

    References
    ----------
    Šidák 1967, J. Am. Stat. Assoc. 62:626.
    """
    return float(-np.expm1(np.log1p(-family_level) / count))
