import nibabel as nib
import numpy as np

from plexus_mri.io.series_maps import read_series_map, why_no_map
from plexus_mri.reasons import ReasonCode


def stored(path, data):
    image = nib.Nifti1Image(data.astype(np.float32), np.eye(4))
    image.set_sform(np.eye(4), code=1)
    nib.save(image, path)
    return path


def test_a_map_is_read_in_its_own_grid(tmp_path):
    data = np.arange(60.0).reshape(3, 4, 5)
    found = read_series_map("t2", stored(tmp_path / "t2.nii", data), assert_orientation=False)
    assert found.image.grid.shape == (3, 4, 5)
    assert found.image.data[2, 3, 4] == 59.0


def test_a_map_is_known_by_its_values_and_place_whatever_file_it_came_in(tmp_path):
    data = np.arange(60.0).reshape(3, 4, 5)
    paths = (stored(tmp_path / "t2.nii", data), stored(tmp_path / "t2.nii.gz", data))
    changed = stored(tmp_path / "changed.nii", data + (data == 59.0))
    hashes = [
        read_series_map("t2", path, assert_orientation=False).source_sha256
        for path in (*paths, changed)
    ]
    assert [len(hashes[0]), hashes[0] == hashes[1], hashes[0] == hashes[2]] == [64, True, False]


def test_a_map_with_holes_is_left_out_with_its_reason(tmp_path):
    data = np.ones((3, 4, 5))
    data[1, 1, 1] = np.nan
    found = read_series_map("t2", stored(tmp_path / "t2.nii", data), assert_orientation=False)
    assert found.image is None
    assert found.reason is ReasonCode.PIXEL_NOT_FINITE
    assert found.sentence.startswith("the map 't2' was left out: its file holds 1 NaN")


def test_a_map_that_is_not_there_is_left_out_with_its_reason(tmp_path):
    found = read_series_map("t2", tmp_path / "Jane_Smith.nii", assert_orientation=False)
    assert found.image is None
    assert found.reason is ReasonCode.INPUT_MISSING
    # The sentence stands in the page and the summary, and files are named after people.
    assert found.sentence == "the map 't2' was left out: its file does not exist"


def test_a_folder_is_no_map(tmp_path):
    found = read_series_map("t2", tmp_path, assert_orientation=False)
    assert found.reason is ReasonCode.INPUT_UNSUPPORTED
    assert "is a folder; give one NIfTI file" in found.sentence


def test_a_dry_run_is_told_from_the_header_why_a_file_is_no_map(tmp_path):
    text = tmp_path / "t2.nii.gz"
    text.write_text("no image", encoding="utf-8")
    assert why_no_map(text, assert_orientation=False).startswith("INPUT_UNREADABLE: 't2.nii.gz'")
    assert why_no_map(tmp_path, assert_orientation=False).startswith("INPUT_UNSUPPORTED")
