"""The study's page: every case in one table, what stands apart, and the ratings."""

import base64
from collections import Counter
from collections.abc import Mapping, Sequence

from plexus_mri.core.caveats import CAVEATS
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.canvas import Figure
from plexus_mri.report.pages import content_policy, render_page
from plexus_mri.report.rating_form import COLUMNS, rating_form
from plexus_mri.report.study_charts import Distribution, distribution_figure
from plexus_mri.report.study_model import VERDICT_WORDS, case_facts

_SCRIPTS = ("early.js.j2", "script.js.j2", "rating_files.js.j2", "ratings.js.j2", "study.js.j2")
_EMPTY: Mapping[str, object] = {
    "session": None,
    "group": None,
    "reason": None,
    "reasons": (),
    "findings": (),
    "link": None,
    "thumbnail": None,
    "verdict": "",
    "verdict_words": "",
    "failed_quality": (),
    "case": None,
    "left_out": None,
}


def index_entry(
    summary: Mapping[str, object], thumbnail: Figure | None, *, state: str, link: str
) -> Mapping[str, object]:
    """What the study's page says about one finished case."""
    verdict = summary["verdict"]
    return {
        "subject": summary["subject"],
        "session": summary["session"],
        "state": state,
        "reason": _why_nothing(summary["registration"]),
        "findings": _sentences(verdict, "headline") + _sentences(verdict, "findings"),
        "link": link,
        "thumbnail": None
        if thumbnail is None
        else base64.b64encode(thumbnail.bytes).decode("ascii"),
        **case_facts(summary),
    }


def _why_nothing(registration: object) -> str | None:
    """Why a finished case compares nothing at all: no midline; None when there is one."""
    if not isinstance(registration, Mapping) or registration.get("midline_found"):
        return None
    return f"{registration.get('reason_text')} ({registration.get('reason')})"


def _sentences(part: object, key: str) -> list[str]:
    found = part.get(key) if isinstance(part, Mapping) else None
    return [str(sentence) for sentence in found] if isinstance(found, list | tuple) else []


def render_index(
    cases: Sequence[Mapping[str, object]],
    *,
    ratings: Sequence[Mapping[str, object]] = (),
    distributions: Sequence[Distribution] = (),
    cutoff: str = "",
    profiles: Mapping[str, Figure] | None = None,
) -> str:
    """The study's page: a row a case, sortable and filterable, with links to the cases' pages.

    Parameters
    ----------
    cases
        Each with ``subject`` and ``state``, and where known what `index_entry` gives.
    ratings
        Ratings stored in the study, each with ``stale``.
    distributions
        Numbers of all cases.
    cutoff
        When a value stands apart, in words.
    profiles
        Charts over all cases, by name.
    """
    rows = [{**_EMPTY, **case} for case in cases]
    chart, points = distribution_figure(distributions)
    return render_page(
        "index.html.j2",
        rows=rows,
        counts=Counter(str(row["state"]) for row in rows),
        choices=_choices(rows),
        verdict_words=VERDICT_WORDS,
        reason_words=_reason_words(rows),
        thumbnails=[row["thumbnail"] for row in rows],
        rated=[row["case"] for row in rows],
        ratings=list(ratings),
        columns=COLUMNS,
        form=rating_form(),
        chart=chart,
        points=points,
        apart=_apart(distributions),
        cutoff=cutoff,
        profiles=profiles or {},
        caveats=CAVEATS,
        policy=content_policy(_SCRIPTS, extra=("connect-src 'self'",)),
    )


def _choices(rows: Sequence[Mapping[str, object]]) -> Mapping[str, list[str]]:
    """What can be chosen in each filter."""
    return {
        "state": sorted({str(row["state"]) for row in rows}),
        "verdict": sorted({str(row["verdict"]) for row in rows if row["verdict"]}),
        "group": sorted({str(row["group"]) for row in rows if row["group"]}),
        "reason": sorted(_reason_words(rows)),
    }


def _reason_words(rows: Sequence[Mapping[str, object]]) -> Mapping[str, str]:
    """Reason codes of all cases, each with its words; a code of another version is its own."""
    known = {code.value: code.text for code in ReasonCode}
    codes = {
        str(code)
        for row in rows
        for code in (row["reasons"] if isinstance(row["reasons"], list | tuple) else ())
    }
    return {code: known.get(code, code) for code in codes}


def _apart(distributions: Sequence[Distribution]) -> list[Mapping[str, object]]:
    """Cases that stand apart in a number, with its limits."""
    return [
        {
            "link": link,
            "case": link.removesuffix(".html"),
            "words": d.words,
            "value": f"{value:.4g} {d.unit}".strip(),
            "limits": f"{d.limits[0]:.4g} to {d.limits[1]:.4g} {d.unit}".strip(),
        }
        for d in distributions
        if d.limits is not None
        for value, link, apart in zip(d.values, d.cases, d.apart, strict=True)
        if apart
    ]
