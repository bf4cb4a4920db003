"""What is quick about reading headers changes nothing that is read."""

import io
from pathlib import Path

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.datadict import dictionary_VR
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from plexus_mri.io import dicom_files, dicom_header
from plexus_mri.io.dicom_files import FileReader
from plexus_mri.io.dicom_frames import DicomFile, Reading
from plexus_mri.io.dicom_keys import READ
from plexus_mri.io.series_rules import SeriesRules
from tests.unit.io.dicom_cases import write

READING = Reading(SeriesRules.read())
OTHER = {
    "AS": "031Y",
    "CS": "OTHER",
    "DA": "20200102",
    "DS": "2.5",
    "FD": 2.5,
    "IS": "3",
    "TM": "111111",
    "UI": "1.2.3",
    "UL": 5,
    "US": 5,
}


def read_after(path: Path, *before: Path) -> DicomFile:
    reader = FileReader(READING)
    for other in before:
        reader.read(other)
    return reader.read(path)


def test_a_file_says_the_same_after_another_of_its_series_as_alone(tmp_path: Path) -> None:
    first, second, third = write(tmp_path)[:3]
    plain = [tag for tag in READ if not tag.is_private and dictionary_VR(tag) != "SQ"]
    for tag in plain:
        dataset, vr = pydicom.dcmread(second), dictionary_VR(tag)
        dataset.add_new(tag, vr, OTHER.get(vr, "another"))
        changed = tmp_path / "changed.dcm"
        dataset.save_as(changed)
        assert read_after(changed, first, third) == FileReader(READING).read(changed), tag


def test_the_third_file_of_a_series_is_not_parsed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = write(tmp_path)
    alone = [FileReader(READING).read(path) for path in paths]
    reader = FileReader(READING)
    first = [reader.read(path) for path in paths[:2]]
    monkeypatch.setattr(dicom_files, "read_header", None)
    assert first + [reader.read(path) for path in paths[2:]] == alone


@given(
    syntax=st.sampled_from([ExplicitVRLittleEndian, ImplicitVRLittleEndian]),
    at=st.integers(0, 2000),
    cut=st.integers(0, 12),
    put=st.binary(max_size=12),
)
def test_a_damaged_file_says_the_same_after_others_as_alone(
    series: tuple[Path, dict[UID, list[bytes]]], syntax: UID, at: int, cut: int, put: bytes
) -> None:
    folder, stored = series
    paths = [folder / f"{k}.dcm" for k in range(3)]
    for path, content in zip(paths, stored[syntax], strict=True):
        path.write_bytes(content)
    whole = paths[2].read_bytes()
    paths[2].write_bytes(whole[:at] + put + whole[at + cut :])
    assert read_after(paths[2], *paths[:2]) == FileReader(READING).read(paths[2])


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[UID, list[bytes]]]:
    folder = tmp_path_factory.mktemp("series")
    paths = write(folder)[:3]
    syntaxes = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
    return folder, {syntax: [saved(path, syntax) for path in paths] for syntax in syntaxes}


def saved(path: Path, syntax: UID) -> bytes:
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset["PixelData"].VR = "OW"
    buffer = io.BytesIO()
    implicit, little = syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian
    pydicom.dcmwrite(buffer, dataset, implicit_vr=implicit, little_endian=little)
    return buffer.getvalue()


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_one_pass_reads_what_pydicom_reads(tmp_path: Path, syntax: UID) -> None:
    stored = saved(write(tmp_path)[0], syntax)
    header = dicom_header._plain(io.BytesIO(stored), len(stored))
    stream = io.BytesIO(stored)
    elements = dicom_header._parsed(stream)
    assert header is not None
    assert header.elements == elements
    assert (header.pixels_at, header.syntax) == (stream.tell(), syntax)


@pytest.mark.parametrize("syntax", [ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_other_encodings_are_left_to_pydicom(tmp_path: Path, syntax: UID) -> None:
    stored = saved(write(tmp_path)[0], syntax)
    assert dicom_header._plain(io.BytesIO(stored), len(stored)) is None


@pytest.mark.parametrize("kept", [0, 100, 130, 140, 300, 800])
def test_a_header_that_breaks_off_is_left_to_pydicom(tmp_path: Path, kept: int) -> None:
    stored = saved(write(tmp_path)[0], ExplicitVRLittleEndian)[:kept]
    assert dicom_header._plain(io.BytesIO(stored), kept) is None


def test_a_header_of_another_encoding_than_stated_is_left_to_pydicom(tmp_path: Path) -> None:
    stored = bytearray(saved(write(tmp_path)[0], ExplicitVRLittleEndian))
    header = dicom_header._plain(io.BytesIO(stored), len(stored))
    assert header is not None
    explicit = stored.index(b"CS", 132)  # kind of the first value of the data set
    stored[explicit : explicit + 2] = b"\x0a\x00"
    assert dicom_header._plain(io.BytesIO(stored), len(stored)) is None
