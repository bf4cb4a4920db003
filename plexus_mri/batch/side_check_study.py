"""Side check of every case of an input: measured, mirrored, compared and written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from plexus_mri import __version__
from plexus_mri.batch.case_job import CaseJob
from plexus_mri.batch.case_process import read_case
from plexus_mri.batch.outcome import CaseOutcome, outcome_of_error, study_exit_code
from plexus_mri.batch.output_folder import check_output
from plexus_mri.batch.plan import keep_private, make_plan
from plexus_mri.batch.request import StudyRequest
from plexus_mri.batch.side_check import (
    Measure,
    NerveAgreement,
    SideSummary,
    check_sides,
    summary_of,
)
from plexus_mri.batch.status import CaseState
from plexus_mri.batch.work_folder import claim, study_lock
from plexus_mri.core.case import Case, CaseResult
from plexus_mri.core.caveats import CAVEATS
from plexus_mri.errors import PlexusError
from plexus_mri.io.atomic import write_text
from plexus_mri.io.derivatives import write_dataset_files
from plexus_mri.io.side_check import PAGE, REPORT, TABLE, write_side_check
from plexus_mri.pipeline import run_case
from plexus_mri.report.side_page import render_side_page

_WORDS = (
    "Each image was measured twice, as it is and mirrored. What differs comes from the method "
    "alone: no difference means that it treats both sides alike, not that it is right."
)


@dataclass(frozen=True)
class CheckedCase:
    """One case of a side check; no nerves where it could not be measured."""

    subject: str
    session: str | None
    outcome: CaseOutcome
    nerves: tuple[NerveAgreement, ...] = ()

    @property
    def sentence(self) -> str:
        """How far the two results agree, or why there is none."""
        if self.outcome.reason is not None:
            return f"{self.outcome.reason}: {self.outcome.reason.text}"
        found = summary_of(self.nerves)
        if not found.nerves:
            return f"No nerve was found in both images, {found.one_only} in one alone."
        return (
            f"{found.nerves} nerves were found in both images, {found.one_only} in one alone; "
            f"medians: {_medians(found)}."
        )


def check_study(
    request: StudyRequest, tell: Callable[[str], None], measure: Measure | None = None
) -> tuple[tuple[CheckedCase, ...], int]:
    """Check every case of the input; gives the cases and the exit code.

    Parameters
    ----------
    tell
        Takes one line a case.
    measure
        What is judged; by default the whole flow with the settings of the request.

    Raises
    ------
    InputError, SettingsError, OutputError
        When nothing could be started or written.
    """
    check_output(request.out, request.source)
    plan = make_plan(request)
    with study_lock(request.out, alone=False):
        claim(request.out, (TABLE, str(Path(TABLE).with_suffix(".json")), REPORT, PAGE))
        write_dataset_files(request.out, version=__version__)
        keep_private(request.source, request.out, plan.inventory)
        cases = [CheckedCase(c.subject, c.session, c.outcome) for c in plan.unusable]
        for job in plan.jobs:
            cases.append(_checked(job, measure or _whole_flow(request)))
            tell(f"sub-{job.subject}: {cases[-1].sentence}")
        _write(request.out, cases)
    return tuple(cases), study_exit_code([case.outcome for case in cases])


def _whole_flow(request: StudyRequest) -> Measure:
    def measure(case: Case) -> CaseResult:
        return run_case(case, request.settings)

    return measure


def _checked(job: CaseJob, measure: Measure) -> CheckedCase:
    """One case; what a stage refuses ends it alone."""
    try:
        nerves = check_sides(read_case(replace(job, maps=())), measure)
    except PlexusError as error:
        return CheckedCase(job.subject, job.session, outcome_of_error(error))
    return CheckedCase(job.subject, job.session, CaseOutcome(CaseState.FINISHED), nerves)


def _write(out: Path, cases: list[CheckedCase]) -> None:
    rows = [
        {"subject": case.subject, "session": case.session, **_row(nerve)}
        for case in cases
        for nerve in case.nerves
    ]
    report = {
        "schema_version": "1",
        "caveats": CAVEATS,
        "words": _WORDS,
        "software": {"plexus-mri": __version__},
        "cases": [_case_facts(case) for case in cases],
    }
    write_side_check(out, rows, report)
    write_text(out / PAGE, render_side_page(report))


def _case_facts(case: CheckedCase) -> Mapping[str, object]:
    return {
        "subject": case.subject,
        "session": case.session,
        "reason": case.outcome.reason,
        "sentence": case.sentence,
        "nerves": [_row(nerve) for nerve in case.nerves],
    }


def _row(nerve: NerveAgreement) -> dict[str, object]:
    return {
        "nerve": nerve.key[1].value,
        "side": nerve.key[0].value,
        "dice": _rounded(nerve.dice, 3),
        "csa_original_mm2": _rounded(nerve.csa_original_mm2, 2),
        "csa_mirrored_mm2": _rounded(nerve.csa_mirrored_mm2, 2),
        "caliber_percent": _rounded(nerve.caliber_percent, 2),
        "position_mm": _rounded(nerve.position_mm, 3),
        "reason": nerve.reason.value if nerve.reason else None,
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits) + 0.0


def _medians(found: SideSummary) -> str:
    numbers = (
        ("overlap", found.dice, "", 3),
        ("caliber", found.caliber_percent, " %", 2),
        ("position", found.position_mm, " mm", 3),
    )
    return ", ".join(
        f"{name} n/a" if value is None else f"{name} {value:.{digits}f}{unit}"
        for name, value, unit, digits in numbers
    )
