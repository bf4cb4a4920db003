"""Pages from stored data: one self-contained HTML file a case, and the study's index."""

from collections.abc import Callable, Mapping, Sequence

from plexus_mri.report.canvas import Figure
from plexus_mri.report.pages import content_policy, render_page
from plexus_mri.report.rating_form import COLUMNS, rated_case, rating_form
from plexus_mri.report.viewer import IMAGE, viewer_bundle, viewer_name
from plexus_mri.report.words import RADIOLOGICAL, SIGN_RULE

_GROUPS = ("verdict", "side_proof", "maps", "template", "nerves", "profiles", "muscles", "blind")
_REPORT_SCRIPTS = (
    "early.js.j2",
    "script.js.j2",
    "rating_files.js.j2",
    "ratings.js.j2",
    "report.js.j2",
)


def figures_from_store(
    summary: Mapping[str, object], read: Callable[[str], bytes]
) -> Mapping[str, Figure]:
    """Figures listed in a stored summary, with their bytes read again by file name."""
    notes = summary.get("figures", [])
    if not isinstance(notes, Sequence):
        return {}
    keys = ("mime", "alt", "caption", "title", "group", "overlay_of")
    return {
        str(note["name"]): Figure(
            bytes=read(str(note["file"])), **{key: str(note[key]) for key in keys}
        )
        for note in notes
    }


def render_html(summary: Mapping[str, object], figures: Mapping[str, Figure]) -> str:
    """One self-contained page from the stored summary and figures; measures nothing.

    Raises
    ------
    jinja2.UndefinedError
        When the summary lacks something that the page must say.
    """
    pairs: dict[str, list[tuple[str, Figure, Figure | None]]] = {name: [] for name in _GROUPS}
    layers = {figure.overlay_of: figure for figure in figures.values() if figure.overlay_of}
    for name, figure in figures.items():
        if figure.group in pairs and not figure.overlay_of:
            pairs[figure.group].append((name, figure, layers.get(name)))
    viewer = viewer_name(_stem(summary)) if IMAGE in figures and viewer_bundle() else None
    return render_page(
        "report.html.j2",
        s=summary,
        figures=pairs,
        viewer=viewer,
        form=rating_form(),
        case=rated_case(summary),
        columns=COLUMNS,
        radiological=RADIOLOGICAL,
        sign_rule=SIGN_RULE,
        policy=content_policy(_REPORT_SCRIPTS, extra=("connect-src 'self'",)),
    )


def _stem(summary: Mapping[str, object]) -> str:
    case = rated_case(summary)
    return "_".join(str(part) for part in (case["participant_id"], case["session_id"]) if part)
