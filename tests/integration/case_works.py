"""Stand-ins for measuring a case, as functions of a module so that a process can be given them."""

import ctypes
from collections.abc import Callable

from plexus_mri.batch.case_job import CaseJob
from plexus_mri.batch.case_process import measure_case
from plexus_mri.batch.outcome import CaseOutcome, outcome_of_error
from plexus_mri.errors import RefusedError, StageError
from plexus_mri.io.atomic import output_error
from plexus_mri.io.derivatives import case_paths
from plexus_mri.reasons import ReasonCode

Announce = Callable[[str], None]


def lose_02(job: CaseJob, announce: Announce) -> CaseOutcome:
    if job.subject != "02":
        return measure_case(job, announce)
    announce("trace")
    return outcome_of_error(StageError("the nerves are lost", ReasonCode.NERVE_LOST))


def crash_01(job: CaseJob, announce: Announce) -> CaseOutcome:
    if job.subject == "01":
        announce("trace")
        ctypes.string_at(0)
    return measure_case(job, announce)


def refuse(job: CaseJob, announce: Announce) -> CaseOutcome:
    announce("frame")
    error = RefusedError(f"sides of {job.subject} unproven", ReasonCode.SIDE_UNPROVEN)
    return outcome_of_error(error)


def fill_disk(job: CaseJob, announce: Announce) -> CaseOutcome:
    announce("write")
    table = case_paths(job.out, job.subject, job.session).nerve_measures
    table.parent.mkdir(parents=True)
    table.write_text("subject\n01\n", encoding="utf-8")
    return outcome_of_error(output_error(job.out, OSError(28, "no space")))


def must_not_run(job: CaseJob, _: Announce) -> CaseOutcome:
    msg = f"{job.subject} was measured again"
    raise AssertionError(msg)
