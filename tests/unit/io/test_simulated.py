"""Synthetic images and truth as files: sound input for the readers, truth in result tables."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.comparison import Comparison, Pattern, Verdict
from plexus_mri.core.grid import Grid
from plexus_mri.core.measurement import Measurement, MeasurementTable, Quantity
from plexus_mri.core.simulated import ImageFormat
from plexus_mri.core.volume import LabelMap, Volume
from plexus_mri.io.dicom_write import SyntheticSeries
from plexus_mri.io.simulated import write_image, write_truth
from plexus_mri.io.tables import read_table

SERIES = SyntheticSeries("01", seed=1, description="T2 Dixon water", inversion_time_ms=None)
GRID = Grid((4, 3, 2), np.diag([1.2, 1.2, 1.2, 1.0]))
IMAGE = Volume(np.arange(24).reshape(4, 3, 2) + 0.4, GRID)


def test_nifti_has_a_bids_name_whole_numbers_and_a_sidecar(tmp_path: Path) -> None:
    path = write_image(tmp_path, IMAGE, SERIES, stored_as=ImageFormat.NIFTI)
    assert path == tmp_path / "sub-01" / "anat" / "sub-01_acq-t2dixonwater_T2w.nii.gz"
    image = nib.load(path)
    assert image.get_data_dtype() == np.int16
    np.testing.assert_array_equal(np.asarray(image.dataobj), np.arange(24).reshape(4, 3, 2))
    assert (int(image.header["sform_code"]), int(image.header["qform_code"])) == (1, 1)
    sidecar = json.loads(path.with_name("sub-01_acq-t2dixonwater_T2w.json").read_text())
    assert sidecar["EchoTime"] == pytest.approx(0.07)  # BIDS counts seconds
    assert "InversionTime" not in sidecar


@pytest.mark.parametrize(
    ("stored_as", "files"), [(ImageFormat.DICOM, 3), (ImageFormat.ENHANCED, 1)]
)
def test_dicom_is_sliced_coronally_and_lossless(
    tmp_path: Path, stored_as: ImageFormat, files: int
) -> None:
    folder = write_image(tmp_path, IMAGE, SERIES, stored_as=stored_as)
    assert folder == tmp_path / "sub-01" / "dicom"
    pixels = [pydicom.dcmread(path).pixel_array for path in sorted(folder.iterdir())]
    assert len(pixels) == files
    assert sorted(np.concatenate(pixels, axis=None)) == list(range(24))


def test_truth_stands_in_the_tables_of_results(tmp_path: Path) -> None:
    labels = LabelMap(np.zeros(GRID.shape), GRID)
    measurement = Measurement(Nerve.C5, Side.LEFT, Quantity.LENGTH, 40.0)
    comparison = Comparison(
        Nerve.C5,
        Quantity.LENGTH,
        40.0,
        50.0,
        -22.2222,
        *(None,) * 3,
        Verdict.RIGHT_LARGER,
        Pattern.NONE,
    )
    table = MeasurementTable((measurement,))
    write_truth(tmp_path, "01", {"seed": 1}, labels, table, (comparison,))
    assert read_table(tmp_path / "sub-01_desc-nerve_measures.tsv")[0]["value"] == "40"
    row = read_table(tmp_path / "sub-01_desc-asymmetry_measures.tsv")[0]
    assert (row["subject"], row["asymmetry_percent"], row["ci_low"]) == ("01", "-22.2222", "n/a")
    assert json.loads((tmp_path / "sub-01_desc-truth_report.json").read_text()) == {"seed": 1}
    assert (tmp_path / "sub-01_desc-nerve_dseg.nii.gz").is_file()
    assert (tmp_path / "sub-01_desc-profile_measures.json").is_file()
