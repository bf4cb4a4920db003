"""Pictures that let a person judge a registration: a checkerboard before and after."""

from collections.abc import Mapping

import numpy as np

from plexus_mri.core.case import CaseResult
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.series_map import RegisteredMap
from plexus_mri.core.transform import AffineTransform
from plexus_mri.report.base_picture import DIRECTION_NOTE, percentile_window
from plexus_mri.report.canvas import WEBP, Figure, picture_axes, show_picture, to_webp, write
from plexus_mri.report.planes import Picture, coronal_slab
from plexus_mri.report.settings import ReportSettings
from plexus_mri.report.views import Views

_TILE_MM = 20.0
_THIN_MM = 1.0  # of the coronal slab: a thick one would blur the edges that are to be judged


def map_figures(
    result: CaseResult, views: Views, settings: ReportSettings
) -> Mapping[str, Figure]:
    """Checkerboards of the main image and each map, where the headers put it and where it is.

    A map that was left out is shown where the headers put it alone.
    """
    return {
        f"map_{item.series.name}_{when}": _checkerboard(result, views, settings, item, when)
        for item in result.maps
        if item.series.image is not None
        for when in (("before", "after") if item.map_from_image is not None else ("before",))
    }


def _checkerboard(
    result: CaseResult, views: Views, settings: ReportSettings, item: RegisteredMap, when: str
) -> Figure:
    depth_mm = float(np.mean(views.nerve_slab_mm))
    base = coronal_slab(result.image, depth_mm, depth_mm + _THIN_MM)
    moved = item.map_from_image if when == "after" else None
    other = _map_pixels(item, moved or AffineTransform.identity(), base, depth_mm)
    axes = picture_axes(base, settings.picture_width_px)
    show_picture(axes, _mixed(base, other), (0.0, 1.0))
    for letter, place in (("R", 0.04), ("L", 0.96)):
        write(axes, (place, 0.92), letter, transform=axes.transAxes, fontsize=20, weight="bold")
    name = item.series.name
    words = "where it was registered" if when == "after" else "where its header puts it"
    number = _numbers(item) if when == "after" else ""
    return Figure(
        to_webp(axes, quality_percent=settings.webp_quality_percent),
        WEBP,
        f"Checkerboard of the main image and the map {name}, {words}.",
        f"Coronal plane in tiles of {_TILE_MM:.0f} mm, main image and map {name} in turn, "
        f"{words}. Edges must run on from tile to tile.{number} {DIRECTION_NOTE}",
        f"Map {name}, {when}",
        "maps",
    )


def _numbers(item: RegisteredMap) -> str:
    """Sentence of the numbers of a registration, each with the limit it had to reach."""
    if item.agreement is None or item.limits is None:
        return ""
    parts = ", ".join(
        f"{name} {value:.{digits}f} (limit {limit:.{digits}f})"
        for name, value, limit, digits in (
            ("similarity", item.agreement.similarity, item.limits.similarity, 3),
            ("sharpness", item.agreement.sharpness, item.limits.sharpness, 2),
            ("handedness", item.agreement.handedness, item.limits.handedness, 2),
        )
    )
    return f" Found there: {parts}."


def _map_pixels(
    item: RegisteredMap, map_from_image: AffineTransform, base: Picture, depth_mm: float
) -> FloatArray:
    """Map (rows, columns) at the places of the picture's pixels."""
    across, rows = base.centers_mm
    points = np.empty((len(rows), len(across), 3))
    points[..., 0], points[..., 1], points[..., 2] = across[None], depth_mm, rows[:, None]
    if item.series.image is None:
        return np.full(points.shape[:2], np.nan)
    return item.series.image.sample(map_from_image.apply(points))


def _mixed(base: Picture, other: FloatArray) -> Picture:
    """Both pictures in tiles, each scaled to its own percentiles, 0-1."""
    across, rows = base.centers_mm
    tile = (np.floor(across[None] / _TILE_MM) + np.floor(rows[:, None] / _TILE_MM)) % 2 == 0
    pixels = np.where(tile, _scaled(base.pixels), _scaled(other))
    return Picture(pixels, base.left_mm, base.right_mm, base.bottom_mm, base.top_mm)


def _scaled(pixels: FloatArray) -> FloatArray:
    low, high = percentile_window(pixels, 1.0, 99.0)
    return np.asarray(np.clip((pixels - low) / (high - low), 0.0, 1.0))
