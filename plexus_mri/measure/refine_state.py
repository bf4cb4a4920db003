"""From the fits of one pass to what is expected in the next, smoothed along the nerve."""

import numpy as np

from plexus_mri.core.grid import FloatArray
from plexus_mri.measure.nerve_curve import smooth_curve
from plexus_mri.measure.nerve_state import NerveState
from plexus_mri.measure.section_fits import SectionFits, fitted_points
from plexus_mri.measure.settings import MeasureSettings

_FEWEST_NODES = 3


def refined_state(state: NerveState, fits: SectionFits, settings: MeasureSettings) -> NerveState:
    """State after a pass: curve through the fitted centres, smoothed radius and signal."""
    good = fits.trusted(settings) & ~fits.merged
    if good.sum() < _FEWEST_NODES:
        return state
    arc = state.curve.arc_length_mm
    error = np.where(good, fits.offset_se_mm, state.position_sd_mm)
    weights = 1.0 / (error**2 + settings.least_centre_error_mm**2)
    points = np.where(good[:, None], fitted_points(state, fits), state.curve.points_mm)
    curve = smooth_curve(arc, points, weights, settings.recentred_smoothing_mm, state.curve.axes)
    log_radius, _, _ = smooth_along(
        arc, (fits.log_radius, fits.log_radius_se), good, 2.0 * settings.node_step_mm
    )
    signal, signal_sd, seen = expected_signal(arc, fits, good, settings)
    return NerveState(
        curve,
        np.exp(log_radius),
        signal,
        settings.recentred_error_mm,
        state.log_radius_sd,
        signal_sd,
        state.extends_mm,
        _signal_from(state, fits, seen),
    )


def expected_signal(
    arc_mm: FloatArray, fits: SectionFits, good: np.ndarray, settings: MeasureSettings
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Signal (n,) smoothed along the nerve, its standard deviation (n,), the smoother (n, n).

    The deviation holds the error of the smooth curve, a real change from node to node of
    ``signal_change_percent`` of the contrast, and what the fits scatter beyond their own errors:
    a bright swelling keeps its brightness, a noisy thin nerve borrows it from its neighbours.
    """
    smooth, error, smoother = smooth_along(
        arc_mm, (fits.signal, fits.signal_se), good, settings.signal_smoothing_mm
    )
    contrast = float(np.median(fits.contrast[good]))
    change = settings.signal_change_percent / 100.0 * contrast
    off = np.where(good, fits.signal - smooth, 0.0) ** 2
    excess = np.where(good, off - fits.signal_se**2, 0.0)
    local = _window_weights(arc_mm, settings.signal_smoothing_mm) * good
    extra = np.maximum(local @ excess / np.maximum(local.sum(axis=1), 1e-9), 0.0)
    return smooth, np.sqrt(error**2 + change**2 + extra), smoother


def smooth_along(
    arc_mm: FloatArray,
    measured: tuple[FloatArray, FloatArray],
    good: np.ndarray,
    half_window_mm: float,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Local robust line through values along a nerve: value and standard error, each (n,).

    Beside them the smoother (n, n): its product with the values is the smooth course.

    Neighbouring sections share voxels, so errors are treated as fully shared within a window:
    the error given is the typical one of a single section over the square root of three.
    """
    values, errors = measured
    floor = 0.25 * np.median(errors[good])
    precision = np.where(good, 1.0 / (np.nan_to_num(errors, nan=1.0) ** 2 + floor**2), 0.0)
    safe = np.where(good, values, 0.0)
    weights = _window_weights(arc_mm, half_window_mm) * precision
    smoother = _local_line(arc_mm, weights)
    for _ in range(2):
        smooth = smoother @ safe
        pull = np.abs(safe - smooth) * np.sqrt(precision)
        scale = max(1.4826 * float(np.median(pull[good])), 1.0)
        robust = 1.0 / np.maximum(pull / (2.0 * scale), 1.0)
        smoother = _local_line(arc_mm, weights * robust)
    error = np.sqrt(1.0 / np.maximum(weights.max(axis=1), 1e-12) / 3.0)
    return smoother @ safe, error, smoother


def _window_weights(arc_mm: FloatArray, half_window_mm: float) -> FloatArray:
    """Weights (n, n) of node j around node i: a parabola over the window, a tail beyond it.

    The tail lets a node without good neighbours borrow from the nearest good ones.
    """
    apart = np.abs(arc_mm[:, None] - arc_mm[None]) / half_window_mm
    return np.maximum(1.0 - apart**2, 1e-4 * np.exp(-apart))


def _local_line(arc_mm: FloatArray, weights: FloatArray) -> FloatArray:
    """Smoother (n, n): a weighted line around each node, evaluated there; its slope is damped."""
    share = weights / (weights.sum(axis=1, keepdims=True) + 1e-300)
    middle = share @ arc_mm
    off = arc_mm[None] - middle[:, None]
    step = float(np.median(np.diff(arc_mm)))
    spread = (share * off**2).sum(axis=1) + step**2
    reach = np.clip(arc_mm - middle, -3 * step, 3 * step)
    # The places are off their weighted middle, so the mean of the values has no part in the slope.
    line: FloatArray = share * (1.0 + (reach / spread)[:, None] * off)
    return line


def _signal_from(state: NerveState, fits: SectionFits, smoother: FloatArray) -> FloatArray:
    """What the signal seen at each node adds to the one that is expected at each: (n, n).

    A fitted signal is the seen one but for a share that it took from what was expected of it.
    """
    taken = np.nan_to_num(fits.borrowed[:, 1])
    fitted = np.diag(1.0 - taken) + taken[:, None] * state.signal_from
    return smoother @ fitted
