"""Files are told apart by content, and nothing outside of the input is touched."""

import zipfile
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, MediaStorageDirectoryStorage

from plexus_mri.errors import InputError
from plexus_mri.io.dicom_frames import Reading
from plexus_mri.io.dicom_header import quiet_dicom
from plexus_mri.io.dicom_write_header import file_meta
from plexus_mri.io.discover import discover
from plexus_mri.io.file_kind import FileKind, file_kind
from plexus_mri.io.headers import look_at
from plexus_mri.io.series_rules import SeriesRules
from plexus_mri.reasons import ReasonCode
from tests.unit.io.dicom_cases import SLICES, write


def file(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("IM0001", bytes(128) + b"DICM" + bytes(20), FileKind.DICOM),
        ("IM0001", b"\x08\x00\x05\x00CS\x0a\x00" + bytes(200), FileKind.DICOM),
        ("IM0001", b"\x00\x08\x00\x05CS\x00\x0a" + bytes(200), FileKind.DICOM),
        ("DICOMDIR", bytes(128) + b"DICM" + bytes(20), FileKind.DICOMDIR),
        ("a.dcm", b"no DICOM at all", FileKind.DAMAGED),
        ("a.IMA", b"", FileKind.DAMAGED),
        ("a.nii.gz", b"", FileKind.NIFTI),
        ("a.zip", b"PK\x03\x04", FileKind.ZIP),
        ("notes.txt", b"text", FileKind.OTHER),
        ("picture.png", b"\x89PNG" + bytes(200), FileKind.OTHER),
        ("a.exe", b"MZ" + bytes(200), FileKind.OTHER),
    ],
)
def test_a_file_is_told_by_its_content(
    tmp_path: Path, name: str, content: bytes, kind: FileKind
) -> None:
    assert file_kind(file(tmp_path / name, content)) is kind


def test_other_files_are_counted_and_hidden_ones_left_out(tmp_path: Path) -> None:
    write(tmp_path / "scan")
    file(tmp_path / "notes.txt", b"x")
    file(tmp_path / ".git" / "x.nii", b"x")
    file(tmp_path / "._IM0001.dcm", b"x")
    file(tmp_path / "derivatives" / "x.nii", b"x")
    looked = look_at(discover(tmp_path), Reading(SeriesRules.read()))
    assert (len(looked.dicoms), looked.niftis) == (SLICES, ())
    assert looked.others == {"text or table": 1}


def test_folder_links_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "scan")
    (tmp_path / "scan" / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert len(discover(tmp_path).files) == SLICES


def test_order_does_not_depend_on_the_file_system(tmp_path: Path) -> None:
    write(tmp_path / "b")
    write(tmp_path / "a")
    found = discover(tmp_path)
    assert list(found.files) == sorted(found.files)


def test_a_zip_is_looked_into(tmp_path: Path) -> None:
    paths = write(tmp_path / "scan")
    with zipfile.ZipFile(tmp_path / "scan.zip", "w") as opened:
        for path in paths:
            opened.write(path, path.name)
    found = discover(tmp_path / "scan.zip")
    assert len(found.files) == SLICES
    assert found.given.name == "scan"


def test_a_zip_inside_a_folder_is_looked_into_and_a_broken_one_is_named(tmp_path: Path) -> None:
    paths = write(tmp_path / "scan")
    with zipfile.ZipFile(tmp_path / "visit.zip", "w") as opened:
        for path in paths:
            opened.write(path, path.name)
            path.unlink()
    file(tmp_path / "broken.zip", b"PK\x03\x04 and no more")
    found = discover(tmp_path)
    assert {found.relative(path).parent.name for path in found.files} == {"visit"}
    assert [(path.name, reason) for path, (reason, _) in found.refused] == [
        ("broken.zip", ReasonCode.INPUT_UNREADABLE)
    ]


def dicomdir(folder: Path, *names: str) -> Path:
    """A DICOMDIR of a scan, or of the file that the names lead to."""
    paths = [path.rename(path.with_suffix("")) for path in write(folder / "SCAN")]
    listed = [["SCAN", path.name] for path in paths]
    content = Dataset()
    content.DirectoryRecordSequence = Sequence([Dataset() for _ in listed])
    for record, parts in zip(content.DirectoryRecordSequence, listed, strict=True):
        record.DirectoryRecordType = "IMAGE"
        record.ReferencedFileID = list(names) or parts
    content.file_meta = file_meta(MediaStorageDirectoryStorage, UID("1.2.3"))
    content.save_as(folder / "DICOMDIR", enforce_file_format=True)
    return folder / "DICOMDIR"


def test_a_dicomdir_gives_the_files_that_it_lists(tmp_path: Path) -> None:
    path = dicomdir(tmp_path)
    write(tmp_path / "not-listed")
    assert len(discover(path).files) == SLICES


def test_files_that_a_dicomdir_misses_are_counted(tmp_path: Path) -> None:
    path = dicomdir(tmp_path)
    discover(path).files[2].unlink()
    found = discover(path)
    assert (len(found.files), found.missing) == (SLICES - 1, 1)


def test_files_that_a_dicomdir_in_a_folder_misses_are_counted(tmp_path: Path) -> None:
    path = dicomdir(tmp_path / "disc")
    whole = discover(tmp_path)
    assert whole.missing == 0

    listed = discover(path).files
    listed[0].unlink()
    found = discover(tmp_path)
    assert found.missing == 1
    assert set(listed[1:]) <= set(found.files)


def test_a_dicomdir_whose_files_were_all_renamed_tells_nothing(tmp_path: Path) -> None:
    path = dicomdir(tmp_path / "disc")
    for listed in discover(path).files:
        listed.rename(listed.with_name(f"renamed-{listed.name}"))
    assert discover(tmp_path).missing == 0


def test_a_damaged_dicomdir_in_a_folder_stops_nothing(tmp_path: Path) -> None:
    path = dicomdir(tmp_path / "disc")
    listed = discover(path).files
    path.write_bytes(bytes(128) + b"DICM" + bytes(20))
    found = discover(tmp_path)
    assert (found.missing, set(listed) <= set(found.files)) == (0, True)


def test_a_dicomdir_cannot_point_out_of_its_folder(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere")
    with quiet_dicom():
        path = dicomdir(tmp_path / "disc", "..", "elsewhere", "IM0001.dcm")
    assert discover(path).files == ()


def test_a_path_that_does_not_exist_is_named_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^'gone' does not exist$") as caught:
        discover(tmp_path / "gone")
    assert caught.value.reason is ReasonCode.INPUT_MISSING


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'notes\.txt' is neither DICOM nor NIfTI"):
        discover(file(tmp_path / "notes.txt", b"x"))
