"""Cases of a validation, as many at a time as there are processors."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from plexus_mri.batch.engine import threads_per_job, use_threads
from validation.cases import Task


def run_tasks(
    work: Callable[[Task, Path], None], tasks: Sequence[Task], store: Path, jobs: int
) -> None:
    """Do the work of each task in a process of a pool; it keeps its result in the store."""
    store.mkdir(parents=True, exist_ok=True)
    use_threads(threads_per_job(jobs))
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(work, task, store): task for task in tasks}
        for count, (future, task) in enumerate(waiting.items(), start=1):
            future.result()
            print(f"{count}/{len(tasks)} {task.name}", flush=True)
