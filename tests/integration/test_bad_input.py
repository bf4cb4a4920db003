"""Bad input: one clear sentence, the right exit code, no traceback, nothing half-written."""

import os

import numpy as np
import pytest

from plexus_mri.batch.status import read_status
from tests.integration.inputs import noise, write_nifti


def prove(ended, code, *words):
    """What holds for every bad input."""
    assert ended.code == code
    assert "Traceback" not in ended.out + ended.err
    assert f"exit code {code}" in ended.last_line
    for word in words:
        assert word in ended.err


def prove_one_case(ended, out, code, reason):
    """What holds for an input that is found and cannot be used: its state and reason are told."""
    prove(ended, code, reason)
    assert str(out / "status.tsv") in ended.last_line
    assert [row.reason for row in read_status(out)] == [reason]
    assert not list(out.glob("sub-*"))


def test_a_missing_path_is_named(program, tmp_path):
    ended = program("run", tmp_path / "nowhere", "--out", tmp_path / "out")
    prove(ended, 3, "nowhere", "does not exist")
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_holds_no_image(program, tmp_path):
    (tmp_path / "empty").mkdir()
    ended = program("run", "empty", "--out", "out")
    prove(ended, 3, "no DICOM or NIfTI image")
    assert not (tmp_path / "out").exists()


def test_a_text_file_named_as_an_image_is_unreadable(program, tmp_path):
    path = tmp_path / "sub-01.nii.gz"
    path.write_text("not an image\n" * 50, encoding="utf-8")
    ended = program("run", path, "--out", tmp_path / "out")
    prove_one_case(ended, tmp_path / "out", 3, "INPUT_UNREADABLE")


def with_nan():
    data = noise(dtype=np.float32)
    data[3, 3, 3] = np.nan
    return data


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (np.stack([noise(), noise()], axis=3), "PIXEL_4D"),
        (noise(dtype=np.complex64), "PIXEL_NOT_SCALAR"),
        (with_nan(), "PIXEL_NOT_FINITE"),
    ],
    ids=["four dimensions", "complex", "not a number"],
)
def test_unusable_pixels_are_no_usable_input(program, tmp_path, data, reason):
    path = write_nifti(tmp_path / "sub-01.nii.gz", data)
    ended = program("run", path, "--out", tmp_path / "out")
    prove_one_case(ended, tmp_path / "out", 3, reason)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"affine": np.zeros((3, 4)), "codes": (1, 0)}, "GEO_BAD_AFFINE"),
        ({"codes": (0, 0)}, "SIDE_UNPROVEN"),
    ],
    ids=["zero affine", "no orientation code"],
)
def test_unproven_geometry_is_refused_for_safety(program, tmp_path, options, reason):
    path = write_nifti(tmp_path / "sub-01.nii.gz", noise(), **options)
    ended = program("run", path, "--out", tmp_path / "out")
    prove_one_case(ended, tmp_path / "out", 5, reason)


def test_the_user_may_vouch_for_an_orientation(program, tmp_path):
    path = write_nifti(tmp_path / "sub-01.nii.gz", noise(), codes=(0, 0))
    ended = program("run", path, "--out", "out", "--assert-orientation", "--dry-run")
    assert ended.code == 0
    assert "1 case would be measured" in ended.last_line


def test_an_output_below_a_file_is_not_writable(program, study, tmp_path):
    (tmp_path / "file").touch()
    ended = program("run", study, "--out", tmp_path / "file" / "out")
    prove(ended, 6, "cannot write")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_not_writable(program, study, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    ended = program("run", study, "--out", tmp_path / "locked" / "out")
    prove(ended, 6, "no permission")


def test_an_output_inside_the_input_is_a_bad_command(program, study):
    ended = program("batch", study, "--out", study / "out")
    prove(ended, 2, "lies in the input")
    assert not (study / "out").exists()


def test_an_output_with_another_data_set_is_left_alone(program, study, tmp_path):
    foreign = tmp_path / "bids" / "dataset_description.json"
    foreign.parent.mkdir()
    foreign.write_text('{"Name": "mine", "BIDSVersion": "1.9.0"}', encoding="utf-8")
    prove(program("batch", study, "--out", tmp_path / "bids"), 6, "holds another data set")
    assert [path.name for path in foreign.parent.iterdir()] == ["dataset_description.json"]


def test_a_damaged_status_file_is_named(program, study, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "status.tsv").write_text("subject\tstate\n01\tasleep\n", encoding="utf-8")
    prove(program("batch", study, "--out", tmp_path / "out", "--dry-run"), 3, "status.tsv")
