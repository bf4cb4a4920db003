"""Longer proofs about batch: many cases, kills at random moments, lost workers, a full core.

Prints what was measured; with ``--out`` writes it as a page. Needs the tests' stand-ins for cases:
run it from the project's folder, `make prove-batch`.
"""

import argparse
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import psutil

from plexus_mri import __version__
from plexus_mri.batch.case_job import CaseJob
from plexus_mri.batch.engine import Ended, Limits, run_jobs
from plexus_mri.batch.ledger import Ledger
from plexus_mri.batch.outcome import CaseOutcome
from plexus_mri.batch.resume import fresh_row
from plexus_mri.batch.status import CaseState, read_status
from plexus_mri.batch.study_entry import keep_entry
from plexus_mri.batch.study_files import write_study_files
from plexus_mri.io.inventory import take_inventory
from plexus_mri.io.series_row import SeriesRow
from plexus_mri.settings import Settings
from scripts.prove_slurm import prove_slurm
from tests.integration.stub_cases import dask_processes, stub, write_tiny_study
from tests.integration.test_batch import result_bytes
from tests.unit.batch.works import count_up

_STUDY = 12
_PAUSE_S = "0.25"
# The same moments at every run of this script.
_MOMENTS = random.Random(1)  # noqa: S311 - moments, not secrets


@dataclass(frozen=True)
class Amounts:
    """How much is proven."""

    cases: int
    stored: int
    kills: int
    worker_kills: int


def main() -> None:
    """Run the proofs that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000, help="stub cases that are run")
    parser.add_argument("--stored", type=int, default=10_000, help="stub cases on disk")
    parser.add_argument("--kills", type=int, default=20, help="kills of the whole program")
    parser.add_argument("--worker-kills", type=int, default=3, help="kills of one Dask worker")
    parser.add_argument("--only", choices=[*_PROOFS], help="one proof alone")
    parser.add_argument("--out", type=Path, help="page to write")
    options = parser.parse_args()
    amounts = Amounts(options.cases, options.stored, options.kills, options.worker_kills)
    lines = [_head()]
    for name, prove in _PROOFS.items():
        if options.only in {None, name}:
            with tempfile.TemporaryDirectory() as folder:
                lines.append(f"- {prove(Path(folder), amounts)}")
            print(lines[-1], flush=True)
    if options.out is not None:
        options.out.write_text("\n".join(["# Proofs about batch", "", *lines]) + "\n", "utf-8")


def _head() -> str:
    load = os.getloadavg()[0]
    return (
        f"Written by `make prove-batch` with version {__version__}, {platform.machine()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}; processes of others that "
        f"wanted a core at the start: {load:.1f}. Stub cases do all of a case but the measuring."
        "\n"
    )


def prove_flat_memory(folder: Path, amounts: Amounts) -> str:
    """Memory of this process over many cases, and what a case costs beside its own work."""
    jobs = _jobs(folder, amounts.cases)
    ledger = Ledger(folder / "out", ())
    ledger.expect(fresh_row(job) for job in jobs)
    memory_mb: list[float] = []
    started = 0.0
    for event in run_jobs(jobs, stub, Limits(jobs=2)):
        if isinstance(event, Ended):
            started = started or time.perf_counter()
            row = replace(fresh_row(jobs[event.job]), state=CaseState.FINISHED)
            ledger.book(row, CaseOutcome(CaseState.FINISHED))
            memory_mb.append(psutil.Process().memory_info().rss / 1e6)
    per_case_ms = 1e3 * (time.perf_counter() - started) / max(1, len(jobs) - 1)
    later = memory_mb[len(jobs) // 10 :]
    return (
        f"{len(jobs)} stub cases, 2 jobs: {per_case_ms:.0f} ms a case, the writing of its files "
        f"included; {_empty_job_ms(len(jobs)):.0f} ms a job that does nothing; memory of the "
        f"main process {later[0]:.0f} MB after a tenth, {min(later):.0f} to {max(later):.0f} MB "
        f"from there on (+{100 * (max(later) / later[0] - 1):.1f} %)"
    )


def _empty_job_ms(count: int) -> float:
    """What the engine itself takes for a job, two at a time."""
    ends = _end_times([0] * count, 2)
    return 1e3 * (ends[-1] - ends[0]) / max(1, len(ends) - 1)


def _end_times(counts: list[int], at_once: int) -> list[float]:
    """When each of some jobs that only count ended, by this process's clock."""
    return [
        time.perf_counter()
        for event in run_jobs(counts, count_up, Limits(jobs=at_once))
        if isinstance(event, Ended)
    ]


def prove_large_study(folder: Path, amounts: Amounts) -> str:
    """Time of status, tables and page of a large study."""
    jobs = _jobs(folder, amounts.stored)
    stub(jobs[0], lambda _: None)
    with patch("os.fsync"):  # making them is not what is timed
        for job in jobs[1:]:
            _copy_case(jobs[0], job)
    rows = [replace(fresh_row(job), state=CaseState.FINISHED) for job in jobs]
    started = time.perf_counter()
    ledger = Ledger(folder / "out", rows)
    ledger.expect(rows)
    count = len(read_status(folder / "out"))
    state_s = time.perf_counter() - started
    write_study_files(folder / "out", ledger.rows())
    all_s = time.perf_counter() - started
    return (
        f"{count} stub cases on disk: status {state_s:.1f} s, with tables and page {all_s:.1f} s"
    )


def prove_kills(folder: Path, amounts: Amounts) -> str:
    """Kill the whole program at random moments; when a study comes to its end, begin anew."""
    study = write_tiny_study(folder / "study", _STUDY)
    started = time.perf_counter()
    _start(study, folder / "whole").wait()
    seconds = time.perf_counter() - started
    whole, kills, ends = result_bytes(folder / "whole"), 0, []
    while kills < amounts.kills or (folder / "broken").exists():
        process = _start(study, folder / "broken")
        patience_s = _MOMENTS.uniform(0.0, seconds) if kills < amounts.kills else None
        try:
            ends.append(_end(process.wait(patience_s), folder, whole))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
            continue
        shutil.rmtree(folder / "broken")
        (folder / "broken.steps").unlink()
    good = sum(end == (0, True, 0, 0) for end in ends)
    return (
        f"kill -9 of the whole program at {kills} random moments over studies of {_STUDY} stub "
        f"cases: {good} of {len(ends)} studies ended with code 0 in the bytes of an unbroken run, "
        f"no finished step repeated and no half file"
    )


def prove_lost_workers(folder: Path, amounts: Amounts) -> str:
    """Kill one of two workers of a real scheduler on loopback, at a random moment of its work."""
    study = write_tiny_study(folder / "study", _STUDY)
    _start(study, folder / "whole").wait()
    whole, ends = result_bytes(folder / "whole"), []
    for number in range(amounts.worker_kills):
        out = folder / f"broken{number}"
        with dask_processes(folder / f"dask{number}") as (address, workers):
            process = _start(study, out, "2", address)
            while not out.with_name(f"{out.name}.steps").exists() and process.poll() is None:
                time.sleep(0.05)
            time.sleep(_MOMENTS.uniform(0.0, 3.0))
            workers[number % 2].send_signal(signal.SIGKILL)
            ends.append(_end(process.wait(), folder, whole, out.name))
    good = sum(end == (0, True, 0, 0) for end in ends)
    return (
        f"one of two workers of a Dask scheduler on loopback killed with -9, {len(ends)} times: "
        f"{good} studies ended with code 0 in the bytes of an unbroken run, no finished step "
        "repeated and no half file"
    )


def prove_speed_up(_folder: Path, _amounts: Amounts) -> str:
    """Two jobs against one, where each job keeps one core busy."""
    seconds = {jobs: _seconds_of(jobs) for jobs in (1, 2)}
    return (
        f"8 jobs that only compute: {seconds[1]:.1f} s one by one, {seconds[2]:.1f} s two at a "
        f"time: {seconds[1] / seconds[2]:.2f} times as fast"
    )


def _seconds_of(jobs: int) -> float:
    """Seconds from the first end to the last: start-up is left out."""
    ends = _end_times([0] * 2 + [20_000_000] * 8, jobs)
    return ends[-1] - ends[1]


def _end(
    code: int, folder: Path, whole: dict[str, bytes], name: str = "broken"
) -> tuple[int, bool, int, int]:
    """Exit code, whether the bytes are the same, steps done twice, half files."""
    out = folder / name
    lines = (folder / f"{name}.steps").read_text(encoding="ascii").splitlines()
    twice = sum(line.endswith("REPEATED") for line in lines)
    return code, result_bytes(out) == whole, twice, len(list(out.rglob(".tmp-*")))


def _start(study: Path, out: Path, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "tests.integration.stub_cases", str(study), str(out), *more],
        start_new_session=True,
        env={**os.environ, "PLEXUS_STUB_PAUSE_S": _PAUSE_S, "PYTHONPATH": "."},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _copy_case(source: CaseJob, job: CaseJob) -> None:
    """The files of a stub under another name."""
    old, new = f"sub-{source.subject}", f"sub-{job.subject}"
    for path in (source.out / f"{old}.html", *(source.out / old).rglob("*.*")):
        copy = Path(str(path).replace(old, new))
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8").replace(source.subject, job.subject)
        copy.write_text(text, encoding="utf-8")
    keep_entry(job.out, job.subject, job.session)


def _jobs(folder: Path, cases: int) -> list[CaseJob]:
    """Jobs of one tiny image under many names."""
    row = take_inventory(write_tiny_study(folder / "study", 1)).rows[0]
    return [_job(row, f"{number:05d}", folder / "out") for number in range(cases)]


def _job(row: SeriesRow, label: str, out: Path) -> CaseJob:
    return CaseJob(label, None, row, out, Settings(), input_sha256=f"{int(label):04x}")


_PROOFS: dict[str, Callable[[Path, Amounts], str]] = {
    "memory": prove_flat_memory,
    "large": prove_large_study,
    "kills": prove_kills,
    "workers": prove_lost_workers,
    "speed": prove_speed_up,
    "slurm": lambda folder, _: prove_slurm(folder),
}


if __name__ == "__main__":
    main()
