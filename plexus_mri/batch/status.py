"""status.tsv: one row per case, with how far it came, how it ended and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from plexus_mri.errors import InputError
from plexus_mri.io.tables import MISSING, Column, read_table, write_table
from plexus_mri.reasons import ReasonCode

FILE_NAME = "status.tsv"


class CaseState(StrEnum):
    """How a case stands."""

    PENDING = "pending"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    REFUSED = "refused"
    STOPPED = "stopped"


_MEANING_OF_STATE = {
    CaseState.PENDING: "Not started yet",
    CaseState.RUNNING: "Being measured, or the program was killed while measuring it",
    CaseState.FINISHED: "Measured and written; 'not comparable' is finished too",
    CaseState.FAILED: "No result, for the stated reason",
    CaseState.REFUSED: "Refused for safety: side or geometry cannot be proven",
    CaseState.STOPPED: "Stopped by the user before it was done",
}

_COLUMNS = (
    Column("subject", "Subject label, without 'sub-'"),
    Column("session", "Session label, without 'ses-'"),
    Column("step", "Last step that was reached"),
    Column(
        "state", "How the case stands", levels={k.value: v for k, v in _MEANING_OF_STATE.items()}
    ),
    Column("reason", "Reason code", levels={code.value: code.text for code in ReasonCode}),
    Column("seconds", "Wall time from start to end of the case", "s"),
    Column("peak_memory_mb", "Largest resident memory of the case's process", "MB (10^6 bytes)"),
    Column("input_sha256", "SHA-256 over the files of the measured series"),
    Column(
        "recipe_sha256",
        "SHA-256 over version, settings, mask and label table: a case is measured again "
        "when this or input_sha256 changes",
    ),
)


@dataclass(frozen=True)
class CaseStatus:
    """One row of status.tsv."""

    subject: str
    session: str | None
    state: CaseState = CaseState.PENDING
    step: str = ""
    reason: ReasonCode | None = None
    seconds: float | None = None
    peak_memory_mb: float | None = None
    input_sha256: str = ""
    recipe_sha256: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Subject and session; an absent session is empty."""
        return self.subject, self.session or ""

    @property
    def name(self) -> str:
        """Name of the case for people.

        >>> CaseStatus("01", "1").name
        'sub-01 ses-1'
        """
        return f"sub-{self.subject}" + (f" ses-{self.session}" if self.session else "")


def read_status(out: Path) -> tuple[CaseStatus, ...]:
    """Rows of ``out/status.tsv``; none when there is no such file.

    Raises
    ------
    InputError
        When the file is damaged.
    """
    path = out / FILE_NAME
    if not path.exists():
        return ()
    try:
        return tuple(_from_row(row) for row in read_table(path))
    except (KeyError, ValueError) as error:
        msg = f"'{FILE_NAME}' in the output folder is damaged; remove it or choose another folder"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE) from error


def write_status(out: Path, rows: Iterable[CaseStatus]) -> None:
    """Write ``out/status.tsv`` whole, ordered by subject and session."""
    write_table(out / FILE_NAME, _COLUMNS, [_to_row(row) for row in sorted(rows, key=_order)])


def with_row(rows: Sequence[CaseStatus], row: CaseStatus) -> tuple[CaseStatus, ...]:
    """Rows with ``row`` in place of the one of the same case."""
    return (*(other for other in rows if other.key != row.key), row)


def interrupted(row: CaseStatus) -> CaseStatus:
    """Row of a case that the user stopped; an ended case stays as it is."""
    if row.state not in {CaseState.PENDING, CaseState.RUNNING}:
        return row
    return replace(row, state=CaseState.STOPPED, reason=ReasonCode.STOPPED)


def _order(row: CaseStatus) -> tuple[str, str]:
    return row.key


def _to_row(row: CaseStatus) -> dict[str, object]:
    return {
        **{name: getattr(row, name) for name in ("subject", "session", "step", "state", "reason")},
        "seconds": None if row.seconds is None else round(row.seconds, 2),
        "peak_memory_mb": None if row.peak_memory_mb is None else round(row.peak_memory_mb),
        "input_sha256": row.input_sha256,
        "recipe_sha256": row.recipe_sha256,
    }


def _from_row(row: dict[str, str]) -> CaseStatus:
    cells = {name: None if text == MISSING else text for name, text in row.items()}
    seconds, memory = cells["seconds"], cells["peak_memory_mb"]
    return CaseStatus(
        subject=cells["subject"] or "",
        session=cells["session"],
        state=CaseState(cells["state"] or CaseState.PENDING),
        step=cells["step"] or "",
        reason=ReasonCode(cells["reason"]) if cells["reason"] else None,  # type: ignore[call-arg]
        seconds=None if seconds is None else float(seconds),
        peak_memory_mb=None if memory is None else float(memory),
        input_sha256=cells["input_sha256"] or "",
        recipe_sha256=cells.get("recipe_sha256") or "",
    )
