"""Progress on stderr: live on a terminal, one plain line per step elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from plexus_mri.batch.status import CaseState, CaseStatus
from plexus_mri.batch.study import Listener
from plexus_mri.cli.text import counted


class PlainListener(Listener):
    """One line per step and per end of a case."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def planned(self, to_measure: int, done: int) -> None:
        """Say how many cases there are."""
        skipped = f", {done} done already" if done else ""
        self._say(f"{counted(to_measure, 'case')} to measure{skipped}")

    def step(self, name: str, step: str) -> None:
        """Name the step that a case begins."""
        self._say(f"{name}: {step}")

    def ended(self, row: CaseStatus, sentence: str) -> None:
        """Say how a case ended and, if not well, why."""
        self._say(end_line(row, sentence))

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
