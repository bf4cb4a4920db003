"""Fit of blurred ellipses on a smooth background to the voxels of one section.

    ground = background, painted over by each object behind: ground·(1 - F) + signal·F
    image = ground·(1 - ΣF) + Σ signal·F over the objects in front

F is the share of a voxel that lies in an object (after blur). Traced nerves stand side by side
in front, so their shares add. Everything else lies behind: a muscle's edge may run under a nerve,
and a vessel that touches the nerve slips under its rim by the width of the blur.
Robust least squares: the soft-L1 loss by reweighting, Levenberg-Marquardt steps inside, Gaussian
priors on the parameters.

Symbols: n voxels, k objects (the first is the nerve measured), b background terms,
parameters = 6 per object (x, y, log radius, stretch 1, stretch 2, signal) and then b.
"""

import numpy as np

from plexus_mri.core.grid import FloatArray
from plexus_mri.measure.blurred_ellipse import blurred_ellipse
from plexus_mri.measure.compiled import compiled

# The arguments of `model_and_slopes` after theta.
Scene = tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]
PER_NERVE = 6
LOG_RADIUS, SIGNAL = 2, 5
_ROUNDS = 6
_STEPS = 8
# 1.4826·MAD estimates a Gaussian's standard deviation.
_MAD_TO_SD = 1.4826


@compiled
def model_and_slopes(theta: FloatArray, scene: Scene) -> tuple[FloatArray, FloatArray]:
    """Model (n,) and its derivatives (n, parameters).

    Parameters
    ----------
    theta : (6k + b,)
        Parameters.
    scene
        Whitened points (k, n, p, 2) of the voxels' parts in the section of each object; whitening
        (k, 2, 2) of each section; inside (k, n), 0 beyond an object's end; behind (k,), 1 for
        objects behind; background terms (n, b).
    """
    behind, terms = scene[3], scene[4]
    offset = PER_NERVE * len(behind)
    slopes = np.empty((len(terms), len(theta)))
    ground, open_behind = _painted(theta, scene, terms @ theta[offset:], slopes)
    model, open_front = _covered(theta, scene, ground, slopes)
    for k in range(len(behind)):
        if behind[k] == 0.0:
            continue
        for n in range(len(model)):
            for j in range(PER_NERVE * k, PER_NERVE * (k + 1)):
                slopes[n, j] *= open_front[n]
    for n in range(len(model)):
        for j in range(terms.shape[1]):
            slopes[n, offset + j] = terms[n, j] * open_behind[n] * open_front[n]
    return model, slopes


@compiled
def _painted(
    theta: FloatArray, scene: Scene, ground: FloatArray, slopes: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Background (n,) painted over by the objects behind, and what of it stays open.

    Writes the columns of the objects behind into ``slopes``.
    """
    model = ground.copy()
    open_share = np.ones(len(ground))
    behind = scene[3]
    for k in range(len(behind)):
        if behind[k] == 0.0:
            continue
        share = _object_slopes(theta, scene, k, model, slopes)
        for farther in range(k):
            if behind[farther] == 0.0:
                continue
            for n in range(len(ground)):
                for j in range(PER_NERVE * farther, PER_NERVE * (farther + 1)):
                    slopes[n, j] *= 1.0 - share[n]
        for n in range(len(ground)):
            model[n] += (theta[PER_NERVE * k + SIGNAL] - model[n]) * share[n]
            open_share[n] *= 1.0 - share[n]
    return model, open_share


@compiled
def _covered(
    theta: FloatArray, scene: Scene, ground: FloatArray, slopes: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Ground (n,) covered by the objects in front, and what of it stays open.

    Writes the columns of the objects in front into ``slopes``.
    """
    model = ground.copy()
    open_share = np.ones(len(ground))
    for k in range(len(scene[3])):
        if scene[3][k] == 1.0:
            continue
        share = _object_slopes(theta, scene, k, ground, slopes)
        model += (theta[PER_NERVE * k + SIGNAL] - ground) * share
        open_share -= share
    return model, open_share


@compiled
def _object_slopes(
    theta: FloatArray, scene: Scene, k: int, ground: FloatArray, slopes: FloatArray
) -> FloatArray:
    """Share (n,) of each voxel of an object; writes its own columns into ``slopes``."""
    start = PER_NERVE * k
    ellipse = blurred_ellipse(scene[0][k], theta[start : start + 5], scene[1][k])
    share = np.empty(len(ground))
    for n in range(len(ground)):
        share[n] = scene[2][k, n] * ellipse[n, 0]
        contrast = (theta[start + SIGNAL] - ground[n]) * scene[2][k, n]
        for j in range(5):
            slopes[n, start + j] = contrast * ellipse[n, j + 1]
        slopes[n, start + SIGNAL] = share[n]
    return share


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
    data: tuple[FloatArray, FloatArray],
    scene: Scene,
    robust: tuple[float, float, float],
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Best parameters, their covariance, facts and pulls.

    Facts are noise, cost, voxels, settled, contrast at the rim, and the change of log radius and
    of signal by a unit of the signal's prior. Pulls (3, n) are the derivatives of the first
    object's log radius and signal, and of the log likelihood, by each voxel's value.

    Parameters
    ----------
    start : (p,)
        First guess.
    prior : (2, p)
        Mean and precision (1/variance, 0 for none) of each parameter.
    data
        Values (n,) and weights (n,) of the voxels.
    scene
        See `model_and_slopes`.
    robust
        Residual in noise units at which the loss turns linear; smallest noise; fixed noise (0:
        estimate it).
    """
    values, weights = data
    turn, least_noise, fixed_noise = robust
    theta = start.copy()
    model, slopes = model_and_slopes(theta, scene)
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
            theta, prior, (values, used / noise**2), scene, (model, slopes)
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
    settled = 1.0 if moved < 0.02 else 0.0  # noqa: PLR2004 - a hundredth of a millimetre
    rim = _rim_contrast(theta, scene, slopes)
    lent = inverse[SIGNAL] * prior[1, SIGNAL]
    facts = np.array([noise, cost, weights.sum(), settled, rim, lent[LOG_RADIUS], lent[SIGNAL]])
    pulls = _pulls(slopes, inverse, used / noise**2, values - model)
    return theta, inverse @ spread @ inverse, facts, pulls


@compiled
def _pulls(
    slopes: FloatArray, inverse: FloatArray, precision: FloatArray, residuals: FloatArray
) -> FloatArray:
    """Derivatives (3, n) of log radius, signal and log likelihood by each voxel's value."""
    rows = np.empty((3, len(residuals)))
    rows[0] = (slopes @ np.ascontiguousarray(inverse[LOG_RADIUS])) * precision
    rows[1] = (slopes @ np.ascontiguousarray(inverse[SIGNAL])) * precision
    rows[2] = -residuals * precision
    return rows


@compiled
def _rim_contrast(theta: FloatArray, scene: Scene, slopes: FloatArray) -> float:
    """Signal of the first object above what lies around its rim."""
    brighter = theta.copy()
    brighter[SIGNAL] += 1.0
    unit = model_and_slopes(brighter, scene)[1][:, 2] - slopes[:, 2]
    return float(slopes[:, 2].sum() / max(unit.sum(), 1e-12))


@compiled
def _descend(
    theta: FloatArray,
    prior: FloatArray,
    data: tuple[FloatArray, FloatArray],
    scene: Scene,
    fitted: tuple[FloatArray, FloatArray],
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Levenberg-Marquardt steps at fixed weights (the weights are precisions here)."""
    values, precision = data
    model, slopes = fitted
    off = theta - prior[0]
    best = (precision * (values - model) ** 2).sum() + (prior[1] * off * off).sum()
    damping, moved = 1e-3, True
    normal, gradient = np.empty((len(theta), len(theta))), np.empty(len(theta))
    for _ in range(_STEPS):
        if moved:
            normal = slopes.T @ (slopes * precision.reshape(-1, 1)) + np.diag(prior[1])
            gradient = slopes.T @ (precision * (values - model)) - prior[1] * (theta - prior[0])
        step = _step(normal, gradient, damping)
        largest = np.abs(step[:3]).max()
        trial = theta + step * min(1.0, 0.7 / max(largest, 1e-9))
        trial_model, trial_slopes = model_and_slopes(trial, scene)
        off = trial - prior[0]
        cost = (precision * (values - trial_model) ** 2).sum() + (prior[1] * off * off).sum()
        moved = cost < best
        if moved:
            gain = (best - cost) / max(best, 1e-12)
            theta, model, slopes, best = trial, trial_model, trial_slopes, cost
            damping = max(damping * 0.2, 1e-6)
            if gain < 1e-4:  # noqa: PLR2004 - a twentieth of one residual at 500 voxels (ADR-132)
                break
        else:
            damping *= 8.0
            if damping > 1e6:  # noqa: PLR2004 - no step down is left
                break
    return theta, model, slopes
