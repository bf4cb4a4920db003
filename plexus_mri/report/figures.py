"""All pictures and charts of one case, drawn from its result alone."""

from collections.abc import Mapping

from plexus_mri.core.case import CaseResult
from plexus_mri.report.blind_figures import blind_figures
from plexus_mri.report.canvas import WEBP, Figure, shrunk_webp
from plexus_mri.report.charts import difference_figure, profile_figures
from plexus_mri.report.difference_sections import difference_sections
from plexus_mri.report.map_figures import map_figures
from plexus_mri.report.muscle_figures import muscle_figures
from plexus_mri.report.nerve_figures import nerve_figures
from plexus_mri.report.section_figures import section_figures
from plexus_mri.report.settings import ReportSettings
from plexus_mri.report.side_figures import side_figures
from plexus_mri.report.straight_figures import straight_figures
from plexus_mri.report.template_figures import template_figures
from plexus_mri.report.views import choose_views, cut


def draw_figures(result: CaseResult, settings: ReportSettings) -> Mapping[str, Figure]:
    """Pictures and charts by name, in the order of the page; the same result, the same bytes.

    Names that end in ``_overlay`` are transparent layers for the picture named in their
    ``overlay_of``. ``thumbnail`` is for the study's page.
    """
    views = choose_views(result, settings)
    cuts = cut(result, views)
    figures = {
        **difference_figure(result),
        **side_figures(result, views, settings),
        **map_figures(result, views, settings),
        **template_figures(result, cuts, settings),
        **nerve_figures(result, views, cuts, settings),
        **straight_figures(result, settings),
        **difference_sections(result, settings),
        **section_figures(result, settings),
        **profile_figures(result),
        **muscle_figures(result, settings),
        **blind_figures(result, views, cuts, settings),
    }
    return {**figures, "thumbnail": _thumbnail(figures["nerves_projection"], settings)}


def _thumbnail(source: Figure, settings: ReportSettings) -> Figure:
    return Figure(
        shrunk_webp(source.bytes, settings.thumbnail_width_px),
        WEBP,
        "Small coronal projection, patient's right on the left.",
        "",
        "Coronal projection",
        "thumbnail",
    )
