"""Cases of a study that somebody should look at, and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from plexus_mri.batch.corrections import choose_correction
from plexus_mri.batch.ratings import left_out, study_ratings
from plexus_mri.batch.status import FILE_NAME, CaseState, CaseStatus, read_status
from plexus_mri.batch.stored import read_summary
from plexus_mri.core.correction import Correction
from plexus_mri.errors import InputError
from plexus_mri.io.corrections import read_corrections
from plexus_mri.io.derivatives import case_paths
from plexus_mri.reasons import ReasonCode

# Doubts that an edited label map can settle; noise or a field of view cannot be drawn away.
_DOUBTS = frozenset(
    {
        ReasonCode.NERVE_NOT_FOUND,
        ReasonCode.NERVE_LOST,
        ReasonCode.NERVE_BRIDGED,
        ReasonCode.LEVEL_DOUBT,
        ReasonCode.LEVEL_DISPUTED,
        ReasonCode.NAME_DOUBT,
        ReasonCode.LOW_CONFIDENCE,
        ReasonCode.LANDMARK_DOUBT,
        ReasonCode.SIDES_UNLIKE,
        ReasonCode.MIDLINE_NOT_FOUND,
    }
)


@dataclass(frozen=True)
class ToReview:
    """A case to look at.

    Parameters
    ----------
    reasons
        Why, each as a code with its place or sentence.
    labels
        Label map to edit, relative to the output folder; None where there is no result.
    corrections
        Those that were made of it, in words.
    """

    name: str
    reasons: tuple[str, ...]
    labels: Path | None
    corrections: tuple[str, ...]


def cases_to_review(out: Path) -> tuple[ToReview, ...]:
    """Cases that failed, carry doubts, were rated fail or have corrections.

    Raises
    ------
    InputError
        When the folder holds no study, or a stored table is damaged.
    """
    if not (out / FILE_NAME).is_file():
        msg = f"'{out}' holds no {FILE_NAME}; measure first with 'run' or 'batch'"
        raise InputError(msg, ReasonCode.INPUT_MISSING)
    failed, kept = left_out(study_ratings(out)), read_corrections(out)
    found = []
    for row in sorted(read_status(out), key=lambda row: row.key):
        rated = [failed[row.key]] if row.key in failed else []
        reasons = (*_reasons(out, row), *rated)
        corrections = tuple(_corrections(out, row, kept))
        if reasons or corrections:
            done = row.state is CaseState.FINISHED
            labels = case_paths(Path(), row.subject, row.session).labels if done else None
            found.append(ToReview(row.name, reasons, labels, corrections))
    return tuple(found)


def _reasons(out: Path, row: CaseStatus) -> Iterator[str]:
    """Why a case ended without a result, or which doubts its result carries."""
    if row.reason is not None:
        yield f"{row.reason}: {row.reason.text}"
    if row.state is not CaseState.FINISHED:
        return
    try:
        warnings = read_summary(case_paths(out, row.subject, row.session).summary).get("warnings")
    except InputError as error:  # one damaged case must not hide the others
        yield f"{error.reason}: {error}"
        return
    for warning in warnings if isinstance(warnings, list) else ():
        if warning.get("reason") in _DOUBTS:
            yield f"{warning['reason']}: {warning['where']}"


def _corrections(out: Path, row: CaseStatus, kept: Sequence[Correction]) -> Iterator[str]:
    found = choose_correction(out, kept, row.key, row.input_sha256)
    for correction in (c for c in kept if c.case == row.key):
        used = ", is used" if correction == found.used else ""
        yield f"{correction.words}{', stale' if correction in found.stale else used}"
