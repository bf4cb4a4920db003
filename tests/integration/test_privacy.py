"""Nothing that names a person, a folder or an object leaves the program."""

import gzip
from pathlib import Path

import numpy as np
import pydicom
import pytest

from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import Volume
from plexus_mri.io.dicom_write import write_single_frames
from plexus_mri.io.dicom_write_header import SyntheticSeries
from tests.integration.inputs import noise

NAME, PATIENT_ID, BIRTH, PHYSICIAN = "DOEMAYER^JANEANNA", "PID7654321", "19610203", "HOUSEGREG"


@pytest.fixture
def export(tmp_path) -> Path:
    """A DICOM export whose headers and folder name the patient."""
    folder = tmp_path / "DOEMAYER_JANEANNA_19610203"
    grid = Grid((24, 20, 22), np.diag([2.0, 2.0, 2.0, 1.0]))
    write_single_frames(Volume(noise(), grid), folder, SyntheticSeries("x", 1), compress=False)
    for path in folder.iterdir():
        header = pydicom.dcmread(path)
        header.PatientName, header.PatientID = NAME, PATIENT_ID
        header.PatientBirthDate, header.ReferringPhysicianName = BIRTH, PHYSICIAN
        header.SeriesDescription = f"STIR cor {NAME}"
        header.save_as(path)
    return folder


def test_no_output_and_no_line_names_the_patient(program, export, tmp_path):
    uid = pydicom.dcmread(next(export.iterdir())).SeriesInstanceUID
    ended = program("run", export, "--out", tmp_path / "out")

    assert ended.code == 0
    out = tmp_path / "out"
    paths = [path for path in out.rglob("*") if path.is_file()]
    texts = {str(path.relative_to(out)): content(path) for path in paths}
    # What the user typed may come back on the user's own terminal, nothing else of it.
    texts["terminal"] = (ended.out + ended.err).replace(str(tmp_path), "").encode()
    for secret in ("DOEMAYER", "JANEANNA", PATIENT_ID, BIRTH, PHYSICIAN, uid, str(tmp_path)):
        found = [name for name, text in texts.items() if secret.lower().encode() in text.lower()]
        assert found == [], secret
        assert [name for name in texts if secret.lower() in name.lower()] == []


def content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data
