"""NIfTI is read with its orientation proven, and written whole and reproducibly."""

import gzip
from itertools import permutations, product
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
import pytest

from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import LabelMap, Volume
from plexus_mri.errors import InputError, PlexusError, RefusedError
from plexus_mri.io.nifti import nifti_grid, read_nifti, write_labels, write_volume
from plexus_mri.reasons import ReasonCode

SHAPE = (5, 6, 4)


def image(dtype: str = "int16") -> nib.Nifti1Image:
    """Every voxel has its own value."""
    affine = np.diag([1.5, 2.0, 2.5, 1.0])
    affine[:3, 3] = [-4.0, 7.0, 11.0]
    values = np.arange(np.prod(SHAPE)).reshape(SHAPE).astype(dtype)
    stored = nib.Nifti1Image(values, affine)
    stored.set_sform(affine, code=1)
    stored.set_qform(affine, code=1)
    return stored


def saved(folder: Path, stored: nib.Nifti1Image, name: str = "image.nii.gz") -> Path:
    path = folder / name
    nib.save(stored, path)
    return path


def refusal(path: Path) -> PlexusError:
    with pytest.raises(PlexusError, match=path.name) as caught:
        read_nifti(path)
    return caught.value


ORDERS = [(p, s) for p in permutations(range(3)) for s in product([1, -1], repeat=3)]


@pytest.mark.parametrize(("axes", "signs"), ORDERS)
def test_every_storage_order_gives_the_same_value_at_every_world_point(
    tmp_path: Path, axes: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    plain = image()
    order = nib.orientations.ornt_transform(
        nib.orientations.io_orientation(plain.affine), np.column_stack([axes, signs])
    )
    volume, _ = read_nifti(saved(tmp_path, plain.as_reoriented(order)))
    ijk = np.argwhere(np.ones(SHAPE)).astype(float)
    world_mm = ijk @ plain.affine[:3, :3].T + plain.affine[:3, 3]
    at = np.rint(volume.grid.to_voxel(world_mm)).astype(int)
    np.testing.assert_array_equal(volume.data[tuple(at.T)], plain.get_fdata().ravel())


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_scalar_type_in_both_byte_orders_is_read(
    tmp_path: Path, dtype: str, order: str
) -> None:
    stored = image(dtype)
    header = nib.Nifti1Header(endianness=order)
    header.set_data_dtype(np.dtype(dtype).newbyteorder(order))
    swapped = nib.Nifti1Image(stored.dataobj, stored.affine, header)
    volume, _ = read_nifti(saved(tmp_path, swapped))
    np.testing.assert_array_equal(volume.data, stored.get_fdata())


def test_slope_and_intercept_are_applied(tmp_path: Path) -> None:
    path = saved(tmp_path, image(), "image.nii")
    raw = bytearray(path.read_bytes())
    raw[112:120] = np.array([2.5, -7.0], "<f4").tobytes()  # scl_slope, scl_inter
    path.write_bytes(raw)
    np.testing.assert_array_equal(read_nifti(path)[0].data, image().get_fdata() * 2.5 - 7)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.hdr"])
def test_plain_compressed_and_paired_files_are_read(tmp_path: Path, name: str) -> None:
    stored = image()
    kind = nib.Nifti1Pair if name.endswith(".hdr") else nib.Nifti1Image
    nib.save(kind(stored.dataobj, stored.affine, stored.header), tmp_path / name)
    np.testing.assert_array_equal(read_nifti(tmp_path / name)[0].data, stored.get_fdata())


def test_nifti_2_is_read(tmp_path: Path) -> None:
    stored = nib.Nifti2Image(image().dataobj, image().affine)
    stored.set_sform(stored.affine, code=2)
    volume, source = read_nifti(saved(tmp_path, stored))
    np.testing.assert_array_equal(volume.data, image().get_fdata())
    assert source == "sform (code 2)"


def test_trailing_single_dimensions_are_dropped(tmp_path: Path) -> None:
    stored = nib.Nifti1Image(image().get_fdata()[..., None, None], image().affine)
    assert read_nifti(saved(tmp_path, stored))[0].grid.shape == SHAPE


def coded(folder: Path, sform: int, qform: int) -> Path:
    """A file whose codes are set in its bytes, because writers replace two zeros."""
    path = saved(folder, image(), "image.nii")
    raw = bytearray(path.read_bytes())
    raw[252:256] = np.array([qform, sform], "<i2").tobytes()
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize(
    ("sform", "qform", "source"),
    [(1, 1, "sform (code 1)"), (2, 0, "sform (code 2)"), (0, 1, "qform (code 1)")],
)
def test_the_orientation_source_is_named(
    tmp_path: Path, sform: int, qform: int, source: str
) -> None:
    volume, named = read_nifti(coded(tmp_path, sform, qform))
    assert named == source
    # The qform keeps its rotation in float32.
    np.testing.assert_allclose(volume.grid.affine, image().affine, atol=1e-5)


def test_without_codes_the_side_is_unproven(tmp_path: Path) -> None:
    path = coded(tmp_path, 0, 0)
    with pytest.raises(RefusedError, match="sform and qform code 0") as caught:
        read_nifti(path)
    assert caught.value.reason is ReasonCode.SIDE_UNPROVEN


def test_the_user_may_vouch_for_an_orientation_without_codes(tmp_path: Path) -> None:
    volume, source = read_nifti(coded(tmp_path, 0, 0), assert_orientation=True)
    assert source == "sform (asserted)"
    np.testing.assert_array_equal(volume.grid.affine, image().affine)


@pytest.mark.parametrize(
    "change",
    [np.diag([-1.0, 1.0, 1.0, 1.0]), np.diag([-1.0, -1.0, 1.0, 1.0])],
    ids=["mirrored", "turned"],
)
def test_matrices_that_contradict_each_other_leave_the_side_unproven(
    tmp_path: Path, change: npt.NDArray[np.float64]
) -> None:
    stored = image()
    stored.set_qform(change @ stored.affine, code=1)
    error = refusal(saved(tmp_path, stored))
    assert (type(error), error.reason) == (RefusedError, ReasonCode.SIDE_UNPROVEN)


def test_matrices_that_differ_by_a_shift_only_are_accepted(tmp_path: Path) -> None:
    stored = image()
    shifted = stored.affine.copy()
    shifted[:3, 3] += 30.0
    stored.set_qform(shifted, code=1)
    np.testing.assert_array_equal(
        read_nifti(saved(tmp_path, stored))[0].grid.affine, stored.affine
    )


def with_affine(affine: npt.NDArray[np.float64]) -> nib.Nifti1Image:
    stored = image()
    stored.set_sform(affine, code=1)
    stored.header["qform_code"] = 0
    return stored


@pytest.mark.parametrize("qform_code", [0, 1])
def test_an_affine_of_no_numbers_is_refused(tmp_path: Path, qform_code: int) -> None:
    stored = with_affine(np.eye(4))
    stored.set_qform(np.eye(4), code=qform_code)
    path = saved(tmp_path, stored, "image.nii")
    raw = bytearray(path.read_bytes())
    raw[280:284] = np.array([np.nan], "<f4").tobytes()  # srow_x[0]
    path.write_bytes(raw)
    assert refusal(path).reason is ReasonCode.GEO_BAD_AFFINE


SHEARED = image().affine @ np.array([[1, 0.2, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])


def test_a_field_of_view_that_no_person_fills_is_refused(tmp_path):
    """Ten times too large in each direction: a header in the wrong unit."""
    stored = nib.Nifti1Image(np.ones((120, 80, 120), np.float32), np.diag([12.0, 12.0, 12.0, 1.0]))
    found = refusal(saved(tmp_path, stored))
    assert found.reason is ReasonCode.GEO_BAD_AFFINE
    assert "covers 1.4 x 0.96 x 1.4 m" in str(found)


@pytest.mark.parametrize(
    ("affine", "reason"),
    [
        (np.zeros((4, 4)), ReasonCode.GEO_BAD_AFFINE),
        (np.diag([1.0, 1.0, 0.0, 1.0]), ReasonCode.GEO_BAD_AFFINE),
        (np.diag([0.001, 0.001, 0.001, 1.0]), ReasonCode.GEO_BAD_AFFINE),
        (np.diag([1000.0, 1000.0, 1000.0, 1.0]), ReasonCode.GEO_BAD_AFFINE),
        (SHEARED, ReasonCode.GEO_SHEARED),
    ],
    ids=["zero", "flat", "metres", "microns", "sheared"],
)
def test_an_affine_without_real_spacing_is_refused(
    tmp_path: Path, affine: npt.NDArray[np.float64], reason: ReasonCode
) -> None:
    error = refusal(saved(tmp_path, with_affine(affine)))
    assert (type(error), error.reason) == (RefusedError, reason)


def stored_array(values: npt.NDArray[np.generic]) -> nib.Nifti1Image:
    return nib.Nifti1Image(values, np.eye(4))


RGB = np.zeros(SHAPE, dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.zeros((4, 4, 4, 2), "int16"), ReasonCode.PIXEL_4D),
        (np.zeros(SHAPE, "complex64"), ReasonCode.PIXEL_NOT_SCALAR),
        (RGB, ReasonCode.PIXEL_NOT_SCALAR),
    ],
    ids=["4-D", "complex", "colour"],
)
def test_more_or_less_than_one_number_a_voxel_is_bad_input(
    tmp_path: Path, values: npt.NDArray[np.generic], reason: ReasonCode
) -> None:
    error = refusal(saved(tmp_path, stored_array(values)))
    assert (type(error), error.reason) == (InputError, reason)


def test_voxels_that_are_no_numbers_are_counted(tmp_path: Path) -> None:
    values = np.ones(SHAPE, "float32")
    values[0, 0] = np.nan
    values[1, 1, 1] = np.inf
    with pytest.raises(InputError, match="holds 5 NaN or infinite voxels") as caught:
        read_nifti(saved(tmp_path, stored_array(values)))
    assert caught.value.reason is ReasonCode.PIXEL_NOT_FINITE


@pytest.mark.parametrize("slope", [1.0, 1e30])
def test_finite_values_beyond_float32_are_called_too_large(tmp_path: Path, slope: float) -> None:
    values = np.full(SHAPE, 1e300 if slope == 1.0 else 1e12)
    path = saved(tmp_path, stored_array(values), "image.nii")
    raw = bytearray(path.read_bytes())
    raw[112:116] = np.array([slope], "<f4").tobytes()  # scl_slope
    path.write_bytes(raw)
    with pytest.raises(InputError, match="too large to measure") as caught:
        read_nifti(path)
    assert caught.value.reason is ReasonCode.PIXEL_RANGE


def in_units(folder: Path, code: int, spacing: float) -> Path:
    affine = np.diag([spacing, spacing, spacing, 1.0])
    stored = nib.Nifti1Image(image().get_fdata().astype("int16"), affine)
    stored.set_sform(affine, code=1)
    stored.set_qform(affine, code=1)
    stored.header["xyzt_units"] = code | 8  # seconds in the other bits
    return saved(folder, stored)


@pytest.mark.parametrize(("code", "spacing"), [(0, 2.0), (2, 2.0), (1, 0.002), (3, 2000.0)])
def test_metres_and_microns_become_millimetres(tmp_path: Path, code: int, spacing: float) -> None:
    volume, source = read_nifti(in_units(tmp_path, code, spacing))
    np.testing.assert_allclose(volume.grid.spacing, 2.0, rtol=1e-6)  # float32 on disk
    assert source.removeprefix("sform (code 1)") in {
        "",
        ", stated in meters",
        ", stated in microns",
    }


@pytest.mark.parametrize(
    ("code", "spacing", "words"),
    [
        (1, 2.0, "voxels of 2e+03, 2e+03, 2e+03 mm (stated in meters)"),
        (3, 2.0, "voxels of 0.002, 0.002, 0.002 mm (stated in microns)"),
        (5, 2.0, "states no known unit of length (code 5)"),
    ],
)
def test_a_unit_that_cannot_be_true_is_refused(
    tmp_path: Path, code: int, spacing: float, words: str
) -> None:
    error = refusal(in_units(tmp_path, code, spacing))
    assert error.reason is ReasonCode.GEO_BAD_AFFINE
    assert words in str(error)


def test_a_left_handed_grid_is_read_as_it_is(tmp_path: Path) -> None:
    affine = np.diag([-1.5, 2.0, 2.5, 1.0])
    stored = nib.Nifti1Image(image().get_fdata().astype("int16"), affine)
    stored.set_sform(affine, code=1)
    volume, _ = read_nifti(saved(tmp_path, stored))
    np.testing.assert_array_equal(volume.grid.affine, affine)


@pytest.mark.parametrize("end", [".nii.bz2", ".nii.zst"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_other_compressions_are_read_whole_or_refused(
    tmp_path: Path, end: str, share: float
) -> None:
    path = saved(tmp_path, image(), f"image{end}")
    np.testing.assert_array_equal(read_nifti(path)[0].data, image().get_fdata())
    content = path.read_bytes()
    content = content[: int(share * len(content))]
    assert damaged(tmp_path, content, f"cut{end}") is ReasonCode.INPUT_UNREADABLE


def test_an_analyze_image_does_not_prove_sides(tmp_path: Path) -> None:
    path = tmp_path / "a.hdr"
    nib.save(nib.Spm99AnalyzeImage(image().get_fdata().astype("int16"), np.eye(4)), path)
    assert refusal(path).reason is ReasonCode.SIDE_UNPROVEN


def damaged(folder: Path, content: bytes, name: str = "a.nii.gz") -> ReasonCode:
    path = folder / name
    path.write_bytes(content)
    for read in (read_nifti, nifti_grid):
        with pytest.raises(InputError, match="damaged or not what its name says") as caught:
            read(path)
    return caught.value.reason


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.98])
def test_a_truncated_file_is_unreadable_even_by_its_header(tmp_path: Path, share: float) -> None:
    noise = np.random.default_rng(1).integers(0, 4096, (40, 40, 20), dtype=np.int16)
    whole = saved(tmp_path, stored_array(noise)).read_bytes()
    content = whole[: int(share * len(whole))]
    assert damaged(tmp_path, content) is ReasonCode.INPUT_UNREADABLE


def test_a_truncated_plain_file_is_unreadable(tmp_path: Path) -> None:
    whole = saved(tmp_path, image(), "whole.nii").read_bytes()
    assert damaged(tmp_path, whole[:-1], "a.nii") is ReasonCode.INPUT_UNREADABLE


def test_a_small_file_that_claims_gigabytes_is_unreadable(tmp_path: Path) -> None:
    raw = bytearray(saved(tmp_path, image(), "whole.nii").read_bytes())
    raw[42:48] = np.array([1200, 1200, 1200], "<i2").tobytes()
    assert damaged(tmp_path, gzip.compress(raw)) is ReasonCode.INPUT_UNREADABLE


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"../.git/annex/objects/x", gzip.compress(b"hello"), bytes(400)],
    ids=["empty", "text", "annex", "packed text", "zeros"],
)
def test_a_file_that_is_no_image_is_unreadable(tmp_path: Path, content: bytes) -> None:
    assert damaged(tmp_path, content) is ReasonCode.INPUT_UNREADABLE


def test_a_header_that_claims_terabytes_is_refused_at_once(tmp_path: Path) -> None:
    path = saved(tmp_path, image(), "a.nii")
    raw = bytearray(path.read_bytes())
    raw[42:48] = np.array([32767, 32767, 32767], "<i2").tobytes()
    path.write_bytes(raw)
    with pytest.raises(InputError, match="claims the shape"):
        read_nifti(path)


def test_a_missing_file_is_named_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^'gone\.nii\.gz' does not exist$"):
        read_nifti(tmp_path / "gone.nii.gz")


def test_a_written_volume_is_read_back_exactly(tmp_path: Path) -> None:
    volume = Volume(image().get_fdata() / 3, Grid(SHAPE, image().affine))
    write_volume(tmp_path / "out" / "v.nii.gz", volume)
    back, source = read_nifti(tmp_path / "out" / "v.nii.gz")
    np.testing.assert_array_equal(back.data, volume.data)
    np.testing.assert_array_equal(back.grid.affine, volume.grid.affine)
    assert nib.load(tmp_path / "out" / "v.nii.gz").header["qform_code"] == 1
    assert source == "sform (code 1)"


def test_a_slightly_slanted_grid_is_read_back_exactly(tmp_path: Path) -> None:
    affine = np.diag([1.0, 1.0, 1.0, 1.0])
    affine[0, 2] = 0.006  # 0.3 degrees, as the gate for DICOM lets through
    volume = Volume(np.random.default_rng(2).random((300, 4, 300)), Grid((300, 4, 300), affine))
    write_volume(tmp_path / "v.nii.gz", volume)
    back, _ = read_nifti(tmp_path / "v.nii.gz")
    np.testing.assert_allclose(back.grid.affine, affine, atol=1e-7)  # float32 on disk


def test_the_same_volume_gives_the_same_bytes(tmp_path: Path) -> None:
    labels = LabelMap(np.ones(SHAPE), Grid(SHAPE, image().affine))
    write_labels(tmp_path / "one.nii.gz", labels)
    write_labels(tmp_path / "two.nii.gz", labels)
    one = (tmp_path / "one.nii.gz").read_bytes()
    assert one == (tmp_path / "two.nii.gz").read_bytes()
    assert one[4:8] == bytes(4)  # the time stamp of gzip


def test_labels_stay_whole_numbers_on_disk(tmp_path: Path) -> None:
    write_labels(tmp_path / "a.nii.gz", LabelMap(np.full(SHAPE, 111), Grid(SHAPE, np.eye(4))))
    stored = nib.load(tmp_path / "a.nii.gz")
    assert stored.get_data_dtype() == np.int16
    assert np.unique(stored.dataobj).tolist() == [111]


def test_values_whose_squares_overflow_are_refused(tmp_path):
    data = np.full((8, 8, 8), 1e30, np.float32)
    nib.save(nib.Nifti1Image(data, np.eye(4)), tmp_path / "huge.nii")
    with pytest.raises(InputError, match="too large to measure"):
        read_nifti(tmp_path / "huge.nii")
