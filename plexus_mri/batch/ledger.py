"""The ledger: the state of every case, on disk soon after each change."""

import time
from collections.abc import Collection, Iterable
from pathlib import Path

from plexus_mri.batch.outcome import CaseOutcome
from plexus_mri.batch.status import CaseState, CaseStatus, interrupted, read_status, write_status
from plexus_mri.batch.work_folder import brief_lock
from plexus_mri.errors import OutputError

Key = tuple[str, str]

# The file is written again when the last writing is this many times as long ago as it took:
# with ten thousand cases the state is a second or two old, and writing it takes 5 % of the time.
_REST = 20.0


class Ledger:
    """Rows of status.tsv and outcomes of this run; the one thing of a study that changes.

    Other runs may hold cases of their own in the same file: rows that are not ours are taken
    from it at each writing.
    """

    def __init__(self, out: Path, rows: Iterable[CaseStatus]) -> None:
        self.out = out
        self._rows = {row.key: row for row in rows}
        self._ours: set[Key] = set()
        self._written, self._took = 0.0, 0.0
        self._settled: dict[Key, CaseOutcome] = {}
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
        ended |= self._settled | self.outcomes
        return tuple(ended[key] for key in keys if key in ended)

    def book(self, row: CaseStatus, outcome: CaseOutcome | None = None) -> None:
        """Take a case's new state, with its outcome when it ended."""
        self._take([row])
        if outcome is not None:
            self.outcomes[row.key] = outcome
        if time.monotonic() - self._written > _REST * self._took:
            self.write()

    def expect(self, rows: Iterable[CaseStatus]) -> None:
        """Take the rows of cases that are to come."""
        self._take(rows)
        self.write()

    def settle(self, outcomes: Iterable[tuple[CaseStatus, CaseOutcome]]) -> None:
        """Take how cases ended in earlier runs that nothing has changed for since."""
        for row, outcome in outcomes:
            self._take([row])
            self._settled[row.key] = outcome

    def stop(self) -> None:
        """Mark what is not done as stopped by the user."""
        self._take([interrupted(self._rows[key]) for key in self._ours])
        self.write()

    def write(self) -> None:
        """Write status.tsv, with the rows of other runs as they are there now."""
        started = time.monotonic()
        with brief_lock(self.out, "status"):
            others = (row for row in read_status(self.out) if row.key not in self._ours)
            self._rows |= {row.key: row for row in others}
            write_status(self.out, self._rows.values())
        self._written = time.monotonic()
        self._took = self._written - started

    def should_halt(self, *, on_failure: bool) -> bool:
        """Whether to start no further case: the output is full, or one failed and that counts."""
        return any(
            outcome.exit_code == OutputError.exit_code
            or (on_failure and outcome.state is not CaseState.FINISHED)
            for outcome in self.outcomes.values()
        )

    def _take(self, rows: Iterable[CaseStatus]) -> None:
        for row in rows:
            self._rows[row.key] = row
            self._ours.add(row.key)
