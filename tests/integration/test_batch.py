"""A study: every case its own process, its state told truly, and resumed by content."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from plexus_mri.batch.engine import Limits
from plexus_mri.batch.plan import make_plan
from plexus_mri.batch.request import StudyRequest
from plexus_mri.batch.status import CaseState, read_status
from plexus_mri.batch.study import run_study, to_measure
from plexus_mri.batch.study_files import write_study_files
from plexus_mri.batch.work_folder import claim
from plexus_mri.errors import InputError, SettingsError
from plexus_mri.io.tables import read_table
from plexus_mri.reasons import ReasonCode
from plexus_mri.settings import settings_from_mapping
from tests.integration.case_works import crash_01, fill_disk, lose_02, must_not_run, refuse
from tests.integration.inputs import SilentListener, image_path, noise, write_nifti


class Impatient(SilentListener):
    """A user who presses Ctrl-C as soon as a case begins."""

    def step(self, name, step):  # noqa: ARG002 - the protocol's own names
        raise KeyboardInterrupt


@pytest.fixture
def request_(study, tmp_path, monkeypatch):
    monkeypatch.setenv("PLEXUS_MRI_SALT", "salt of the tests")
    return StudyRequest(study, tmp_path / "out")


def states(out):
    return {row.subject: row.state for row in read_status(out)}


def test_a_failed_case_leaves_the_others_complete_and_the_code_says_some_failed(request_):
    end = run_study(request_, SilentListener(), work=lose_02)

    assert end.exit_code == 4
    assert states(request_.out) == {"01": CaseState.FINISHED, "02": CaseState.FAILED}
    assert read_status(request_.out)[1].reason is ReasonCode.NERVE_LOST
    assert read_status(request_.out)[1].step == "trace"
    assert {row["subject"] for row in read_table(request_.out / "group_measures.tsv")} == {"01"}
    page = (request_.out / "index.html").read_text(encoding="utf-8")
    assert "sub-01.html" in page
    assert "NERVE_LOST" in page


def test_a_crash_in_native_code_is_booked_and_stops_nobody(request_):
    end = run_study(request_, SilentListener(), work=crash_01)

    assert end.exit_code == 4
    assert states(request_.out) == {"01": CaseState.FAILED, "02": CaseState.FINISHED}
    assert read_status(request_.out)[0].reason is ReasonCode.CASE_CRASHED
    crash = (request_.out / "logs" / "crash_sub-01.txt").read_text(encoding="utf-8")
    assert "SIGSEGV" in crash


def test_stop_on_first_crash_starts_no_further_case(request_):
    end = run_study(replace(request_, stop_on_first_crash=True), SilentListener(), work=crash_01)

    assert end.exit_code == 1
    assert states(request_.out) == {"01": CaseState.FAILED, "02": CaseState.PENDING}


def test_a_full_disk_starts_no_further_case_and_leaves_nothing_half_written(request_):
    end = run_study(request_, SilentListener(), work=fill_disk)

    assert end.exit_code == 6
    assert not list(request_.out.glob("sub-*"))
    assert read_table(request_.out / "group_measures.tsv") == []
    assert states(request_.out) == {"01": CaseState.FAILED, "02": CaseState.PENDING}


def test_ctrl_c_writes_the_state_and_the_same_command_resumes(request_):
    end = run_study(request_, Impatient(), work=lose_02)

    assert end.exit_code == 130
    assert set(states(request_.out).values()) == {CaseState.STOPPED}
    assert (request_.out / "group_measures.tsv").is_file()

    resumed = SilentListener()
    assert run_study(request_, resumed, work=refuse).exit_code == 5
    assert resumed.counts == (2, 0)


def test_a_finished_case_is_left_alone(request_, out):
    before = result_bytes(out)
    listener = SilentListener()

    assert run_study(request_, listener, work=must_not_run).exit_code == 0

    assert listener.counts == (0, 2)
    assert result_bytes(out) == before


def test_a_finished_case_is_measured_again_when_its_image_changed(request_, study, out):
    write_nifti(image_path(study, "01"), noise(seed=7))
    listener = SilentListener()

    run_study(request_, listener, work=refuse)

    assert {name for name, _ in listener.steps} == {"sub-01"}
    assert states(out) == {"01": CaseState.REFUSED, "02": CaseState.FINISHED}


@pytest.mark.usefixtures("out")
def test_finished_cases_are_measured_again_when_a_setting_changed(request_):
    settings = settings_from_mapping({"preprocess": {"correct_bias": False}})
    changed = replace(request_, settings=settings)

    assert to_measure(make_plan(request_), request_) == ()
    assert len(to_measure(make_plan(changed), changed)) == 2


def test_a_case_that_is_refused_later_leaves_no_older_number_behind(request_, study, out):
    write_nifti(image_path(study, "01"), noise(), codes=(0, 0))

    end = run_study(request_, SilentListener(), work=must_not_run)

    assert end.exit_code == 4
    assert states(out)["01"] is CaseState.REFUSED
    assert not list(out.glob("sub-01*/**/*.tsv"))
    assert not (out / "sub-01.html").exists()
    assert {row["subject"] for row in read_table(out / "group_measures.tsv")} == {"02"}


def test_what_was_kept_for_the_page_changes_no_byte_of_it(out):
    write_study_files(out, read_status(out))
    kept = (out / "index.html").read_bytes()
    for entry in out.glob(".plexus-mri/*/entry.json"):
        entry.unlink()

    write_study_files(out, read_status(out))

    assert (out / "index.html").read_bytes() == kept


def test_leftovers_of_a_killed_run_are_cleared(request_):
    claim(request_.out, ["sub-01"])
    # No process has this number.
    leftover = request_.out / "sub-01" / "anat" / f".tmp-{2**22 + 1}-1-sub-01_x.tsv"
    leftover.parent.mkdir(parents=True)
    leftover.touch()

    run_study(replace(request_, participants=("01",)), SilentListener(), work=refuse)

    assert not leftover.exists()


def test_the_same_input_gives_the_same_bytes(request_, measured):
    run_study(replace(request_, limits=Limits(jobs=2)), SilentListener())

    assert result_bytes(request_.out) == result_bytes(measured)


def test_a_run_that_was_killed_is_completed_to_the_same_bytes(request_, measured):
    command = [sys.executable, "-m", "plexus_mri", "batch", request_.source, "--out", request_.out]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    lines = iter(process.stderr.readline, "")
    assert next(line for line in lines if line == "sub-02: read\n")
    process.kill()
    process.communicate()

    resumed = SilentListener()
    end = run_study(request_, resumed)

    assert end.exit_code == 0
    assert resumed.counts == (1, 1)
    assert result_bytes(request_.out) == result_bytes(measured)


def test_one_case_is_asked_for_and_two_are_there(request_):
    with pytest.raises(InputError, match=r"holds 2 cases \(01, 02\); use 'batch'"):
        run_study(request_, SilentListener(), single=True)


def test_one_mask_for_two_cases_is_an_error_before_any_work(request_, tmp_path):
    request_ = replace(request_, segmentation="m.nii.gz", labels=tmp_path / "labels.tsv")
    with pytest.raises(SettingsError, match="cannot fit 2 cases"):
        run_study(request_, SilentListener())


def test_a_missing_mask_fails_that_case_alone(request_, tmp_path):
    mask = str(tmp_path / "mask_{subject}.nii.gz")
    table = tmp_path / "labels.tsv"
    table.write_text("index\tnerve\tside\n1\tC5\tL\n", encoding="utf-8")
    request_ = replace(request_, segmentation=mask, labels=table, participants=("sub-02",))

    end = run_study(request_, SilentListener())

    assert end.exit_code == 3
    assert read_status(request_.out)[0].reason is ReasonCode.INPUT_MISSING


def test_only_the_asked_for_participant_is_measured(request_):
    end = run_study(replace(request_, participants=("sub-02",)), SilentListener(), work=refuse)

    assert [row.subject for row in end.rows] == ["02"]
    assert {row["subject"] for row in read_table(request_.out / "inventory.tsv")} == {"01", "02"}


def test_every_column_of_status_has_a_meaning(measured):
    dictionary = json.loads((measured / "status.json").read_text(encoding="utf-8"))
    header = (measured / "status.tsv").read_text(encoding="utf-8").splitlines()[0].split("\t")
    promised = "subject session step state reason seconds peak_memory_mb input_sha256"
    assert header[:8] == promised.split()
    assert all(dictionary[name]["Description"] for name in header)


def result_bytes(out):
    """All results by name; what tells of the run itself (times, logs, locks) is left out."""
    left_out = {"status.tsv", "logs", ".plexus-mri"}
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and not left_out & set(path.relative_to(out).parts)
    }
