"""Time and memory of one whole case, per stage, and cases an hour, for two sizes of image."""

import argparse
import logging
import multiprocessing
import os
import platform
import re
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ParamSpec, TypeVar

from plexus_mri.batch.case_job import CaseJob
from plexus_mri.batch.case_process import read_case, write_result
from plexus_mri.batch.engine import Ended, Limits, run_jobs, use_threads
from plexus_mri.batch.simulation import SimulationJob, write_simulated_case
from plexus_mri.core.simulated import ImageFormat
from plexus_mri.io.inventory import take_inventory
from plexus_mri.pipeline import run_case
from plexus_mri.settings import Settings
from plexus_mri.synthetic import PhantomSpec, plain_anatomy

_SEED = 1
_CASES_A_CORE = 1  # that the cases an hour are measured with
_MARKED = re.compile(r"(<!-- bench -->\n).*?(<!-- /bench -->)", re.DOTALL)
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Size:
    """Voxels along x, y, z and their edge."""

    shape: tuple[int, int, int]
    edge_mm: float

    @property
    def words(self) -> str:
        """Size for people."""
        return f"{' × '.join(map(str, self.shape))} voxels of {self.edge_mm:g} mm"


SIZES = (Size((300, 100, 190), 1.0), Size((384, 160, 384), 0.8))


@dataclass(frozen=True)
class Run:
    """Seconds by stage, of the whole process, and its largest resident memory."""

    stages: dict[str, float]
    seconds: float
    peak_memory_mb: float


@dataclass(frozen=True)
class Measured:
    """One case alone with all cores, and how many an hour with one case on each core."""

    size: Size
    alone: Run
    cases_per_hour: float


def main() -> None:
    """Measure and print the table; with ``--readme`` put it between the markers there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2, help="the fastest one counts")
    parser.add_argument("--readme", type=Path, help="file to put the table into")
    options = parser.parse_args()
    measured = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            measured.append(_measure(size, Path(folder), options.runs))
    text = table(measured)
    print(text)
    if options.readme is not None:
        page = options.readme.read_text(encoding="utf-8")
        marked = _MARKED.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page)
        options.readme.write_text(marked, encoding="utf-8")


def table(measured: list[Measured]) -> str:
    """Markdown table, one column a size."""
    runs = [m.alone for m in measured]
    rows = [
        ("", [m.size.words for m in measured]),
        ("---", ["---"] * len(measured)),
        *((stage, [_share(run, stage) for run in runs]) for stage in runs[0].stages),
        ("**whole process, start-up included**", [f"**{run.seconds:.1f} s**" for run in runs]),
        ("peak memory", [f"{run.peak_memory_mb:.0f} MB" for run in runs]),
        (
            f"cases an hour, {_cores()} at once on one core each",
            [f"{m.cases_per_hour:.0f}" for m in measured],
        ),
    ]
    note = (
        f"One case alone with {_cores()} threads, Python {platform.python_version()}, "
        f"{platform.machine()}. Repeat it with `make bench`."
    )
    return "\n".join([note, "", *(f"| {' | '.join([name, *cells])} |" for name, cells in rows)])


def _share(run: Run, stage: str) -> str:
    seconds = run.stages[stage]
    return f"{seconds:.1f} s ({100 * seconds / run.seconds:.0f} %)"


def time_case(job: CaseJob, announce: Callable[[str], None]) -> dict[str, float]:
    """Seconds each part of the case took, in its own process."""
    announce("read")
    start = time.perf_counter()
    case = read_case(job)
    after_read = time.perf_counter()
    result = run_case(case, job.settings, progress=announce)
    before_write = time.perf_counter()
    write_result(result, job)
    written = time.perf_counter() - before_write
    return {"read": after_read - start, **result.stage_seconds, "report and write": written}


def _measure(size: Size, folder: Path, runs: int) -> Measured:
    job = _in_new_process(_prepare, size, folder)
    alone = [_in_new_process(_alone, job) for _ in range(runs)]
    per_hour = _in_new_process(_cases_per_hour, job)
    return Measured(size, min(alone, key=lambda run: run.seconds), per_hour)


def _in_new_process(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Result of a function in a process of its own, for threads are counted once per process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *args, **kwargs).result()


def _alone(job: CaseJob) -> Run:
    use_threads(_cores())
    (end,) = _ends([job], 1)
    if end.result is None or end.peak_memory_mb is None:
        msg = "the benchmark case did not finish"
        raise SystemExit(msg)
    return Run(end.result, end.seconds, end.peak_memory_mb)


def _cases_per_hour(job: CaseJob) -> float:
    use_threads(1)
    count = _CASES_A_CORE * _cores()
    jobs = [replace(job, subject=f"bench{k}") for k in range(count)]
    started = time.perf_counter()
    ends = _ends(jobs, _cores())
    if any(end.result is None for end in ends):
        msg = "a benchmark case did not finish"
        raise SystemExit(msg)
    return 3600.0 * count / (time.perf_counter() - started)


def _ends(jobs: list[CaseJob], at_once: int) -> list[Ended[dict[str, float]]]:
    events = run_jobs(jobs, time_case, Limits(jobs=at_once, log_level=logging.WARNING))
    return [event for event in events if isinstance(event, Ended)]


def _cores() -> int:
    return os.cpu_count() or 1


def _prepare(size: Size, folder: Path) -> CaseJob:
    spec = PhantomSpec(_SEED, plain_anatomy(_SEED))
    grid = replace(spec.acquisition, shape=size.shape, spacing_mm=(size.edge_mm,) * 3)
    spec = replace(spec, acquisition=grid)
    truth = folder / "study" / "derivatives" / "truth"
    write_simulated_case(SimulationJob(spec, "bench", ImageFormat.NIFTI, folder / "study", truth))
    row = take_inventory(folder / "study").rows[0]
    return CaseJob("bench", None, row, folder / "out", Settings())


if __name__ == "__main__":
    import bench  # the timed work must lie in a module: a case's process does not load __main__

    bench.main()
