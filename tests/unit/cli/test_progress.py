"""Progress is one line a step where nobody watches, and a bar where somebody does."""

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from plexus_mri.batch.status import CaseState, CaseStatus
from plexus_mri.cli.progress import LiveListener, PlainListener, Tally, show_progress
from plexus_mri.reasons import ReasonCode

DONE = CaseStatus("01", "1", CaseState.FINISHED, seconds=61.4)
LOST = CaseStatus("02", None, CaseState.FAILED, reason=ReasonCode.NERVE_LOST)


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=200)


def test_plain_progress_is_one_line_a_step_and_end(console):
    listener = PlainListener(console)
    listener.planned(2, 1)
    listener.step("sub-01 ses-1", "trace")
    listener.ended(DONE, "")
    listener.ended(LOST, "the nerves are lost [here]")

    assert console.file.getvalue().splitlines() == [
        "2 cases to measure, 1 done already",
        "sub-01 ses-1: trace",
        "sub-01 ses-1: finished in 61 s",
        "1 of 2 done, about 0 s left",
        "sub-02: failed (NERVE_LOST): the nerves are lost [here]",
    ]


@pytest.mark.parametrize(("jobs", "left"), [(1, "9 min"), (2, "4 min"), (4, "90 s")])
def test_time_left_is_shared_by_the_cases_that_run_at_once(jobs, left):
    tally = Tally(10)
    for job in range(jobs):
        tally.begin(f"sub-{job}", 0.0)
    tally.end(CaseStatus("0", None, CaseState.FINISHED), 60.0)
    # 60 s each; the others that run are as far as the one that ended
    assert tally.text(60.0) == f"1 of 10 done, about {left} left"


def test_live_progress_counts_ends_and_shows_the_newest_step(console):
    progress = Progress(console=console)
    listener = LiveListener(console, progress)
    listener.planned(2, 0)
    listener.step("sub-01", "trace")
    listener.ended(DONE, "")

    (task,) = progress.tasks
    assert (task.total, task.completed, task.description) == (2, 1, "sub-01: trace")
    assert "sub-01 ses-1: finished" in console.file.getvalue()


def test_where_stderr_is_no_terminal_progress_is_plain():
    with show_progress() as listener:
        assert type(listener) is PlainListener
