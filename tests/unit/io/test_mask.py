"""The user's own mask is taken when it and its table fit the image, and refused when not."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from plexus_mri.core.anatomy import Nerve, Side, label_index
from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import LabelMap
from plexus_mri.errors import InputError, RefusedError
from plexus_mri.io.case_rows import label_rows
from plexus_mri.io.columns import LABEL_COLUMNS
from plexus_mri.io.mask import LabelTable, read_label_table, read_own_mask
from plexus_mri.io.nifti import write_labels
from plexus_mri.io.tables import write_table
from plexus_mri.reasons import ReasonCode

IMAGE = Grid((20, 10, 12), np.diag([1.0, 2.0, 1.5, 1.0]))
TABLE = "index\tnerve\tside\n1\tC5\tL\n2\tupper_trunk\tR\n"


def mask(folder: Path, *indices: int, grid: Grid = IMAGE) -> Path:
    data = np.zeros(grid.shape, np.int16)
    for place, index in enumerate(indices):
        data[2 + place, 3:6, 4] = index
    write_labels(folder / "mask.nii.gz", LabelMap(data, grid))
    return folder / "mask.nii.gz"


def table(folder: Path, text: str = TABLE, name: str = "labels.tsv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_labels_get_their_nerves(tmp_path: Path) -> None:
    own = read_own_mask(mask(tmp_path, 1, 2), table(tmp_path), IMAGE)
    assert own.nerve_of_index == {1: (Side.LEFT, Nerve.C5), 2: (Side.RIGHT, Nerve.UPPER_TRUNK)}
    assert np.count_nonzero(own.labels.mask(2)) == 3


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (json.dumps([{"index": 1, "nerve": "c5", "side": "Left"}]), "labels.json"),
        ("\ufeffIndex\tSide\tNerve\tcolour\n1\tleft\tC5\tred\n", "labels.tsv"),
        ("index\tnerve\tside\r\n1\tC5\tl\r\n", "labels.tsv"),
    ],
    ids=["json", "other order and case", "windows"],
)
def test_tables_are_read_however_they_are_written(tmp_path: Path, content: str, name: str) -> None:
    read = read_label_table(table(tmp_path, content, name))
    assert read == LabelTable({1: (Side.LEFT, Nerve.C5)})


def test_the_projects_own_label_table_is_accepted(tmp_path: Path) -> None:
    write_table(tmp_path / "own.tsv", LABEL_COLUMNS, label_rows())
    read = read_label_table(tmp_path / "own.tsv")
    assert read.nerve_of_index == {label_index(s, n): (s, n) for s in Side for n in Nerve}


def test_a_mask_on_another_grid_of_the_same_space_is_taken(tmp_path: Path) -> None:
    fine = np.diag([-0.5, 0.5, 0.5, 1.0])
    fine[:3, 3] = [19.0, 2.0, 3.0]
    grid = Grid((30, 12, 10), fine)
    own = read_own_mask(mask(tmp_path, 1, grid=grid), table(tmp_path), IMAGE)
    np.testing.assert_allclose(own.labels.grid.affine, fine)


def test_a_mask_outside_of_the_image_is_refused(tmp_path: Path) -> None:
    away = np.array(IMAGE.affine)
    away[0, 3] = 500.0
    path = mask(tmp_path, 1, grid=Grid(IMAGE.shape, away))
    with pytest.raises(InputError, match=r"only 0 % of the labels of 'mask\.nii") as caught:
        read_own_mask(path, table(tmp_path), IMAGE)
    assert caught.value.reason is ReasonCode.MASK_GRID


def test_labels_that_the_table_lacks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds labels \[7\] that 'labels.tsv' does not name"):
        read_own_mask(mask(tmp_path, 1, 7), table(tmp_path), IMAGE)


def test_labels_can_be_left_out_by_name(tmp_path: Path) -> None:
    text = TABLE + "7\tignore\tn/a\n"
    own = read_own_mask(mask(tmp_path, 1, 7), table(tmp_path, text), IMAGE)
    assert set(own.nerve_of_index) == {1}
    assert np.unique(own.labels.data).tolist() == [0, 1]


def test_an_empty_mask_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none of the labels \[1, 2\]"):
        read_own_mask(mask(tmp_path), table(tmp_path), IMAGE)


@pytest.mark.parametrize("value", [0.5, -1.0, 40000.0])
def test_values_that_are_no_labels_are_refused(tmp_path: Path, value: float) -> None:
    image = nib.Nifti1Image(np.full(IMAGE.shape, value, "float32"), IMAGE.affine)
    nib.save(image, tmp_path / "mask.nii.gz")
    with pytest.raises(InputError, match="labels are whole numbers from 0 up"):
        read_own_mask(tmp_path / "mask.nii.gz", table(tmp_path), IMAGE)


def test_a_mask_without_orientation_codes_needs_the_images_own_grid(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.full(IMAGE.shape, 1, "int16"), IMAGE.affine)
    image.set_sform(IMAGE.affine, code=1)
    nib.save(image, tmp_path / "mask.nii")
    raw = bytearray((tmp_path / "mask.nii").read_bytes())
    raw[252:256] = bytes(4)
    (tmp_path / "mask.nii").write_bytes(raw)
    own = read_own_mask(tmp_path / "mask.nii", table(tmp_path), IMAGE)
    np.testing.assert_array_equal(own.labels.grid.affine, IMAGE.affine)
    other = Grid(IMAGE.shape, np.diag([1.0, 2.0, 1.6, 1.0]))
    with pytest.raises(RefusedError, match="sform and qform code 0"):
        read_own_mask(tmp_path / "mask.nii", table(tmp_path), other)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("index\tnerve\tside\n1\tC9\tL\n", "the nerve 'C9'; the nearest is 'C"),
        ("index\tnerve\tside\n1\tC5\tX\n", "the side 'X'"),
        ("index\tnerve\tside\none\tC5\tL\n", "the index 'one'"),
        ("index\tnerve\tside\n0\tC5\tL\n", "the index '0'"),
        ("index\tnerve\tside\n1\tC5\tL\n1\tC6\tL\n", "the index 1 twice"),
        ("index\tnerve\tside\n1\tC5\tL\n2\tC5\tL\n", "C5 L twice"),
        ("index\tname\n1\tC5\n", "no column '"),
        ("", "names no nerve"),
    ],
)
def test_a_bad_table_is_refused_with_the_value(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        read_label_table(table(tmp_path, text))
    assert caught.value.reason is ReasonCode.MASK_LABELS


def test_a_ganglion_is_a_label_of_its_own_beside_its_root(tmp_path: Path) -> None:
    text = "index\tnerve\tside\tpart\n1\tC5\tL\tGanglion\n2\tC5\tL\troot\n3\tC6\tL\tn/a\n"
    own = read_own_mask(mask(tmp_path, 1, 2), table(tmp_path, text), IMAGE)
    key = (Side.LEFT, Nerve.C5)
    assert (own.nerves, own.indices_of(key), own.ganglia) == ((key,), (1, 2), {1})
    assert (own.voxels(key) == own.labels.mask(2)).all()
    assert (own.ganglion_voxels(key) == own.labels.mask(1)).all()


def test_a_part_may_be_left_empty_in_json(tmp_path: Path) -> None:
    rows = [{"index": 4, "nerve": "T1", "side": "R", "part": part} for part in (None, "ganglion")]
    rows[1]["index"] = 5
    read = read_label_table(table(tmp_path, json.dumps(rows), "labels.json"))
    assert (set(read.nerve_of_index), read.ganglia) == ({4, 5}, {5})


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ("1\tC5\tL\tfascicle", "index 1 the part 'fascicle'; it is 'root', 'nerve', 'ganglion'"),
        ("1\tupper_trunk\tL\tganglion", "only the roots C5 to T1 have one"),
        ("1\tC5\tL\tganglion\n2\tC5\tL\tganglion", "C5 L twice"),
        ("1\tC5\tL\troot\n2\tC5\tL\t", "C5 L twice"),
    ],
)
def test_a_part_that_cannot_be_is_refused(tmp_path: Path, rows: str, match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        read_label_table(table(tmp_path, f"index\tnerve\tside\tpart\n{rows}\n"))
    assert caught.value.reason is ReasonCode.MASK_LABELS


@pytest.mark.parametrize("text", ["{", '{"1": "C5"}', "[1]"])
def test_json_that_is_no_list_of_objects_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="index, nerve and side"):
        read_label_table(table(tmp_path, text, "labels.json"))


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'gone\.json' does not exist"):
        read_label_table(tmp_path / "gone.json")


def test_an_index_of_thousands_of_digits_is_refused_in_a_sentence(tmp_path):
    table = tmp_path / "labels.tsv"
    table.write_text("index\tnerve\tside\n" + "9" * 5000 + "\tC5\tL\n")
    with pytest.raises(InputError, match="whole numbers from 1"):
        read_label_table(table)


@pytest.mark.parametrize(
    ("text", "name", "match"),
    [
        ("index\tnerve\tnerve\tside\n1\tC5\tC6\tL\n", "l.tsv", "the column 'nerve' twice"),
        ('[{"index": 1, "nerve": "C5", "Nerve": "C6", "side": "L"}]', "l.json", "'nerve' twice"),
        ("index,nerve,side\n1,C5,L\n", "l.tsv", "no column 'index'"),
        ("index\tnerve\n1\tC5\n", "l.tsv", "no column 'side'"),
        ("index\tnerve\tside\n1\t\tL\n", "l.tsv", "gives index 1 no nerve"),
        ("index\tnerve\tside\n40000\tC5\tL\n", "l.tsv", "from 1 to 32767"),
    ],
)
def test_columns_that_lack_or_stand_twice_are_told(tmp_path, text, name, match):
    with pytest.raises(InputError, match=match) as caught:
        read_label_table(table(tmp_path, text, name))
    assert caught.value.reason is ReasonCode.MASK_LABELS


def test_a_mask_that_paints_more_than_nerves_can_be_is_refused(tmp_path):
    grid = Grid((70, 70, 70), np.eye(4))  # 343 cm3
    path = tmp_path / "ones.nii.gz"
    write_labels(path, LabelMap(np.ones(grid.shape, np.int16), grid))
    labels = table(tmp_path, "index\tnerve\tside\n1\tany\tany\n")
    with pytest.raises(InputError, match="paints 343 cm³ as nerves") as caught:
        read_own_mask(path, labels, grid)
    assert caught.value.reason is ReasonCode.MASK_LABELS
