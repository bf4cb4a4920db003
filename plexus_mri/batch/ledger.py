"""The ledger: the state of every case, on disk after each change."""

from collections.abc import Collection, Iterable
from pathlib import Path

from plexus_mri.batch.outcome import CaseOutcome
from plexus_mri.batch.status import CaseState, CaseStatus, interrupted, write_status
from plexus_mri.errors import OutputError

Key = tuple[str, str]


class Ledger:
    """Rows of status.tsv and outcomes of this run; the one thing of a study that changes."""

    def __init__(self, out: Path, rows: Iterable[CaseStatus]) -> None:
        self.out = out
        self._rows = {row.key: row for row in rows}
        self.outcomes: dict[Key, CaseOutcome] = {}

    def row(self, key: Key) -> CaseStatus | None:
        """Row of a case; None when it was never seen."""
        return self._rows.get(key)

    def rows(self) -> tuple[CaseStatus, ...]:
        """All rows, those of earlier runs too."""
        return tuple(self._rows.values())

    def rows_of(self, keys: Collection[Key]) -> tuple[CaseStatus, ...]:
        """Rows of the cases, ordered by name."""
        return tuple(self._rows[key] for key in sorted(keys) if key in self._rows)

    def outcomes_of(self, keys: Collection[Key]) -> tuple[CaseOutcome, ...]:
        """How the cases ended; one that was left alone because it was finished is finished."""
        finished = CaseOutcome(CaseState.FINISHED)
        ended = {k: finished for k, r in self._rows.items() if r.state is CaseState.FINISHED}
        return tuple((ended | self.outcomes)[k] for k in keys if k in ended | self.outcomes)

    def book(self, row: CaseStatus, outcome: CaseOutcome | None = None) -> None:
        """Take a case's new state, with its outcome when it ended, and write the file."""
        self._rows[row.key] = row
        if outcome is not None:
            self.outcomes[row.key] = outcome
        write_status(self.out, self._rows.values())

    def expect(self, rows: Iterable[CaseStatus]) -> None:
        """Take the rows of cases that are to come."""
        self._rows |= {row.key: row for row in rows}
        write_status(self.out, self._rows.values())

    def stop(self) -> None:
        """Mark what is not done as stopped by the user."""
        self._rows = {key: interrupted(row) for key, row in self._rows.items()}
        write_status(self.out, self._rows.values())

    def should_halt(self, *, on_failure: bool) -> bool:
        """Whether to start no further case: the output is full, or one failed and that counts."""
        return any(
            outcome.exit_code == OutputError.exit_code
            or (on_failure and outcome.state is not CaseState.FINISHED)
            for outcome in self.outcomes.values()
        )
