"""Files about a whole study: inventory table, group tables and the study's page."""

from collections.abc import Iterable
from pathlib import Path

from plexus_mri.batch.status import CaseState, CaseStatus
from plexus_mri.batch.stored import read_figures, read_summary
from plexus_mri.errors import InputError
from plexus_mri.io.atomic import write_text
from plexus_mri.io.derivatives import case_paths, write_group_tables
from plexus_mri.report.html import index_entry, render_index


def write_study_files(out: Path, rows: Iterable[CaseStatus]) -> None:
    """Write the group tables and ``index.html`` from what is complete.

    Raises
    ------
    InputError
        When a stored table is damaged.
    OutputError
        When a file cannot be written.
    """
    write_group_tables(out)
    entries = [_entry(out, row) for row in sorted(rows, key=lambda row: row.key)]
    write_text(out / "index.html", render_index(entries))


def _entry(out: Path, row: CaseStatus) -> dict[str, object]:
    reason = f"{row.reason.text} ({row.reason})" if row.reason else None
    if row.state is CaseState.FINISHED:
        try:
            return _finished_entry(out, row)
        except InputError as error:
            # Results that someone removed or edited by hand must not cost the others their page.
            reason = str(error)
    return {
        "subject": row.subject,
        "session": row.session,
        "state": row.state.value,
        "reason": reason,
    }


def _finished_entry(out: Path, row: CaseStatus) -> dict[str, object]:
    paths = case_paths(out, row.subject, row.session)
    summary = read_summary(paths.summary)
    figures = read_figures(paths, summary)
    return dict(index_entry(summary, figures, state=row.state.value, link=paths.html.name))
