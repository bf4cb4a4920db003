"""Nerves on the image: plain pictures, each with a transparent layer of what was found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from plexus_mri.core.anatomy import NERVE_KEYS, Side, label_index
from plexus_mri.core.case import CaseResult
from plexus_mri.report.base_picture import DIRECTION_NOTE, base_axes
from plexus_mri.report.canvas import NERVE_COLORS, WEBP, Figure, picture_axes, to_webp
from plexus_mri.report.name_tags import Tag, apart, draw_tags, nerve_tags
from plexus_mri.report.planes import LabelPicture, Picture, coronal_slab, labels_on_coronal
from plexus_mri.report.settings import ReportSettings
from plexus_mri.report.views import Cuts, Views
from plexus_mri.report.words import SHORT_NAMES_LEGEND, nerve_words

_TAG_AWAY_MM = 8.0


@dataclass(frozen=True, eq=False)
class _Plate:
    """A picture with its words and what is laid over it; ``z_mm`` is None when coronal."""

    name: str
    title: str
    words: str
    picture: Picture
    draw: Callable[[Axes], None]
    z_mm: float | None = None


def nerve_figures(
    result: CaseResult, views: Views, cuts: Cuts, settings: ReportSettings
) -> Mapping[str, Figure]:
    """Projection, slab and axial plane, each plain and as a transparent layer."""
    figures: dict[str, Figure] = {}
    for plate in (
        _projection(result, views, cuts),
        _slab(result, views, settings),
        _axial(views, cuts),
    ):
        figures |= _layered(result, settings, plate)
    return figures


def _projection(result: CaseResult, views: Views, cuts: Cuts) -> _Plate:
    reach = views.projection_mm[1] - views.projection_mm[0]
    return _Plate(
        "nerves_projection",
        "Nerves found, coronal projection",
        f"Coronal maximum intensity projection over {reach:.0f} mm, {views.reason}. "
        f"{_found_words(result)}",
        cuts.projection,
        lambda axes: _draw_nerves(axes, result),
    )


def _slab(result: CaseResult, views: Views, settings: ReportSettings) -> _Plate:
    picture = coronal_slab(result.image, *views.nerve_slab_mm)
    depths = np.linspace(*views.nerve_slab_mm, max(2, round(settings.slab_thickness_mm)))
    labels = labels_on_coronal(result.labels, picture, depths)
    thick = f"{settings.slab_thickness_mm:.0f} mm"
    return _Plate(
        "nerves_coronal",
        "Nerve masks, coronal slab",
        f"Coronal slab, mean of {thick}, {views.reason}. {_outline_words(labels)}",
        picture,
        lambda axes: _draw_masks(axes, picture, labels),
    )


def _axial(views: Views, cuts: Cuts) -> _Plate:
    return _Plate(
        "nerves_axial",
        "Nerve masks, axial plane",
        f"Axial plane seen from the feet, front of the patient up, {views.reason}. "
        f"{_outline_words(cuts.axial_labels)}",
        cuts.axial,
        lambda axes: _draw_masks(axes, cuts.axial, cuts.axial_labels),
        views.nerve_height_mm,
    )


def _layered(result: CaseResult, settings: ReportSettings, plate: _Plate) -> Mapping[str, Figure]:
    """Plain picture and the transparent layer that belongs on it."""
    plain = base_axes(result, plate.picture, settings, plate.z_mm)
    layer = picture_axes(plate.picture, settings.picture_width_px)
    plate.draw(layer)
    return {
        plate.name: Figure(
            to_webp(plain, quality_percent=settings.webp_quality_percent),
            WEBP,
            f"{plate.words} Patient's right on the left.",
            f"{plate.words} {DIRECTION_NOTE}",
            plate.title,
            "nerves",
        ),
        f"{plate.name}_overlay": Figure(
            to_webp(layer, quality_percent=None),
            WEBP,
            "Layer with the nerves found.",
            "",
            plate.title,
            "nerves",
            overlay_of=plate.name,
        ),
    }


def _found_words(result: CaseResult) -> str:
    """Which nerves were found on each side."""
    if not result.nerves.nerves:
        return "No nerve was found."
    parts = []
    for side in (Side.RIGHT, Side.LEFT):
        names = [nerve_words(nerve) for s, nerve in NERVE_KEYS
                 if s is side and (s, nerve) in result.nerves]  # fmt: skip
        parts.append(f"{side.value}: {', '.join(names) or 'none found'}.")
    return f"{' '.join(parts)} {SHORT_NAMES_LEGEND}"


def _outline_words(labels: LabelPicture) -> str:
    return "Outlines: nerve masks." if labels.any() else "No nerve mask lies in this plane."


def _draw_nerves(axes: Axes, result: CaseResult) -> None:
    """Each centerline in its colour, with its name."""
    for (_, nerve), traced in result.nerves.nerves.items():
        points = traced.centerline.points_mm
        axes.plot(points[:, 0], points[:, 2], color="black", lw=3.5, alpha=0.6)
        axes.plot(points[:, 0], points[:, 2], color=NERVE_COLORS[nerve], lw=1.8)
        for bridge in traced.bridges_mm:
            gap = traced.centerline.at(np.linspace(*bridge, 9))
            axes.plot(gap[:, 0], gap[:, 2], color="white", lw=1.8, ls=":")
    draw_tags(axes, nerve_tags(result.nerves))


def _draw_masks(axes: Axes, picture: Picture, labels: LabelPicture) -> None:
    """Outline of each label on the picture's pixels, with its name lateral of it."""
    across, rows = picture.centers_mm
    tags: list[Tag] = []
    for side, nerve in NERVE_KEYS:
        inside = labels == label_index(side, nerve)
        if not inside.any():
            continue
        color = NERVE_COLORS[nerve]
        axes.contour(
            across, rows, inside.astype(float), levels=[0.5], colors=[color], linewidths=1.6
        )
        row, column = np.argwhere(inside)[np.argmax(side.sign * across[np.nonzero(inside)[1]])]
        x, y = float(across[column]), float(rows[row])
        tags.append(Tag(nerve, side, (x, y), (x + side.sign * _TAG_AWAY_MM, y)))
    for side in Side:
        draw_tags(axes, apart([tag for tag in tags if tag.side is side]))
