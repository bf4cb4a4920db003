"""How much, and over what distance, the difference of the sides scatters along the nerves.

The nodes' own standard errors are checked against the case: all nerves of one course together
say over what length nodes err alike, and whether they scatter more than they claim.
Shapes: ``n`` common usable nodes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plexus_mri.asymmetry.correlation import LEAST_NODES, correlation, shared_length_mm
from plexus_mri.asymmetry.index import Estimate, normal_quantile
from plexus_mri.asymmetry.pairing import PairedCourse
from plexus_mri.core.grid import FloatArray


@dataclass(frozen=True)
class NodeNoise:
    """Length over which sections err alike, and the factor on their stated errors."""

    shared_mm: float
    scatter: float


def estimate_noise(pairs: Sequence[PairedCourse]) -> NodeNoise:
    """Noise of one course over all nerves of a case.

    Medians over the nerves, so that a few nerves with a true difference do not set them. The
    scatter is never taken below 1: the stated errors are the least.
    """
    usable = [pair for pair in pairs if len(pair.arc_length_mm) >= LEAST_NODES]
    if not usable:
        return NodeNoise(0.0, 1.0)
    courses = [(pair.arc_length_mm, pair.log_ratio) for pair in usable]
    scatter = float(np.median([_scatter(pair) for pair in usable]))
    return NodeNoise(shared_length_mm(courses, terms=1), max(scatter, 1.0))


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
    """Covariance (n, n) of the nodes' own errors (n,): ``se_i·se_j·ρ_ij``."""
    shared = correlation(pair.arc_length_mm, noise.shared_mm)
    covariance: FloatArray = standard_errors[:, None] * standard_errors[None, :] * shared
    return covariance


def max_estimate(
    pair: PairedCourse,
    values: FloatArray,
    standard_errors: FloatArray,
    noise: NodeNoise,
    window_mm: float,
) -> Estimate:
    """Largest running mean of (n,) values over ``window_mm``, with that mean's error."""
    weights = running_weights(pair.arc_length_mm, window_mm)
    running = weights @ values
    best = int(running.argmax())
    shared = _covariance(pair, standard_errors, noise)
    error = noise.scatter * float(np.sqrt(weights[best] @ shared @ weights[best]))
    return Estimate(float(running[best]), error / float(running[best]))


def running_weights(arc_length_mm: FloatArray, window_mm: float) -> FloatArray:
    """Weights (n, n) that take the mean over a window around each of n nodes."""
    near = np.abs(arc_length_mm[:, None] - arc_length_mm[None, :]) <= window_mm / 2.0 + 1e-9
    weights: FloatArray = near / near.sum(axis=1, keepdims=True)
    return weights


def lift_of_maximum(pair: PairedCourse, window_mm: float) -> float:
    """How many standard errors noise lifts the largest of the windows along the nerve.

    The expected largest of k independent normals [Blom 1958: Φ⁻¹((k - 3/8)/(k + 1/4))], with k
    the number of windows that do not overlap. The noisier side is lifted more, which must not
    pass for a difference.
    """
    windows = max(pair.usable_mm / max(window_mm, pair.step_mm), 1.0)
    return max(normal_quantile((windows - 0.375) / (windows + 0.25)), 0.0)
