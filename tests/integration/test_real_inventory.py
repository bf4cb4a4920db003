"""Real and hostile files: each group is read as its reference says, or refused with a reason."""

import logging
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import Volume
from plexus_mri.errors import PlexusError
from plexus_mri.io.dicom import decode
from plexus_mri.io.inventory import Inventory, read_series, take_inventory
from plexus_mri.io.series_row import SeriesRow
from plexus_mri.reasons import ReasonCode

GROUPS = {
    "real/dicom": "*",
    "real/nifti_neck": "*.nii.gz",
    "external": "*.nii.gz",
    "hostile/nifti": "*",
    "hostile/dicom": "*",
    "hostile/dicom/fuzz": "cat*",
    "hostile/dicom/pydicom": "*",
}
# Every sound series and a reference of it; the d2n truths are by a converter of their own.
REFERENCES = {
    "frag_T1_jpeg_lossless_96slices": "*.nii.gz",
    "xa30_T1_enhanced_multiframe": "*.nii.gz",
    "d2n_ge_anatomical_001": "dicom2nifti_ground_truth.nii.gz",
    "d2n_siemens_anatomical_001": "dicom2nifti_ground_truth.nii.gz",
    "d2n_philips_anatomical_001": "dicom2nifti_ground_truth.nii.gz",
    "d2n_siemens_multiframe_anatomical_001": "dicom2nifti_ground_truth.nii.gz",
    "d2n_philips_enhanced_anatomical_001": "dicom2nifti_ground_truth.nii.gz",
    "d2n_generic_compressed_j2k_001": "dicom2nifti_ground_truth.nii.gz",
    "d2n_generic_compressed_rle_001": "dicom2nifti_ground_truth.nii.gz",
}
REFUSED = {
    "d2n_failing_slicecount_001": {ReasonCode.GEO_TOO_FEW_SLICES},
    "d2n_failing_sliceincrement_001": {ReasonCode.KIND_NOT_IMAGE},  # computed tomography
    "d2n_failing_sliceorientation_001": {ReasonCode.GEO_MIXED_ORIENTATION},
    "derived_frag_jpegLL_missing_interior": {ReasonCode.GEO_MISSING_SLICE},
    "derived_frag_jpegLL_duplicate_position_newUID": {ReasonCode.GEO_DUPLICATE_SLICE},
    "derived_frag_jpegLL_missing_tag_IPP": {ReasonCode.GEO_NO_POSITION},
    "dcmqa_corasc35_oblique_mosaic": {ReasonCode.KIND_MOSAIC},
    "pydicom_emri_small": {ReasonCode.GEO_NO_POSITION},
}


def check(inventory: Inventory) -> None:
    """Every row is read or has a reason, and at most one of a case is chosen."""
    for row in inventory.rows:
        assert row.chosen == (row.reason is None)
        assert row.detail or row.chosen
        if row.sound:
            read(row)
    for key in inventory.subjects():
        assert sum(r.chosen for r in inventory.rows if (r.subject, r.session) == key) <= 1


def read(row: SeriesRow) -> None:
    """Read a row that its header calls sound; what the pixels hold may still refuse it."""
    error = None
    try:
        volume, info = read_series(row)
    except PlexusError as caught:
        error = caught
    if error is None:
        assert np.isfinite(volume.data).all()
        assert len(info.source_sha256) == 64
    else:
        assert error.reason.startswith("PIXEL_")


def refusal(source: Path) -> PlexusError | None:
    """The error that refuses a whole input; None when it was read row by row."""
    try:
        check(take_inventory(source))
    except PlexusError as error:
        return error
    return None


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_is_read_or_refused_with_a_reason(
    shared_data: Path, group: str, caplog: pytest.LogCaptureFixture
) -> None:
    sources = sorted((shared_data / group).glob(GROUPS[group]))
    assert sources
    with caplog.at_level(logging.WARNING):
        errors = {source: refusal(source) for source in sources}
    for source, error in errors.items():
        if error is not None:
            assert error.reason in {ReasonCode.INPUT_UNSUPPORTED, ReasonCode.INPUT_EMPTY}
            assert str(source.parent) not in str(error)
    assert caplog.records == []


@pytest.mark.parametrize("name", REFUSED)
def test_faulty_real_series_give_their_reason(shared_data: Path, name: str) -> None:
    rows = take_inventory(shared_data / "real" / "dicom" / name).rows
    assert {row.reason for row in rows} == REFUSED[name]


def reference(shared_data: Path, name: str) -> Volume:
    """Reference on axes nearest to RAS."""
    (path,) = (shared_data / "real" / "ref" / name).glob(REFERENCES[name])
    image = nib.as_closest_canonical(nib.squeeze_image(nib.load(path)))
    return Volume(image.get_fdata(), Grid(image.shape, image.affine))


@pytest.mark.parametrize("name", REFERENCES)
def test_sound_real_series_equal_their_reference(shared_data: Path, name: str) -> None:
    (row,) = take_inventory(shared_data / "real" / "dicom" / name).rows
    ours, theirs = read_series(row)[0].to_ras(), reference(shared_data, name)
    assert ours.grid.shape == theirs.grid.shape
    # The reference spaces this series by its first two slices, whose positions are rounded to
    # six digits; over 95 gaps that adds up to 0.01 mm. Ours spans the first and the last.
    loose_mm = 0.011 if name.startswith("frag") else 1e-3
    np.testing.assert_allclose(ours.grid.affine, theirs.grid.affine, atol=loose_mm)
    np.testing.assert_allclose(ours.data, theirs.data, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "volumes"), [("ge_epi_nih_mr0004", 10), ("philips_magdeburg_oblique_3vol", 3)]
)
def test_volumes_of_a_real_series_in_time_equal_their_reference(
    shared_data: Path, name: str, volumes: int
) -> None:
    rows = take_inventory(shared_data / "real" / "dicom" / name).rows
    assert [row.part for row in rows] == list(range(1, volumes + 1))
    (path,) = (shared_data / "real" / "ref" / name).glob("*.nii.gz")
    image = nib.as_closest_canonical(nib.load(path))
    for row in rows:
        ours = read_series(row)[0].to_ras()
        np.testing.assert_allclose(ours.grid.affine, image.affine, atol=1e-3)
        theirs = image.get_fdata()[..., row.part - 1]
        # The reference applies the private scale of Philips, one number for the whole image.
        private = "private Philips scale" in str(row.acquisition["intensity_scaling"])
        scale = ours.data.max() / theirs.max() if private else 1.0
        np.testing.assert_allclose(ours.data, theirs * scale, rtol=1e-6, atol=1e-6 * scale)


@pytest.mark.parametrize(
    ("folder", "plain", "names"),
    [
        ("real/dicom/pydicom_emri_small", "emri_small.dcm", "emri_small*.dcm"),
        ("hostile/dicom/pydicom", "MR_small.dcm", "MR_small*.dcm"),
    ],
)
def test_every_encoding_of_one_image_gives_the_same_values(
    shared_data: Path, folder: str, plain: str, names: str
) -> None:
    paths = sorted((shared_data / folder).glob(names))
    assert len(paths) >= 5
    for path in paths:
        np.testing.assert_array_equal(decode(path), decode(shared_data / folder / plain))
