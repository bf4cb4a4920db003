"""NIfTI files: read as a Volume with its orientation proven, written whole and reproducibly."""

import gzip
import struct
import warnings
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
from isal import igzip
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError

from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.core.volume import LabelMap, Volume
from plexus_mri.errors import InputError, RefusedError
from plexus_mri.io.atomic import write_bytes
from plexus_mri.reasons import ReasonCode

_SCANNER = 1  # NIfTI code of scanner coordinates
_MAX_VOXELS = 2**31  # 8 GiB as float32: no MR volume, so a damaged or hostile header
_SPACING_RANGE_MM = (0.05, 30.0)  # outside lies no MR of a person; catches metres and microns
_MAX_SHEAR_COSINE = 0.01  # axes 0.6 degrees off square: 2 mm over a 200 mm field of view
_MAX_FORM_DISAGREEMENT_MM = 1.0
_DAMAGE = (
    ImageFileError,
    HeaderDataError,
    WrapStructError,
    OSError,
    EOFError,
    ValueError,
    TypeError,
    OverflowError,
    LookupError,
    MemoryError,
    struct.error,
    zlib.error,
)
_MAKE_SURE = "export it again from the scanner or archive"


def read_nifti(path: Path, *, assert_orientation: bool = False) -> tuple[Volume, str]:
    """Volume of a NIfTI-1 or NIfTI-2 file and where its orientation comes from.

    Parameters
    ----------
    path
        A ``.nii``, ``.nii.gz`` or ``.hdr``/``.img`` pair.
    assert_orientation
        The user vouches for the header's matrices although their codes say "unknown".

    Raises
    ------
    InputError
        When the file is damaged or is not one finite number per voxel of a 3-D grid.
    RefusedError
        When the header does not prove left and right, or its affine holds no real spacing.
    """
    image = _open(path)
    grid, source = _grid(path, image, assert_orientation=assert_orientation)
    return Volume(_finite(path, _pixels(path, image, grid.shape)), grid), source


def nifti_grid(path: Path, *, assert_orientation: bool = False) -> Grid:
    """Grid of a NIfTI file from its header alone, checked like `read_nifti` without the pixels.

    A compressed file whose stated length does not fit the header is read to its end.

    Raises
    ------
    InputError, RefusedError
        As `read_nifti`.
    """
    image = _open(path)
    grid, _ = _grid(path, image, assert_orientation=assert_orientation)
    if not _length_fits(image):
        _pixels(path, image, grid.shape)
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
    write_bytes(path, _encoded(volume.data, volume.grid))


def write_labels(path: Path, labels: LabelMap) -> None:
    """Write labels as int16 ``.nii.gz``; the same labels give the same bytes.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    write_bytes(path, _encoded(labels.data, labels.grid))


def _encoded(data: npt.NDArray[np.generic], grid: Grid) -> bytes:
    """Compressed NIfTI-1 bytes; scanner codes, so that no reader falls back to a guess."""
    image = nib.Nifti1Image(np.asarray(data), np.asarray(grid.affine))
    image.set_sform(grid.affine, code=_SCANNER)
    image.set_qform(grid.affine, code=_SCANNER)
    image.header.set_xyzt_units("mm")
    compressed: bytes = igzip.compress(image.to_bytes(), compresslevel=1, mtime=0)
    return compressed


def _open(path: Path) -> nib.spatialimages.SpatialImage:
    """Image with its header read and its pixels still on disk."""
    if not path.is_file():
        msg = f"'{path.name}' does not exist"
        raise InputError(msg, ReasonCode.INPUT_MISSING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = nib.load(path)
            affine = image.affine
    except _DAMAGE as error:
        raise _unreadable(path) from error
    if not isinstance(image, nib.Nifti1Pair):
        if isinstance(image, nib.AnalyzeImage) and affine is not None:
            msg = (
                f"'{path.name}' is an Analyze image, which does not store left and right; "
                "export NIfTI instead"
            )
            raise RefusedError(msg, ReasonCode.SIDE_UNPROVEN)
        msg = f"'{path.name}' is no NIfTI image; convert it to .nii.gz"
        raise InputError(msg, ReasonCode.INPUT_UNSUPPORTED)
    return image


def _unreadable(path: Path) -> InputError:
    msg = f"'{path.name}' is damaged or not what its name says; {_MAKE_SURE}"
    return InputError(msg, ReasonCode.INPUT_UNREADABLE)


def _grid(path: Path, image: nib.Nifti1Pair, *, assert_orientation: bool) -> tuple[Grid, str]:
    """Checked grid of a header, and the words for its orientation."""
    shape = _shape(path, image)
    kind = image.get_data_dtype()
    if kind.kind not in "iuf":
        word = "complex numbers" if kind.kind == "c" else "colours"
        msg = f"'{path.name}' holds {word}, not one number a voxel; export the magnitude image"
        raise InputError(msg, ReasonCode.PIXEL_NOT_SCALAR)
    affine, source = _affine(path, image, shape, assert_orientation=assert_orientation)
    check_affine(path.name, affine)
    return Grid(shape, affine), source


def _shape(path: Path, image: nib.Nifti1Pair) -> tuple[int, int, int]:
    """Three dimensions; trailing ones are dropped."""
    shape = tuple(int(n) for n in image.shape)
    if any(n > 1 for n in shape[3:]):
        msg = f"'{path.name}' has shape {shape}: more than one volume; extract one of them"
        raise InputError(msg, ReasonCode.PIXEL_4D)
    spatial = (*shape, 1, 1, 1)[:3]
    if min(spatial) < 1 or np.prod(np.array(spatial, dtype=float)) > _MAX_VOXELS:
        msg = f"'{path.name}' claims the shape {spatial}, which no image has; {_MAKE_SURE}"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE)
    return (spatial[0], spatial[1], spatial[2])


def _affine(
    path: Path,
    image: nib.Nifti1Pair,
    shape: tuple[int, int, int],
    *,
    assert_orientation: bool,
) -> tuple[FloatArray, str]:
    """The sform, else the qform; both must tell the same directions when both are set."""
    header = image.header
    sform, qform = header.get_sform(), _qform(path, image)
    codes = (int(header["sform_code"]), int(header["qform_code"]))
    if codes == (0, 0):
        if not assert_orientation:
            msg = (
                f"'{path.name}' has sform and qform code 0: left and right are not stored; "
                "set the codes, or vouch for the orientation"
            )
            raise RefusedError(msg, ReasonCode.SIDE_UNPROVEN)
        usable = np.linalg.matrix_rank(np.nan_to_num(sform[:3, :3])) == 3
        return (sform, "sform (asserted)") if usable else (qform, "qform (asserted)")
    if all(codes):
        _check_agreement(path, sform, qform, shape)
    if codes[0]:
        return sform, f"sform (code {codes[0]})"
    return qform, f"qform (code {codes[1]})"


def _qform(path: Path, image: nib.Nifti1Pair) -> FloatArray:
    try:
        qform: FloatArray = image.header.get_qform()
    except _DAMAGE as error:
        msg = f"'{path.name}' has a qform that is no rotation; {_MAKE_SURE}"
        raise RefusedError(msg, ReasonCode.GEO_BAD_AFFINE) from error
    return qform


def _check_agreement(
    path: Path, sform: FloatArray, qform: FloatArray, shape: tuple[int, int, int]
) -> None:
    """Refuse two matrices that turn the image differently; a mere shift changes no side."""
    half = np.array(shape) / 2.0
    signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, -1)
    apart_mm = (sform - qform)[:3, :3] @ (signs * half[:, None])
    largest_mm = float(np.linalg.norm(apart_mm, axis=0).max())
    if not largest_mm <= _MAX_FORM_DISAGREEMENT_MM:
        msg = (
            f"'{path.name}' has an sform and a qform whose directions are {largest_mm:.1f} mm "
            "apart at a corner; remove the wrong one"
        )
        raise RefusedError(msg, ReasonCode.SIDE_UNPROVEN)


def check_affine(name: str, affine: FloatArray) -> None:
    """Refuse an affine (4, 4) without real spacing or with slanted axes.

    Raises
    ------
    RefusedError
        GEO_BAD_AFFINE or GEO_SHEARED, with the value and ``name``.
    """
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    low, high = _SPACING_RANGE_MM
    if not (np.isfinite(affine).all() and (spacing >= low).all() and (spacing <= high).all()):
        shown = ", ".join(f"{s:.3g}" for s in spacing)
        msg = f"'{name}' has voxels of {shown} mm; {low} to {high} mm are possible; {_MAKE_SURE}"
        raise RefusedError(msg, ReasonCode.GEO_BAD_AFFINE)
    unit = affine[:3, :3] / spacing
    cosines = np.abs(unit.T @ unit - np.eye(3)).max()
    if cosines > _MAX_SHEAR_COSINE:
        off_deg = float(np.degrees(np.arcsin(min(cosines, 1.0))))
        msg = f"'{name}' has axes {off_deg:.1f} degrees off square; resample it to a square grid"
        raise RefusedError(msg, ReasonCode.GEO_SHEARED)


def _length_fits(image: nib.Nifti1Pair) -> bool:
    """Whether the stored length is what the header asks for, without reading the pixels."""
    needed = int(image.dataobj.offset)  # the loaded header's own offset is reset to 0
    needed += int(np.prod(image.shape)) * image.get_data_dtype().itemsize
    data_path = Path(image.file_map["image"].filename)
    if not data_path.is_file():
        return False
    if data_path.suffix != ".gz":
        return bool(data_path.stat().st_size >= needed)
    with data_path.open("rb") as stream:
        stream.seek(-4, 2)
        return bool(int.from_bytes(stream.read(4), "little") == needed % 2**32)


def _pixels(
    path: Path, image: nib.Nifti1Pair, shape: tuple[int, int, int]
) -> npt.NDArray[np.float32]:
    """Scaled intensities as float32 in the stored axis order."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            data = np.asarray(image.dataobj, dtype=np.float32)
    except (*_DAMAGE, gzip.BadGzipFile) as error:
        raise _unreadable(path) from error
    return data.reshape(shape)


def _finite(path: Path, data: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    bad = data.size - int(np.count_nonzero(np.isfinite(data)))
    if bad:
        msg = f"'{path.name}' holds {bad} NaN or infinite voxels; replace them and say how"
        raise InputError(msg, ReasonCode.PIXEL_NOT_FINITE)
    return data
