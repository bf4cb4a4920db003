"""NIfTI files: read as a Volume with its orientation proven, written whole and reproducibly."""

from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
from isal import igzip

from plexus_mri.core.grid import Grid, same_grid
from plexus_mri.core.volume import LabelMap, Volume
from plexus_mri.errors import InputError
from plexus_mri.io.atomic import write_bytes
from plexus_mri.io.nifti_header import (
    NIFTI_DAMAGE,
    check_view,
    open_nifti,
    proven_grid,
    quiet_nibabel,
    unreadable,
)
from plexus_mri.reasons import ReasonCode

# Squares of larger values overflow in float32, in which images are measured.
_LARGEST_VALUE = 1e15
_SCANNER = 1  # NIfTI code of scanner coordinates
_QFORM_MM = 0.01  # float32 quaternions keep corners far better than that
_MAX_RATIO = 1100  # deflate packs at most 1032-fold


def read_nifti(path: Path, *, assert_orientation: bool = False) -> tuple[Volume, str]:
    """Volume of a NIfTI-1 or NIfTI-2 file and where its orientation comes from.

    Parameters
    ----------
    path
        A ``.nii``, ``.nii.gz``, ``.nii.bz2``, ``.nii.zst`` or ``.hdr``/``.img`` pair.
    assert_orientation
        The user vouches for the header's matrices although their codes say "unknown".

    Raises
    ------
    InputError
        When the file is damaged or is not one finite number per voxel of a 3-D grid.
    RefusedError
        When the header does not prove left and right, or its affine holds no real spacing.
    """
    image = open_nifti(path)
    grid, source = proven_grid(path, image, assert_orientation=assert_orientation)
    pixels = _pixels(path, image, grid.shape)
    check_view(path, grid)
    return Volume(_finite(path, image, pixels), grid), source


def nifti_grid(path: Path, *, assert_orientation: bool = False) -> Grid:
    """Grid of a NIfTI file from its header alone, checked like `read_nifti` without the pixels.

    A compressed file whose stated length does not fit the header is read to its end.

    Raises
    ------
    InputError, RefusedError
        As `read_nifti`.
    """
    image = open_nifti(path)
    grid, _ = proven_grid(path, image, assert_orientation=assert_orientation)
    if not _length_fits(image):
        _pixels(path, image, grid.shape)
    check_view(path, grid)
    return grid


def read_label_array(
    path: Path, *, assert_orientation: bool = False
) -> tuple[npt.NDArray[np.int16], Grid]:
    """Whole-numbered labels (int16) of a NIfTI mask, and their grid.

    Raises
    ------
    InputError
        As `read_nifti`, and when a value is not a whole number from 0 to 32767.
    RefusedError
        When the header does not prove left and right.
    """
    volume, _ = read_nifti(path, assert_orientation=assert_orientation)
    whole = np.rint(volume.data)
    odd = (whole != volume.data) | (whole < 0) | (whole > np.iinfo(np.int16).max)
    if odd.any():
        value = float(volume.data[odd][0])
        msg = f"'{path.name}' is no mask: it holds {value:g}; labels are whole numbers from 0 up"
        raise InputError(msg, ReasonCode.MASK_LABELS)
    return whole.astype(np.int16), volume.grid


def write_volume(path: Path, volume: Volume) -> None:
    """Write intensities as float32 ``.nii.gz``; the same volume gives the same bytes.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    write_bytes(path, encoded_nifti(volume.data, volume.grid))


def write_labels(path: Path, labels: LabelMap) -> None:
    """Write labels as int16 ``.nii.gz``; the same labels give the same bytes.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    write_bytes(path, encoded_nifti(labels.data, labels.grid))


def encoded_nifti(data: npt.NDArray[np.generic], grid: Grid) -> bytes:
    """Compressed NIfTI-1 bytes; scanner codes, so that no reader falls back to a guess.

    A qform cannot hold a slant: where it would move a corner it is left out.
    """
    image = nib.Nifti1Image(np.asarray(data), np.asarray(grid.affine))
    image.set_sform(grid.affine, code=_SCANNER)
    image.set_qform(grid.affine, code=_SCANNER)
    if not same_grid(Grid(grid.shape, image.get_qform()), grid, tolerance_mm=_QFORM_MM):
        image.set_qform(None, code=0)
    image.header.set_xyzt_units("mm")
    compressed: bytes = igzip.compress(image.to_bytes(), compresslevel=1, mtime=0)
    return compressed


def _needed_bytes(image: nib.Nifti1Pair) -> int:
    """Bytes that the header asks for, unpacked."""
    pixel_bytes = int(np.prod(image.shape)) * image.get_data_dtype().itemsize
    return int(pixel_bytes + image.dataobj.offset)  # the header's own offset is reset to 0


def _stored_bytes(image: nib.Nifti1Pair) -> int:
    """Bytes of the file that holds the pixels; 0 when it is not there."""
    data_path = Path(image.file_map["image"].filename)
    return int(data_path.stat().st_size) if data_path.is_file() else 0


def _length_fits(image: nib.Nifti1Pair) -> bool:
    """Whether the stored length is what the header asks for, without reading the pixels."""
    needed = _needed_bytes(image)
    data_path = Path(image.file_map["image"].filename)
    if data_path.suffix in {".bz2", ".zst"}:
        return False  # these do not state their length
    if data_path.suffix != ".gz" or _stored_bytes(image) == 0:
        return _stored_bytes(image) >= needed
    with data_path.open("rb") as stream:
        stream.seek(-4, 2)
        return bool(int.from_bytes(stream.read(4), "little") == needed % 2**32)


def _pixels(
    path: Path, image: nib.Nifti1Pair, shape: tuple[int, int, int]
) -> npt.NDArray[np.float32]:
    """Scaled intensities as float32 in the stored axis order."""
    if _needed_bytes(image) > _MAX_RATIO * (_stored_bytes(image) + 1):
        raise unreadable(path)
    try:
        with quiet_nibabel(), np.errstate(all="ignore"):
            data = np.asarray(image.dataobj, dtype=np.float32)
    except NIFTI_DAMAGE as error:
        raise unreadable(path) from error
    return data.reshape(shape)


def _finite(
    path: Path, image: nib.Nifti1Pair, data: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    bad = data.size - int(np.count_nonzero(np.isfinite(data)))
    if bad:
        _check_range(path, image)
        msg = f"'{path.name}' holds {bad} NaN or infinite voxels; replace them and say how"
        raise InputError(msg, ReasonCode.PIXEL_NOT_FINITE)
    largest = float(np.abs(data).max(initial=0.0))
    if largest > _LARGEST_VALUE:
        raise _too_large(path, largest)
    return data


def _too_large(path: Path, largest: float) -> InputError:
    msg = f"'{path.name}' holds values up to {largest:.3g}, too large to measure; scale it down"
    return InputError(msg, ReasonCode.PIXEL_RANGE)


def _check_range(path: Path, image: nib.Nifti1Pair) -> None:
    """Tell numbers that are finite, but too large for the float32 that is measured, by name."""
    with quiet_nibabel(), np.errstate(all="ignore"):
        exact = np.asarray(image.dataobj, dtype=np.float64)
    largest = float(np.abs(exact).max())
    if np.isfinite(largest):
        raise _too_large(path, largest)
