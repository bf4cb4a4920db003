"""What is left to do of a plan: finished cases, and failures that would only repeat, stay."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from plexus_mri.batch.case_job import CaseJob
from plexus_mri.batch.outcome import CaseOutcome, outcome_of_settled
from plexus_mri.batch.request import StudyRequest
from plexus_mri.batch.status import CaseState, CaseStatus
from plexus_mri.batch.steps import is_done
from plexus_mri.reasons import ReasonCode

# Failures that may end otherwise with the same input and recipe.
_WORTH_A_TRY = frozenset(
    {
        ReasonCode.CASE_CRASHED,
        ReasonCode.CASE_TIMEOUT,
        ReasonCode.CASE_MEMORY,
        ReasonCode.OUTPUT_NOT_WRITABLE,
        ReasonCode.STOPPED,
    }
)


@dataclass(frozen=True)
class Todo:
    """Cases to measure, and how the others ended in an earlier run."""

    jobs: tuple[CaseJob, ...]
    settled: tuple[tuple[CaseStatus, CaseOutcome], ...]


def what_to_do(jobs: Iterable[CaseJob], rows: Iterable[CaseStatus], request: StudyRequest) -> Todo:
    """Split the jobs of a plan by what an earlier run left.

    Parameters
    ----------
    rows
        Of status.tsv, as that run left them.
    """
    known = {row.key: row for row in rows}
    left, settled = [], []
    for job in jobs:
        ended = None if _again(request) else _ended(job, known.get(job.key))
        if ended is None:
            left.append(replace(job, from_step=request.from_step))
        else:
            settled.append(ended)
    return Todo(tuple(left), tuple(settled))


def fresh_row(job: CaseJob) -> CaseStatus:
    """Row of a case that is to be measured."""
    return CaseStatus(
        job.subject,
        job.session,
        input_sha256=job.input_sha256,
        recipe_sha256=job.recipe_sha256,
    )


def _again(request: StudyRequest) -> bool:
    return not request.resume or bool(request.from_step)


def _ended(job: CaseJob, row: CaseStatus | None) -> tuple[CaseStatus, CaseOutcome] | None:
    """How a case ended, when measuring it again would only give the same."""
    fresh = fresh_row(job)
    same = (
        row is not None
        and row.input_sha256 == job.input_sha256
        and row.recipe_sha256 == job.recipe_sha256
    )
    if is_done(job):
        # A killed run may have finished a case and not have noted it any more.
        row = row if row is not None and same else fresh
        row = replace(row, state=CaseState.FINISHED, step="write", reason=None)
        return row, CaseOutcome(CaseState.FINISHED)
    if row is None or not same or row.reason is None or row.reason in _WORTH_A_TRY:
        return None
    if row.state not in {CaseState.FAILED, CaseState.REFUSED}:
        return None
    return row, outcome_of_settled(row.state, row.reason)
