"""The phantom as each vendor would store it: sound series are read exactly, broken ones named."""

from collections.abc import Callable
from pathlib import Path

import gdcm
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    RLELossless,
)

from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import Volume
from plexus_mri.io.dicom_write import (
    SyntheticSeries,
    in_plane,
    write_enhanced,
    write_single_frames,
)
from plexus_mri.io.inventory import read_series, take_inventory
from tests.unit.io.dicom_cases import SLICES, edit, put, truth
from tests.unit.io.test_dicom import BROKEN, files, philips_scales, store_as

Habit = Callable[[Path], None]
SERIES = SyntheticSeries("01", seed=1)
SAMPLE = Path(__file__).resolve().parents[2] / "sample_data" / "study" / "sub-02"


@pytest.fixture(scope="module")
def phantom() -> Volume:
    """Ten coronal slices through the middle of the sample study's phantom, on a coarse grid."""
    (row,) = take_inventory(SAMPLE).rows
    whole = read_series(row)[0].to_ras()
    x, y, z = (n // 2 for n in whole.grid.shape)
    data = whole.data[x - 12 : x + 12, y - SLICES // 2 : y + SLICES // 2, z - 11 : z + 11]
    return in_plane(Volume(data, Grid(data.shape, truth().to_ras().grid.affine)), "coronal")


def each(change: Callable[[Dataset, int], None]) -> Habit:
    return lambda folder: edit(files(folder), change)


def recoded(syntax: gdcm.TransferSyntax) -> Habit:
    def change(folder: Path) -> None:
        for path in files(folder):
            reader, changer, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), None
            reader.SetFileName(str(path))
            assert reader.Read()
            changer.SetTransferSyntax(gdcm.TransferSyntax(syntax))
            changer.SetInput(reader.GetImage())
            assert changer.Change()
            writer = gdcm.ImageWriter()
            writer.SetFile(reader.GetFile())
            writer.SetImage(changer.GetOutput())
            writer.SetFileName(str(path))
            assert writer.Write()

    return change


def jpeg_ls(folder: Path) -> None:
    for path in files(folder):
        dataset = pydicom.dcmread(path)
        dataset.compress(JPEGLSLossless, generate_instance_uid=False)
        dataset.save_as(path)


def ge_private(dataset: Dataset, _: int) -> None:
    dataset.Manufacturer, dataset.ImageType = (
        "GE MEDICAL SYSTEMS",
        ["ORIGINAL", "PRIMARY", "OTHER"],
    )
    dataset.private_block(0x0043, "GEMS_PARM_01", create=True).add_new(0x2F, "SS", 0)
    dataset.add_new("PixelPaddingValue", "US", 0)
    dataset.SpacingBetweenSlices = "0.5"


def siemens(dataset: Dataset, k: int) -> None:
    dataset.Manufacturer, dataset.ImageType = "SIEMENS", ["ORIGINAL", "PRIMARY", "M", "ND", "NORM"]
    del dataset.SpacingBetweenSlices
    dataset.InstanceNumber = SLICES - k


def philips(dataset: Dataset, k: int) -> None:
    dataset.Manufacturer = "Philips Medical Systems"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "M_SE", "M", "SE"]
    philips_scales(dataset, 0)
    dataset.RescaleSlope, dataset.RescaleIntercept = "1", "0"
    dataset.InstanceNumber = (k * 3) % SLICES + 1
    dataset.RepetitionTime = f"{3000 + k / 7:.6f}"


def rounded(dataset: Dataset, _: int) -> None:
    dataset.ImagePositionPatient = [f"{float(x):.3f}" for x in dataset.ImagePositionPatient]
    turn = dataset.ImageOrientationPatient
    dataset.ImageOrientationPatient = [f"{float(x):.5f}" for x in turn]


def dixon(dataset: Dataset, _: int) -> None:
    dataset.ImageType = ["DERIVED", "PRIMARY", "DIXON", "WATER"]
    dataset.SeriesDescription = "t2_tse_dixon_cor_W"


def nested(folder: Path) -> None:
    for k, path in enumerate(files(folder)):
        target = folder / "DISC1" / f"PA{k % 2}" / "ST000000" / "SE000000" / f"I{k:06d}"
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)


SOUND: dict[str, Habit] = {
    "Siemens: normalised, numbered backwards, no slice spacing": each(siemens),
    "Siemens: positions and directions rounded": each(rounded),
    "Siemens: JPEG lossless": recoded(gdcm.TransferSyntax.JPEGLosslessProcess14_1),
    "Siemens: Dixon water is derived and primary": each(dixon),
    "GE: private kind of data, stated spacing of another grid": each(ge_private),
    "GE: implicit, nested, files without endings": lambda f: (
        store_as(ImplicitVRLittleEndian)(f) or nested(f)
    ),
    "GE: deflated": store_as(DeflatedExplicitVRLittleEndian),
    "Philips: private scale, interleaved numbers, times that vary": each(philips),
    "Philips: run-length encoded": lambda f: each(philips)(f) or store_as(RLELossless)(f),
    "Canon: big endian": store_as(ExplicitVRBigEndian),
    "Canon: no description at all": each(
        put(Manufacturer="CANON_MEC", SeriesDescription=None, ProtocolName=None)
    ),
    "Hitachi: JPEG-LS": jpeg_ls,
    "United Imaging: JPEG 2000": recoded(gdcm.TransferSyntax.JPEG2000Lossless),
    "anonymiser: no patient at all": each(put(PatientID="", PatientName="", StudyDate="")),
}


def assert_is(folder: Path, expected: Volume) -> None:
    (row,) = take_inventory(folder).rows
    assert (row.reason, row.sound) == (None, True), row.detail
    one, two = read_series(row)[0].to_ras(), expected.to_ras()
    np.testing.assert_array_equal(one.data, np.rint(two.data))
    # Three decimals of a position, as the coarsest vendor prints them.
    np.testing.assert_allclose(one.grid.affine, two.grid.affine, atol=2e-3)


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_series_of_a_vendor_is_read_exactly(
    phantom: Volume, tmp_path: Path, name: str
) -> None:
    write_single_frames(phantom, tmp_path, SERIES)
    SOUND[name](tmp_path)
    assert_is(tmp_path, phantom)


@pytest.mark.parametrize("maker", ["SIEMENS", "Philips Medical Systems"])
def test_an_enhanced_object_of_a_vendor_is_read_exactly(
    phantom: Volume, tmp_path: Path, maker: str
) -> None:
    path = write_enhanced(phantom, tmp_path / "enhanced.dcm", SERIES)
    edit([path], put(Manufacturer=maker))
    assert_is(tmp_path, phantom)


HABITS = {"Siemens": each(siemens), "GE": each(ge_private), "Philips": each(philips)}
# The stated spacing and the numbers of the files, by which a thinned series is known, are among
# the habits.
PLAIN = {"every other slice is missing"}


@pytest.mark.parametrize(("number", "name"), list(enumerate(BROKEN)))
def test_a_broken_series_of_a_vendor_is_refused_for_the_right_reason(
    phantom: Volume, tmp_path: Path, number: int, name: str
) -> None:
    write_single_frames(phantom, tmp_path, SERIES)
    edit(files(tmp_path), put(RescaleSlope="1", RescaleIntercept="0"))
    change, reason = BROKEN[name]
    if name not in PLAIN:
        list(HABITS.values())[number % len(HABITS)](tmp_path)
        edit(files(tmp_path), put(RescaleSlope="1", RescaleIntercept="0"))
    change(tmp_path)
    (row,) = take_inventory(tmp_path).rows
    assert row.reason is reason, row.detail
    assert not row.chosen


def test_the_set_is_large_enough() -> None:
    assert len(BROKEN) >= 25
    assert len(SOUND) + 2 >= 15
