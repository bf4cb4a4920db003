"""Cases that take milliseconds: everything of a case but the measuring, and planted failures."""

import ctypes
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path

from plexus_mri.batch.case_job import CaseJob
from plexus_mri.batch.case_process import guarded
from plexus_mri.batch.engine import Limits
from plexus_mri.batch.outcome import CaseOutcome
from plexus_mri.batch.output_folder import clear_case
from plexus_mri.batch.pool import Place
from plexus_mri.batch.request import StudyRequest
from plexus_mri.batch.steps import StepStore, is_done, mark_done, step_keys, steps_from
from plexus_mri.batch.study import run_study
from plexus_mri.batch.study_entry import keep_entry
from plexus_mri.batch.work_folder import case_folder
from plexus_mri.errors import RefusedError
from plexus_mri.io.atomic import write_text
from plexus_mri.io.columns import ASYMMETRY_COLUMNS, NERVE_COLUMNS
from plexus_mri.io.derivatives import case_paths
from plexus_mri.io.tables import write_json, write_table
from plexus_mri.reasons import ReasonCode
from tests.integration.inputs import SilentListener, image_path, noise, write_nifti

Announce = Callable[[str], None]
ROOT = Path(__file__).resolve().parents[2]
ROWS = 22 * 9  # nerves of both sides, and quantities


def write_tiny_study(study: Path, cases: int) -> Path:
    for number in range(1, cases + 1):
        write_nifti(image_path(study, f"{number:02d}"), noise((12, 12, 12), seed=number))
    return study


def stub(job: CaseJob, announce: Announce) -> CaseOutcome:
    """A case with two steps that takes no time."""
    return guarded(job, announce, _measure)


def slow_stub(job: CaseJob, announce: Announce) -> CaseOutcome:
    """The same with steps of some milliseconds, so that a kill meets them half done."""
    pause_s = float(os.environ.get("PLEXUS_STUB_PAUSE_S", "0.03"))
    return guarded(job, announce, lambda j, a: _measure(j, a, pause_s=pause_s))


def with_failures(job: CaseJob, announce: Announce) -> CaseOutcome:
    """Stub with a crash, a memory hog, a sleeper and a refusal among the subjects."""
    return guarded(job, announce, _planted)


def _planted(job: CaseJob, announce: Announce) -> None:
    match job.subject:
        case "04":
            announce("trace")
            ctypes.string_at(0)
        case "05":
            announce("measure")
            hog = []
            while True:
                hog.append(b"x" * 20_000_000)
        case "06":
            announce("bias")
            time.sleep(600)
        case "07":
            announce("frame")
            raise RefusedError("sides unproven", ReasonCode.SIDE_UNPROVEN)
    _measure(job, announce)


def _measure(job: CaseJob, announce: Announce, pause_s: float = 0.0) -> None:
    if is_done(job) and not job.from_step:
        return
    clear_case(job.out, job.subject, job.session)
    folder = case_folder(job.out, job.subject, job.session)
    steps = StepStore(folder, step_keys(job), steps_from(job.from_step))
    for step in ("bias", "trace", "measure"):
        announce(step)
        steps(step, lambda step=step: _note(job, step, pause_s))
    announce("write")
    time.sleep(pause_s)
    _write(job)
    mark_done(job)


def _note(job: CaseJob, step: str, pause_s: float) -> float:
    """Do a step, and leave word of it beside the output."""
    with (job.out.parent / f"{job.out.name}.steps").open("a", encoding="ascii") as stream:
        done = (case_folder(job.out, job.subject, job.session) / f"{step}.step").exists()
        stream.write(f"{job.subject} {step}{' REPEATED' if done else ''}\n")
    time.sleep(pause_s)
    return float(len(step))


def _write(job: CaseJob) -> None:
    paths = case_paths(job.out, job.subject, job.session)
    who = {"subject": job.subject, "session": job.session}
    number = float(int(job.input_sha256[:4] or "0", 16))
    rows = [{**who, "nerve": "C5", "value": number + k} for k in range(ROWS)]
    write_table(paths.nerve_measures, NERVE_COLUMNS, rows)
    rows = [{**who, "nerve": "C5", "left": number} for _ in range(ROWS // 2)]
    write_table(paths.asymmetry_measures, ASYMMETRY_COLUMNS, rows)
    summary = {
        "schema_version": 1,
        **who,
        "verdict": {"headline": ["a stub"], "findings": []},
        "registration": {"midline_found": True},
        "figures": [],
    }
    write_json(paths.summary, summary)
    write_text(paths.html, f"<!doctype html><title>{job.subject}</title>\n")
    keep_entry(job.out, job.subject, job.session)


def wait_for(ask, seconds: float = 300):
    """First true answer; processes need a while to start on a busy machine."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(FileNotFoundError):
            if answer := ask():
                return answer
        time.sleep(0.02)
    msg = "waited in vain"
    raise AssertionError(msg)


@contextmanager
def dask_processes(tmp_path: Path):
    """Address of a real scheduler on loopback, and its two workers."""
    tmp_path.mkdir(exist_ok=True)
    note = tmp_path / "scheduler.json"
    nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    python = [sys.executable, "-m"]
    common = ["--host", "127.0.0.1", "--no-dashboard"]
    scheduler = subprocess.Popen(
        [
            *python,
            "distributed.cli.dask_scheduler",
            *common,
            "--port",
            "0",
            "--scheduler-file",
            note,
        ],
        cwd=ROOT,
        **nowhere,
    )
    worker = [*python, "distributed.cli.dask_worker", *common, "--nthreads", "1", "--no-nanny"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    workers = [
        subprocess.Popen(
            [*worker, "--scheduler-file", note, "--local-directory", tmp_path],
            cwd=ROOT,
            env=environment,
            **nowhere,
        )
        for _ in range(2)
    ]
    try:
        yield wait_for(lambda: json.loads(note.read_text(encoding="utf-8")))["address"], workers
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


def main() -> int:
    """Run a study of stubs: STUDY OUT [JOBS [SCHEDULER]]."""
    study, out, jobs, *scheduler = [*sys.argv[1:], "2"][:4] if len(sys.argv) < 4 else sys.argv[1:]
    place = Place(scheduler=scheduler[0] if scheduler else None)
    request = StudyRequest(Path(study), Path(out), limits=Limits(jobs=int(jobs)), place=place)
    os.environ["PLEXUS_MRI_SALT"] = "salt of the tests"
    return run_study(request, SilentListener(), work=slow_stub).exit_code


if __name__ == "__main__":
    # The work must lie in a module: a case's process does not load __main__.
    sys.exit(importlib.import_module("tests.integration.stub_cases").main())
