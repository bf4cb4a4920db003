"""The engine: jobs go to Dask, each in a process of its own; what happens comes as events."""

import importlib
import logging
import secrets
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

from plexus_mri.batch.isolation import (
    Announce,
    Bounds,
    Ending,
    StopCause,
    Work,
    run_isolated,
    stop_run,
    threads_per_job,
    use_threads,
)
from plexus_mri.batch.pool import HERE, Place, Pool, open_pool

if TYPE_CHECKING:
    from distributed import Future

logger = logging.getLogger(__name__)

Job = TypeVar("Job")
Result = TypeVar("Result")

# Tries after the first of a job that fails for what may pass (a network drive, a lost worker).
_RETRIES = 2
# A waiting main thread wakes this often, so that Ctrl-C is heard.
_WAKE_S = 0.2


@dataclass(frozen=True)
class Limits:
    """What the engine may use.

    ``memory_mb`` and ``seconds`` are per job, None for no limit. With a ``log_level`` a job logs
    to the terminal from that level on, and what libraries print by themselves is let through; it
    may name files of the user, so by default a job is silent.
    """

    jobs: int = 1
    memory_mb: float | None = None
    log_level: int | None = None
    seconds: float | None = None

    @property
    def bounds(self) -> Bounds:
        """What one job may use."""
        return Bounds(self.memory_mb, self.seconds, self.log_level)


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
    killed. ``signal_number`` then says by which signal, if by one, and ``stopped_for`` why it was
    ended from outside. ``lost`` says that its worker died, more than once.
    """

    job: int
    result: Result | None
    seconds: float
    peak_memory_mb: float | None
    signal_number: int | None = None
    stopped_for: StopCause | None = None
    lost: bool = False


Event = Started | StepReached | Ended[Result]


class MayPassError(Exception):
    """Carries the ending of a job that is worth another try."""

    def __init__(self, ending: Ending[object]) -> None:
        super().__init__(ending)
        self.ending = ending


@dataclass(frozen=True)
class _Order(Generic[Job, Result]):
    """A job as it travels to a worker."""

    run: str
    number: int
    work: Work[Job, Result]
    job: Job
    bounds: Bounds


def run_jobs(
    jobs: Iterable[Job],
    work: Work[Job, Result],
    limits: Limits,
    *,
    place: Place = HERE,
    memory_mb: Callable[[Job], float] | None = None,
) -> Generator[Event[Result]]:
    """Events of all jobs, in the order in which they happen.

    Closing the iterator ends the processes that still run.

    Parameters
    ----------
    jobs
        Values that can be pickled; the next one is asked for only when a process is free.
    work
        Function of a module (no closure), from job and ``announce(step)`` to result. It
        returns its failures as results; what it lets through ends that job alone.
    memory_mb
        Memory that a job is expected to need: those that do not fit together wait.

    Raises
    ------
    SettingsError
        When the place cannot be reached.
    """
    with open_pool(place, limits.jobs) as pool:
        flight = _Flight(pool, limits, work, memory_mb)
        try:
            yield from flight.events(iter(jobs))
        finally:
            flight.stop()


class _Flight(Generic[Job, Result]):
    """The jobs of one run that are under way."""

    def __init__(
        self,
        pool: Pool,
        limits: Limits,
        work: Work[Job, Result],
        memory_mb: Callable[[Job], float] | None,
    ) -> None:
        self._pool, self._limits, self._work, self._memory_mb = pool, limits, work, memory_mb
        self._run = secrets.token_hex(8)
        self._happened: SimpleQueue[Started | StepReached | tuple[int, Future]] = SimpleQueue()
        self._futures: dict[int, Future] = {}
        self._submitted: dict[int, float] = {}
        pool.client.subscribe_topic(self._run, lambda event: self._hear(*event[1]))

    def events(self, jobs: Iterator[Job]) -> Generator[Event[Result]]:
        """Events from the first job to the last."""
        waiting, more = enumerate(jobs), True
        while more or self._futures:
            while more and len(self._futures) < min(self._limits.jobs, self._pool.slots()):
                upcoming = next(waiting, None)
                more = upcoming is not None
                if upcoming:
                    self._submit(*upcoming)
            with suppress(Empty):
                happened = self._happened.get(timeout=_WAKE_S if self._futures or more else 0)
                if isinstance(happened, tuple):
                    yield self._ended(*happened)
                elif happened.job in self._futures:
                    yield happened

    def stop(self) -> None:
        """End what is under way; called at every end, the good one included."""
        futures, self._futures = list(self._futures.values()), {}
        if not futures:
            return
        self._pool.client.cancel(futures)
        if self._pool.is_here:
            stop_run(self._run)
        else:
            self._pool.client.run(stop_run, self._run, on_error="ignore")

    def _hear(self, number: int, step: str | None = None) -> None:
        """Take what a worker says of a job: that it started, or a step."""
        self._happened.put(Started(number) if step is None else StepReached(number, step))

    def _submit(self, number: int, job: Job) -> None:
        order = _Order(self._run, number, self._work, job, self._limits.bounds)
        expected = self._memory_mb(job) if self._memory_mb else 0.0
        future = self._pool.client.submit(
            _carry_out,
            order,
            key=f"{self._run}-{number}",
            pure=False,
            priority=-number,
            retries=_RETRIES,
            resources=self._pool.memory_share(expected),
        )
        self._futures[number], self._submitted[number] = future, time.perf_counter()
        future.add_done_callback(lambda done: self._happened.put((number, done)))

    def _ended(self, number: int, future: "Future") -> Ended[Result]:
        del self._futures[number]
        seconds = time.perf_counter() - self._submitted.pop(number)
        try:
            ending = future.result()
        except MayPassError as error:
            ending = error.ending
        except Exception:  # a lost worker or scheduler must not stop the others
            logger.exception("a job was lost")
            return Ended(number, None, seconds, None, lost=True)
        finally:
            future.release()
        return Ended(
            number,
            ending.result,
            ending.seconds,
            ending.peak_memory_mb,
            ending.signal_number,
            ending.stopped_for,
        )


def _carry_out(order: _Order[Job, Result]) -> Ending[Result]:
    """What a Dask worker does for a job."""
    worker = importlib.import_module("distributed").get_worker()
    use_threads(threads_per_job(worker.state.nthreads))

    def announce(step: str) -> None:
        worker.log_event(order.run, [order.number, step])

    worker.log_event(order.run, [order.number])
    ending = run_isolated(order.work, order.job, order.bounds, announce, run=order.run)
    if getattr(ending.result, "may_pass", False):
        raise MayPassError(ending)
    return ending


__all__ = [
    "Announce",
    "Ended",
    "Event",
    "Limits",
    "Started",
    "StepReached",
    "StopCause",
    "run_jobs",
    "threads_per_job",
    "use_threads",
]
