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
    log_radius, _ = smooth_along(
        arc, (fits.log_radius, fits.log_radius_se), good, 2.0 * settings.node_step_mm
    )
    signal, signal_sd = expected_signal(arc, fits, good, settings)
    return NerveState(
        curve,
        np.exp(log_radius),
        signal,
        settings.recentred_error_mm,
        state.log_radius_sd,
        signal_sd,
        state.extends_mm,
    )


def expected_signal(
    arc_mm: FloatArray, fits: SectionFits, good: np.ndarray, settings: MeasureSettings
) -> tuple[FloatArray, FloatArray]:
    """Signal (n,) smoothed along the nerve and the standard deviation (n,) about it.

    The deviation holds the error of the smooth curve, a real change from node to node of
    ``signal_change_percent`` of the contrast, and what the fits scatter beyond their own errors:
    a bright swelling keeps its brightness, a noisy thin nerve borrows it from its neighbours.
    """
    smooth, error = smooth_along(
        arc_mm, (fits.signal, fits.signal_se), good, settings.signal_smoothing_mm
    )
    contrast = float(np.median(fits.contrast[good]))
    change = settings.signal_change_percent / 100.0 * contrast
    off = np.where(good, fits.signal - smooth, 0.0) ** 2
    excess = np.where(good, off - fits.signal_se**2, 0.0)
    local = _window_weights(arc_mm, settings.signal_smoothing_mm) * good
    extra = np.maximum(local @ excess / np.maximum(local.sum(axis=1), 1e-9), 0.0)
    return smooth, np.sqrt(error**2 + change**2 + extra)


def smooth_along(
    arc_mm: FloatArray,
    measured: tuple[FloatArray, FloatArray],
    good: np.ndarray,
    half_window_mm: float,
) -> tuple[FloatArray, FloatArray]:
    """Local robust line through values along a nerve: value and standard error, each (n,).

    Neighbouring sections share voxels, so errors are treated as fully shared within a window:
    the error given is the typical one of a single section over the square root of three.
    """
    values, errors = measured
    floor = 0.25 * np.median(errors[good])
    precision = np.where(good, 1.0 / (np.nan_to_num(errors, nan=1.0) ** 2 + floor**2), 0.0)
    safe = np.where(good, values, 0.0)
    weights = _window_weights(arc_mm, half_window_mm) * precision
    smooth = _local_line(arc_mm, safe, weights)
    for _ in range(2):
        pull = np.abs(safe - smooth) * np.sqrt(precision)
        scale = max(1.4826 * float(np.median(pull[good])), 1.0)
        robust = 1.0 / np.maximum(pull / (2.0 * scale), 1.0)
        smooth = _local_line(arc_mm, safe, weights * robust)
    error = np.sqrt(1.0 / np.maximum(weights.max(axis=1), 1e-12) / 3.0)
    return smooth, error


def _window_weights(arc_mm: FloatArray, half_window_mm: float) -> FloatArray:
    """Weights (n, n) of node j around node i: a parabola over the window, a tail beyond it.

    The tail lets a node without good neighbours borrow from the nearest good ones.
    """
    apart = np.abs(arc_mm[:, None] - arc_mm[None]) / half_window_mm
    return np.maximum(1.0 - apart**2, 1e-4 * np.exp(-apart))


def _local_line(arc_mm: FloatArray, values: FloatArray, weights: FloatArray) -> FloatArray:
    """Weighted line around each node, evaluated there; its slope is lightly damped."""
    total = weights.sum(axis=1) + 1e-300
    middle = weights @ arc_mm / total
    mean = weights @ values / total
    off = arc_mm[None] - middle[:, None]
    step = float(np.median(np.diff(arc_mm)))
    spread = (weights * off**2).sum(axis=1) / total + step**2
    slope = (weights * off * (values[None] - mean[:, None])).sum(axis=1) / total / spread
    reach = np.clip(arc_mm - middle, -3 * step, 3 * step)
    line: FloatArray = mean + slope * reach
    return line
