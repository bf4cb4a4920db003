"""How a case ended, and the exit code of all of them together."""

from collections.abc import Sequence
from dataclasses import dataclass

from plexus_mri.batch.status import CaseState
from plexus_mri.errors import InputError, OutputError, PlexusError, RefusedError, StageError
from plexus_mri.reasons import ReasonCode

OK, CRASHED, SOME_FAILED, STOPPED = 0, 1, StageError.exit_code, 130

# What makes sides or sizes in mm wrong without a trace: never measured, whatever the settings.
_UNSAFE = frozenset(
    {
        ReasonCode.SIDE_UNPROVEN,
        ReasonCode.MASK_SIDE,
        ReasonCode.GEO_MISSING_SLICE,
        ReasonCode.GEO_DUPLICATE_SLICE,
        ReasonCode.GEO_UNEVEN_SPACING,
        ReasonCode.GEO_MIXED_ORIENTATION,
        ReasonCode.GEO_MIXED_SIZE,
        ReasonCode.GEO_SHEARED,
        ReasonCode.GEO_NO_POSITION,
        ReasonCode.GEO_BAD_AFFINE,
    }
)


@dataclass(frozen=True)
class CaseOutcome:
    """The end of a case: what a process hands back.

    ``sentence`` is for the terminal only: it may name a file of the user. ``may_pass`` says that
    another try is worth it.
    """

    state: CaseState
    exit_code: int = OK
    reason: ReasonCode | None = None
    sentence: str = ""
    crash: str = ""
    may_pass: bool = False


def outcome_of_reason(reason: ReasonCode, sentence: str = "") -> CaseOutcome:
    """Outcome of an input that cannot be used: refused when it would be unsafe, else failed."""
    if reason in _UNSAFE:
        state, code = CaseState.REFUSED, RefusedError.exit_code
    else:
        state, code = CaseState.FAILED, InputError.exit_code
    return CaseOutcome(state, code, reason, sentence or reason.text)


def outcome_of_settled(state: CaseState, reason: ReasonCode) -> CaseOutcome:
    """Outcome of an earlier run that nothing has changed since."""
    unusable = outcome_of_reason(reason)
    if state is CaseState.REFUSED or reason.startswith(("INPUT_", "PIXEL_", "KIND_", "GEO_")):
        return unusable
    return CaseOutcome(CaseState.FAILED, SOME_FAILED, reason, reason.text)


def outcome_of_error(error: PlexusError) -> CaseOutcome:
    """Outcome of a case that a stage gave up."""
    if isinstance(error, InputError):
        return outcome_of_reason(error.reason, str(error))
    refused = isinstance(error, RefusedError)
    state = CaseState.REFUSED if refused else CaseState.FAILED
    return CaseOutcome(state, error.exit_code, error.reason, str(error))


def study_exit_code(outcomes: Sequence[CaseOutcome]) -> int:
    """Exit code of a study.

    One case gives its own code. Of several, an unwritable output wins; if any was measured the
    rest make it "some failed"; if none was, a refusal for safety wins over unusable input.

    >>> done, bad = CaseOutcome(CaseState.FINISHED), CaseOutcome(CaseState.REFUSED, 5)
    >>> study_exit_code([done, bad]), study_exit_code([bad, bad]), study_exit_code([])
    (4, 5, 3)
    """
    codes = {outcome.exit_code for outcome in outcomes}
    if len(codes) == 1:
        return codes.pop()
    if OutputError.exit_code in codes:
        return OutputError.exit_code
    if not codes:
        return InputError.exit_code
    unmeasured = codes <= {InputError.exit_code, RefusedError.exit_code}
    return RefusedError.exit_code if unmeasured else SOME_FAILED
