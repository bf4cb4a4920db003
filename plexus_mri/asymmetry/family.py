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


def false_discovery_rates(p_values: FloatArray) -> FloatArray:
    """Smallest false discovery rate at which each test would be among the findings.

    Parameters
    ----------
    p_values : (m,)
        Two-sided p values of the family, of any dependence.

    Returns
    -------
    (m,)
        ``min over j ≥ i of p_(j)·m·c/j`` for the i-th smallest, with ``c = Σ 1/k``; at most 1.

    References
    ----------
    Benjamini & Yekutieli 2001, Ann Stat 29:1165.

    Examples
    --------
    >>> false_discovery_rates(np.array([0.01, 0.04])).round(3)
    array([0.03, 0.06])
    """
    ranks = np.arange(1, len(p_values) + 1)
    order = np.argsort(p_values)
    scaled = p_values[order] * len(p_values) * np.sum(1.0 / ranks) / ranks
    rates = np.empty(len(p_values))
    rates[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return rates


def sidak_level(family_level: float, count: int) -> float:
    """Level per node that keeps the chance of any false one of ``count`` at ``family_level``.

    Holds for two-sided tests of jointly normal errors with any correlation along the nerve, so
    the correlation need not be known; it only makes the rule stricter than needed.

    References
    ----------
    Šidák 1967, J. Am. Stat. Assoc. 62:626.
    """
    return float(-np.expm1(np.log1p(-family_level) / count))
