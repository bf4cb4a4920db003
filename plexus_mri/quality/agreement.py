"""Agreement of two raters: Cohen's kappa with its interval.

Shapes: ``c`` categories. References: Cohen 1960, Educ Psychol Meas 20:37; Cohen 1968, Psychol
Bull 70:213 (weights); Fleiss, Cohen & Everitt 1969, Psychol Bull 72:323 (standard error).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from plexus_mri.core.grid import FloatArray

_Z95 = float(ndtri(0.975))


@dataclass(frozen=True)
class Kappa:
    """Agreement beyond chance of two raters over ``n`` cases, with its 95 % interval.

    ``value`` and its interval are None where no two categories occur: then chance alone gives
    full agreement and kappa is not defined. ``agreement_percent`` is plain (weighted) agreement.
    """

    n: int
    agreement_percent: float | None
    value: float | None
    ci_low: float | None
    ci_high: float | None


def cohens_kappa(
    pairs: Sequence[tuple[str, str]], categories: Sequence[str], *, ordered: bool = False
) -> Kappa:
    """Kappa of pairs of answers.

    Parameters
    ----------
    pairs
        Answers of the first and second rater on the same cases.
    categories
        All answers that are possible, in their order.
    ordered
        Give partial credit for near answers (linear weights).
    """
    if not pairs:
        return Kappa(0, None, None, None, None)
    place = {name: k for k, name in enumerate(categories)}
    counts = np.zeros((len(place), len(place)))
    for first, second in pairs:
        counts[place[first], place[second]] += 1.0
    share = counts / counts.sum()
    weights = _weights(len(place), ordered=ordered)
    observed = float((weights * share).sum())
    expected = float((weights * np.outer(share.sum(axis=1), share.sum(axis=0))).sum())
    percent = 100.0 * observed
    if 1.0 - expected < 1e-12:  # noqa: PLR2004 - rounding only
        return Kappa(len(pairs), percent, None, None, None)
    value = (observed - expected) / (1.0 - expected)
    half = _Z95 * _standard_error(share, weights, value, expected) / np.sqrt(len(pairs))
    low, high = max(-1.0, value - half), min(1.0, value + half)
    return Kappa(len(pairs), percent, value, float(low), float(high))


def _weights(count: int, *, ordered: bool) -> FloatArray:
    """Credit (c, c) for each pair of answers: 1 on the diagonal."""
    if not ordered or count == 1:
        return np.eye(count)
    steps = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    credit: FloatArray = 1.0 - steps / (count - 1)
    return credit


def _standard_error(
    share: FloatArray, weights: FloatArray, value: float, expected: float
) -> float:
    """Standard error for one case (Fleiss 1969, eq. 13); divide by sqrt(n)."""
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    mean = (weights @ columns)[:, None] + (rows @ weights)[None, :]
    spread = float((share * (weights - mean * (1.0 - value)) ** 2).sum())
    spread -= (value - expected * (1.0 - value)) ** 2
    return float(np.sqrt(max(spread, 0.0)) / (1.0 - expected))
