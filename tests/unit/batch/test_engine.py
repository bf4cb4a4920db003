"""The engine runs every job in a process of its own."""

import os
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from plexus_mri.batch.engine import (
    Ended,
    Limits,
    Started,
    StepReached,
    StopCause,
    run_jobs,
    threads_per_job,
)
from plexus_mri.batch.pool import usable_memory_mb
from tests.unit.batch.works import (
    allocate,
    crash_on_three,
    double,
    fail_once,
    grow,
    note_times,
    raise_on_three,
    wait_a_minute,
    wait_seconds,
)


def results(events):
    return {event.job: event.result for event in events if isinstance(event, Ended)}


def test_every_job_gives_its_result_and_its_steps():
    events = list(run_jobs([1, 2], double, Limits()))

    assert results(events) == {0: 2, 1: 4}
    assert [e.step for e in events if isinstance(e, StepReached)] == ["doubling", "doubling"]
    assert [e.job for e in events if isinstance(e, Started)] == [0, 1]


def first_end(events):
    return next(e for e in events if isinstance(e, Ended))


def test_two_jobs_at_once_start_before_the_first_ends():
    events = list(run_jobs([0.5, 0.5, 0], wait_seconds, Limits(jobs=2)))

    started = {e.job for e in events[: events.index(first_end(events))] if isinstance(e, Started)}
    assert {0, 1} <= started
    assert results(events) == {0: 0.5, 1: 0.5, 2: 0}


def test_a_segmentation_fault_ends_that_job_alone():
    events = list(run_jobs([1, 3, 5], crash_on_three, Limits(jobs=2)))

    assert results(events) == {0: 1, 1: None, 2: 5}
    died = next(e for e in events if isinstance(e, Ended) and e.job == 1)
    assert died.signal_number == 11


def test_an_exception_that_gets_through_ends_that_job_alone():
    assert results(run_jobs([1, 3, 5], raise_on_three, Limits())) == {0: 1, 1: None, 2: 5}


def test_a_job_over_its_memory_limit_ends_without_a_result():
    events = list(run_jobs([2_000], allocate, Limits(memory_mb=1_000)))
    assert results(events) == {0: None}


def test_a_job_that_grows_bit_by_bit_is_ended_at_its_memory_limit():
    ended = next(e for e in run_jobs([1], grow, Limits(memory_mb=700)) if isinstance(e, Ended))
    assert ended.result is None
    assert ended.stopped_for is StopCause.MEMORY


def test_a_job_over_its_time_is_ended_and_the_next_one_runs():
    events = list(run_jobs([60, 0], wait_seconds, Limits(seconds=1.0)))
    assert results(events) == {0: None, 1: 0}
    assert next(e for e in events if isinstance(e, Ended)).stopped_for is StopCause.TIME


def test_what_may_pass_is_tried_again(tmp_path):
    marks = [tmp_path / "mark"]
    assert results(run_jobs(marks, fail_once, Limits()))[0].word == "passed"


def test_jobs_that_do_not_fit_together_run_one_after_the_other():
    def whole(_number):
        return usable_memory_mb()

    found = results(run_jobs([0.1, 0.1], note_times, Limits(jobs=2), memory_mb=whole))
    (_, end_of_first), (start_of_second, _) = sorted(found.values())
    assert end_of_first <= start_of_second


def test_peak_memory_counts_what_the_job_used():
    ended = next(e for e in run_jobs([300], allocate, Limits()) if isinstance(e, Ended))
    assert ended.peak_memory_mb > 300


def test_closing_the_events_ends_running_processes():
    with closing(run_jobs([1], wait_a_minute, Limits())) as events:
        for event in events:
            if isinstance(event, StepReached):
                break
    with pytest.raises(StopIteration):
        next(events)


def test_no_job_outlives_a_killed_parent(tmp_path):
    mark = tmp_path / "pid"
    code = (
        "from plexus_mri.batch.engine import Limits, run_jobs\n"
        "from tests.unit.batch.works import leave_pid_and_wait\n"
        f"if __name__ == '__main__': [*run_jobs([{str(mark)!r}], leave_pid_and_wait, Limits())]\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(code, encoding="utf-8")
    root = Path(__file__).resolve().parents[3]
    parent = subprocess.Popen(
        [sys.executable, script], env={**os.environ, "PYTHONPATH": str(root)}
    )
    pid = int(wait_for(mark.read_text) or 0)
    parent.kill()
    parent.wait()

    assert wait_for(lambda: not Path(f"/proc/{pid}").exists() or None)


def wait_for(ask):
    """First answer within a minute; a process needs a moment to start or to end."""
    for _ in range(600):
        with suppress(FileNotFoundError):
            if answer := ask():
                return answer
        time.sleep(0.1)
    return None


def test_the_next_job_is_asked_for_only_when_a_process_is_free():
    asked = []

    def jobs():
        for number in (1, 2, 3):
            asked.append(number)
            yield number

    for event in run_jobs(jobs(), double, Limits()):
        if isinstance(event, Ended) and event.job == 0:
            assert asked == [1]
    assert asked == [1, 2, 3]


def test_jobs_share_the_cores_and_each_has_at_least_one():
    cores = len(os.sched_getaffinity(0))
    assert threads_per_job(1) == cores
    assert threads_per_job(10 * cores) == 1
