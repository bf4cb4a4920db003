"""A sound series is read exactly, however it is stored; a broken one gives one reason."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from plexus_mri.core.volume import Volume
from plexus_mri.errors import InputError, PlexusError, RefusedError
from plexus_mri.io.dicom_write import SyntheticSeries, write_enhanced
from plexus_mri.io.inventory import read_series, take_inventory
from plexus_mri.io.series_row import SeriesRow
from plexus_mri.reasons import ReasonCode
from tests.unit.io.dicom_cases import SLICES, edit, moved, put, truth, write

Break = Callable[[Path], None]


def only_row(folder: Path) -> SeriesRow:
    (row,) = take_inventory(folder).rows
    return row


def assert_reads_as(row: SeriesRow, expected: Volume) -> None:
    assert row.reason is None, row.detail
    volume, _ = read_series(row)
    one, two = volume.to_ras(), expected.to_ras()
    np.testing.assert_array_equal(one.data, two.data)
    # Headers hold 6 to 16 digits of positions in mm.
    np.testing.assert_allclose(one.grid.affine, two.grid.affine, atol=1e-3)


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.dcm"))


def edit_all(**values: object) -> Break:
    return lambda folder: edit(files(folder), put(**values))


def edit_one(number: int, **values: object) -> Break:
    return lambda folder: edit([files(folder)[number]], put(**values))


def change_all(change: Callable[[Dataset, int], None]) -> Break:
    return lambda folder: edit(files(folder), change)


def drop(*numbers: int) -> Break:
    def change(folder: Path) -> None:
        for path in [files(folder)[n] for n in numbers]:
            path.unlink()

    return change


def store_as(syntax: str) -> Break:
    def change(folder: Path) -> None:
        for path in files(folder):
            stored = pydicom.dcmread(path)
            if syntax == RLELossless:
                stored.compress(RLELossless)
            elif syntax == ExplicitVRBigEndian:
                stored.PixelData = stored.pixel_array.astype(">u2").tobytes()
            dataset = Dataset(stored)
            dataset.file_meta = stored.file_meta
            dataset.file_meta.TransferSyntaxUID = syntax
            dataset.save_as(path, enforce_file_format=True)

    return change


def without_preamble(folder: Path) -> None:
    for path in files(folder):
        path.write_bytes(path.read_bytes()[132:])


def without_meta(folder: Path) -> None:
    for path in files(folder):
        dataset = pydicom.dcmread(path)
        bare = Dataset(dataset)
        pydicom.dcmwrite(path, bare, implicit_vr=True, little_endian=True)


def nested_without_endings(folder: Path) -> None:
    for k, path in enumerate(files(folder)):
        target = folder / f"disc{k % 2}" / f"I{999 - k}"
        target.parent.mkdir(exist_ok=True)
        path.rename(target)


def shuffled_numbers(dataset: Dataset, k: int) -> None:
    dataset.InstanceNumber = (7 * k) % SLICES + 1


def with_a_second_file(folder: Path) -> None:
    shutil.copy(files(folder)[3], folder / "copy.dcm")


SOUND: dict[str, Break] = {
    "as written": lambda _folder: None,
    "run-length encoded": store_as(RLELossless),
    "implicit": store_as(ImplicitVRLittleEndian),
    "big endian": store_as(ExplicitVRBigEndian),
    "deflated": store_as(DeflatedExplicitVRLittleEndian),
    "no preamble": without_preamble,
    "no meta header": without_meta,
    "nested, no endings": nested_without_endings,
    "numbers out of order": change_all(shuffled_numbers),
    "no slice spacing": edit_all(SpacingBetweenSlices=None, SliceThickness=None),
    "slice spacing misstated": edit_all(SpacingBetweenSlices="1.25"),
    "no description": edit_all(SeriesDescription=None, ProtocolName=None),
    "a second file of one slice": with_a_second_file,
    "other files beside": lambda folder: (folder / "notes.txt").write_text("x") and None,
}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_series_is_read_exactly(tmp_path: Path, name: str) -> None:
    write(tmp_path)
    SOUND[name](tmp_path)
    assert_reads_as(only_row(tmp_path), truth())


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_every_plane_is_read_exactly_and_named(tmp_path: Path, plane: str) -> None:
    expected = truth(plane)
    write(tmp_path, expected)
    row = only_row(tmp_path)
    assert_reads_as(row, expected)
    assert row.plane == "coronal"  # 2.5 mm from back to front, finer in the other directions


def test_an_oblique_series_is_read_exactly(tmp_path: Path) -> None:
    straight = truth()
    a = np.deg2rad(17.0)
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    affine = np.array(straight.grid.affine)
    affine[:3] = turn @ affine[:3]
    expected = Volume(straight.data, type(straight.grid)(straight.grid.shape, affine))
    write(tmp_path, expected)
    assert_reads_as(only_row(tmp_path), expected)


@pytest.mark.parametrize("compress", [False, True])
def test_an_enhanced_file_equals_its_single_frames(tmp_path: Path, *, compress: bool) -> None:
    path = tmp_path / "enhanced.dcm"
    write_enhanced(truth(), path, SyntheticSeries("07", seed=3), compress=compress)
    row = only_row(tmp_path)
    assert row.files == 1
    assert_reads_as(row, truth())


def test_values_are_slope_times_stored_plus_intercept(tmp_path: Path) -> None:
    write(tmp_path)
    edit(files(tmp_path), put(RescaleSlope="2.5", RescaleIntercept="-7"))
    expected = truth()
    assert_reads_as(only_row(tmp_path), expected.with_data(expected.data * 2.5 - 7))


def own_slope(dataset: Dataset, k: int) -> None:
    dataset.RescaleSlope, dataset.RescaleIntercept = str(k + 1), "0"


def test_slices_with_slopes_of_their_own_are_read_where_a_unit_makes_them_one(
    tmp_path: Path,
) -> None:
    write(tmp_path)
    edit(files(tmp_path), own_slope)
    edit(files(tmp_path), put(RescaleType="ms"))
    expected = truth()
    slopes = np.arange(1, SLICES + 1)
    assert_reads_as(only_row(tmp_path), expected.with_data(expected.data * slopes))


def halves(**values: object) -> Break:
    """Change the second half of the slices."""

    def change(folder: Path) -> None:
        edit(files(folder)[SLICES // 2 :], put(**values))

    return change


def move_one(number: int, by_mm: tuple[float, float, float]) -> Break:
    return lambda folder: edit([files(folder)[number]], lambda d, _: moved(d, by_mm))


def slanted(dataset: Dataset, k: int) -> None:
    moved(dataset, (0.0, 0.0, 0.3 * k))


def thinned(folder: Path) -> None:
    drop(*range(1, SLICES, 2))(folder)


def repeat_with_other_pixels(folder: Path) -> None:
    dataset = pydicom.dcmread(files(folder)[3])
    dataset.SOPInstanceUID = "1.2.3.4"
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    dataset.PixelData = bytes(len(dataset.PixelData))
    dataset.save_as(folder / "repeat.dcm")


def same_instance_with_other_pixels(folder: Path) -> None:
    dataset = pydicom.dcmread(files(folder)[3])
    dataset.PixelData = bytes(len(dataset.PixelData))
    dataset.save_as(folder / "copy.dcm")


def twice_under_new_names(folder: Path, **values: object) -> None:
    for k, path in enumerate(files(folder)):
        dataset = pydicom.dcmread(path)
        dataset.SOPInstanceUID = f"1.2.3.{k + 1}"
        put(**values)(dataset, k)
        dataset.save_as(folder / f"later{k}.dcm")


def cut_short(folder: Path) -> None:
    path = files(folder)[4]
    path.write_bytes(path.read_bytes()[:-20])


def broken_compression(folder: Path) -> None:
    store_as(RLELossless)(folder)
    for path in files(folder):
        dataset = pydicom.dcmread(path)
        dataset.PixelData = pydicom.encaps.encapsulate([b"\xff" * 60])
        dataset.save_as(path)


def other_size(folder: Path) -> None:
    dataset = pydicom.dcmread(files(folder)[2])
    dataset.Rows -= 1
    dataset.PixelData = dataset.PixelData[: dataset.Rows * dataset.Columns * 2]
    dataset.save_as(files(folder)[2])


def philips_scales(dataset: Dataset, k: int) -> None:
    block = dataset.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
    block.add_new(0x0E, "FL", 0.004 + 0.001 * k)
    dataset.RescaleSlope, dataset.RescaleIntercept = "1.5", "0"


TURNED = ["1", "0", "0", "0", "1", "0"]
BROKEN: dict[str, tuple[Break, ReasonCode]] = {
    "a slice is missing": (drop(4), ReasonCode.GEO_MISSING_SLICE),
    "two gaps": (drop(2, 6), ReasonCode.GEO_MISSING_SLICE),
    "three in a row are missing": (drop(4, 5, 6), ReasonCode.GEO_MISSING_SLICE),
    "every other slice is missing": (thinned, ReasonCode.GEO_MISSING_SLICE),
    "a slice is off its place": (move_one(4, (0, 0.6, 0)), ReasonCode.GEO_UNEVEN_SPACING),
    "a slice repeats": (repeat_with_other_pixels, ReasonCode.GEO_DUPLICATE_SLICE),
    "copies differ": (same_instance_with_other_pixels, ReasonCode.GEO_DUPLICATE_SLICE),
    "two slices at one place": (move_one(4, (0, 2.5, 0)), ReasonCode.GEO_DUPLICATE_SLICE),
    "a second orientation": (
        halves(ImageOrientationPatient=TURNED),
        ReasonCode.GEO_MIXED_ORIENTATION,
    ),
    "one turned slice": (
        edit_one(4, ImageOrientationPatient=["0.9998", "0.02", "0", "0", "0", "-1"]),
        ReasonCode.GEO_MIXED_ORIENTATION,
    ),
    "no position in one": (edit_one(4, ImagePositionPatient=None), ReasonCode.GEO_NO_POSITION),
    "no orientation": (edit_all(ImageOrientationPatient=None), ReasonCode.GEO_NO_POSITION),
    "no turn": (
        edit_all(ImageOrientationPatient=["1", "0", "0", "1", "0", "0"]),
        ReasonCode.GEO_NO_POSITION,
    ),
    "one smaller slice": (other_size, ReasonCode.GEO_MIXED_SIZE),
    "one finer slice": (edit_one(4, PixelSpacing=["0.5", "0.5"]), ReasonCode.GEO_MIXED_SIZE),
    "no pixel spacing": (edit_all(PixelSpacing=None), ReasonCode.GEO_BAD_AFFINE),
    "zero pixel spacing": (edit_all(PixelSpacing=["0", "1"]), ReasonCode.GEO_BAD_AFFINE),
    "slanted stack": (change_all(slanted), ReasonCode.GEO_SHEARED),
    "two slices": (drop(*range(2, SLICES)), ReasonCode.GEO_TOO_FEW_SLICES),
    "seven slices": (drop(7, 8, 9), ReasonCode.GEO_TOO_FEW_SLICES),
    "slopes differ": (change_all(own_slope), ReasonCode.PIXEL_RESCALE),
    "all slices twice": (twice_under_new_names, ReasonCode.GEO_DUPLICATE_SLICE),
    "slope in some": (halves(RescaleSlope=None, RescaleIntercept=None), ReasonCode.PIXEL_RESCALE),
    "zero slope": (edit_all(RescaleSlope="0"), ReasonCode.PIXEL_RESCALE),
    "private scales differ": (change_all(philips_scales), ReasonCode.PIXEL_RESCALE),
    "one file cut short": (cut_short, ReasonCode.PIXEL_MISSING),
    "no pixels": (edit_one(4, PixelData=None), ReasonCode.PIXEL_MISSING),
    "broken compression": (broken_compression, ReasonCode.PIXEL_COMPRESSION),
    "colour": (
        edit_all(SamplesPerPixel=3, PhotometricInterpretation="RGB"),
        ReasonCode.PIXEL_NOT_SCALAR,
    ),
    "shown inverted": (
        edit_all(PhotometricInterpretation="MONOCHROME1"),
        ReasonCode.PIXEL_NOT_SCALAR,
    ),
    "computed tomography": (
        edit_all(Modality="CT", SOPClassUID=CTImageStorage),
        ReasonCode.KIND_NOT_IMAGE,
    ),
    "mosaic": (
        edit_all(ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"]),
        ReasonCode.KIND_MOSAIC,
    ),
    "localizer": (
        edit_all(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]),
        ReasonCode.KIND_LOCALIZER,
    ),
    "projection": (
        edit_all(ImageType=["DERIVED", "SECONDARY", "PROJECTION IMAGE", "MIP"]),
        ReasonCode.KIND_DERIVED,
    ),
    "phase image": (
        edit_all(ImageType=["ORIGINAL", "PRIMARY", "P", "ND"]),
        ReasonCode.KIND_DERIVED,
    ),
    "reformatted copy": (
        edit_all(ImageType=["DERIVED", "SECONDARY", "REFORMATTED"]),
        ReasonCode.KIND_DERIVED,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_series_gives_its_reason_and_is_never_measured(tmp_path: Path, name: str) -> None:
    write(tmp_path)
    edit(files(tmp_path), put(RescaleSlope="1", RescaleIntercept="0"))
    change, reason = BROKEN[name]
    change(tmp_path)
    row = only_row(tmp_path)
    assert row.reason is reason, row.detail
    assert not row.chosen
    assert row.detail


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("a slice is missing", RefusedError),
        ("slanted stack", RefusedError),
        ("slopes differ", InputError),
        ("computed tomography", InputError),
    ],
)
def test_doubtful_geometry_is_refused_and_other_kinds_are_bad_input(
    tmp_path: Path, name: str, error: type[PlexusError]
) -> None:
    write(tmp_path)
    BROKEN[name][0](tmp_path)
    row = only_row(tmp_path)
    with pytest.raises(error, match="series 1: "):
        read_series(row)


def test_missing_slices_are_counted(tmp_path: Path) -> None:
    write(tmp_path)
    drop(2, 6, 7)(tmp_path)
    assert only_row(tmp_path).detail == "3 of 10 slice positions are missing"


def test_a_series_too_short_to_measure_can_still_be_read(tmp_path: Path) -> None:
    expected = truth(slices=5)
    write(tmp_path, expected)
    row = only_row(tmp_path)
    assert (row.reason, row.sound) == (ReasonCode.GEO_TOO_FEW_SLICES, True)
    np.testing.assert_array_equal(read_series(row)[0].to_ras().data, expected.to_ras().data)


def test_constant_pixels_are_found_when_they_are_read(tmp_path: Path) -> None:
    paths = write(tmp_path)
    edit(paths, lambda d, _: setattr(d, "PixelData", bytes(len(d.PixelData))))
    with pytest.raises(InputError, match="all pixels are 0"):
        read_series(only_row(tmp_path))


def test_echoes_and_dixon_parts_become_rows_of_their_own(tmp_path: Path) -> None:
    for k, (echo, part) in enumerate([("10", "WATER"), ("10", "FAT"), ("80", "WATER")]):
        paths = write(tmp_path / str(k))
        edit(paths, put(EchoTime=echo, ImageType=["DERIVED", "PRIMARY", "DIXON", part]))
        edit(paths, lambda d, i, k=k: setattr(d, "SOPInstanceUID", f"1.2.{k + 1}.{i + 1}"))
    rows = take_inventory(tmp_path).rows
    assert len(rows) == 3
    assert all(row.sound and row.files == SLICES for row in rows)


def test_stacks_with_an_id_may_differ_in_orientation(tmp_path: Path) -> None:
    for name, plane in (("1", "coronal"), ("2", "axial")):
        paths = write(tmp_path / name, truth(plane))
        edit(paths, put(StackID=name))
        edit(paths, lambda d, i, n=name: setattr(d, "SOPInstanceUID", f"1.2.{n}.{i + 1}"))
    assert [row.sound for row in take_inventory(tmp_path).rows] == [True, True]


@pytest.mark.parametrize(
    "values",
    [
        {"TemporalPositionIdentifier": 2},
        {"AcquisitionNumber": 2},
        {"AcquisitionTime": "120500"},
        {"InversionTime": "900"},
        {"FlipAngle": "120"},
    ],
)
def test_volumes_at_one_place_become_rows_where_the_header_parts_them(
    tmp_path: Path, values: dict[str, object]
) -> None:
    write(tmp_path)
    twice_under_new_names(tmp_path, **values)
    rows = take_inventory(tmp_path).rows
    assert [(row.part, row.files, row.sound) for row in rows] == [
        (1, SLICES, True),
        (2, SLICES, True),
    ]
    assert [row.chosen for row in rows] == [True, False]
    assert "volume 1 of 2" in rows[0].detail


def test_numbers_of_instances_part_volumes_where_the_header_counts_them(tmp_path: Path) -> None:
    edit(write(tmp_path), put(NumberOfTemporalPositions=2))
    for k, path in enumerate(files(tmp_path)):
        dataset = pydicom.dcmread(path)
        dataset.SOPInstanceUID, dataset.InstanceNumber = f"1.2.3.{k + 1}", SLICES + k + 1
        dataset.save_as(tmp_path / f"later{k}.dcm")
    assert [row.part for row in take_inventory(tmp_path).rows] == [1, 2]


def test_a_volume_in_time_that_ends_early_is_refused_alone(tmp_path: Path) -> None:
    write(tmp_path)
    twice_under_new_names(tmp_path, TemporalPositionIdentifier=2)
    (tmp_path / "later9.dcm").unlink()
    reasons = {row.part: row.reason for row in take_inventory(tmp_path).rows}
    assert reasons == {1: None, 2: ReasonCode.GEO_MISSING_SLICE}


def test_stations_of_one_orientation_are_volumes_of_their_own(tmp_path: Path) -> None:
    write(tmp_path)
    twice_under_new_names(tmp_path)
    for path in tmp_path.glob("later*.dcm"):
        edit([path], lambda dataset, _: moved(dataset, (0.0, 0.0, -90.0)))
    rows = take_inventory(tmp_path).rows
    assert [(row.sound, row.part) for row in rows] == [(True, 0), (True, 0)]


def test_whole_stacks_of_several_orientations_are_parted_without_an_id(tmp_path: Path) -> None:
    for k, plane in enumerate(("coronal", "axial")):
        paths = write(tmp_path / plane, truth(plane))
        edit(paths, lambda d, i, k=k: setattr(d, "SOPInstanceUID", f"1.2.{k + 1}.{i + 1}"))
    rows = take_inventory(tmp_path).rows
    assert [row.sound for row in rows] == [True, True]
    assert all("one of 2 orientations" in row.detail for row in rows)


def test_a_real_world_value_map_is_used_where_no_slope_is_stated(tmp_path: Path) -> None:
    write(tmp_path)

    def mapped(dataset: Dataset, _: int) -> None:
        item = Dataset()
        item.RealWorldValueSlope, item.RealWorldValueIntercept = 0.5, 3.0
        item.RealWorldValueFirstValueMapped, item.RealWorldValueLastValueMapped = 0, 4095
        dataset.RealWorldValueMappingSequence = Sequence([item])

    edit(files(tmp_path), mapped)
    row, expected = only_row(tmp_path), truth()
    assert_reads_as(row, expected.with_data(expected.data * 0.5 + 3))
    assert row.acquisition["intensity_scaling"] == "real world value map"


def test_the_private_scale_of_philips_is_said_and_not_applied(tmp_path: Path) -> None:
    write(tmp_path)
    edit(files(tmp_path), lambda dataset, _: philips_scales(dataset, 0))
    row, expected = only_row(tmp_path), truth()
    assert_reads_as(row, expected.with_data(expected.data * 1.5))
    assert "private Philips scale not applied" in str(row.acquisition["intensity_scaling"])


def enhanced(folder: Path) -> tuple[Path, Dataset]:
    path = folder / "enhanced.dcm"
    write_enhanced(truth(), path, SyntheticSeries("07", seed=3))
    return path, pydicom.dcmread(path)


def test_an_enhanced_file_without_one_position_is_refused(tmp_path: Path) -> None:
    path, dataset = enhanced(tmp_path)
    del dataset.PerFrameFunctionalGroupsSequence[3].PlanePositionSequence
    dataset.save_as(path)
    assert only_row(tmp_path).reason is ReasonCode.GEO_NO_POSITION


def test_an_enhanced_file_with_fewer_groups_than_frames_is_refused(tmp_path: Path) -> None:
    path, dataset = enhanced(tmp_path)
    groups = dataset.PerFrameFunctionalGroupsSequence
    dataset.PerFrameFunctionalGroupsSequence = Sequence(groups[:-1])
    dataset.save_as(path)
    row = only_row(tmp_path)
    assert (row.reason, row.detail) == (
        ReasonCode.GEO_NO_POSITION,
        "10 frames are promised and 9 described",
    )


def test_an_enhanced_file_with_frames_at_one_place_is_refused(tmp_path: Path) -> None:
    path, dataset = enhanced(tmp_path)
    groups = dataset.PerFrameFunctionalGroupsSequence
    groups[4].PlanePositionSequence = groups[3].PlanePositionSequence
    dataset.save_as(path)
    assert only_row(tmp_path).reason is ReasonCode.GEO_DUPLICATE_SLICE


def test_an_object_in_several_files_is_read_as_one(tmp_path: Path) -> None:
    path, dataset = enhanced(tmp_path)
    groups, pixels = dataset.PerFrameFunctionalGroupsSequence, dataset.PixelData
    half = len(pixels) // 2
    path.unlink()
    for k, (first, last) in enumerate([(0, SLICES // 2), (SLICES // 2, SLICES)]):
        dataset.PerFrameFunctionalGroupsSequence = Sequence(groups[first:last])
        dataset.PixelData = pixels[k * half : (k + 1) * half]
        dataset.NumberOfFrames = last - first
        dataset.SOPInstanceUID = f"1.2.9.{k + 1}"
        dataset.ConcatenationUID, dataset.InConcatenationTotalNumber = "1.2.3", 2
        dataset.InConcatenationNumber = k + 1
        dataset.save_as(tmp_path / f"part{k}.dcm")
    assert_reads_as(only_row(tmp_path), truth())


def test_a_compressed_file_that_is_cut_short_is_seen_without_decoding_it(tmp_path: Path) -> None:
    write(tmp_path)
    store_as(RLELossless)(tmp_path)
    path = files(tmp_path)[4]
    path.write_bytes(path.read_bytes()[:-40])
    row = only_row(tmp_path)
    assert row.reason is ReasonCode.PIXEL_MISSING
    assert "(1 of 10 files)" in row.detail


def test_an_object_in_several_files_must_be_complete(tmp_path: Path) -> None:
    path, dataset = enhanced(tmp_path)
    dataset.ConcatenationUID, dataset.InConcatenationTotalNumber = "1.2.3", 2
    dataset.save_as(path)
    row = only_row(tmp_path)
    assert (row.reason, row.detail) == (
        ReasonCode.GEO_MISSING_SLICE,
        "1 of 2 files of one object are missing",
    )


def test_a_damaged_file_beside_a_series_is_said_of_it(tmp_path: Path) -> None:
    paths = write(tmp_path)
    paths[-1].write_bytes(b"damaged")
    rows = take_inventory(tmp_path).rows
    (chosen,) = [row for row in rows if row.chosen]
    assert chosen.files == SLICES - 1
    assert "a slice at its end may be missing" in chosen.detail


def test_a_claim_of_a_million_frames_is_refused(tmp_path: Path) -> None:
    paths = write(tmp_path)
    edit(paths[:1], put(NumberOfFrames=1_000_000))
    drop(*range(1, SLICES))(tmp_path)
    assert only_row(tmp_path).reason is ReasonCode.INPUT_UNREADABLE
