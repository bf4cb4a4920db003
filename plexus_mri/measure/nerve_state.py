"""What is known of each nerve between two passes of the fit."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from plexus_mri.core.anatomy import NerveKey
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.measure.nerve_curve import NerveCurve, curve_of
from plexus_mri.measure.settings import MeasureSettings


@dataclass(frozen=True, eq=False)
class NerveState:
    """Course, caliber and signal of one nerve with n nodes, and how sure each is.

    Parameters
    ----------
    curve
        Nodes and section frames.
    radius_mm, signal : (n,)
        Expected radius and signal; signal is NaN while nothing is known of it.
    position_sd_mm, log_radius_sd
        Standard deviations of position and of log radius.
    signal_sd : (n,)
        Standard deviation of the signal.
    extends_mm
        How far the nerve runs on beyond its first and last node.
    signal_from : (n, n)
        What the signal seen at each node (columns) adds to the one expected at each.
    """

    curve: NerveCurve
    radius_mm: FloatArray
    signal: FloatArray
    position_sd_mm: float
    log_radius_sd: float
    signal_sd: FloatArray
    extends_mm: tuple[float, float]
    signal_from: FloatArray


NerveStates = Mapping[NerveKey, NerveState]


def traced_states(
    nerves: NerveTree, axes: FloatArray, settings: MeasureSettings
) -> dict[NerveKey, NerveState]:
    """States before the first fit: what tracing says. Nerves under three nodes are left out.

    ``axes`` (3, 3) are the directions of the image, one a column.
    """
    long_enough = 2.0 * settings.node_step_mm
    return {
        key: _traced_state(nerves[key], axes, settings)
        for key in nerves
        if nerves[key].centerline.length_mm >= long_enough
    }


def _traced_state(traced: TracedNerve, axes: FloatArray, settings: MeasureSettings) -> NerveState:
    """State of one nerve as traced."""
    line = traced.centerline
    curve = curve_of(line, settings.node_step_mm, settings.trace_smoothing_mm, axes)
    radius = np.interp(curve.arc_length_mm, line.arc_length_mm, traced.radius_mm)
    nothing = np.full(len(radius), np.nan)
    return NerveState(
        curve,
        radius,
        nothing,
        settings.trace_error_mm,
        settings.trace_radius_error_percent / 100.0,
        nothing,
        (_run_on_mm(traced, 0.0, settings), _run_on_mm(traced, line.length_mm, settings)),
        np.zeros((len(radius), len(radius))),
    )


def _run_on_mm(traced: TracedNerve, end_mm: float, settings: MeasureSettings) -> float:
    """How far a nerve runs on beyond an end: not at all where it meets another."""
    reach = settings.junction_reach_mm
    joins = any(abs(j - end_mm) <= reach for j in traced.junction_mm)
    return 0.0 if joins else settings.run_on_mm
