"""Pages made again from stored results; nothing is measured."""

from collections.abc import Iterator
from pathlib import Path

from plexus_mri.batch.status import CaseState, CaseStatus, read_status, with_row
from plexus_mri.batch.stored import read_figures, read_summary
from plexus_mri.batch.study_entry import keep_entry
from plexus_mri.batch.study_files import write_study_files
from plexus_mri.batch.viewer_page import write_viewer
from plexus_mri.errors import InputError
from plexus_mri.io.atomic import write_text
from plexus_mri.io.derivatives import case_paths
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.html import render_html

_SUMMARY = "*_desc-summary_report.json"


def rebuild_reports(out: Path) -> tuple[CaseStatus, ...]:
    """Write every case's page and the study's page again; gives the cases that were rendered.

    Raises
    ------
    InputError
        When the folder does not exist, holds no stored result, or one is damaged.
    OutputError
        When a page cannot be written.
    """
    if not out.is_dir():
        msg = f"the folder '{out}' does not exist"
        raise InputError(msg, ReasonCode.INPUT_MISSING)
    rendered = tuple(_rebuild(out, path) for path in _summaries(out))
    if not rendered:
        msg = f"'{out}' holds no stored result; measure first with 'run' or 'batch'"
        raise InputError(msg, ReasonCode.INPUT_EMPTY)
    rows = read_status(out)
    known = {row.key for row in rows}
    for row in rendered:
        rows = rows if row.key in known else with_row(rows, row)
    write_study_files(out, rows)
    return rendered


def _summaries(out: Path) -> Iterator[Path]:
    yield from sorted([*out.glob(f"sub-*/anat/{_SUMMARY}"), *out.glob(f"sub-*/*/anat/{_SUMMARY}")])


def _rebuild(out: Path, path: Path) -> CaseStatus:
    summary = read_summary(path)
    subject, session = str(summary["subject"]), summary.get("session")
    row = CaseStatus(subject, str(session) if session else None, CaseState.FINISHED, step="report")
    paths = case_paths(out, row.subject, row.session)
    figures = read_figures(paths, summary)
    write_viewer(out, summary, figures)
    write_text(paths.html, render_html(summary, figures))
    keep_entry(out, row.subject, row.session)
    return row
