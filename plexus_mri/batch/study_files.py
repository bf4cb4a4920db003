"""Files about a whole study: group tables and the study's page, which grow as cases finish."""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from plexus_mri.batch.ledger import Ledger
from plexus_mri.batch.status import CaseState, CaseStatus
from plexus_mri.batch.stored import read_figures, read_summary
from plexus_mri.batch.work_folder import brief_lock, case_folder, read_record, write_record
from plexus_mri.errors import InputError, OutputError
from plexus_mri.io.atomic import write_text
from plexus_mri.io.derivatives import CasePaths, case_paths, write_group_tables
from plexus_mri.report.canvas import Figure
from plexus_mri.report.html import index_entry, render_index

# Tables and page are written again when the last writing is this many times as long ago as it
# took, so that all writings of a run together take 5 % of its time, however many cases there are.
_REST = 20.0


class GrowingFiles:
    """Group tables and page of a running study."""

    def __init__(self, out: Path, ledger: Ledger) -> None:
        self._out, self._ledger = out, ledger
        self._written, self._took = time.monotonic(), 0.0

    def refresh(self) -> None:
        """Write them again where that is due."""
        started = time.monotonic()
        if started - self._written <= _REST * self._took:
            return
        try:
            write_study_files(self._out, self._ledger.rows())
        except (InputError, OutputError):
            return  # said at the end of the run, where it is not in the way of a case
        self._written = time.monotonic()
        self._took = self._written - started


def write_study_files(out: Path, rows: Iterable[CaseStatus]) -> None:
    """Write the group tables and ``index.html`` from what is complete.

    Raises
    ------
    InputError
        When a stored table is damaged.
    OutputError
        When a file cannot be written.
    """
    with brief_lock(out, "study-files"):
        write_group_tables(out)
        entries = [_entry(out, row) for row in sorted(rows, key=lambda row: row.key)]
        write_text(out / "index.html", render_index(entries))


def keep_entry(
    out: Path, paths: CasePaths, summary: Mapping[str, object], figures: Mapping[str, Figure]
) -> None:
    """Keep what the study's page says about a case, so that nobody reads its summary again.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    entry = index_entry(summary, figures, state=CaseState.FINISHED.value, link=paths.html.name)
    kept = {"summary": _mark_of(paths.summary), "entry": dict(entry)}
    write_record(_entry_path(out, str(summary["subject"]), summary.get("session")), kept)


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
    kept = read_record(_entry_path(out, row.subject, row.session))
    entry = kept.get("entry")
    if isinstance(entry, dict) and kept.get("summary") == _mark_of(paths.summary):
        return entry
    summary = read_summary(paths.summary)
    figures = read_figures(paths, summary)
    return dict(index_entry(summary, figures, state=row.state.value, link=paths.html.name))


def _entry_path(out: Path, subject: str, session: object) -> Path:
    return case_folder(out, subject, str(session) if session else None) / "entry.json"


def _mark_of(path: Path) -> list[int]:
    """Size and time of change of a file; empty when it is not there."""
    try:
        stat = path.stat()
    except OSError:
        return []
    return [stat.st_size, stat.st_mtime_ns]
