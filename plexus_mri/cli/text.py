"""Words for the terminal."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from plexus_mri.batch.status import FILE_NAME, CaseState, CaseStatus
from plexus_mri.core.caveats import CAVEATS
from plexus_mri.reasons import ReasonCode

_COUNTED = (CaseState.FINISHED, CaseState.FAILED, CaseState.REFUSED)
# Maps with zeros; shading that was not taken out or is hardly known; values without a zero.
_DOUBTS = frozenset(
    {
        ReasonCode.MAP_ZERO,
        ReasonCode.SHADING_KEPT,
        ReasonCode.SHADING_DOUBT,
        ReasonCode.PIXEL_NEGATIVE,
    }
)
_OPEN = (CaseState.PENDING, CaseState.RUNNING, CaseState.STOPPED)


def closing_line(rows: Sequence[CaseStatus], code: int, out: Path | None) -> str:
    """Last line of every run: counts, exit code and where the states are written.

    >>> closing_line((), 3, None)
    '0 finished, 0 failed, 0 refused; exit code 3; no status.tsv written'
    """
    states = [row.state for row in rows]
    counts = [f"{states.count(state)} {state}" for state in _COUNTED]
    left = sum(states.count(state) for state in _OPEN)
    counts += [f"{left} not done"] if left else []
    where = f"status: {out / FILE_NAME}" if out else f"no {FILE_NAME} written"
    return f"{', '.join(counts)}; exit code {code}; {where}"


def counted(number: int, what: str) -> str:
    """Number with its noun.

    >>> counted(1, "case"), counted(2, "page")
    ('1 case', '2 pages')
    """
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def verdict_lines(summary: Mapping[str, object]) -> list[str]:
    """Headline and findings of a stored summary, and what speaks against them."""
    verdict = summary.get("verdict")
    if not isinstance(verdict, Mapping):
        return []
    return [
        *verdict.get("headline", ()),
        *verdict.get("findings", ()),
        *_lost_maps(summary),
        *_doubts(summary),
    ]


def _lost_maps(summary: Mapping[str, object]) -> list[str]:
    """One line for each map that was left out, with its reason."""
    registration = summary.get("registration")
    maps = registration.get("maps", ()) if isinstance(registration, Mapping) else ()
    return [
        f"map {row['name']} left out ({row['reason']}): {row['sentence']}"
        for row in maps
        if not row["used"]
    ]


def _doubts(summary: Mapping[str, object]) -> list[str]:
    """One line for each warning without which the findings would be misread."""
    warnings = summary.get("warnings")
    rows = warnings if isinstance(warnings, list) else []
    return [f"{row['sentence']} ({row['reason']})" for row in rows if row["reason"] in _DOUBTS]


def caveat_lines() -> str:
    """Sentences that stand under every printed result."""
    return "\n".join(CAVEATS)


def status_table(rows: Sequence[CaseStatus]) -> str:
    """Every case with its state and, where it has none to show, the reason in words."""
    lines = [(row.name, row.state.value, row.step, _why(row)) for row in rows]
    return table(("case", "state", "last step", "reason"), lines)


def open_cases_text(rows: Sequence[CaseStatus]) -> str:
    """How a running study stands: counts, what runs now, what went wrong."""
    states = [row.state for row in rows]
    counts = ", ".join(f"{states.count(state)} {state}" for state in CaseState)
    shown = {CaseState.RUNNING, CaseState.FAILED, CaseState.REFUSED}
    return f"{counts}\n{status_table([row for row in rows if row.state in shown])}"


def _why(row: CaseStatus) -> str:
    return f"{row.reason}: {row.reason.text}" if row.reason else ""


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows in aligned columns.

    >>> print(table(("a", "b"), [("long", "1")]))
    a     b
    long  1
    """
    lines = [header, *rows]
    widths = [max(len(line[k]) for line in lines) for k in range(len(header))]
    padded = ("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) for line in lines)
    return "\n".join(line.rstrip() for line in padded)
