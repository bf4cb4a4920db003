"""The work on a case, named where its libraries are not loaded."""

import importlib

from plexus_mri.batch.case_job import CaseJob
from plexus_mri.batch.engine import Announce
from plexus_mri.batch.outcome import CaseOutcome


def measure_case(job: CaseJob, announce: Announce) -> CaseOutcome:
    """Measure one case and write its results; every failure comes back as an outcome.

    What does it is loaded in the case's own process: the program that hands out cases starts
    seconds earlier without it.
    """
    process = importlib.import_module("plexus_mri.batch.case_process")
    outcome: CaseOutcome = process.measure_case(job, announce)
    return outcome
