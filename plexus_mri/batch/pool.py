"""Where jobs are done: Dask workers on this machine, at a scheduler, or in a queue."""

import importlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from plexus_mri.batch.queue_cluster import queue_cluster
from plexus_mri.batch.software import code_sha256
from plexus_mri.errors import SettingsError

if TYPE_CHECKING:
    from distributed import Client, LocalCluster
    from distributed.deploy import Cluster

# Name of Dask's abstract resource: a worker offers it, a job takes its share.
MEMORY = "memory_mb"
_MB = 1_000_000
# Share of the machine's memory that cases may take; the rest is for the system and this program.
_USABLE = 0.9
_ANSWER_S = 10
# Workers come and go; asking costs a way to the scheduler and back.
_ASK_S = 1.0
_LOOPBACK = "127.0.0.1:0"


@dataclass(frozen=True)
class Place:
    """Where cases are measured: on this machine unless one of these is given.

    Parameters
    ----------
    scheduler
        Address of a Dask scheduler.
    cluster
        File that describes the jobs of a cluster's queue.
    tell
        Is told the address of Dask's page about its workers; None for no such page.
    """

    scheduler: str | None = None
    cluster: Path | None = None
    tell: Callable[[str], None] | None = None

    @property
    def is_here(self) -> bool:
        """Whether cases are measured on this machine."""
        return self.scheduler is None and self.cluster is None


HERE = Place()


class Pool:
    """Workers that jobs can be given to."""

    def __init__(self, client: "Client", *, is_here: bool, memory_mb: float | None = None) -> None:
        self.client, self.is_here, self.memory_mb = client, is_here, memory_mb
        self._slots, self._asked = 0, -_ASK_S

    def slots(self) -> int:
        """Jobs that the workers can do at once; 0 when there is no worker yet."""
        if time.monotonic() - self._asked > _ASK_S:
            self._slots, self._asked = sum(self.client.nthreads().values()), time.monotonic()
        return self._slots

    def memory_share(self, expected_mb: float) -> Mapping[str, float] | None:
        """Memory that a job takes from its worker, where the workers say what they have."""
        if self.memory_mb is None or not expected_mb:
            return None
        return {MEMORY: min(expected_mb, self.memory_mb)}


@contextmanager
def open_pool(place: Place, jobs: int) -> Iterator[Pool]:
    """Pool of a place, closed at the end; a scheduler that was there before stays.

    Raises
    ------
    SettingsError
        When the scheduler does not answer, its workers have other code, or the file is wrong.
    """
    if place.scheduler is not None:
        with _client_of(place.scheduler) as client:
            _check_code(client)
            yield Pool(client, is_here=False, memory_mb=_offered(client))
    elif place.cluster is not None:
        with queue_cluster(place.cluster) as cluster, _client_of(cluster) as client:
            yield Pool(client, is_here=False, memory_mb=None)
    else:
        local = _local_cluster(jobs, dashboard=place.tell is not None)
        with local as cluster, _client_of(cluster) as client:
            if place.tell is not None:
                port = cluster.scheduler.http_server.port
                place.tell(f"Dask's dashboard: http://127.0.0.1:{port}/status")
            yield Pool(client, is_here=True, memory_mb=usable_memory_mb())


def _dask() -> ModuleType:
    """Dask, loaded when it is needed: commands that measure nothing start without it."""
    return importlib.import_module("distributed")


def usable_memory_mb() -> float:
    """Memory of this machine, or of the container, that cases may take together."""
    return float(_dask().system.MEMORY_LIMIT) * _USABLE / _MB


def _local_cluster(jobs: int, *, dashboard: bool) -> "LocalCluster":
    """Scheduler and worker inside this process: cases have processes of their own anyway.

    They talk without a network, so that nobody else on this machine can hand them work.
    """
    return _dask().LocalCluster(
        n_workers=1,
        threads_per_worker=jobs,
        processes=False,
        protocol="inproc",
        memory_limit=None,
        resources={MEMORY: usable_memory_mb()},
        dashboard_address=_LOOPBACK,
        worker_dashboard_address=_LOOPBACK,
        scheduler_kwargs={"dashboard": dashboard},
        silence_logs=logging.CRITICAL,
    )


def _client_of(address: "str | Cluster") -> "Client":
    try:
        return _dask().Client(address, timeout=_ANSWER_S, set_as_default=False)
    except (OSError, ValueError) as error:
        msg = f"no Dask scheduler answers at '{address}'; start one with 'dask scheduler'"
        raise SettingsError(msg) from error


def _check_code(client: "Client") -> None:
    """Refuse workers whose code would give other numbers.

    Raises
    ------
    SettingsError
        Says how many; an old worker without the package counts.
    """
    found = client.run(code_sha256, on_error="return")
    other = [worker for worker, code in found.items() if code != code_sha256()]
    if other:
        msg = (
            f"{len(other)} of {len(found)} workers have another version of plexus-mri; "
            "start them from the environment that this command runs in"
        )
        raise SettingsError(msg)


def _offered(client: "Client") -> float | None:
    """Least memory that a worker offers; None when one does not say."""
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    offers = [worker["resources"].get(MEMORY) for worker in workers]
    return min(offers) if offers and all(offers) else None
