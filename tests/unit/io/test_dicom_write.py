"""DICOM that is written keeps every value at its place in the patient, and is valid."""

import shutil
import subprocess
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest

from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import Volume
from plexus_mri.errors import InputError
from plexus_mri.io.dicom_write import (
    SyntheticSeries,
    in_plane,
    write_enhanced,
    write_single_frames,
)

SERIES = SyntheticSeries("07", seed=3)
SHAPE = (9, 7, 5)
LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def image(affine: np.ndarray | None = None, *, low: int = 0) -> Volume:
    """Every voxel has its own value, so a swapped axis cannot go unseen."""
    if affine is None:
        affine = np.diag([1.2, 1.3, 2.5, 1.0])
        affine[:3, 3] = [-40.1, 7.7, 1e-7 / 3]
    return Volume(low + np.arange(np.prod(SHAPE)).reshape(SHAPE), Grid(SHAPE, affine))


def oblique() -> np.ndarray:
    a, b = np.deg2rad([17.0, -31.0])
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    affine = np.eye(4)
    affine[:3, :3] = about_z @ about_x @ np.diag([1.2, 1.3, 2.5])
    affine[:3, 3] = [-33.3, 5.0, 60.0]
    return affine


def single_volume(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Array and voxel-to-RAS matrix, with the formula of PS3.3 C.7.6.2.1.1 for each slice."""
    files = [pydicom.dcmread(p) for p in sorted(folder.iterdir())]
    first, last = files[0], files[-1]
    row, column = np.split(np.array(first.ImageOrientationPatient, float), 2)
    begin, end = (np.array(f.ImagePositionPatient, float) for f in (first, last))
    lps = np.eye(4)
    lps[:3, 0] = column * float(first.PixelSpacing[0])  # down the rows
    lps[:3, 1] = row * float(first.PixelSpacing[1])  # along the columns
    lps[:3, 2] = (end - begin) / (len(files) - 1)
    lps[:3, 3] = begin
    return np.stack([f.pixel_array for f in files], axis=-1), LPS_FROM_RAS @ lps


def enhanced_volume(path: Path) -> tuple[np.ndarray, np.ndarray]:
    volume = hd.imread(path).get_volume()
    return volume.array, LPS_FROM_RAS @ volume.affine


def assert_same_values_at_world_points(
    found: np.ndarray, world_from_found: np.ndarray, source: Volume
) -> None:
    ijk = np.stack(np.indices(found.shape), axis=-1).reshape(-1, 3)
    points_mm = ijk @ world_from_found[:3, :3].T + world_from_found[:3, 3]
    exact = source.grid.to_voxel(points_mm)
    # Decimal strings hold at least 13 digits: far below a micrometre.
    np.testing.assert_allclose(exact, np.rint(exact), atol=1e-6)
    picked = np.rint(exact).astype(int)
    assert len(np.unique(picked, axis=0)) == source.data.size
    np.testing.assert_array_equal(found.reshape(-1), source.data[tuple(picked.T)])


PLANES = ("coronal", "axial", "sagittal")


@pytest.mark.parametrize("compress", [False, True], ids=["plain", "rle"])
@pytest.mark.parametrize("affine", [None, oblique()], ids=["straight", "oblique"])
@pytest.mark.parametrize("plane", PLANES)
def test_every_world_point_keeps_its_value(
    tmp_path: Path, plane: str, affine: np.ndarray | None, *, compress: bool
) -> None:
    source = image(affine)
    stored = in_plane(source, plane)
    write_single_frames(stored, tmp_path / "single", SERIES, compress=compress)
    assert_same_values_at_world_points(*single_volume(tmp_path / "single"), source)
    write_enhanced(stored, tmp_path / "enhanced.dcm", SERIES, compress=compress)
    assert_same_values_at_world_points(*enhanced_volume(tmp_path / "enhanced.dcm"), source)


def test_left_handed_storage_keeps_its_values(tmp_path: Path) -> None:
    mirrored = np.diag([-1.2, 1.3, 2.5, 1.0])
    for source in (image(mirrored), image()):
        write_single_frames(source, tmp_path / "s", SERIES)
        assert_same_values_at_world_points(*single_volume(tmp_path / "s"), source)
        write_enhanced(source, tmp_path / "e.dcm", SERIES)
        assert_same_values_at_world_points(*enhanced_volume(tmp_path / "e.dcm"), source)


@pytest.mark.parametrize(
    ("plane", "directions"),
    [
        ("coronal", [1, 0, 0, 0, 0, -1]),
        ("axial", [1, 0, 0, 0, 1, 0]),
        ("sagittal", [0, 1, 0, 0, 0, -1]),
    ],
)
def test_planes_look_as_radiologists_expect(
    tmp_path: Path, plane: str, directions: list[float]
) -> None:
    # LPS: on the screen, columns run to the patient's left (or back), rows to the feet (or back).
    paths = write_single_frames(in_plane(image(), plane), tmp_path, SERIES)
    assert list(pydicom.dcmread(paths[0]).ImageOrientationPatient) == directions


def test_negative_values_are_kept_as_signed_numbers(tmp_path: Path) -> None:
    source = image(low=-100)
    write_single_frames(source, tmp_path / "s", SERIES)
    assert_same_values_at_world_points(*single_volume(tmp_path / "s"), source)
    assert pydicom.dcmread(tmp_path / "s" / "IM0001.dcm").PixelRepresentation == 1


def test_values_are_rounded_to_the_nearest_whole_number(tmp_path: Path) -> None:
    source = image().with_data(image().data + 0.4)
    write_enhanced(source, tmp_path / "e.dcm", SERIES)
    assert_same_values_at_world_points(*enhanced_volume(tmp_path / "e.dcm"), image())


def test_values_beyond_16_bits_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="values from 70000 to 70314 do not fit 16 bits"):
        write_enhanced(image(low=70000), tmp_path / "e.dcm", SERIES)


def test_sheared_stack_is_refused(tmp_path: Path) -> None:
    sheared = np.diag([1.0, 1.0, 2.0, 1.0])
    sheared[0, 2] = 0.1
    with pytest.raises(InputError, match=r"a cosine of axes is 0\.05"):
        write_single_frames(image(sheared), tmp_path, SERIES)


def test_same_series_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_single_frames(image(), tmp_path / name, SERIES)
        write_enhanced(image(), tmp_path / name / "e.dcm", SERIES)
    files = [p.name for p in (tmp_path / "a").iterdir()]
    assert len(files) == 6
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_uids_follow_seed_subject_and_series(tmp_path: Path) -> None:
    headers = [
        pydicom.dcmread(write_single_frames(image(), tmp_path / str(n), series)[0])
        for n, series in enumerate(
            (
                SyntheticSeries("07", seed=3),
                SyntheticSeries("07", seed=4),
                SyntheticSeries("08", seed=3),
                SyntheticSeries("07", seed=3, series_number=2),
            )
        )
    ]
    assert len({h.SOPInstanceUID for h in headers}) == 4
    assert len({h.SeriesInstanceUID for h in headers}) == 4
    assert len({h.StudyInstanceUID for h in headers}) == 3
    assert headers[0].StudyInstanceUID == headers[3].StudyInstanceUID
    assert headers[0].FrameOfReferenceUID == headers[3].FrameOfReferenceUID


def test_identity_says_that_it_is_synthetic(tmp_path: Path) -> None:
    header = pydicom.dcmread(write_single_frames(image(), tmp_path, SERIES)[0])
    assert str(header.PatientName) == "Synthetic^07"
    assert header.PatientBirthDate == ""
    assert str(tmp_path) not in str(header)


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (dicom3tools) is missing")
@pytest.mark.parametrize("inversion_time_ms", [240.0, None], ids=["stir", "t2"])
@pytest.mark.parametrize("compress", [False, True], ids=["plain", "rle"])
def test_validator_finds_no_error(
    tmp_path: Path, inversion_time_ms: float | None, *, compress: bool
) -> None:
    contrast = "T2" if inversion_time_ms is None else "STIR"
    series = SyntheticSeries(
        "07", 3, acquisition_contrast=contrast, inversion_time_ms=inversion_time_ms
    )
    stored = in_plane(image(oblique()), "coronal")
    single = write_single_frames(stored, tmp_path / "s", series, compress=compress)[0]
    enhanced = write_enhanced(stored, tmp_path / "e.dcm", series, compress=compress)
    for path, iod in ((single, "MRImage"), (enhanced, "EnhancedMRImage")):
        report = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False)
        lines = report.stderr.splitlines()
        assert iod in lines
        assert [line for line in lines if line.startswith(("Error", "Warning"))] == []
