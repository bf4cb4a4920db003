"""A correction in the output folder: the next run uses it and repeats only what follows."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.batch.case_process import read_case
from plexus_mri.batch.plan import make_plan
from plexus_mri.batch.request import StudyRequest
from plexus_mri.batch.status import read_status
from plexus_mri.batch.study import run_study
from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.correction import Correction
from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import LabelMap
from plexus_mri.io.corrections import encoded_mask, write_corrections, write_mask
from plexus_mri.io.tables import read_table
from plexus_mri.reasons import ReasonCode
from tests.integration.inputs import SPACING_MM, SilentListener
from tests.integration.stub_cases import stub, write_tiny_study

TIME = "2026-01-02T03:04:05Z"


@pytest.fixture
def request_(tmp_path, monkeypatch):
    monkeypatch.setenv("PLEXUS_MRI_SALT", "salt of the tests")
    return StudyRequest(write_tiny_study(tmp_path / "study", 2), tmp_path / "out")


def plant(out, rater="R1", *, input_sha256=None) -> Correction:
    """Correction of the case 01 as the command keeps it."""
    data = np.zeros((12, 12, 12), np.int16)
    data[2:9, 5, 5] = 1
    grid = Grid(data.shape, np.diag([SPACING_MM] * 3 + [1.0]))
    content, digest = encoded_mask(LabelMap(data, grid))
    found = input_sha256 or read_status(out)[0].input_sha256
    made = Correction("01", None, rater, TIME, found, "e", "", digest, "0.1.0")
    write_mask(out, made, content)
    write_corrections(out, [made])
    return made


def steps_done(request):
    path = request.out.parent / "out.steps"
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return [line.removesuffix(" REPEATED") for line in lines]


def test_a_correction_repeats_tracing_and_what_follows_of_its_case_alone(request_):
    run_study(request_, SilentListener(), work=stub)
    assert len(steps_done(request_)) == 6
    plant(request_.out)

    run_study(request_, SilentListener(), work=stub)
    assert steps_done(request_) == ["01 trace", "01 measure"]
    run_study(request_, SilentListener(), work=stub)
    assert steps_done(request_) == []


def test_the_case_is_read_with_the_mask_of_its_correction(request_):
    run_study(request_, SilentListener(), work=stub)
    made = plant(request_.out)

    one, two = (read_case(job) for job in make_plan(request_).jobs)
    assert one.own_mask.correction == made
    assert one.own_mask.nerve_of_index == {1: (Side.LEFT, Nerve.C5)}
    assert (one.warnings, two.own_mask) == ((), None)


def test_a_stale_correction_is_not_used_and_told_in_log_and_report(request_, caplog):
    run_study(request_, SilentListener(), work=stub)
    plant(request_.out, input_sha256="0" * 64)

    run_study(request_, SilentListener(), work=stub)
    assert "sub-01: correction by rater R1 of 2026-01-02: A correction is not used" in caplog.text
    case = read_case(make_plan(request_).jobs[0])
    assert case.own_mask is None
    assert [w.reason for w in case.warnings] == [ReasonCode.CORRECTION_STALE]
    assert case.warnings[0].sentence.startswith("Correction by rater R1 of 2026-01-02: ")


def test_another_rater_alone_can_be_asked_for(request_):
    run_study(request_, SilentListener(), work=stub)
    made = [plant(request_.out, "R1"), plant(request_.out, "R2")]
    write_corrections(request_.out, made)

    used = [make_plan(replace(request_, rater=r)).jobs[0].correction for r in (None, "R1", "R2")]
    assert used == [made[1], made[0], made[1]]


def test_commands_say_what_was_refused_and_what_is_there(program, request_, tmp_path):
    run_study(request_, SilentListener(), work=stub)
    plant(request_.out)

    ended = program("review", request_.out)
    assert "sub-01  sub-01/anat/sub-01_desc-nerve_dseg.nii.gz" in ended.out
    assert "correction by rater R1 of 2026-01-02, is used" in ended.out
    assert ended.last_line == "1 case to review; exit code 0"
    ended = program(
        *("corrections", "add", request_.out, "--subject", "sub-09"),
        *("--mask", tmp_path / "m.nii.gz", "--rater", "R1"),
    )
    assert (ended.code, ended.last_line) == (3, "nothing was kept; exit code 3")
    assert "this study has no case '09'" in ended.err
    ended = program("review", request_.out, "--open", "sub-01", "--editor", "no-such-editor")
    assert (ended.code, ended.last_line) == (2, "nothing was opened; exit code 2")
    ended = program("batch", request_.source, "--out", request_.out, "--rater", "R9", "--dry-run")
    assert "no correction of this rater; there are some of: R1" in ended.err


def test_the_editor_gets_the_image_of_the_input_and_a_copy_of_the_labels(program, measured_copy):
    study, out = measured_copy
    note = out.parent / "note"
    code = "import sys,pathlib;pathlib.Path(sys.argv[1]).write_text('|'.join(sys.argv[2:]))"
    command = f'{sys.executable} -c "{code}" {note}'
    ended = program(*("review", out, "--open", "sub-01", "--source", study, "--editor", command))
    assert ended.code == 0
    image, labels = note.read_text(encoding="utf-8").split("|")
    assert image.startswith(str(out / ".plexus-mri"))
    assert labels.startswith(str(out / "corrections" / "drafts"))
    assert "corrections add" in ended.out
    # The second time the image is there, and the input need not be named.
    assert program("review", out, "--open", "sub-01", "--editor", command).code == 0


@pytest.fixture
def measured_copy(study, out):
    return study, out


def test_sides_of_an_image_without_nerves_are_checked_and_every_nerve_has_a_reason(
    program, study, tmp_path
):
    dry = program("check-sides", study, "--out", tmp_path / "out", "--dry-run")
    assert dry.last_line == "2 cases would be measured twice; nothing was written; exit code 0"
    assert not (tmp_path / "out").exists()
    ended = program(
        *("check-sides", study, "--out", tmp_path / "out", "--participant-label", "01")
    )
    assert ended.code == 0
    assert ended.last_line.startswith("1 case checked, 0 not; exit code 0; table: ")
    rows = read_table(tmp_path / "out" / "side_check.tsv")
    assert {row["reason"] for row in rows} == {"MIDLINE_NOT_FOUND"}
