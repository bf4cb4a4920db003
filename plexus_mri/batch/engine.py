"""The engine: every job in a process of its own, a few at once, so no crash reaches another."""

import logging
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")
Announce = Callable[[str], None]

_SPAWN = multiprocessing.get_context("spawn")
_MB = 1_000_000
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)
# Linear algebra is of matrices of a few dozen rows: threads only wait for each other there, and
# a busy machine of two cores then measured a nerve eight times slower.
_ALGEBRA_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Limits:
    """What the engine may use.

    ``memory_mb`` is per job, None for no limit. With a ``log_level`` a job logs to the terminal
    from that level on, and what libraries print by themselves is let through; it may name files
    of the user, so by default a job is silent.
    """

    jobs: int = 1
    memory_mb: float | None = None
    log_level: int | None = None


@dataclass(frozen=True)
class Started:
    """A job (by its number) has got a process."""

    job: int


@dataclass(frozen=True)
class StepReached:
    """A job announces the step it begins."""

    job: int
    step: str


@dataclass(frozen=True)
class Ended(Generic[Result]):
    """A job's process is gone.

    ``result`` is None when it died without giving one: a crash in native code, out of memory,
    killed. ``signal_number`` then says by which signal, if by one.
    """

    job: int
    result: Result | None
    seconds: float
    peak_memory_mb: float | None
    signal_number: int | None = None


Event = Started | StepReached | Ended[Result]


@dataclass(frozen=True)
class _Running:
    job: int
    process: BaseProcess
    pipe: Connection
    started: float


def run_jobs(
    jobs: Iterable[Job], work: Callable[[Job, Announce], Result], limits: Limits
) -> Generator[Event[Result]]:
    """Events of all jobs, in the order in which they happen.

    Processes are spawned, never forked: threads of OpenMP and ITK do not survive a fork.
    Closing the iterator ends the processes that still run.

    Parameters
    ----------
    jobs
        Values that can be pickled; the next one is asked for only when a process is free.
    work
        Function of a module (no closure), from job and ``announce(step)`` to result. It
        returns its failures as results; what it lets through ends that job alone.
    """
    waiting = enumerate(jobs)
    running: dict[int, _Running] = {}
    try:
        while True:
            while len(running) < limits.jobs and (upcoming := next(waiting, None)):
                number, job = upcoming
                running[number] = _start(number, job, work, limits)
                yield Started(number)
            if not running:
                return
            for current in _ready(running):
                event: StepReached | Ended[Result] = _receive(current)
                if isinstance(event, Ended):
                    del running[current.job]
                yield event
    finally:
        for current in running.values():
            current.process.terminate()
            current.process.join()


def threads_per_job(jobs: int) -> int:
    """Threads for each of ``jobs`` processes so that together they fit the machine."""
    available = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    )
    return max(1, (available or 1) // max(1, jobs))


def use_threads(count: int) -> None:
    """Set the number of threads that numeric libraries of later processes take.

    A variable that is set already is the user's word and stays.
    """
    for variable in _THREAD_VARIABLES:
        os.environ.setdefault(variable, str(count))
    for variable in _ALGEBRA_VARIABLES:
        os.environ.setdefault(variable, "1")
    # numba's other layers are not safe beside the threads of ITK.
    os.environ.setdefault("NUMBA_THREADING_LAYER", "workqueue")


def _start(
    number: int, job: Job, work: Callable[[Job, Announce], Result], limits: Limits
) -> _Running:
    ours, theirs = _SPAWN.Pipe(duplex=False)
    process = _SPAWN.Process(target=_child, args=(theirs, work, job, limits), daemon=True)
    started = time.perf_counter()
    process.start()
    theirs.close()
    return _Running(number, process, ours, started)


def _ready(running: Mapping[int, _Running]) -> list[_Running]:
    """Wait until at least one job has something to say."""
    ready = wait([current.pipe for current in running.values()])
    return [current for current in running.values() if current.pipe in ready]


def _receive(current: _Running) -> StepReached | Ended[Result]:
    """Next event of a running job; the end of its pipe without a result is its death."""
    result: Result | None = None
    peak: float | None = None
    try:
        kind, content = current.pipe.recv()
        if kind == "step":
            return StepReached(current.job, content)
        result, peak = content
    except EOFError:
        pass
    current.process.join()
    current.pipe.close()
    code = current.process.exitcode or 0
    seconds = time.perf_counter() - current.started
    return Ended(current.job, result, seconds, peak, -code if code < 0 else None)


def _child(
    pipe: Connection, work: Callable[[Job, Announce], Result], job: Job, limits: Limits
) -> None:
    """Body of a job's process."""
    # Ctrl-C reaches the whole process group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if limits.log_level is None:
        _silence()
    else:
        logging.basicConfig(level=limits.log_level)
    if limits.memory_mb is not None:
        size = int(limits.memory_mb * _MB)
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    result = work(job, lambda step: pipe.send(("step", step)))
    pipe.send(("end", (result, _peak_memory_mb())))


def _end_with_parent() -> None:
    """Leave no orphan at work: a killed parent's next run would meet it on the same files."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _silence() -> None:
    """Send what native libraries print to nowhere; results and steps travel by the pipe."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


def _peak_memory_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / _MB if sys.platform == "darwin" else peak * 1024 / _MB
