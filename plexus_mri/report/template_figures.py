"""Where the template expects the nerves, on the picture on which they were traced."""

from collections.abc import Mapping

from plexus_mri.core.case import CaseResult
from plexus_mri.report.base_picture import DIRECTION_NOTE, base_axes
from plexus_mri.report.canvas import NERVE_COLORS, WEBP, Figure, to_webp
from plexus_mri.report.settings import ReportSettings
from plexus_mri.report.views import Cuts

_TITLE = "Where the template expects the nerves, coronal projection"
_WORDS = "Broken white lines: mean courses of the template; coloured lines: nerves traced here."


def template_figures(
    result: CaseResult, cuts: Cuts, settings: ReportSettings
) -> Mapping[str, Figure]:
    """Mean courses carried to the patient, with the traced nerves; none without a place."""
    match = result.template
    if match is None or match.transform is None:
        return {}
    axes = base_axes(result, cuts.projection, settings)
    for course in match.template.courses.values():
        points = match.transform.to_world(course.centerline.points_mm)
        axes.plot(points[:, 0], points[:, 2], color="white", lw=1.6, ls=(0, (4, 2)))
    for (_, nerve), traced in result.nerves.nerves.items():
        points = traced.centerline.points_mm
        axes.plot(points[:, 0], points[:, 2], color=NERVE_COLORS[nerve], lw=1.8)
    words = f"{_WORDS} Patient's right on the left."
    shown = to_webp(axes, quality_percent=settings.webp_quality_percent)
    caption = f"{_WORDS} {DIRECTION_NOTE}"
    return {"template": Figure(shown, WEBP, words, caption, _TITLE, "template")}
