"""A study from input to tables: every case in a process of its own, none forgotten."""

import logging
import signal
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Protocol

from plexus_mri import __version__
from plexus_mri.batch.case_job import CaseJob
from plexus_mri.batch.case_process import measure_case
from plexus_mri.batch.crash import write_crash_file
from plexus_mri.batch.engine import (
    Announce,
    Ended,
    Event,
    StepReached,
    run_jobs,
    threads_per_job,
    use_threads,
)
from plexus_mri.batch.inventory_table import write_inventory
from plexus_mri.batch.ledger import Ledger
from plexus_mri.batch.outcome import CRASHED, STOPPED, CaseOutcome, study_exit_code
from plexus_mri.batch.output_folder import check_output, clear_case, clear_leftovers
from plexus_mri.batch.participants import copy_groups
from plexus_mri.batch.plan import StudyPlan, check_source, keep_private, make_plan
from plexus_mri.batch.request import StudyRequest
from plexus_mri.batch.run_log import logged
from plexus_mri.batch.status import CaseState, CaseStatus, read_status
from plexus_mri.batch.study_files import write_study_files
from plexus_mri.errors import InputError
from plexus_mri.io.derivatives import case_paths, write_dataset_files
from plexus_mri.reasons import ReasonCode

logger = logging.getLogger(__name__)
Work = Callable[[CaseJob, Announce], CaseOutcome]


class Listener(Protocol):
    """Who wants to know how a study goes."""

    def planned(self, to_measure: int, done: int) -> None:
        """How many cases will be measured and how many are done already."""

    def step(self, name: str, step: str) -> None:
        """A case begins a step."""

    def ended(self, row: CaseStatus, sentence: str) -> None:
        """A case ended; ``sentence`` says why it failed."""


@dataclass(frozen=True)
class StudyEnd:
    """Rows of the cases that were asked for, and the exit code."""

    rows: tuple[CaseStatus, ...]
    exit_code: int


def run_study(
    request: StudyRequest, listener: Listener, *, single: bool = False, work: Work = measure_case
) -> StudyEnd:
    """Measure all cases of a request and write the study's tables and page.

    Parameters
    ----------
    single
        Refuse an input with more than one case.
    work
        What is done to a case inside its own process.

    Raises
    ------
    InputError, SettingsError, OutputError
        When nothing could be started.
    """
    check_source(request.source)
    check_output(request.out, request.source)
    plan = make_plan(request)
    if single:
        check_single(plan)
    clear_leftovers(request.out)
    write_dataset_files(request.out, version=__version__)
    keep_private(request.source, request.out, plan.inventory)
    write_inventory(request.out, plan.inventory)
    copy_groups(request.source, request.out, {case.subject for case in plan.cases})
    with logged(request.out):
        return _run_plan(plan, request, listener, work)


def _run_plan(plan: StudyPlan, request: StudyRequest, listener: Listener, work: Work) -> StudyEnd:
    """Measure what is not done yet; the study's files are written whatever failed."""
    ledger = Ledger(request.out, read_status(request.out))
    jobs = to_measure(plan, request)
    stopped = False
    try:
        ledger.expect(_fresh_row(job) for job in jobs)
        listener.planned(len(jobs), len(plan.jobs) - len(jobs))
        logger.info("%d cases to measure, %d done already", len(jobs), len(plan.jobs) - len(jobs))
        _book_unusable(plan, ledger, listener)
        _measure(jobs, request, ledger, listener, work)
    except KeyboardInterrupt:
        ledger.stop()
        stopped = True
    _clear_unfinished(plan, ledger)
    write_study_files(request.out, ledger.rows())
    keys = {case.key for case in plan.cases}
    code = STOPPED if stopped else study_exit_code(ledger.outcomes_of(keys))
    logger.info("exit code %d", code)
    return StudyEnd(ledger.rows_of(keys), code)


def check_single(plan: StudyPlan) -> None:
    """Refuse a plan with more than one case.

    Raises
    ------
    InputError
        Names the cases.
    """
    names = sorted({case.subject for case in plan.cases})
    count = len(plan.cases)
    if count > 1:
        msg = (
            f"the input holds {count} cases ({', '.join(names)}); "
            "use 'batch', or choose one with --participant-label"
        )
        raise InputError(msg, ReasonCode.INPUT_AMBIGUOUS)


def _clear_unfinished(plan: StudyPlan, ledger: Ledger) -> None:
    """Leave no half-written result and no older one where a case is not finished."""
    for row in ledger.rows_of({case.key for case in plan.cases}):
        if row.state is not CaseState.FINISHED:
            clear_case(ledger.out, row.subject, row.session)


def _book_unusable(plan: StudyPlan, ledger: Ledger, listener: Listener) -> None:
    for case in plan.unusable:
        row = CaseStatus(case.subject, case.session, step="inventory")
        _end(row, case.outcome, ledger, listener)


def to_measure(plan: StudyPlan, request: StudyRequest) -> tuple[CaseJob, ...]:
    """Jobs that are not done yet; all of them when the request does not resume."""
    rows = {row.key: row for row in read_status(request.out)} if request.resume else {}
    return tuple(job for job in plan.jobs if not _is_done(job, rows.get(job.key)))


def _is_done(job: CaseJob, row: CaseStatus | None) -> bool:
    """Whether a case is finished from this very input and recipe, and its result is there."""
    return (
        row is not None
        and row.state is CaseState.FINISHED
        and row.recipe_sha256 == job.recipe_sha256
        and row.input_sha256 == job.input_sha256
        and case_paths(job.out, job.subject, job.session).html.is_file()
    )


def _measure(
    jobs: Sequence[CaseJob],
    request: StudyRequest,
    ledger: Ledger,
    listener: Listener,
    work: Work,
) -> None:
    """Run the jobs and book every event."""
    use_threads(threads_per_job(min(request.limits.jobs, max(1, len(jobs)))))
    wanted = takewhile(
        lambda _: not ledger.should_halt(on_failure=request.stop_on_first_crash), jobs
    )
    with closing(run_jobs(wanted, work, request.limits)) as events:
        for event in events:
            _book(event, jobs[event.job], ledger, listener)


def _fresh_row(job: CaseJob) -> CaseStatus:
    return CaseStatus(
        job.subject,
        job.session,
        input_sha256=job.input_sha256,
        recipe_sha256=job.recipe_sha256,
    )


def _book(event: Event[CaseOutcome], job: CaseJob, ledger: Ledger, listener: Listener) -> None:
    row = ledger.row(job.key) or _fresh_row(job)
    match event:
        case StepReached():
            row = replace(row, step=event.step)
            ledger.book(row)
            listener.step(row.name, event.step)
        case Ended():
            row = replace(row, seconds=event.seconds, peak_memory_mb=event.peak_memory_mb)
            outcome = event.result or _died(event)
            if outcome.crash:
                write_crash_file(job.out, row.name.replace(" ", "_"), outcome.crash)
            _end(row, outcome, ledger, listener)
        case _:
            ledger.book(replace(row, state=CaseState.RUNNING))


def _end(row: CaseStatus, outcome: CaseOutcome, ledger: Ledger, listener: Listener) -> None:
    row = replace(row, state=outcome.state, reason=outcome.reason)
    ledger.book(row, outcome)
    logger.info("%s: %s %s", row.name, row.state, row.reason or "")
    listener.ended(row, outcome.sentence)


def _died(event: Ended[CaseOutcome]) -> CaseOutcome:
    """Outcome of a process that ended without a word."""
    number = event.signal_number
    how = f"by {signal.Signals(number).name}" if number else "without a result"
    sentence = (
        f"the process of this case ended {how}: a defect in a library, or too little memory; "
        "the other cases are not affected"
    )
    return CaseOutcome(CaseState.FAILED, CRASHED, ReasonCode.CASE_CRASHED, sentence, sentence)
