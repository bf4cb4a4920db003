"""Longer proofs about batch: many cases, and kills at random moments. Prints what was measured.

Needs the tests' stand-ins for cases: run it from the project's folder, `make prove-batch`.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import psutil

from plexus_mri.batch.case_job import CaseJob
from plexus_mri.batch.engine import Ended, Limits, run_jobs
from plexus_mri.batch.ledger import Ledger
from plexus_mri.batch.outcome import CaseOutcome
from plexus_mri.batch.resume import fresh_row
from plexus_mri.batch.status import CaseState, read_status
from plexus_mri.batch.study_files import write_study_files
from plexus_mri.io.inventory import take_inventory
from plexus_mri.io.series_row import SeriesRow
from plexus_mri.settings import Settings
from tests.integration.stub_cases import stub, write_tiny_study
from tests.integration.test_batch import result_bytes

_KILLS = 20


def main() -> None:
    """Run the proofs that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000, help="stub cases that are run")
    parser.add_argument("--stored", type=int, default=10_000, help="stub cases on disk")
    parser.add_argument("--kills", type=int, default=_KILLS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        prove_flat_memory(Path(folder) / "many", options.cases)
        prove_large_study(Path(folder) / "large", options.stored)
        prove_kills(Path(folder) / "kills", options.kills)


def prove_flat_memory(folder: Path, cases: int) -> None:
    """Memory of this process over many cases, and what a case costs beside its own work."""
    jobs = _jobs(folder, cases)
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
    per_case_ms = 1e3 * (time.perf_counter() - started) / max(1, cases - 1)
    tenth = max(1, cases // 10)
    print(
        f"{cases} stub cases: {per_case_ms:.0f} ms a case with 2 jobs (its files included); "
        f"main process {memory_mb[tenth]:.0f} MB after {tenth} cases, {memory_mb[-1]:.0f} MB "
        f"after all, most {max(memory_mb[tenth:]):.0f} MB"
    )


def prove_large_study(folder: Path, cases: int) -> None:
    """Time of status, tables and page of a large study."""
    jobs = _jobs(folder, cases)
    for job in jobs:
        stub(job, lambda _: None)
    rows = [replace(fresh_row(job), state=CaseState.FINISHED) for job in jobs]
    started = time.perf_counter()
    ledger = Ledger(folder / "out", rows)
    ledger.expect(rows)
    count = len(read_status(folder / "out"))
    state_s = time.perf_counter() - started
    write_study_files(folder / "out", ledger.rows())
    all_s = time.perf_counter() - started
    print(
        f"{count} stub cases on disk: status {state_s:.1f} s, with tables and page {all_s:.1f} s"
    )


def prove_kills(folder: Path, kills: int) -> None:
    """Kill the whole program at random moments over twelve real (tiny) cases, then let it end."""
    study = write_tiny_study(folder / "study", 12)
    whole, broken = folder / "whole", folder / "broken"
    started = time.perf_counter()
    _start(study, whole).wait()
    seconds = time.perf_counter() - started
    moments = random.Random(1)  # noqa: S311 - moments, not secrets
    for _ in range(kills):
        process = _start(study, broken)
        time.sleep(moments.uniform(0.1, 0.6) * seconds)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    code = _start(study, broken).wait()
    same = result_bytes(whole) == result_bytes(broken)
    half = list(broken.rglob(".tmp-*"))
    print(f"{kills} kills, then exit code {code}: same bytes {same}, half files {len(half)}")


def _start(study: Path, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "plexus_mri", "batch", str(study), "--out", str(out)]
    return subprocess.Popen(  # noqa: S603
        [*command, "--jobs", "2"],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _jobs(folder: Path, cases: int) -> list[CaseJob]:
    """Jobs of one tiny image under many names."""
    row = take_inventory(write_tiny_study(folder / "study", 1)).rows[0]
    return [_job(row, f"{number:05d}", folder / "out") for number in range(cases)]


def _job(row: SeriesRow, label: str, out: Path) -> CaseJob:
    return CaseJob(label, None, row, out, Settings(), input_sha256=f"{int(label):04x}")


if __name__ == "__main__":
    main()
