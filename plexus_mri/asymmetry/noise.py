"""How much, and over what distance, the difference of the sides scatters along the nerves.

The nodes' own standard errors are checked against the case: all nerves of one course together
say how strongly neighbouring nodes err together, and whether they scatter more than they claim.
Shapes: ``n`` common usable nodes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plexus_mri.asymmetry.index import Estimate, normal_quantile
from plexus_mri.asymmetry.pairing import PairedCourse
from plexus_mri.core.grid import FloatArray

# Fewer neighbouring pairs than this say nothing about their correlation.
LEAST_NODES = 8
LARGEST_LAG_ONE = 0.95


@dataclass(frozen=True)
class NodeNoise:
    """Correlation of the errors of neighbouring nodes, and the factor on their stated errors."""

    lag_one: float
    scatter: float


def estimate_noise(pairs: Sequence[PairedCourse]) -> NodeNoise:
    """Noise of one course over all nerves of a case.

    Medians over the nerves, so that a few nerves with a true difference do not set them. The
    scatter is never taken below 1: the stated errors are the least.
    """
    usable = [pair for pair in pairs if len(pair.arc_length_mm) >= LEAST_NODES]
    if not usable:
        return NodeNoise(0.0, 1.0)
    lag_one = float(np.median([_lag_one(pair) for pair in usable]))
    scatter = float(np.median([_scatter(pair) for pair in usable]))
    return NodeNoise(min(max(lag_one, 0.0), LARGEST_LAG_ONE), max(scatter, 1.0))


def _lag_one(pair: PairedCourse) -> float:
    """Lag-one autocorrelation of the difference, freed of its small-sample bias.

    The bias of the estimate is -(1 + 4ρ)/n [Kendall 1954, Biometrika 41:403].
    """
    residual = pair.log_ratio - pair.log_ratio.mean()
    power = float(np.sum(residual**2))
    if power == 0.0:
        return 0.0
    together = np.diff(pair.arc_length_mm) < 1.5 * pair.step_mm
    raw = float(np.sum((residual[1:] * residual[:-1])[together])) / power
    count = len(residual)
    return (count * raw + 1.0) / (count - 4.0)


def _scatter(pair: PairedCourse) -> float:
    """Scatter of the difference about its middle, as a multiple of the nodes' own errors.

    The median absolute deviation, so that a lesion on under half of the nerve leaves it alone.
    """
    residual = pair.log_ratio - np.median(pair.log_ratio)
    return float(np.median(np.abs(residual) / pair.log_ratio_se) / normal_quantile(0.75))


def mean_estimate(
    pair: PairedCourse, values: FloatArray, standard_errors: FloatArray, noise: NodeNoise
) -> Estimate:
    """Mean (n,) values along the nerve, its error widened by what neighbours share.

    The variance is the sum over all pairs of nodes of ``se_i·se_j·ρ_ij``: the effective number of
    nodes is smaller than their number.
    """
    shared = _covariance(pair, standard_errors, noise)
    error = noise.scatter * float(np.sqrt(shared.sum())) / len(values)
    mean = float(values.mean())
    return Estimate(mean, error / mean)


def _covariance(pair: PairedCourse, standard_errors: FloatArray, noise: NodeNoise) -> FloatArray:
    """Covariance (n, n) of the nodes' own errors (n,): ``se_i·se_j·ρ^(distance / step)``."""
    gaps = np.abs(pair.arc_length_mm[:, None] - pair.arc_length_mm[None, :]) / pair.step_mm
    covariance: FloatArray = (
        standard_errors[:, None] * standard_errors[None, :] * noise.lag_one**gaps
    )
    return covariance


def max_estimate(
    pair: PairedCourse,
    values: FloatArray,
    standard_errors: FloatArray,
    noise: NodeNoise,
    window_mm: float,
) -> Estimate:
    """Largest running mean of (n,) values over ``window_mm``, with that mean's error."""
    arc = pair.arc_length_mm
    near = np.abs(arc[:, None] - arc[None, :]) <= window_mm / 2.0 + 1e-9
    weights = near / near.sum(axis=1, keepdims=True)
    running = weights @ values
    best = int(running.argmax())
    shared = _covariance(pair, standard_errors, noise)
    error = noise.scatter * float(np.sqrt(weights[best] @ shared @ weights[best]))
    return Estimate(float(running[best]), error / float(running[best]))


def lift_of_maximum(pair: PairedCourse, window_mm: float) -> float:
    """How many standard errors noise lifts the largest of the windows along the nerve.

    The expected largest of k independent normals [Blom 1958: Φ⁻¹((k - 3/8)/(k + 1/4))], with k
    the number of windows that do not overlap. The noisier side is lifted more, which must not
    pass for a difference.
    """
    windows = max(pair.usable_mm / max(window_mm, pair.step_mm), 1.0)
    return max(normal_quantile((windows - 0.375) / (windows + 0.25)), 0.0)
