"""Pages made again from stored results; nothing is measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from plexus_mri.batch.outcome import OK, SOME_FAILED
from plexus_mri.batch.status import CaseState, CaseStatus, read_status, with_row
from plexus_mri.batch.stored import read_figures, read_summary, reading, refuse_other_layout
from plexus_mri.batch.study_entry import CaseKey, keep_entry
from plexus_mri.batch.study_files import write_study_files
from plexus_mri.batch.viewer_page import write_viewer
from plexus_mri.errors import InputError
from plexus_mri.io.atomic import write_text
from plexus_mri.io.derivatives import case_files, case_paths
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.html import render_html

_SUMMARY = "_desc-summary_report.json"


@dataclass(frozen=True)
class Rebuilt:
    """How many cases were rendered, and in a sentence each why others could not be."""

    rendered: int
    damaged: Mapping[CaseKey, str]

    @property
    def exit_code(self) -> int:
        """Some failed where some were damaged, unusable input where all were."""
        if not self.damaged:
            return OK
        return SOME_FAILED if self.rendered else InputError.exit_code


def rebuild_reports(out: Path) -> Rebuilt:
    """Write every case's page and the study's page again; a damaged case stops no other.

    Raises
    ------
    InputError
        When the folder does not exist or holds no stored result.
    OutputError
        When a page cannot be written.
    """
    if not out.is_dir():
        msg = f"the folder '{out}' does not exist"
        raise InputError(msg, ReasonCode.INPUT_MISSING)
    cases, damaged = [_case(path) for path in case_files(out, _SUMMARY)], {}
    if not cases:
        msg = f"'{out}' holds no stored result; measure first with 'run' or 'batch'"
        raise InputError(msg, ReasonCode.INPUT_EMPTY)
    rows = read_status(out)
    known = {row.key for row in rows}
    for row in cases:
        try:
            _rebuild(out, row)
        except InputError as error:
            damaged[row.key] = str(error)
        rows = rows if row.key in known else with_row(rows, row)
    write_study_files(out, rows, damaged)
    return Rebuilt(len(cases) - len(damaged), damaged)


def _case(path: Path) -> CaseStatus:
    """Case that a summary is of, by its file name: what is inside may be damaged."""
    subject, _, session = path.name.removesuffix(_SUMMARY).partition("_")
    label = session.removeprefix("ses-") or None
    return CaseStatus(subject.removeprefix("sub-"), label, CaseState.FINISHED, step="report")


def _rebuild(out: Path, row: CaseStatus) -> None:
    paths = case_paths(out, row.subject, row.session)
    with reading(paths.html.stem):
        summary = read_summary(paths.summary)
        refuse_other_layout(summary)
        figures = read_figures(paths, summary)
        page = render_html(summary, figures)
        write_viewer(out, summary, figures)
    write_text(paths.html, page)
    keep_entry(out, row.subject, row.session)
