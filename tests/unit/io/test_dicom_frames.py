"""What is quick about reading headers changes nothing that is read."""

import io
from pathlib import Path

import pydicom
import pytest
from pydicom.datadict import dictionary_VR
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from plexus_mri.io import dicom_frames, dicom_header
from plexus_mri.io.dicom_frames import Reading, read_file
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


def test_a_file_says_the_same_after_another_of_its_series_as_alone(tmp_path: Path) -> None:
    first, second = write(tmp_path)[:2]
    plain = [tag for tag in READ if not tag.is_private and dictionary_VR(tag) != "SQ"]
    for tag in plain:
        dataset, vr = pydicom.dcmread(second), dictionary_VR(tag)
        dataset.add_new(tag, vr, OTHER.get(vr, "another"))
        changed = tmp_path / "changed.dcm"
        dataset.save_as(changed)
        read_file(first, READING)
        after = read_file(changed, READING)
        dicom_frames._first_like.cache_clear()
        assert after == read_file(changed, READING), tag


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
