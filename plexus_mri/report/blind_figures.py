"""Pictures for blinded reading: no letter, no name, nothing that tells left from right."""

from collections.abc import Mapping

from plexus_mri.core.anatomy import NERVE_KEYS, label_index
from plexus_mri.core.case import CaseResult
from plexus_mri.report.base_picture import picture_window
from plexus_mri.report.canvas import (
    NERVE_COLORS,
    WEBP,
    Figure,
    picture_axes,
    show_picture,
    to_webp,
)
from plexus_mri.report.settings import ReportSettings
from plexus_mri.report.views import Cuts, Views

_WORDS = "no side is shown and the picture may be mirrored"


def blind_figures(
    result: CaseResult, views: Views, cuts: Cuts, settings: ReportSettings
) -> Mapping[str, Figure]:
    """Projection and axial plane, each plain and as a layer of curves or outlines."""
    coronal, axial = cuts.projection, cuts.axial
    curves, outlines = (picture_axes(p, settings.picture_width_px) for p in (coronal, axial))
    for (_, nerve), traced in result.nerves.nerves.items():
        points = traced.centerline.points_mm
        curves.plot(points[:, 0], points[:, 2], color=NERVE_COLORS[nerve], lw=1.6)
    across, rows = axial.centers_mm
    for side, nerve in NERVE_KEYS:
        inside = cuts.axial_labels == label_index(side, nerve)
        if inside.any():
            outlines.contour(across, rows, inside.astype(float), levels=[0.5],
                             colors=[NERVE_COLORS[nerve]], linewidths=1.6)  # fmt: skip
    figures: dict[str, Figure] = {}
    for name, words, picture, layer, height in (
        ("blind_coronal", "Coronal projection", coronal, curves, None),
        ("blind_axial", "Axial plane", axial, outlines, views.nerve_height_mm),
    ):
        plain = picture_axes(picture, settings.picture_width_px)
        show_picture(plain, picture, picture_window(result, picture, settings, height))
        figures[name] = Figure(
            to_webp(plain, quality_percent=settings.webp_quality_percent),
            WEBP, f"{words}; {_WORDS}.", f"{words}; {_WORDS}.", words, "blind",
        )  # fmt: skip
        figures[f"{name}_overlay"] = Figure(
            to_webp(layer, quality_percent=None),
            WEBP, "Layer with the nerves found.", "", words, "blind", overlay_of=name,
        )  # fmt: skip
    return figures
