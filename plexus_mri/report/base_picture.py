"""The grey picture that marks are laid on: its window, side letters and scale bar."""

import numpy as np
from matplotlib.axes import Axes

from plexus_mri.core.case import CaseResult
from plexus_mri.core.grid import FloatArray
from plexus_mri.report.canvas import picture_axes, show_picture, write
from plexus_mri.report.planes import Picture
from plexus_mri.report.settings import ReportSettings

DIRECTION_NOTE = "R on the left of the picture."
_BAR_MM = 20.0
# Half of the canal's 16-18 mm (PAM50, De Leener 2018) and its blur: its fluid outshines nerves.
_CANAL_HALF_WIDTH_MM = 11.0


def base_axes(
    result: CaseResult, picture: Picture, settings: ReportSettings, z_mm: float | None = None
) -> Axes:
    """Grey picture with side letters and a scale bar.

    Parameters
    ----------
    z_mm
        Height of an axial picture; None for a coronal one.
    """
    axes = picture_axes(picture, settings.picture_width_px)
    show_picture(axes, picture, picture_window(result, picture, settings, z_mm))
    sure = result.frame is not None and result.frame.proof.proven
    for letter, place in (("R", 0.04), ("L", 0.96)):
        text = letter if sure else f"{letter}?"
        write(axes, (place, 0.92), text, transform=axes.transAxes, fontsize=20, weight="bold")
    _draw_bar(axes, picture)
    return axes


def picture_window(
    result: CaseResult, picture: Picture, settings: ReportSettings, z_mm: float | None
) -> tuple[float, float]:
    """Intensities shown black and white: percentiles of what lies beside the canal."""
    beside = np.isfinite(picture.pixels)
    if result.frame is not None:
        across, rows = picture.centers_mm
        heights = rows if z_mm is None else np.full(len(rows), z_mm)
        canal = result.frame.canal_at_z(heights)
        beside &= np.abs(across[None, :] - canal[:, :1]) > _CANAL_HALF_WIDTH_MM
    return percentile_window(
        picture.pixels[beside], settings.window_low_percent, settings.window_high_percent
    )


def percentile_window(
    values: FloatArray, low_percent: float, high_percent: float
) -> tuple[float, float]:
    """Two percentiles of the finite values, the second always the larger.

    >>> percentile_window(np.array([0.0, 5.0, 10.0, np.nan]), 0.0, 100.0)
    (0.0, 10.0)
    """
    known = values[np.isfinite(values)]
    if known.size == 0:
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(known, (low_percent, high_percent)))
    return low, max(high, low + 1e-6)


def _draw_bar(axes: Axes, picture: Picture) -> None:
    towards = float(np.sign(picture.left_mm - picture.right_mm))
    start = picture.right_mm + towards * 0.04 * picture.width_mm
    end = start + towards * _BAR_MM
    bottom = picture.bottom_mm + 0.05 * picture.height_mm
    axes.plot([start, end], [bottom, bottom], color="white", lw=3)
    above = bottom + 0.04 * picture.height_mm
    write(axes, ((start + end) / 2, above), f"{_BAR_MM:.0f} mm", fontsize=11)
