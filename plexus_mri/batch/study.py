"""A study from input to tables: every case in a process of its own, none forgotten."""

import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Protocol

from plexus_mri import __version__
from plexus_mri.batch.case_job import CaseJob
from plexus_mri.batch.case_work import measure_case
from plexus_mri.batch.crash import write_crash_file
from plexus_mri.batch.death import outcome_of_death
from plexus_mri.batch.engine import Announce, Ended, Event, StepReached, run_jobs
from plexus_mri.batch.inventory_table import write_inventory
from plexus_mri.batch.ledger import Ledger
from plexus_mri.batch.memory import expected_memory_mb
from plexus_mri.batch.outcome import STOPPED, CaseOutcome, study_exit_code
from plexus_mri.batch.output_folder import (
    check_output,
    clear_case,
    clear_leftovers,
    names_of_study,
)
from plexus_mri.batch.participants import take_participants
from plexus_mri.batch.plan import StudyPlan, keep_private, make_plan
from plexus_mri.batch.pool import Place
from plexus_mri.batch.request import StudyRequest
from plexus_mri.batch.resume import fresh_row, what_to_do
from plexus_mri.batch.run_log import logged
from plexus_mri.batch.source import check_source
from plexus_mri.batch.status import CaseState, CaseStatus, read_status
from plexus_mri.batch.study_files import GrowingFiles, write_study_files
from plexus_mri.batch.work_folder import claim, study_lock
from plexus_mri.errors import InputError, SettingsError
from plexus_mri.io.derivatives import write_dataset_files
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
    check_place(plan, request.place)
    alone = not (single or request.participants)
    with study_lock(request.out, alone=alone):
        claim(request.out, names_of_study(case.key for case in plan.cases))
        if alone:
            clear_leftovers(request.out)
        write_dataset_files(request.out, version=__version__)
        keep_private(request.source, request.out, plan.inventory)
        write_inventory(request.out, plan.inventory)
        take_participants(request.source, request.out, {case.subject for case in plan.cases})
        with logged(request.out):
            return _run_plan(plan, request, listener, work)


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


def check_place(plan: StudyPlan, place: Place) -> None:
    """Refuse an archive for workers elsewhere: what it is unpacked to lies on this machine.

    Raises
    ------
    SettingsError
        With the remedy.
    """
    if not place.is_here and any(row.unpacked for row in plan.inventory.rows):
        raise SettingsError("the workers cannot see into an archive; unpack it first")


def to_measure(plan: StudyPlan, request: StudyRequest) -> tuple[CaseJob, ...]:
    """Jobs that are not done yet; all of them when the request does not resume."""
    return what_to_do(plan.jobs, read_status(request.out), request).jobs


def _run_plan(plan: StudyPlan, request: StudyRequest, listener: Listener, work: Work) -> StudyEnd:
    """Measure what is not done yet; the study's files are written whatever failed."""
    ledger = Ledger(request.out, read_status(request.out))
    todo = what_to_do(plan.jobs, ledger.rows(), request)
    _tell_stale(plan)
    stopped = False
    try:
        ledger.settle(todo.settled)
        ledger.expect(fresh_row(job) for job in todo.jobs)
        listener.planned(len(todo.jobs), len(todo.settled))
        logger.info("%d cases to measure, %d done already", len(todo.jobs), len(todo.settled))
        _book_unusable(plan, ledger, listener)
        _measure(todo.jobs, request, ledger, listener, work)
    except KeyboardInterrupt:
        ledger.stop()
        stopped = True
    ledger.write()
    _clear_unfinished(plan, ledger)
    write_study_files(request.out, ledger.rows())
    keys = {case.key for case in plan.cases}
    code = STOPPED if stopped else study_exit_code(ledger.outcomes_of(keys))
    logger.info("exit code %d", code)
    return StudyEnd(ledger.rows_of(keys), code)


def _tell_stale(plan: StudyPlan) -> None:
    """Say which corrections are not used any more; the cases' reports say it, too."""
    for job in plan.jobs:
        for correction in job.stale:
            name = fresh_row(job).name
            logger.warning("%s: %s: %s", name, correction.words, ReasonCode.CORRECTION_STALE.text)


def _clear_unfinished(plan: StudyPlan, ledger: Ledger) -> None:
    """Leave no half-written result and no older one where a case is not finished."""
    for row in ledger.rows_of({case.key for case in plan.cases}):
        if row.state is not CaseState.FINISHED:
            clear_case(ledger.out, row.subject, row.session)


def _book_unusable(plan: StudyPlan, ledger: Ledger, listener: Listener) -> None:
    for case in plan.unusable:
        row = CaseStatus(case.subject, case.session, step="inventory")
        _end(row, case.outcome, ledger, listener)


def _measure(
    jobs: Sequence[CaseJob],
    request: StudyRequest,
    ledger: Ledger,
    listener: Listener,
    work: Work,
) -> None:
    """Run the jobs and book every event; tables and page grow meanwhile."""
    if not jobs:
        return
    wanted = takewhile(
        lambda _: not ledger.should_halt(on_failure=request.stop_on_first_crash), jobs
    )
    limits = replace(request.limits, jobs=min(request.limits.jobs, len(jobs)))
    growing = GrowingFiles(request.out, ledger)
    started = run_jobs(wanted, work, limits, place=request.place, memory_mb=expected_memory_mb)
    with closing(started) as events:
        for event in events:
            _book(event, jobs[event.job], ledger, listener)
            if isinstance(event, Ended):
                growing.refresh()


def _book(event: Event[CaseOutcome], job: CaseJob, ledger: Ledger, listener: Listener) -> None:
    row = ledger.row(job.key) or fresh_row(job)
    match event:
        case StepReached():
            row = replace(row, step=event.step)
            ledger.book(row)
            listener.step(row.name, event.step)
        case Ended():
            row = replace(row, seconds=event.seconds, peak_memory_mb=event.peak_memory_mb)
            outcome = event.result or outcome_of_death(event)
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
