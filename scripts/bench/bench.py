"""Time and memory of one whole case, per stage: 300 x 100 x 190 voxels of 1 mm."""

import argparse
import logging
import os
import platform
import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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
_MARKED = re.compile(r"(<!-- bench -->\n).*?(<!-- /bench -->)", re.DOTALL)


@dataclass(frozen=True)
class Run:
    """Seconds by stage, of the whole process, and its largest resident memory."""

    stages: dict[str, float]
    seconds: float
    peak_memory_mb: float


def main() -> None:
    """Measure and print the table; with ``--readme`` put it between the markers there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2, help="the fastest one counts")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--readme", type=Path, help="file to put the table into")
    options = parser.parse_args()
    use_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        job = _prepare(Path(folder))
        runs = [_measured(job) for _ in range(options.runs)]
    text = table(min(runs, key=lambda run: run.seconds), options.threads)
    print(text)
    if options.readme is not None:
        page = options.readme.read_text(encoding="utf-8")
        marked = _MARKED.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page)
        options.readme.write_text(marked, encoding="utf-8")


def table(run: Run, threads: int) -> str:
    """Markdown table of one run."""
    rows = [f"| {stage} | {seconds:.1f} |" for stage, seconds in run.stages.items()]
    whole = f"| **whole process, start-up included** | **{run.seconds:.1f}** |"
    machine = f"{threads} threads, Python {platform.python_version()}, {platform.machine()}"
    note = (
        f"One case of 300 × 100 × 190 voxels at 1 mm, {machine}; "
        f"peak memory {run.peak_memory_mb:.0f} MB. Repeat it with `make bench`."
    )
    return "\n".join([note, "", "| stage | seconds |", "|---|---|", *rows, whole])


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


def _measured(job: CaseJob) -> Run:
    events = list(run_jobs([job], time_case, Limits(log_level=logging.WARNING)))
    end = events[-1]
    if not isinstance(end, Ended) or end.result is None or end.peak_memory_mb is None:
        msg = "the benchmark case did not finish"
        raise SystemExit(msg)
    return Run(end.result, end.seconds, end.peak_memory_mb)


def _prepare(folder: Path) -> CaseJob:
    spec = PhantomSpec(_SEED, plain_anatomy(_SEED))
    truth = folder / "study" / "derivatives" / "truth"
    write_simulated_case(SimulationJob(spec, "bench", ImageFormat.NIFTI, folder / "study", truth))
    row = take_inventory(folder / "study").rows[0]
    return CaseJob("bench", None, row, folder / "out", Settings())


if __name__ == "__main__":
    import bench  # the timed work must lie in a module: a case's process does not load __main__

    bench.main()
