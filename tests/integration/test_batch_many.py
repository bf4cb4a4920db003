"""Many cases: none lost, none done twice, the same bytes in the end, whatever happens."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from plexus_mri.batch import pool
from plexus_mri.batch.engine import Limits
from plexus_mri.batch.pool import Place
from plexus_mri.batch.request import StudyRequest
from plexus_mri.batch.status import CaseState, read_status
from plexus_mri.batch.study import run_study
from plexus_mri.batch.work_folder import study_lock
from plexus_mri.errors import OutputError, SettingsError
from plexus_mri.io.tables import read_table
from plexus_mri.reasons import ReasonCode
from tests.integration.inputs import SilentListener
from tests.integration.stub_cases import (
    ROOT,
    dask_processes,
    slow_stub,
    stub,
    wait_for,
    with_failures,
    write_tiny_study,
)
from tests.integration.test_batch import result_bytes

# Ends the sleeper and nothing else: stubs take milliseconds, seconds where others are at work.
TIMEOUT_S = float(os.environ.get("PLEXUS_TEST_TIMEOUT_S", "10"))
RANDOM = random.Random(20)  # noqa: S311 - moments, not secrets


@pytest.fixture
def request_(tmp_path, monkeypatch):
    monkeypatch.setenv("PLEXUS_MRI_SALT", "salt of the tests")
    study = write_tiny_study(tmp_path / "study", 12)
    return StudyRequest(study, tmp_path / "out", limits=Limits(jobs=2))


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """Bytes of the study measured without a break, one case at a time."""
    folder = tmp_path_factory.mktemp("unbroken")
    whole = StudyRequest(write_tiny_study(folder / "study", 12), folder / "out")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLEXUS_MRI_SALT", "salt of the tests")
        assert run_study(whole, SilentListener(), work=stub).exit_code == 0
    return result_bytes(whole.out)


def start(request_, *more) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.integration.stub_cases"]
    return subprocess.Popen([*command, request_.source, request_.out, *more], cwd=ROOT)


def steps_done(request_) -> list[str]:
    path = request_.out.with_name(f"{request_.out.name}.steps")
    return path.read_text(encoding="ascii").splitlines() if path.exists() else []


def test_seven_of_twelve_are_complete_and_five_have_their_reasons(request_):
    (request_.source / "sub-03" / "anat" / "sub-03_acq-stir_T2w.nii.gz").unlink()
    (request_.source / "sub-03" / "anat" / "1.dcm").write_bytes(b"cut off")
    limits = Limits(jobs=2, memory_mb=1_500, seconds=TIMEOUT_S)

    end = run_study(replace(request_, limits=limits), SilentListener(), work=with_failures)

    reasons = {row.subject: row.reason for row in end.rows if row.state is not CaseState.FINISHED}
    assert reasons == {
        "03": ReasonCode.INPUT_UNREADABLE,
        "04": ReasonCode.CASE_CRASHED,
        "05": ReasonCode.CASE_MEMORY,
        "06": ReasonCode.CASE_TIMEOUT,
        "07": ReasonCode.SIDE_UNPROVEN,
    }
    assert end.exit_code == 4
    measured = {row["subject"] for row in read_table(request_.out / "group_measures.tsv")}
    assert measured == {"01", "02", "08", "09", "10", "11", "12"}
    page = (request_.out / "index.html").read_text(encoding="utf-8")
    assert all(reason in page for reason in reasons.values())
    assert "trace" in (request_.out / "logs" / "sub-04.log").read_text(encoding="utf-8")


def test_what_would_only_fail_again_is_left_alone_and_the_rest_is_tried(request_):
    limits = Limits(jobs=2, memory_mb=1_500, seconds=TIMEOUT_S)
    request_ = replace(request_, limits=limits, participants=("01", "04", "07"))
    run_study(request_, SilentListener(), work=with_failures)
    again = SilentListener()

    assert run_study(request_, again, work=with_failures).exit_code == 4

    assert again.counts == (1, 2)
    assert {name for name, _ in again.steps} == {"sub-04"}


def test_killed_at_work_it_ends_in_the_same_bytes_and_repeats_nothing(request_, unbroken):
    process = start(request_)
    wait_for(lambda: steps_done(request_))
    time.sleep(RANDOM.uniform(0.0, 0.3))
    process.kill()
    process.wait()

    assert run_study(request_, SilentListener(), work=stub).exit_code == 0

    assert result_bytes(request_.out) == unbroken
    assert not [line for line in steps_done(request_) if line.endswith("REPEATED")]
    assert not list(request_.out.rglob(".tmp-*"))


def test_order_and_number_of_jobs_change_no_byte(request_, unbroken):
    for label in ("07", "03"):
        run_study(replace(request_, participants=(label,)), SilentListener(), work=stub)
    run_study(request_, SilentListener(), work=stub)

    assert result_bytes(request_.out) == unbroken


def test_from_step_repeats_that_step_and_what_follows(request_):
    request_ = replace(request_, participants=("01",))
    run_study(request_, SilentListener(), work=stub)
    run_study(replace(request_, from_step="trace"), SilentListener(), work=stub)

    done = [line.split()[1] for line in steps_done(request_)]
    assert done == ["bias", "trace", "measure", "trace", "measure"]


def test_a_second_batch_on_the_same_output_is_refused(request_):
    request_.out.mkdir()
    with (
        study_lock(request_.out, alone=True),
        pytest.raises(OutputError, match="another run is at work on 'out'"),
    ):
        run_study(request_, SilentListener(), work=stub)


def test_runs_with_subjects_of_their_own_share_the_output(request_, unbroken):
    labels = [f"{number:02d}" for number in range(1, 13)]
    with study_lock(request_.out, alone=False):
        for some in (labels[:1], labels[1:5], labels[5:]):
            request = replace(request_, participants=tuple(some))
            assert run_study(request, SilentListener(), work=stub).exit_code == 0

    assert len(read_status(request_.out)) == 12
    assert result_bytes(request_.out) == unbroken


@pytest.mark.parametrize("name", ["index.html", "group_measures.tsv", "sub-02.html", "sub-02"])
def test_a_file_of_somebody_else_is_never_overwritten(request_, name):
    request_.out.mkdir()
    (request_.out / name).write_text("mine", encoding="utf-8")

    with pytest.raises(OutputError, match=f"holds '{name}', which this program did not write"):
        run_study(request_, SilentListener(), work=stub)

    assert (request_.out / name).read_text(encoding="utf-8") == "mine"


def test_participants_are_taken_along_and_other_tables_of_that_name_are_not(request_):
    table = request_.source / "participants.tsv"
    request_ = replace(request_, participants=("01",))
    table.write_text("name\tage\nJane\t40\n", encoding="utf-8")
    run_study(request_, SilentListener(), work=stub)
    assert not (request_.out / "participants.tsv").exists()

    table.write_text("participant_id\tage\nsub-01\t40\n", encoding="utf-8")
    run_study(request_, SilentListener(), work=stub)
    assert (request_.out / "participants.tsv").read_bytes() == table.read_bytes()


def test_a_full_disk_ends_with_code_6_and_what_was_finished_stays(request_, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=900k", "none", small],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("a small disk needs the right to mount one")
    try:
        request_ = replace(request_, out=small / "out", limits=Limits())
        with suppress(OutputError):  # tables that find no room are said so too
            assert run_study(request_, SilentListener(), work=stub).exit_code == 6
        finished = {p.name for p in request_.out.glob("sub-*.html")}
        assert finished
        subprocess.run(["mount", "-o", "remount,size=64m", small], check=True)
        listener = SilentListener()
        assert run_study(request_, listener, work=stub).exit_code == 0
        # The page of the case that met the full disk may stand already: it is written last.
        assert listener.counts[1] >= len(finished) - 1
    finally:
        subprocess.run(["umount", small], check=True)


def test_a_read_only_output_is_refused_with_code_6_before_any_work(request_, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "ro", "none", disk], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a read-only disk needs the right to mount one")
    try:
        with pytest.raises(OutputError, match="the disk is read-only") as caught:
            run_study(replace(request_, out=disk / "out"), SilentListener(), work=stub)
        assert caught.value.exit_code == 6
    finally:
        subprocess.run(["umount", disk], check=True)


def test_workers_of_a_scheduler_measure_and_one_may_be_killed(request_, unbroken, tmp_path):
    with dask_processes(tmp_path) as (address, workers):
        process = start(request_, "2", address)
        wait_for(lambda: len(steps_done(request_)) > 6)
        workers[0].send_signal(signal.SIGKILL)
        assert process.wait(timeout=300) == 0

    assert result_bytes(request_.out) == unbroken
    assert not [line for line in steps_done(request_) if line.endswith("REPEATED")]


def test_a_scheduler_that_is_not_there_is_one_sentence(request_, monkeypatch):
    monkeypatch.setattr(pool, "_ANSWER_S", 1.0)
    request_ = replace(request_, place=Place(scheduler="tcp://127.0.0.1:9"))
    with pytest.raises(
        SettingsError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9'"
    ):
        run_study(request_, SilentListener(), work=slow_stub)


def test_the_output_is_a_valid_bids_derivative(out):
    program = shutil.which("bids-validator-deno", path=Path(sys.executable).parent)
    if program is None:
        pytest.skip("bids-validator-deno is not installed")
    ended = subprocess.run(
        [program, out, "--json"], capture_output=True, text=True, check=False, timeout=300
    )
    issues = json.loads(ended.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []
