"""Fit of blurred ellipses on a smooth background to the voxels of one section.

    image = background·(1 - ΣF) + Σ signal·F

F is the share of a voxel that lies in a nerve (after blur). Robust least squares: the soft-L1
loss by reweighting, Levenberg-Marquardt steps inside, Gaussian priors on the parameters.

Symbols: n voxels, k nerves (the first is the one measured), b background terms,
parameters = 6 per nerve (x, y, log radius, stretch 1, stretch 2, signal) and then b.
"""

import numpy as np

from plexus_mri.core.grid import FloatArray
from plexus_mri.measure.blurred_ellipse import blurred_ellipse
from plexus_mri.measure.compiled import compiled

# Values (n,), weights (n,), whitened points (k, n, p, 2), whitening (k, 2, 2), inside (k, n) and
# background terms (n, b).
SectionVoxels = tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]
PER_NERVE = 6
_SIGNAL = 5
_ROUNDS = 6
_STEPS = 8
# 1.4826·MAD estimates a Gaussian's standard deviation.
_MAD_TO_SD = 1.4826


@compiled
def model_and_slopes(
    theta: FloatArray,
    points: FloatArray,
    whiten: FloatArray,
    inside: FloatArray,
    terms: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Model (n,) and its derivatives (n, parameters).

    Parameters
    ----------
    theta : (6k + b,)
        Parameters.
    points : (k, n, p, 2)
        Whitened coordinates of the voxels' parts in the section of each nerve.
    whiten : (k, 2, 2)
        Whitening of each nerve's section.
    inside : (k, n)
        1 where the nerve runs, 0 beyond its end.
    terms : (n, b)
        Background terms.
    """
    nerves, voxels = inside.shape
    offset = PER_NERVE * nerves
    ground = terms @ theta[offset:]
    model = ground.copy()
    covered = np.zeros(voxels)
    slopes = np.zeros((voxels, len(theta)))
    for k in range(nerves):
        start = PER_NERVE * k
        ellipse = blurred_ellipse(points[k], theta[start : start + 5], whiten[k])
        for n in range(voxels):
            share = inside[k, n] * ellipse[n, 0]
            contrast = theta[start + _SIGNAL] - ground[n]
            model[n] += contrast * share
            covered[n] += share
            slopes[n, start + _SIGNAL] = share
            for j in range(5):
                slopes[n, start + j] = contrast * inside[k, n] * ellipse[n, j + 1]
    for n in range(voxels):
        for j in range(terms.shape[1]):
            slopes[n, offset + j] = terms[n, j] * (1.0 - covered[n])
    return model, slopes


@compiled
def _robust_scale(residuals: FloatArray, weights: FloatArray, lost: int) -> float:
    """Standard deviation of the noise from the residuals of the fully weighted voxels."""
    used = np.abs(residuals[weights > 0.5])  # noqa: PLR2004 - half a voxel inside the slab
    freedom = len(used) / max(len(used) - lost, 1)
    return float(_MAD_TO_SD * np.median(used) * np.sqrt(freedom))


@compiled
def _step(normal: FloatArray, gradient: FloatArray, damping: float) -> FloatArray:
    """Levenberg-Marquardt step, damped in units of each parameter's own curvature."""
    damped = normal.copy()
    for j in range(len(gradient)):
        damped[j, j] += damping * normal[j, j] + 1e-12
    return np.linalg.solve(damped, gradient)


@compiled
def fit_section(
    start: FloatArray,
    prior: FloatArray,
    voxels: SectionVoxels,
    robust: tuple[float, float, float],
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Best parameters, their covariance and (noise, cost, voxels used, converged).

    Parameters
    ----------
    start : (p,)
        First guess.
    prior : (2, p)
        Mean and precision (1/variance, 0 for none) of each parameter.
    voxels
        Values (n,), weights (n,) and the points, whitening, inside and terms of
        `model_and_slopes`.
    robust
        Residual in noise units at which the loss turns linear; smallest noise; fixed noise (0:
        estimate it).
    """
    values, weights, points, whiten, inside, terms = voxels
    turn, least_noise, fixed_noise = robust
    theta = start.copy()
    model, slopes = model_and_slopes(theta, points, whiten, inside, terms)
    noise, cost, moved = 0.0, 0.0, 1.0
    used = weights
    normal = np.eye(len(theta))
    for _ in range(_ROUNDS):
        noise = fixed_noise
        if fixed_noise <= 0.0:
            noise = max(_robust_scale(values - model, weights, len(theta)), least_noise)
        used = weights / np.sqrt(1.0 + ((values - model) / (turn * noise)) ** 2)
        before = theta.copy()
        theta, model, slopes = _descend(
            theta, prior, (values, used / noise**2, points, whiten, inside, terms), model, slopes
        )
        moved = np.abs(theta - before)[:3].max()
        if moved < 1e-3:  # noqa: PLR2004 - a micrometre
            break
    scaled = (values - model) / noise
    normal = slopes.T @ (slopes * (used / noise**2).reshape(-1, 1)) + np.diag(prior[1])
    spread = slopes.T @ (slopes * ((used / noise) ** 2).reshape(-1, 1)) + np.diag(prior[1])
    inverse = np.linalg.inv(normal + 1e-12 * np.diag(np.diag(normal)))
    loss = 2.0 * turn**2 * (np.sqrt(1.0 + (scaled / turn) ** 2) - 1.0)
    cost = (weights * loss).sum()
    facts = np.array([noise, cost, weights.sum(), 1.0 if moved < 0.02 else 0.0])  # noqa: PLR2004
    return theta, inverse @ spread @ inverse, facts


@compiled
def _descend(
    theta: FloatArray,
    prior: FloatArray,
    voxels: SectionVoxels,
    model: FloatArray,
    slopes: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Levenberg-Marquardt steps at fixed weights (the weights are precisions here)."""
    values, precision, points, whiten, inside, terms = voxels
    off = theta - prior[0]
    best = (precision * (values - model) ** 2).sum() + (prior[1] * off * off).sum()
    damping = 1e-3
    for _ in range(_STEPS):
        normal = slopes.T @ (slopes * precision.reshape(-1, 1)) + np.diag(prior[1])
        gradient = slopes.T @ (precision * (values - model)) - prior[1] * (theta - prior[0])
        step = _step(normal, gradient, damping)
        largest = np.abs(step[:3]).max()
        trial = theta + step * min(1.0, 0.7 / max(largest, 1e-9))
        trial_model, trial_slopes = model_and_slopes(trial, points, whiten, inside, terms)
        off = trial - prior[0]
        cost = (precision * (values - trial_model) ** 2).sum() + (prior[1] * off * off).sum()
        if cost < best:
            gain = (best - cost) / max(best, 1e-12)
            theta, model, slopes, best = trial, trial_model, trial_slopes, cost
            damping = max(damping * 0.2, 1e-6)
            if gain < 1e-5:  # noqa: PLR2004 - far below what noise moves
                break
        else:
            damping *= 8.0
            if damping > 1e6:  # noqa: PLR2004 - no step down is left
                break
    return theta, model, slopes
