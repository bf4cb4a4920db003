"""Landmarks are read as a table of places or as labelled discs, each mistake in one sentence."""

import json
from pathlib import Path

import numpy as np
import pytest

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import LabelMap
from plexus_mri.errors import InputError
from plexus_mri.io.landmarks import disc_labels, read_landmarks
from plexus_mri.io.nifti import write_labels
from plexus_mri.reasons import ReasonCode

HEAD = "nerve\tside\tx_mm\ty_mm\tz_mm\n"
AFFINE = np.array([[2.0, 0, 0, -40], [0, 2, 0, -30], [0, 0, 2, -50], [0, 0, 0, 1]])
IMAGE = Grid((41, 31, 51), AFFINE)


def table(folder, text, name="levels.tsv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def spine(folder, places, spacing_mm=1.0, start_mm=(-50.0, -40.0, -60.0)) -> Path:
    """Discs of 3 voxels a side at some places, on a grid of its own."""
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = start_mm
    grid, data = Grid((100, 80, 130), affine), np.zeros((100, 80, 130), dtype=np.int16)
    for index, place_mm in places.items():
        i, j, k = np.rint(grid.to_voxel(np.array([place_mm], dtype=float))[0]).astype(int)
        data[i - 1 : i + 2, j - 1 : j + 2, k - 1 : k + 2] = index
    write_labels(folder / "spine.nii.gz", LabelMap(data, grid))
    return folder / "spine.nii.gz"


def test_a_table_gives_root_side_and_place(tmp_path):
    path = table(tmp_path, HEAD + "C6\tR\t14.5\t-3\t20\nt1\tn/a\t-12\t-5\t-30\n")
    one, other = read_landmarks(path, IMAGE).levels
    assert (one.root, one.side, one.point_mm.tolist()) == (Nerve.C6, Side.RIGHT, [14.5, -3, 20])
    assert (other.root, other.side) == (Nerve.T1, None)


def test_json_says_the_same(tmp_path):
    rows = [{"nerve": "C6", "x_mm": 14.5, "y_mm": -3, "z_mm": 20}]
    stated = read_landmarks(table(tmp_path, json.dumps(rows), "levels.json"), IMAGE)
    assert stated.words == "C6 at [14.5, -3.0, 20.0] mm"
    assert not stated.of_discs


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("", "'levels.tsv' holds no row; a table of landmarks holds nerve"),
        ("C4\tR\t14\t-3\t20\n", "row 1 .* names 'C4'; only the roots C5, C6, C7, C8, T1"),
        ("upper_trunk\tR\t14\t-3\t20\n", "names 'upper_trunk'"),
        ("C6\tmiddle\t14\t-3\t20\n", "gives the side 'middle'; it is L or R"),
        ("C6\tR\tnan\t-3\t20\n", "row 1 .* gives x_mm as 'nan'; it is a number from -5000"),
        ("C6\tR\t14\tinf\t20\n", "gives y_mm as 'inf'"),
        ("C6\tR\t14\t-3\t1e30\n", "gives z_mm as '1e30'"),
        ("C6\tR\t14\tthree\t20\n", "gives y_mm as 'three'"),
        ("C6\tR\t14\t\t20\n", "row 1 .* has no y_mm .columns end with a tab.;"),
        ("C6\tR\t14\t-3\t20\nC6\tR\t15\t-3\t21\n", "states C6 R twice; keep one"),
    ],
)
def test_a_table_that_says_nothing_sound_is_refused_in_one_sentence(tmp_path, rows, sentence):
    with pytest.raises(InputError, match=sentence) as refused:
        read_landmarks(table(tmp_path, HEAD + rows), IMAGE)
    assert refused.value.reason is ReasonCode.LANDMARKS_TABLE


def test_a_place_outside_the_image_is_refused_with_what_the_image_covers(tmp_path):
    with pytest.raises(InputError, match=r"C6 at \[14.0, -3.0, 200.0\] mm outside .* -51.0\] to"):
        read_landmarks(table(tmp_path, "nerve\tx_mm\ty_mm\tz_mm\nC6\t14\t-3\t200\n"), IMAGE)


def test_a_missing_file_is_named(tmp_path):
    for name in ("no.tsv", "no.json", "no.nii.gz"):
        with pytest.raises(InputError, match=name) as refused:
            read_landmarks(tmp_path / name, IMAGE)
        assert refused.value.reason is ReasonCode.INPUT_MISSING


def test_discs_c4_c5_to_t1_t2_are_where_c5_to_t1_leave():
    assert disc_labels() == {
        65: Nerve.C5,
        66: Nerve.C6,
        67: Nerve.C7,
        71: Nerve.C8,
        72: Nerve.T1,
    }


def test_the_middle_of_each_disc_is_its_level_on_any_grid(tmp_path):
    path = spine(tmp_path, {66: (0, 10, 20), 71: (1, 9, -15), 16: (0, 5, 0), 1: (5, -5, 5)})
    stated = read_landmarks(path, IMAGE)
    assert stated.of_discs
    assert stated.words == "C6 at [0.0, 10.0, 20.0] mm; C8 at [1.0, 9.0, -15.0] mm"


def test_discs_beyond_the_image_are_left_out_and_refused_when_none_is_in_it(tmp_path):
    assert (
        read_landmarks(spine(tmp_path, {66: (0, 0, 60), 71: (0, 0, 0)}), IMAGE).words[:2] == "C8"
    )
    with pytest.raises(InputError, match=r"the disc of C6 at .* outside the image") as refused:
        read_landmarks(spine(tmp_path, {66: (0, 0, 60)}), IMAGE)
    assert refused.value.reason is ReasonCode.LANDMARKS_PLACE


def test_labels_of_another_program_are_refused_with_what_to_do(tmp_path):
    with pytest.raises(InputError, match="none of the labels 65, 66, 67, 71, 72") as refused:
        read_landmarks(spine(tmp_path, {5: (0, 0, 0)}), IMAGE)
    assert refused.value.reason is ReasonCode.LANDMARKS_TABLE
