"""One row a series; whose it is, what it is, and exactly one chosen for each case."""

import gzip
import json
import os
import pickle
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from plexus_mri.errors import InputError, RefusedError, SettingsError
from plexus_mri.io import headers
from plexus_mri.io import inventory as inventories
from plexus_mri.io.disguise import StudySecret
from plexus_mri.io.inventory import Inventory, read_series, take_inventory
from plexus_mri.io.series_rules import SeriesRules
from plexus_mri.reasons import ReasonCode
from tests.unit.io.dicom_cases import SLICES, edit, put, write


def nifti(
    path: Path,
    *,
    shape: tuple[int, ...] = (16, 12, 14),
    spacing: tuple[float, ...] = (1.0, 1.0, 1.0),
    **sidecar: object,
) -> Path:
    """An image with values of its own at every voxel, and a sidecar when there are words."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.arange(np.prod(shape), dtype="int16").reshape(shape)
    image = nib.Nifti1Image(values, np.diag([*spacing, 1.0]))
    image.set_sform(image.affine, code=1)
    nib.save(image, path)
    if sidecar:
        path.with_name(path.name.split(".nii")[0] + ".json").write_text(json.dumps(sidecar))
    return path


def chosen_names(inventory: Inventory) -> list[str]:
    return [row.paths[0].name for row in inventory.rows if row.chosen]


def series(folder: Path, number: int, **values: object) -> list[Path]:
    """A series of its own study-wide number with changed attributes."""
    paths = write(folder, number=number)
    edit(paths, put(**values))
    return paths


def test_a_bids_dataset_keeps_its_labels(tmp_path: Path) -> None:
    nifti(tmp_path / "sub-01" / "ses-pre" / "anat" / "sub-01_ses-pre_T2w.nii.gz")
    nifti(tmp_path / "sub-01" / "ses-post" / "anat" / "sub-01_ses-post_T2w.nii.gz")
    nifti(tmp_path / "sub-B2" / "anat" / "sub-B2_T2w.nii.gz")
    nifti(tmp_path / "derivatives" / "sub-01" / "sub-01_T2w.nii.gz")
    inventory = take_inventory(tmp_path)
    assert inventory.subjects() == (("sub-01", "post"), ("sub-01", "pre"), ("sub-B2", None))
    assert [row.series for row in inventory.rows] == [1, 2, 3]
    assert all(row.chosen for row in inventory.rows)


def test_the_folder_of_one_bids_subject_keeps_its_label(tmp_path: Path) -> None:
    folder = tmp_path / "sub-01" / "ses-2" / "anat"
    nifti(folder / "T2w.nii.gz")
    assert take_inventory(folder).subjects() == (("sub-01", "2"),)


def test_folders_that_may_be_names_become_pseudonyms(tmp_path: Path) -> None:
    for name in ("Doe Jane", "Roe Richard"):
        nifti(tmp_path / name / "stir.nii.gz")
    first = take_inventory(tmp_path, secret=StudySecret(b"one"))
    assert len(first.subjects()) == 2
    assert all(subject.startswith("sub-") for subject, _ in first.subjects())
    assert first.subjects() == take_inventory(tmp_path, secret=StudySecret(b"one")).subjects()
    assert set(first.subjects()).isdisjoint(
        take_inventory(tmp_path, secret=StudySecret(b"two")).subjects()
    )


def test_dicom_subjects_are_told_apart_by_patient_id(tmp_path: Path) -> None:
    for number, patient in enumerate(["A", "B", "A"], start=1):
        uid = f"1.2.{number}"
        folder = tmp_path / str(number)
        series(
            folder, number, PatientID=patient, StudyInstanceUID=uid, StudyDate=f"2020010{number}"
        )
    inventory = take_inventory(tmp_path)
    subjects = [subject for subject, _ in inventory.subjects()]
    assert len(set(subjects)) == 2
    twice = max(subjects, key=subjects.count)
    assert [(s, n) for s, n in inventory.subjects() if s == twice] == [(twice, "1"), (twice, "2")]


def test_sessions_are_numbered_by_date(tmp_path: Path) -> None:
    series(tmp_path / "a", 1, StudyInstanceUID="1.2.1", StudyDate="20210101")
    series(tmp_path / "b", 2, StudyInstanceUID="1.2.2", StudyDate="20200101")
    rows = {row.source: row.session for row in take_inventory(tmp_path).rows}
    assert rows == {"a": "2", "b": "1"}


def test_anonymous_patients_are_told_apart_by_folder(tmp_path: Path) -> None:
    for number, folder in enumerate(["one", "two"], start=1):
        series(tmp_path / folder, number, PatientID="anonymous")
    assert len(take_inventory(tmp_path).subjects()) == 2


def test_a_damaged_file_joins_the_patient_whose_folder_it_lies_in(tmp_path: Path) -> None:
    write(tmp_path / "a")
    (tmp_path / "a" / "x.dcm").write_bytes(b"not DICOM")
    inventory = take_inventory(tmp_path)
    assert len(inventory.subjects()) == 1
    reasons = [row.reason for row in inventory.rows]
    assert sorted(map(str, reasons)) == ["INPUT_UNREADABLE", "None"]


def test_the_only_subject_can_be_named(tmp_path: Path) -> None:
    write(tmp_path)
    assert take_inventory(tmp_path, subject="07", session="b").subjects() == (("sub-07", "b"),)
    assert take_inventory(tmp_path, subject="sub-07").subjects() == (("sub-07", None),)


def test_one_of_several_subjects_can_be_picked_and_none_renamed(tmp_path: Path) -> None:
    for name in ("sub-01", "sub-02"):
        nifti(tmp_path / name / "anat" / f"{name}_T2w.nii.gz")
    assert take_inventory(tmp_path, subject="02").subjects() == (("sub-02", None),)
    with pytest.raises(InputError, match="2 subjects and none is 'sub-03'"):
        take_inventory(tmp_path, subject="03")


def test_a_zip_gives_the_same_rows_as_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "scan"
    paths = write(folder / "inner")
    with zipfile.ZipFile(tmp_path / "scan.zip", "w") as opened:
        for path in paths:
            opened.write(path, path.relative_to(folder))
    (packed,) = take_inventory(tmp_path / "scan.zip").rows
    (plain,) = take_inventory(folder).rows
    assert (packed.subject, packed.source) == (plain.subject, plain.source)
    one, two = read_series(packed), read_series(plain)
    np.testing.assert_array_equal(one[0].data, two[0].data)
    assert one[1] == two[1]


def test_a_row_can_be_read_in_another_process(tmp_path: Path) -> None:
    write(tmp_path)
    (row,) = take_inventory(tmp_path).rows
    copy = pickle.loads(pickle.dumps(row))  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(read_series(copy)[0].data, read_series(row)[0].data)


def test_no_name_date_number_or_uid_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "DOE_JANE_1970" / "1.2.840.113619.2.55"
    paths = series(
        folder, 1, PatientName="Doe^Jane", PatientID="HOSP-4711", SeriesDescription="STIR Jane Doe"
    )
    inventory = take_inventory(tmp_path)
    shown = [
        v for k, v in vars(inventory.rows[0]).items() if k not in {"paths", "stack", "origin"}
    ]
    text = repr(inventory) + str(shown) + str(read_series(inventory.rows[0])[1])
    for secret in ("doe", "jane", "4711", "1.2.840", paths[0].name.lower(), str(tmp_path).lower()):
        assert secret not in text.lower()
    assert inventory.rows[0].source == "***/***"


def test_sources_are_folders_and_nifti_files_have_a_column_of_their_own(tmp_path: Path) -> None:
    write(tmp_path)
    nifti(tmp_path / "x" / "stir.nii.gz")
    rows = take_inventory(tmp_path).rows
    assert {(row.source, row.file) for row in rows} == {(".", ""), ("x", "stir.nii.gz")}


@pytest.mark.parametrize("name", ["Doe_Jane", "JaneDoe", "19700203", "AB1234567", "Ünal"])
def test_names_of_folders_and_files_that_may_name_a_person_are_hidden(
    tmp_path: Path, name: str
) -> None:
    nifti(tmp_path / name / f"stir_{name}.nii.gz")
    (row,) = take_inventory(tmp_path).rows
    assert (row.source, row.file) == ("***", "***")
    assert name.lower() not in repr(row).lower()


def test_an_input_without_images_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(
        InputError, match=r"no DICOM or NIfTI image; found: 1 × text or table; expected"
    ) as caught:
        take_inventory(tmp_path)
    assert caught.value.reason is ReasonCode.INPUT_EMPTY


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("STIR_cor", "T1_cor"),
        ("STIR_cor", "T2_cor"),
        ("t2_spair_cor", "T2_cor"),
        ("T2_cor", "T1_cor"),
        ("T2_cor", "localizer"),
        ("unnamed", "dwi_b800"),
        ("unnamed", "T1_cor"),
    ],
)
def test_the_better_contrast_is_chosen(tmp_path: Path, better: str, worse: str) -> None:
    nifti(tmp_path / f"a_{worse}.nii.gz", shape=(20, 20, 20))
    nifti(tmp_path / f"b_{better}.nii.gz")
    inventory = take_inventory(tmp_path)
    assert chosen_names(inventory) == [f"b_{better}.nii.gz"]
    (other,) = [row for row in inventory.rows if not row.chosen]
    assert other.reason in {ReasonCode.INPUT_NOT_MAIN, ReasonCode.KIND_LOCALIZER}
    assert other.detail


def test_coronal_is_preferred_among_equal_contrasts(tmp_path: Path) -> None:
    nifti(tmp_path / "a_stir.nii.gz", shape=(40, 40, 20), spacing=(1.0, 1.0, 4.0))
    nifti(tmp_path / "b_stir.nii.gz", shape=(20, 12, 20), spacing=(1.0, 3.0, 1.0))
    inventory = take_inventory(tmp_path)
    assert chosen_names(inventory) == ["b_stir.nii.gz"]
    assert [row.plane for row in inventory.rows] == ["axial", "coronal"]


def test_the_largest_volume_is_chosen_when_nothing_else_tells(tmp_path: Path) -> None:
    nifti(tmp_path / "a.nii.gz", shape=(10, 10, 10))
    nifti(tmp_path / "b.nii.gz", shape=(12, 12, 12))
    inventory = take_inventory(tmp_path)
    assert chosen_names(inventory) == ["b.nii.gz"]
    assert inventory.rows[1].rule == "contrast unknown"


def test_exactly_one_is_chosen_for_each_subject_and_session(tmp_path: Path) -> None:
    for subject in ("sub-01", "sub-02"):
        for run in (1, 2, 3):
            nifti(tmp_path / subject / "anat" / f"{subject}_run-{run}_T2w.nii.gz")
    inventory = take_inventory(tmp_path)
    for subject, session in inventory.subjects():
        rows = [r for r in inventory.rows if (r.subject, r.session) == (subject, session)]
        assert [row.chosen for row in rows] == [True, False, False]
        assert inventory.chosen(subject, session) is rows[0]


@pytest.mark.parametrize(
    ("times", "contrast"),
    [
        ({"InversionTime": "220", "RepetitionTime": "4000", "EchoTime": "60"}, "STIR"),
        ({"InversionTime": "2200", "RepetitionTime": "8000", "EchoTime": "120"}, "FLAIR"),
        ({"InversionTime": None, "RepetitionTime": "3000", "EchoTime": "90"}, "T2"),
        ({"InversionTime": None, "RepetitionTime": "600", "EchoTime": "10"}, "T1"),
        ({"InversionTime": None, "RepetitionTime": "3000", "EchoTime": "20"}, "PD"),
        ({"InversionTime": None, "RepetitionTime": None, "EchoTime": None}, "unknown"),
    ],
)
def test_contrast_follows_from_the_times_when_words_are_missing(
    tmp_path: Path, times: dict[str, object], contrast: str
) -> None:
    kinds = ["SE", "IR"] if times["InversionTime"] else ["SE"]
    words = {"SeriesDescription": None, "ProtocolName": None, "SequenceName": None}
    series(tmp_path, 1, ScanningSequence=kinds, **words, **times)
    assert take_inventory(tmp_path).rows[0].contrast == contrast


def test_the_dixon_part_is_told_by_the_image_type(tmp_path: Path) -> None:
    for number, part in enumerate(["WATER", "FAT", "IN_PHASE"], start=1):
        words = {"SeriesDescription": "t2 tse cor", "ProtocolName": None, "SequenceName": None}
        kind = ["DERIVED", "PRIMARY", "DIXON", part]
        series(tmp_path / str(number), number, ImageType=kind, **words)
    rows = take_inventory(tmp_path).rows
    found = [(row.contrast, row.chosen) for row in rows]
    assert found == [
        ("T2_dixon_water", True),
        ("dixon_fat", False),
        ("dixon_in_or_opposed", False),
    ]


def test_a_sidecar_gives_contrast_and_acquisition(tmp_path: Path) -> None:
    words = {"ScanningSequence": "SE_IR", "InversionTime": 0.22, "RepetitionTime": 4.0}
    nifti(tmp_path / "image.nii.gz", EchoTime=0.06, Manufacturer="SIEMENS", **words)
    (row,) = take_inventory(tmp_path).rows
    assert row.contrast == "STIR"
    assert row.acquisition["echo_time_ms"] == 60.0
    assert row.acquisition["manufacturer"] == "Siemens"


@pytest.mark.parametrize("content", ["{", "[1]", '{"EchoTime": "soon", "ScanningSequence": 3}'])
def test_a_damaged_sidecar_changes_nothing_else(tmp_path: Path, content: str) -> None:
    nifti(tmp_path / "stir.nii.gz")
    (tmp_path / "stir.json").write_text(content)
    (row,) = take_inventory(tmp_path).rows
    assert (row.contrast, row.chosen) == ("STIR", True)


@pytest.mark.parametrize("suffix", ["dseg", "mask", "probseg"])
def test_segmentations_are_no_images(tmp_path: Path, suffix: str) -> None:
    nifti(tmp_path / "sub-01" / "anat" / f"sub-01_desc-nerve_{suffix}.nii.gz")
    (row,) = take_inventory(tmp_path).rows
    assert row.reason is ReasonCode.KIND_NOT_IMAGE


def test_a_case_without_a_fit_series_says_why(tmp_path: Path) -> None:
    nifti(tmp_path / "sub-01" / "a.nii.gz", shape=(4, 16, 16))
    nifti(tmp_path / "sub-01" / "b.nii.gz", spacing=(90.0, 1.0, 1.0))
    inventory = take_inventory(tmp_path)
    assert inventory.chosen("sub-01", None) is None
    error = inventory.why_none("sub-01", None)
    assert isinstance(error, RefusedError)
    assert "1 GEO_BAD_AFFINE, 1 GEO_TOO_FEW_SLICES" in str(error)
    assert "(b.nii.gz)" in str(error)  # a person with several files must know which
    assert isinstance(inventory.why_none("sub-02", None), InputError)


def test_an_image_that_lies_about_zero_is_no_image_of_signal(tmp_path: Path) -> None:
    nifti(tmp_path / "a.nii.gz")
    stored = nib.load(tmp_path / "a.nii.gz")
    values = np.asarray(stored.dataobj, dtype=float)
    centred = nib.Nifti1Image((values - values.mean()).astype(np.float32), stored.affine)
    centred.set_sform(stored.affine, code=1)
    nib.save(centred, tmp_path / "a.nii.gz")
    (row,) = take_inventory(tmp_path).rows
    with pytest.raises(InputError, match="of its values are below 0") as caught:
        read_series(row)
    assert caught.value.reason is ReasonCode.PIXEL_NEGATIVE


def test_an_unproven_side_is_chosen_only_when_the_user_vouches_for_it(tmp_path: Path) -> None:
    path = nifti(tmp_path / "stir.nii")
    raw = bytearray(path.read_bytes())
    raw[252:256] = bytes(4)
    path.write_bytes(raw)
    (row,) = take_inventory(tmp_path).rows
    assert (row.chosen, row.reason) == (False, ReasonCode.SIDE_UNPROVEN)
    with pytest.raises(RefusedError, match="left and right are not stored"):
        read_series(row)
    (vouched,) = take_inventory(tmp_path, assert_orientation=True).rows
    assert vouched.chosen
    _, info = read_series(vouched, assert_orientation=True)
    assert info.orientation_source == "sform (asserted)"


def test_series_info_repeats_the_row(tmp_path: Path) -> None:
    write(tmp_path)
    (row,) = take_inventory(tmp_path).rows
    _, info = read_series(row)
    assert (info.series, info.contrast, info.plane) == (1, "STIR", "coronal")
    assert (info.files, info.rule) == (SLICES, row.rule)
    assert info.acquisition["inversion_time_ms"] == 240.0
    assert info.orientation_source == "DICOM image position and orientation"


def test_the_source_hash_follows_values_and_place_not_the_encoding(tmp_path: Path) -> None:
    def digest(folder: Path, **values: object) -> str:
        series(folder, 1, **values)
        return read_series(take_inventory(folder).rows[0])[1].source_sha256

    plain = digest(tmp_path / "plain")
    assert digest(tmp_path / "scaled", RescaleSlope="1", RescaleIntercept="0") == plain
    assert digest(tmp_path / "brighter", RescaleSlope="2", RescaleIntercept="0") != plain
    assert digest(tmp_path / "wider", PixelSpacing=["1.3", "1.5"]) != plain


def test_edited_rules_change_the_choice_and_nothing_else(tmp_path: Path) -> None:
    nifti(tmp_path / "a_stir.nii.gz")
    nifti(tmp_path / "b_T1.nii.gz")
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "contrasts: [{contrast: T1, pattern: t1}, {contrast: STIR, pattern: stir}]\n"
        "numbers: []\n"
        "choice: [{rule: T1 first, contrasts: [T1]}, {rule: any}]\n"
    )
    inventory = take_inventory(tmp_path, rules=SeriesRules.read(rules))
    assert chosen_names(inventory) == ["b_T1.nii.gz"]
    assert inventory.rows[1].rule == "T1 first"
    assert "rule 'T1 first' comes before 'any'" in inventory.rows[0].detail


def test_ties_are_broken_in_the_order_of_the_rules(tmp_path: Path) -> None:
    nifti(tmp_path / "a_stir.nii.gz", shape=(20, 20, 20), spacing=(1.5, 1.5, 1.5))
    nifti(tmp_path / "b_stir.nii.gz", shape=(20, 20, 20))
    assert chosen_names(take_inventory(tmp_path)) == ["a_stir.nii.gz"]
    text = Path("configs/series_rules.yaml").read_text(encoding="utf-8")
    rules = tmp_path / "rules.yaml"
    rules.write_text(text.replace("covers_more, one_volume, largest_volume, finest", "finest"))
    inventory = take_inventory(tmp_path, rules=SeriesRules.read(rules))
    assert chosen_names(inventory) == ["b_stir.nii.gz"]
    assert "its voxels are smaller" in inventory.rows[0].detail


def test_another_body_part_is_chosen_only_when_there_is_nothing_else(tmp_path: Path) -> None:
    nifti(tmp_path / "a_stir_lumbar.nii.gz", shape=(30, 30, 30))
    nifti(tmp_path / "b_t2_neck.nii.gz")
    inventory = take_inventory(tmp_path)
    assert chosen_names(inventory) == ["b_t2_neck.nii.gz"]
    assert [row.body_part for row in inventory.rows] == ["lumbar", "neck"]


def test_roles_and_coverage_are_said(tmp_path: Path) -> None:
    nifti(tmp_path / "a_stir.nii.gz", shape=(60, 20, 40), spacing=(5.0, 5.0, 5.0))
    nifti(tmp_path / "b_T1.nii.gz")
    nifti(tmp_path / "c_T2map.nii.gz")
    rows = take_inventory(tmp_path).rows
    assert [row.role for row in rows] == ["main", "anatomy", "map"]
    assert [row.coverage for row in rows] == ["both_sides", "too_small", "too_small"]


def kept(folder: Path, secret: StudySecret) -> Inventory:
    """The first run over a folder, with what spares the next one the reading."""
    inventory = take_inventory(folder, secret=secret)
    assert inventory.for_next_run is not None
    inventory.for_next_run.save()
    return inventory


def test_a_second_run_reads_only_what_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, secret = tmp_path / "in", StudySecret(b"x", tmp_path / "private")
    paths = write(folder)
    kept(folder, secret)
    read: list[str] = []
    look = headers._look
    monkeypatch.setattr(
        headers, "_look", lambda path, reader: (read.append(path.name), look(path, reader))[1]
    )
    edit(paths[:1], put(PatientID="another one"))
    take_inventory(folder, secret=secret)
    assert read == [paths[0].name]


def test_an_unchanged_input_is_not_judged_again_and_reads_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, secret = tmp_path / "in", StudySecret(b"x", tmp_path / "private")
    write(folder / "dicom")
    nifti(folder / "nifti" / "a_stir.nii.gz")
    (folder / "notes.txt").write_text("no image")
    first = kept(folder, secret)
    monkeypatch.setattr(inventories, "look_at", None)
    second = take_inventory(folder, secret=secret)
    assert second == first
    for one, again in zip(first.rows, second.rows, strict=True):
        (volume, info), (read, info_again) = read_series(one), read_series(again)
        assert np.array_equal(volume.data, read.data)
        assert np.array_equal(volume.grid.affine, read.grid.affine)
        assert info == info_again


@pytest.mark.parametrize("change", ["new", "gone", "sidecar", "touched"])
def test_any_changed_file_makes_the_input_be_judged_again(tmp_path: Path, change: str) -> None:
    folder, secret = tmp_path / "in", StudySecret(b"x", tmp_path / "private")
    image = nifti(folder / "a.nii.gz", SeriesDescription="t2")
    nifti(folder / "b.nii.gz")
    kept(folder, secret)
    if change == "new":
        nifti(folder / "c.nii.gz")
    elif change == "gone":
        (folder / "b.nii.gz").unlink()
    elif change == "sidecar":
        image.with_name("a.json").write_text(json.dumps({"SeriesDescription": "stir"}))
    else:
        os.utime(image, ns=(0, 0))
    again = take_inventory(folder, secret=secret)
    assert again.for_next_run is not None
    assert again == take_inventory(folder, secret=StudySecret(b"x"))


def test_rows_that_were_judged_otherwise_are_not_taken(tmp_path: Path) -> None:
    folder, secret = tmp_path / "in", StudySecret(b"x", tmp_path / "private")
    for name in ("a.nii.gz", "b.nii.gz"):
        nib.save(nib.Nifti1Image(np.ones((9, 9, 9)), None), folder_of(folder) / name)
    assert {row.reason for row in kept(folder, secret).rows} == {ReasonCode.SIDE_UNPROVEN}
    vouched = take_inventory(folder, secret=secret, assert_orientation=True)
    assert ReasonCode.SIDE_UNPROVEN not in {row.reason for row in vouched.rows}


def folder_of(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("name", ["headers.gz", "rows.gz"])
@pytest.mark.parametrize("harm", [b"", b"\x80\x05\x95" + b"\xff" * 7 + b"\x7f."])
def test_an_index_that_someone_else_wrote_is_not_believed(
    tmp_path: Path, name: str, harm: bytes
) -> None:
    class Harm:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (exec, ("raise SystemExit",))

    write(tmp_path / "in")
    index = tmp_path / "private" / name
    index.parent.mkdir()
    # Code to run; and a frame of 2^63 bytes, of which no memory has room.
    content = harm or pickle.dumps(("x", {"a": Harm()}, {}))
    index.write_bytes(gzip.compress(content))
    secret = StudySecret(b"x", tmp_path / "private")
    assert len(take_inventory(tmp_path / "in", secret=secret).rows) == 1


def test_files_read_in_other_processes_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    alone = take_inventory(tmp_path)
    monkeypatch.setattr(headers, "_SHARED_FROM", 2)
    assert repr(take_inventory(tmp_path)) == repr(alone)


@pytest.mark.parametrize(
    "text",
    ["[", "contrasts: []", "{contrasts: [], numbers: [], choice: [{rule: x, colour: red}]}"],
)
def test_bad_rules_are_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "rules.yaml").write_text(text)
    with pytest.raises(SettingsError, match=r"the rules file 'rules\.yaml'"):
        SeriesRules.read(tmp_path / "rules.yaml")


def test_two_studies_that_share_series_numbers_stay_apart(tmp_path: Path) -> None:
    for k in (1, 2):
        uids = {"StudyInstanceUID": f"1.2.{k}", "SeriesInstanceUID": f"1.2.{k}.1"}
        series(tmp_path / str(k), 1, **uids)
    assert [row.files for row in take_inventory(tmp_path).rows] == [SLICES, SLICES]


def test_a_flat_nifti_names_its_thickest_direction(tmp_path: Path) -> None:
    nifti(tmp_path / "a.nii.gz", spacing=(3.0, 1.0, 1.0))
    assert take_inventory(tmp_path).rows[0].plane == "sagittal"
