"""One job in a process of its own: a crash, a limit or a time-out ends that job alone.

Processes are forked from a server that has loaded the libraries and nothing else, so that a case
starts in milliseconds and no thread of OpenMP or ITK is there to be lost in a fork (ADR-71).
"""

import ctypes
import logging
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

import psutil

Job = TypeVar("Job")
Result = TypeVar("Result")
Given_co = TypeVar("Given_co", covariant=True)
Announce = Callable[[str], None]
Work = Callable[[Job, Announce], Result]

_CONTEXT = multiprocessing.get_context("forkserver")
_PRELOADED = ["plexus_mri.batch.case_server"]
_MB = 1_000_000
# Memory is looked at this often: a process fills about 0.2 GB in between.
_LOOK_S = 0.05
# A process that said its last word, or lost its voice, has this long to end by itself.
_LAST_WORD_S = 5.0
_KILL_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)
# A case that is ended leaves a lock of numba's behind; it is cleared away, and no word for users.
_QUIET_TRACKER = "ignore::UserWarning:multiprocessing.resource_tracker"
# Linear algebra is of matrices of a few dozen rows: threads only wait for each other there, and
# a busy machine of two cores then measured a nerve eight times slower.
_ALGEBRA_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Bounds:
    """What one job may use; None for no limit.

    With a ``log_level`` a job logs to the terminal from that level on, and what libraries print
    by themselves is let through; it may name files of the user, so by default a job is silent.
    """

    memory_mb: float | None = None
    seconds: float | None = None
    log_level: int | None = None


class StopCause(Enum):
    """Why a job was ended from outside."""

    TIME = "time"
    MEMORY = "memory"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Ending(Generic[Given_co]):
    """A job's process is gone.

    ``result`` is None when it died without giving one; ``stopped_for`` says why it was ended,
    ``signal_number`` by which signal it died, if by one.
    """

    result: Given_co | None
    seconds: float
    peak_memory_mb: float | None = None
    signal_number: int | None = None
    stopped_for: StopCause | None = None


# Starting and joining look at all children of this process, which threads must not do at once.
_children_lock = threading.Lock()
_running: dict[int, tuple[str, BaseProcess]] = {}
_stopped: set[str] = set()


def run_isolated(
    work: Work[Job, Result], job: Job, bounds: Bounds, announce: Announce, *, run: str = ""
) -> Ending[Result]:
    """Run a job in a process of its own and wait for its end.

    Parameters
    ----------
    work
        Function of a module (no closure), from job and ``announce(step)`` to result. It
        returns its failures as results; what it lets through ends that job alone.
    run
        Name of the run that the job belongs to, for `stop_run`.
    """
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_child, args=(theirs, work, job, bounds))
    started = time.perf_counter()
    with _children_lock:
        if run in _stopped:
            return Ending(None, 0.0, stopped_for=StopCause.STOPPED)
        _make_ready()
        process.start()
        _running[id(process)] = (run, process)
    theirs.close()
    patience_s = 0.0
    told: tuple[Result | None, float | None, StopCause | None]
    try:
        told = _attend(process, ours, bounds, announce)
        result, peak, cause = told
        patience_s = _LAST_WORD_S if cause is None else 0.0
    finally:
        _end(process, patience_s)
        ours.close()
    seconds, code = time.perf_counter() - started, process.exitcode or 0
    if result is None and run in _stopped:
        cause = StopCause.STOPPED
    return Ending(result, seconds, peak, -code if code < 0 else None, cause)


def start_server() -> None:
    """Start the server of processes ahead of the first one: it loads its libraries meanwhile.

    Threads of numeric libraries must be set by then (`use_threads`).
    """
    with _children_lock:
        _make_ready()
        forkserver.ensure_running()


def stop_run(run: str) -> None:
    """End the jobs of a run that are under way in this process, and start no further one."""
    _stopped.add(run)
    for name, process in list(_running.values()):
        if name == run:
            process.kill()


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


def _attend(
    process: BaseProcess, pipe: Connection, bounds: Bounds, announce: Announce
) -> tuple[Result | None, float | None, StopCause | None]:
    """Pass on the steps of a job until its end; result, peak memory and why it was ended."""
    deadline: float | None = None
    while True:
        if pipe.poll(_patience(bounds, deadline)):
            try:
                kind, content = pipe.recv()
            except (EOFError, OSError):
                return None, None, None
            if kind == "end":
                return *content, None
            if kind == "step":
                announce(content)
            elif bounds.seconds is not None:  # alive: the server's own start is not its time
                deadline = time.monotonic() + bounds.seconds
        if cause := _cause_to_end(process, bounds, deadline):
            return None, bounds.memory_mb if cause is StopCause.MEMORY else None, cause


def _cause_to_end(
    process: BaseProcess, bounds: Bounds, deadline: float | None
) -> StopCause | None:
    """Which limit a job is over, if any."""
    if deadline is not None and time.monotonic() > deadline:
        return StopCause.TIME
    if bounds.memory_mb is not None and _memory_mb(process) > bounds.memory_mb:
        return StopCause.MEMORY
    return None


def _patience(bounds: Bounds, deadline: float | None) -> float | None:
    """Seconds until a limit has to be looked at again; None when there is none."""
    if bounds.memory_mb is not None:
        return _LOOK_S
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def _memory_mb(process: BaseProcess) -> float:
    """Resident memory of a process; 0 when it is gone."""
    try:
        return float(psutil.Process(process.pid).memory_info().rss) / _MB
    except psutil.NoSuchProcess:
        return 0.0


def _end(process: BaseProcess, patience_s: float) -> None:
    """Wait for a process that is about to end, and end it when it does not."""
    # The sentinel is waited for, not joined: joining would take the exit code from a thread that
    # starts a process at the same time.
    if not wait([process.sentinel], patience_s):
        process.kill()
        wait([process.sentinel])
    with _children_lock:
        process.join()
        _running.pop(id(process), None)


def _make_ready() -> None:
    """Say what the server loads, before it is started."""
    _may_have_children()
    _CONTEXT.set_forkserver_preload(_PRELOADED)
    os.environ.setdefault("PYTHONWARNINGS", _QUIET_TRACKER)


def _may_have_children() -> None:
    """Let a Dask worker start processes: it is marked as one that must not leave any behind.

    None of ours is left behind: each ends with its server, and the server with the worker.
    """
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]  # noqa: SLF001


def _child(pipe: Connection, work: Work[Job, Result], job: Job, bounds: Bounds) -> None:
    """Body of a job's process."""
    # Ctrl-C reaches the whole process group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _end_with_parent()
    pipe.send(("alive", None))
    if bounds.log_level is None:
        _silence()
    else:
        logging.basicConfig(level=bounds.log_level)
    if bounds.memory_mb is not None:
        # An allocation far beyond the limit fails at once, with a call stack; the rest is watched.
        size = psutil.Process().memory_info().vms + int(bounds.memory_mb * _MB)
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    result = work(job, lambda step: pipe.send(("step", step)))
    pipe.send(("end", (result, _peak_memory_mb())))


def _end_with_parent() -> None:
    """Leave no orphan at work: a killed parent's next run would meet it on the same files."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    if sys.platform == "linux":
        # The kernel ends us with our server, which ends with the program: no moment in between.
        # For that the program alone may hold the pipe by which the server knows it is alive.
        os.close(forkserver._forkserver._forkserver_alive_fd)  # type: ignore[attr-defined]  # noqa: SLF001
        ctypes.CDLL(None).prctl(_KILL_WITH_PARENT, signal.SIGKILL)
        if wait([parent.sentinel], 0):
            os._exit(1)
    else:
        threading.Thread(target=_end_after, args=(parent.sentinel,), daemon=True).start()


def _end_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


def _silence() -> None:
    """Send what native libraries print to nowhere; results and steps travel by the pipe."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


def _peak_memory_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / _MB if sys.platform == "darwin" else peak * 1024 / _MB
