"""Pictures of the patient: side proof, and nerves on the image with a layer to switch."""

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.axes import Axes

from plexus_mri.core.anatomy import NERVE_KEYS, Side, label_index
from plexus_mri.core.case import CaseResult
from plexus_mri.core.grid import FloatArray
from plexus_mri.report.canvas import (
    NERVE_COLORS,
    WEBP,
    Figure,
    picture_axes,
    show_picture,
    to_webp,
    write,
)
from plexus_mri.report.name_tags import draw_tags, nerve_tags
from plexus_mri.report.planes import (
    LabelPicture,
    Picture,
    axial_slice,
    coronal_slab,
    display_window,
    labels_on_axial,
    labels_on_coronal,
)
from plexus_mri.report.settings import ReportSettings
from plexus_mri.report.views import Views
from plexus_mri.report.words import RADIOLOGICAL, SHORT_NAMES_LEGEND, nerve_words

_BAR_MM = 20.0
_MIDLINE_COLOR = "#FFFFFF"
_CANAL_COLOR = "#56B4E9"
_FIRST_NODES = {Side.RIGHT: ("^", "#FF9D5C"), Side.LEFT: ("o", "#7CC7F2")}
_DIRECTION_NOTE = "R on the left of the picture."


def side_figures(
    result: CaseResult, views: Views, settings: ReportSettings
) -> Mapping[str, Figure]:
    """Coronal slab and axial plane through the canal, with midline and both sides marked."""
    coronal = coronal_slab(result.image, *views.canal_slab_mm)
    axial = axial_slice(result.image, views.proof_height_mm)
    found = result.frame is not None
    with_line = (
        "The dashed line is the midline through the spinal canal; triangles (R) and circles (L) "
        "mark the first node of each nerve found"
        if found
        else "No midline was found; R? and L? follow the image's own orientation alone"
    )
    return {
        "side_proof_coronal": Figure(
            _proof_picture(result, coronal, settings, lambda axes: _proof_coronal(axes, result)),
            WEBP,
            f"Coronal slab through the spinal canal, patient's right on the left. {with_line}.",
            f"Coronal slab, {settings.slab_thickness_mm:.0f} mm. {with_line}. {_DIRECTION_NOTE}",
            "Side proof, coronal",
            "side_proof",
        ),
        "side_proof_axial": Figure(
            _proof_picture(
                result, axial, settings, lambda axes: _proof_axial(axes, result, views)
            ),
            WEBP,
            f"Axial plane through the canal, seen from the feet, patient's right on the left. "
            f"{with_line}.",
            f"Axial plane, seen from the feet, front of the patient up. {with_line}, when within "
            f"5 mm of this plane. {_DIRECTION_NOTE}",
            "Side proof, axial",
            "side_proof",
        ),
    }


def nerve_figures(
    result: CaseResult, views: Views, settings: ReportSettings
) -> Mapping[str, Figure]:
    """Slab, axial plane and projection, each plain and as a transparent layer of what was found."""
    slab = coronal_slab(result.image, *views.nerve_slab_mm)
    depths = np.linspace(*views.nerve_slab_mm, max(2, round(settings.slab_thickness_mm)))
    axial = axial_slice(result.image, views.nerve_height_mm)
    whole = coronal_slab(result.image, *views.projection_mm, maximum=True)
    reach = views.projection_mm[1] - views.projection_mm[0]
    slab_labels = labels_on_coronal(result.labels, slab, depths)
    axial_labels = labels_on_axial(result.labels, axial, views.nerve_height_mm)
    return {
        **_layered(
            result,
            settings,
            ("nerves_projection", "Nerves found, coronal projection"),
            (whole, f"Coronal maximum intensity projection over {reach:.0f} mm"),
            lambda axes: _draw_nerves(axes, result),
        ),
        **_layered(
            result,
            settings,
            ("nerves_coronal", "Nerve masks, coronal slab"),
            (slab, f"Coronal slab, mean of {settings.slab_thickness_mm:.0f} mm, {views.reason}"),
            lambda axes: _draw_masks(axes, slab, slab_labels),
        ),
        **_layered(
            result,
            settings,
            ("nerves_axial", "Nerve masks, axial plane"),
            (axial, f"Axial plane seen from the feet, {views.reason}"),
            lambda axes: _draw_masks(axes, axial, axial_labels),
        ),
    }


def _layered(
    result: CaseResult,
    settings: ReportSettings,
    names: tuple[str, str],
    picture_words: tuple[Picture, str],
    draw: Callable[[Axes], None],
) -> Mapping[str, Figure]:
    """Plain picture and the transparent layer that belongs on it."""
    (name, title), (picture, words) = names, picture_words
    plain = _base_axes(result, picture, settings)
    layer = picture_axes(picture, settings.picture_width_px)
    draw(layer)
    found = _found_words(result)
    return {
        name: Figure(
            to_webp(plain, quality_percent=settings.webp_quality_percent),
            WEBP,
            f"{words}; patient's right on the left.",
            f"{words}. {found} {SHORT_NAMES_LEGEND} {_DIRECTION_NOTE}",
            title,
            "nerves",
        ),
        f"{name}_overlay": Figure(
            to_webp(layer, quality_percent=None),
            WEBP,
            f"Layer with the nerves found: {found}",
            "",
            title,
            "nerves",
            overlay_of=name,
        ),
    }


def _found_words(result: CaseResult) -> str:
    """What the layer shows, side by side."""
    parts = []
    for side, word in ((Side.RIGHT, "R"), (Side.LEFT, "L")):
        names = [nerve_words(nerve) for s, nerve in NERVE_KEYS if (s, nerve) in result.nerves
                 and s is side]  # fmt: skip
        parts.append(f"{word}: {', '.join(names) or 'none found'}.")
    return " ".join(parts)


def _base_axes(result: CaseResult, picture: Picture, settings: ReportSettings) -> Axes:
    """Grey picture with side letters and a scale bar."""
    axes = picture_axes(picture, settings.picture_width_px)
    percent = (settings.window_low_percent, settings.window_high_percent)
    show_picture(axes, picture, display_window(picture, *percent))
    sure = result.frame is not None and result.frame.proof.proven
    for letter, place in (("R", 0.03), ("L", 0.97)):
        text = letter if sure else f"{letter}?"
        write(axes, (place, 0.5), text, transform=axes.transAxes, fontsize=20, weight="bold")
    right = picture.right_mm - 0.04 * (picture.right_mm - picture.left_mm)
    towards = np.sign(picture.left_mm - picture.right_mm)
    bottom = picture.bottom_mm + 0.05 * picture.height_mm
    axes.plot([right, right + towards * _BAR_MM], [bottom, bottom], color="white", lw=3)
    write(
        axes,
        (right + towards * _BAR_MM / 2, bottom + 0.03 * picture.height_mm),
        f"{_BAR_MM:.0f} mm",
        fontsize=11,
    )
    return axes


def _proof_picture(
    result: CaseResult, picture: Picture, settings: ReportSettings, draw: Callable[[Axes], None]
) -> bytes:
    axes = _base_axes(result, picture, settings)
    draw(axes)
    return to_webp(axes, quality_percent=settings.webp_quality_percent)


def _proof_coronal(axes: Axes, result: CaseResult) -> None:
    if result.frame is not None:
        canal = result.frame.canal.points_mm
        axes.plot(canal[:, 0], canal[:, 2], color="black", lw=3)
        axes.plot(canal[:, 0], canal[:, 2], color=_MIDLINE_COLOR, lw=1.5, ls=(0, (6, 4)))
    starts = _first_nodes(result)
    for side, (marker, color) in _FIRST_NODES.items():
        points = starts[side]
        axes.scatter(points[:, 0], points[:, 2], s=60, marker=marker, c=color, ec="black")


def _proof_axial(axes: Axes, result: CaseResult, views: Views) -> None:
    if result.frame is not None:
        height = np.array([[0.0, 0.0, views.proof_height_mm]])
        centre = result.frame.canal_at(height)[0]
        forward = np.cross(np.array([0.0, 0.0, 1.0]), result.frame.right)
        ends = centre[:2] + np.outer((-400.0, 400.0), forward[:2])
        axes.plot(ends[:, 0], ends[:, 1], color="black", lw=3)
        axes.plot(ends[:, 0], ends[:, 1], color=_MIDLINE_COLOR, lw=1.5, ls=(0, (6, 4)))
        axes.scatter(
            centre[0], centre[1], s=300, marker="o", fc="none", ec=_CANAL_COLOR, linewidths=2
        )
    for side, (marker, color) in _FIRST_NODES.items():
        points = _first_nodes(result)[side]
        near = points[np.abs(points[:, 2] - views.proof_height_mm) <= 5.0]  # noqa: PLR2004 - mm
        axes.scatter(near[:, 0], near[:, 1], s=60, marker=marker, c=color, ec="black")


def _first_nodes(result: CaseResult) -> Mapping[Side, FloatArray]:
    """First points (n, 3) of the nerves of each side."""
    starts = {side: [np.empty((0, 3))] for side in Side}
    for (side, _), traced in result.nerves.nerves.items():
        starts[side].append(traced.centerline.points_mm[:1])
    return {side: np.concatenate(points) for side, points in starts.items()}


def _draw_nerves(axes: Axes, result: CaseResult) -> None:
    """Each centerline in its colour, with its name."""
    for (_, nerve), traced in result.nerves.nerves.items():
        points = traced.centerline.points_mm
        axes.plot(points[:, 0], points[:, 2], color="black", lw=3.5, alpha=0.6)
        axes.plot(points[:, 0], points[:, 2], color=NERVE_COLORS[nerve], lw=1.8)
    draw_tags(axes, nerve_tags(result.nerves))


def _draw_masks(axes: Axes, picture: Picture, labels: LabelPicture) -> None:
    """Outline of each label on the picture's pixels."""
    across, rows = picture.centers_mm
    for side, nerve in NERVE_KEYS:
        inside = labels == label_index(side, nerve)
        if inside.any():
            axes.contour(
                across, rows, inside.astype(float), levels=[0.5],
                colors=[NERVE_COLORS[nerve]], linewidths=1.6,
            )  # fmt: skip


__all__ = ["RADIOLOGICAL", "nerve_figures", "side_figures"]
