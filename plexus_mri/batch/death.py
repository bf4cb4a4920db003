"""Why a case's process ended without a word."""

import signal

from plexus_mri.batch.engine import Ended, StopCause
from plexus_mri.batch.outcome import CRASHED, SOME_FAILED, STOPPED, CaseOutcome
from plexus_mri.batch.status import CaseState
from plexus_mri.reasons import ReasonCode

_OTHERS = "the other cases are not affected"


def outcome_of_death(event: Ended[CaseOutcome]) -> CaseOutcome:
    """Outcome of a case whose process gave no result."""
    match event.stopped_for:
        case StopCause.TIME:
            reason, code = ReasonCode.CASE_TIMEOUT, SOME_FAILED
            sentence = f"ended after {event.seconds:.0f} s; raise --case-timeout; {_OTHERS}"
        case StopCause.MEMORY:
            reason, code = ReasonCode.CASE_MEMORY, SOME_FAILED
            sentence = f"it grew beyond its memory; raise --memory-limit; {_OTHERS}"
        case StopCause.STOPPED:
            return CaseOutcome(CaseState.STOPPED, STOPPED, ReasonCode.STOPPED, "stopped")
        case _ if event.signal_number == signal.SIGKILL:
            reason, code = ReasonCode.CASE_MEMORY, SOME_FAILED
            sentence = f"the system ended it, most often for lack of memory; {_OTHERS}"
        case _:
            reason, code = ReasonCode.CASE_CRASHED, CRASHED
            sentence = f"the process of this case ended {_how(event)}; {_OTHERS}"
    return CaseOutcome(CaseState.FAILED, code, reason, sentence, sentence)


def _how(event: Ended[CaseOutcome]) -> str:
    if event.lost:
        return "with its worker, more than once"
    if event.signal_number:
        return f"by {signal.Signals(event.signal_number).name}: a defect in a library"
    return "without a result"
