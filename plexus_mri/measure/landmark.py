"""Diameter at a place that is counted from node 0, whose own place is known to a millimetre or so.

Symbols: n nodes of one nerve.
"""

import numpy as np

from plexus_mri.core.grid import FloatArray
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.reasons import ReasonCode

# A value and its standard error.
Estimate = tuple[float, float]
_FEWEST_BEYOND = 3


def diameter_near(
    arc_mm: FloatArray,
    diameter: tuple[FloatArray, FloatArray],
    place_mm: float,
    reach_mm: float,
    settings: MeasureSettings,
) -> Estimate | None:
    """Mean diameter within ``reach_mm`` of a place, or None where nothing was measured.

    Its error holds that of the nodes, which share most of their voxels, and the change of the
    diameter over the error of node 0 itself.

    Parameters
    ----------
    arc_mm : (n,)
        Distance from node 0.
    diameter
        Diameters (n,) in mm and their standard errors (n,); NaN where there is none.
    """
    values, errors = diameter
    near = np.isfinite(values) & (np.abs(arc_mm - place_mm) <= reach_mm + 1e-9)
    if not near.any():
        return None
    around = np.isfinite(values) & (
        np.abs(arc_mm - place_mm) <= reach_mm + settings.landmark_error_mm + 1e-9
    )
    slope = _slope(arc_mm[around], values[around])
    error = np.hypot(errors[near].mean(), settings.landmark_error_mm * slope)
    return float(values[near].mean()), float(error)


def ganglion_doubt(
    arc_mm: FloatArray, diameter_mm: FloatArray, settings: MeasureSettings
) -> ReasonCode | None:
    """Why node 0 of a root may not be its ganglion; None when the profile looks like one.

    A ganglion is the widest part of a healthy root: the diameter (n,) must not grow right away
    from node 0, and must have come down beyond the ganglion's own length.
    """
    known = np.isfinite(diameter_mm)
    start = known & (arc_mm <= settings.ganglion_reach_mm)
    beside = known & (arc_mm > settings.ganglion_reach_mm) & (arc_mm <= settings.ganglion_half_mm)
    low, high = settings.beyond_ganglion_mm
    beyond = known & (arc_mm >= low) & (arc_mm <= high)
    if not (start.any() and beside.any() and beyond.sum() >= _FEWEST_BEYOND):
        return ReasonCode.LANDMARK_DOUBT
    here = diameter_mm[start].mean()
    grows = diameter_mm[beside].max() > here * (1.0 + settings.ganglion_growth_percent / 100.0)
    bulges = here >= diameter_mm[beyond].min() * (1.0 + settings.ganglion_bulge_percent / 100.0)
    return ReasonCode.LANDMARK_DOUBT if grows or not bulges else None


def _slope(arc_mm: FloatArray, values: FloatArray) -> float:
    """Size of the slope of a straight line through values (n,), 0 for a single node."""
    off = arc_mm - arc_mm.mean()
    power = float((off**2).sum())
    return abs(float((off * values).sum())) / power if power > 0.0 else 0.0
