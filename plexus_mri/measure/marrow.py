"""Vertebral marrow as a second reference, where the bodies before the canal are recognised.

A column of bodies is told by its breaks: discs and end plates interrupt the marrow every 12 to
30 mm. Without at least three such breaks nothing is called marrow.

Shapes: n samples; b bins along the canal.
"""

import numpy as np
from scipy import ndimage, signal

from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.reference import ReferenceTissue
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.measure.tissue_samples import Samples, by_level

_BIN_MM = 1.5
_FEWEST_IN_BIN = 8
_FEWEST_BREAKS = 3


def vertebral_marrow(
    samples: Samples, frame: PatientFrame, settings: MeasureSettings
) -> ReferenceTissue:
    """Marrow of the vertebral bodies by level; none where no bodies are recognised."""
    before = (np.abs(samples.lateral_mm) <= settings.marrow_lateral_mm) & (
        (samples.forward_mm >= settings.marrow_before_mm[0])
        & (samples.forward_mm <= settings.marrow_before_mm[1])
    )
    column = samples.where(before)
    bins = np.floor(_along_canal(column, frame) / _BIN_MM).astype(int)
    if not len(bins):
        return ReferenceTissue.none()
    body = _is_body(column.values, bins - bins.min(), settings)
    found = by_level(column.where(body[bins - bins.min()]), "vertebral marrow", settings)
    return found or ReferenceTissue.none()


def _along_canal(column: Samples, frame: PatientFrame) -> FloatArray:
    """Height (n,) at which the plane across the canal through each sample meets it.

    Above the lowest point of the canal that was seen.
    Discs lie across the canal, which leans forward or back with the neck.
    """
    nodes_mm = frame.height_mm(frame.canal.points_mm)
    order = np.argsort(nodes_mm)
    nodes_mm, line = nodes_mm[order], frame.canal.points_mm[order]
    slope = np.gradient(line @ frame.forward, nodes_mm)
    height = column.height_mm
    across = height + column.forward_mm * np.interp(height, nodes_mm, slope)
    above: FloatArray = across - nodes_mm[0]
    return above


def _is_body(values: FloatArray, bins: np.ndarray, settings: MeasureSettings) -> np.ndarray:
    """Whether each bin (b,) lies within a body; nowhere when no breaks are seen."""
    count = int(bins.max()) + 1
    nothing = np.zeros(count, dtype=bool)
    level = np.array([_middle(values[bins == k]) for k in range(count)])
    known = np.isfinite(level)
    if known.sum() < 2 * settings.marrow_window_mm / _BIN_MM:
        return nothing
    logs = np.log(np.interp(np.arange(count), np.flatnonzero(known), level[known]))
    window = 2 * round(settings.marrow_window_mm / _BIN_MM / 2) + 1
    off = np.abs(logs - ndimage.median_filter(logs, window, mode="nearest"))
    least = settings.marrow_break_percent / 100.0
    near, far = (gap / _BIN_MM for gap in settings.marrow_gap_mm)
    breaks, _ = signal.find_peaks(off, height=least, distance=near)
    gaps = np.diff(breaks)
    if len(breaks) < _FEWEST_BREAKS or np.mean(gaps <= far) < settings.marrow_least_regular:
        return nothing
    inside = (np.arange(count) >= breaks[0] - far) & (np.arange(count) <= breaks[-1] + far)
    return np.asarray(known & inside & (off < 0.5 * least))


def _middle(values: FloatArray) -> float:
    """Median of values (n,); NaN when they are too few."""
    return float(np.median(values)) if len(values) >= _FEWEST_IN_BIN else float("nan")
