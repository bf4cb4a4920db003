"""Nothing that names a person, a folder or an object leaves the program."""

import gzip
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest

from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import Volume
from plexus_mri.io.dicom_write import write_single_frames
from plexus_mri.io.dicom_write_header import SyntheticSeries
from tests.integration.inputs import noise, write_nifti

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


@pytest.fixture
def planted(export, tmp_path) -> Path:
    """A study whose headers, folders and file names all name patients, DICOM and NIfTI alike."""
    study = tmp_path / "planted"
    shutil.move(export, study / f"{PATIENT_ID}_x" / "DOEMAYER JANEANNA" / "STIR cor")
    folder = study / "BIRKENFELD-OTTOKAR 19610203"
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    path = write_nifti(folder / "stir_BIRKENFELD_OTTOKAR.nii.gz", noise(), affine=affine)
    words = {"PatientName": "BIRKENFELD", "SeriesDescription": "STIR OTTOKAR", "EchoTime": 0.06}
    path.with_name("stir_BIRKENFELD_OTTOKAR.json").write_text(json.dumps(words))
    with zipfile.ZipFile(study / "ZIPPMANN_KUNIBERT.zip", "w") as opened:
        for k, file in enumerate(sorted(study.rglob("*.dcm"))):
            opened.write(file, f"KUNIBERT/{k}")
    broken = folder / "kaputt_OTTOKAR.dcm"
    broken.write_bytes(b"no DICOM")
    return study


SECRETS = ("DOEMAYER", "JANEANNA", PATIENT_ID, BIRTH, PHYSICIAN, "BIRKENFELD", "OTTOKAR")
SECRETS += ("ZIPPMANN", "KUNIBERT")


@pytest.mark.parametrize("command", ["inventory", "convert"])
def test_no_output_log_or_cache_holds_a_planted_name(program, planted, tmp_path, command):
    uid = str(pydicom.dcmread(next(planted.rglob("IM*.dcm"))).SeriesInstanceUID)
    out = tmp_path / "out"
    first = program(command, planted, "--out", out)
    for archive in planted.rglob("*.zip"):  # rows are kept of inputs without archives
        archive.unlink()
    second = program(command, planted, "--out", out)

    assert "STIR" in first.out + first.err or command == "convert"
    assert second.code == first.code
    # The private folder is not meant to be shared, and names nobody all the same.
    paths = [path for path in out.rglob("*") if path.is_file()]
    assert {"headers.gz", "rows.gz"} <= {path.name for path in paths}
    texts = {str(path.relative_to(out)): content(path) for path in paths}
    texts["terminal"] = (first.out + first.err + second.out).replace(str(tmp_path), "").encode()
    for secret in (*SECRETS, uid, str(tmp_path)):
        found = [name for name, text in texts.items() if secret.lower().encode() in text.lower()]
        assert found == [], secret
        assert [name for name in texts if secret.lower() in name.lower()] == []


def content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data
