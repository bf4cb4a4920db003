"""Pages from stored data: one self-contained HTML file a case, and the study's index."""

import base64
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from plexus_mri.core.caveats import CAVEATS
from plexus_mri.report.canvas import Figure
from plexus_mri.report.words import RADIOLOGICAL, SIGN_RULE

_GROUPS = ("verdict", "side_proof", "maps", "nerves", "profiles")
_INDEX_KEYS = ("subject", "session", "state", "reason", "findings", "link", "thumbnail")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("plexus_mri.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data_uri"] = data_uri
    environment.filters["shown"] = shown
    return environment


def data_uri(figure: Figure) -> str:
    """Address that holds the picture itself."""
    return f"data:{figure.mime};base64,{base64.b64encode(figure.bytes).decode('ascii')}"


def shown(value: object) -> str:
    """Value of a fact for reading: words for yes and no, ``n/a`` for nothing.

    >>> shown(True), shown(None), shown([1, 2.5])
    ('yes', 'n/a', '1, 2.5')
    """
    if value is None or value == "":
        return "n/a"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {shown(item)}" for key, item in value.items()) or "n/a"
    if isinstance(value, list | tuple):
        return ", ".join(shown(item) for item in value) or "n/a"
    return str(value)


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
    return _environment().get_template("report.html.j2").render(
        s=summary, figures=pairs, radiological=RADIOLOGICAL, sign_rule=SIGN_RULE
    )  # fmt: skip


def index_entry(
    summary: Mapping[str, object], figures: Mapping[str, Figure], *, state: str, link: str
) -> Mapping[str, object]:
    """What the study's page says about one finished case."""
    verdict = summary["verdict"]
    thumbnail = figures.get("thumbnail")
    return {
        "subject": summary["subject"],
        "session": summary["session"],
        "state": state,
        "reason": _why_nothing(summary["registration"]),
        "findings": _sentences(verdict, "headline") + _sentences(verdict, "findings"),
        "link": link,
        "thumbnail": None if thumbnail is None else data_uri(thumbnail),
    }


def _why_nothing(registration: object) -> str | None:
    """Why a finished case compares nothing at all: no midline; None when there is one."""
    if not isinstance(registration, Mapping) or registration.get("midline_found"):
        return None
    return f"{registration.get('reason_text')} ({registration.get('reason')})"


def _sentences(part: object, key: str) -> list[str]:
    found = part.get(key) if isinstance(part, Mapping) else None
    return [str(sentence) for sentence in found] if isinstance(found, list | tuple) else []


def render_index(cases: Sequence[Mapping[str, object]]) -> str:
    """The study's page: one row a case, sortable, with links to the pages of the cases.

    Parameters
    ----------
    cases
        Each with ``subject`` and ``state``, and where known ``session``, ``reason`` (in words),
        ``findings`` (sentences), ``link`` (relative) and ``thumbnail`` (a data address).
    """
    rows = [{key: case.get(key) for key in _INDEX_KEYS} for case in cases]
    counts: dict[str, int] = {}
    for row in rows:
        counts[str(row["state"])] = counts.get(str(row["state"]), 0) + 1
    return _environment().get_template("index.html.j2").render(
        rows=rows, counts=counts, caveats=CAVEATS
    )  # fmt: skip
