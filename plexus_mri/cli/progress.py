"""Progress on stderr: live on a terminal, one plain line per step elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from plexus_mri.batch.status import CaseState, CaseStatus
from plexus_mri.batch.study import Listener
from plexus_mri.cli.text import counted

_MINUTES_FROM_S = 120


@dataclass
class Tally:
    """How many cases of a run ended, and how long the others will take.

    ``running`` holds when each case that runs began; ``at_once`` is how many did at most;
    ``spent_s`` what those that ended took, added up.
    """

    total: int
    ended: int = 0
    failed: int = 0
    spent_s: float = 0.0
    at_once: int = 1
    running: dict[str, float] = field(default_factory=dict)

    def begin(self, name: str, now_s: float) -> None:
        """Note that a case runs."""
        self.running.setdefault(name, now_s)
        self.at_once = max(self.at_once, len(self.running))

    def end(self, row: CaseStatus, now_s: float) -> None:
        """Count the end of a case; one that was refused by its header took no time."""
        began_s = self.running.pop(row.name, now_s)
        if row.step == "inventory":
            return
        self.ended += 1
        self.failed += row.state is not CaseState.FINISHED
        self.spent_s += now_s - began_s

    def text(self, now_s: float) -> str:
        """Cases done and failed, and the time left; empty while there is nothing to tell.

        >>> Tally(12, ended=3, failed=1, spent_s=180.0, at_once=2).text(60.0)
        '3 of 12 done, 1 failed, about 4 min left'
        """
        if not 0 < self.ended < self.total:
            return ""
        each_s = self.spent_s / self.ended
        done_s = sum(min(now_s - began_s, each_s) for began_s in self.running.values())
        left_s = (each_s * (self.total - self.ended) - done_s) / self.at_once
        time_left = f"{left_s:.0f} s" if left_s < _MINUTES_FROM_S else f"{left_s / 60:.0f} min"
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.ended} of {self.total} done{failed}, about {time_left} left"


class PlainListener(Listener):
    """One line per step and per end of a case."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tally = Tally(0)

    def planned(self, to_measure: int, done: int) -> None:
        """Say how many cases there are."""
        self._tally = Tally(to_measure)
        skipped = f", {done} done already" if done else ""
        if to_measure or done:
            self._say(f"{counted(to_measure, 'case')} to measure{skipped}")

    def step(self, name: str, step: str) -> None:
        """Name the step that a case begins."""
        self._tally.begin(name, time.monotonic())
        self._say(f"{name}: {step}")

    def ended(self, row: CaseStatus, sentence: str) -> None:
        """Say how a case ended and, if not well, why; then how the study stands."""
        self._say(end_line(row, sentence))
        now_s = time.monotonic()
        self._tally.end(row, now_s)
        if standing := self._tally.text(now_s):
            self._say(standing)

    def _say(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


class LiveListener(PlainListener):
    """One bar for the study; ends of cases scroll above it."""

    def __init__(self, console: Console, progress: Progress) -> None:
        super().__init__(console)
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def planned(self, to_measure: int, done: int) -> None:
        """Set the length of the bar."""
        super().planned(to_measure, done)
        self._progress.update(self._task, total=to_measure)

    def step(self, name: str, step: str) -> None:
        """Show the newest step beside the bar."""
        self._tally.begin(name, time.monotonic())
        self._progress.update(self._task, description=f"{name}: {step}")

    def ended(self, row: CaseStatus, sentence: str) -> None:
        """Move the bar and print the end of the case above it."""
        super().ended(row, sentence)
        self._progress.advance(self._task)


def end_line(row: CaseStatus, sentence: str) -> str:
    """How a case ended, in one line."""
    if row.state is CaseState.FINISHED:
        return f"{row.name}: finished in {row.seconds or 0:.0f} s"
    return f"{row.name}: {row.state} ({row.reason}): {sentence}"


@contextmanager
def show_progress() -> Iterator[Listener]:
    """Listener that fits where stderr goes."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield PlainListener(console)
        return
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield LiveListener(console, progress)
