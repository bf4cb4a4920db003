"""NIfTI headers: the grid and its orientation, proven or refused."""

import logging
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel._compression import COMPRESSION_ERRORS  # no public name for them
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError

from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.errors import InputError, RefusedError
from plexus_mri.reasons import ReasonCode

_MAX_VOXELS = 2**31  # 8 GiB as float32: no MR volume, so a damaged or hostile header
# No scan of a person fills a cubic metre; a header off by a factor of ten does.
_LARGEST_VIEW_M3 = 1.0
_SPACING_RANGE_MM = (0.05, 30.0)  # outside lies no MR of a person; catches metres and microns
_MAX_SHEAR_COSINE = 0.01  # axes 0.6 degrees off square: 2 mm over a 200 mm field of view
_MAX_FORM_DISAGREEMENT_MM = 1.0
NIFTI_DAMAGE = (
    *COMPRESSION_ERRORS,
    ImageFileError,
    HeaderDataError,
    WrapStructError,
    OSError,
    EOFError,
    ValueError,
    TypeError,
    OverflowError,
    LookupError,
    struct.error,
    zlib.error,
    MemoryError,
)
# Spatial units of NIfTI in mm; without a unit mm is meant, as every reader of the field takes it.
_MM_PER_UNIT = {"unknown": 1.0, "mm": 1.0, "meter": 1000.0, "micron": 0.001}
_MAKE_SURE = "export it again from the scanner or archive"


def open_nifti(path: Path) -> nib.spatialimages.SpatialImage:
    """Image with its header read and its pixels still on disk.

    Raises
    ------
    InputError
        When the file does not exist, is a folder, is damaged or is no NIfTI image.
    RefusedError
        When it is an Analyze image, which does not prove left and right.
    """
    if path.is_dir():
        msg = f"'{path.name}' is a folder; give one NIfTI file"
        raise InputError(msg, ReasonCode.INPUT_UNSUPPORTED)
    if not path.is_file():
        msg = f"'{path.name}' does not exist"
        raise InputError(msg, ReasonCode.INPUT_MISSING)
    try:
        with quiet_nibabel():
            image = nib.load(path)
            affine = image.affine
    except NIFTI_DAMAGE as error:
        raise unreadable(path) from error
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


@contextmanager
def quiet_nibabel() -> Iterator[None]:
    """Keep nibabel's remarks on odd headers from people: what matters gets a reason code."""
    log = logging.getLogger("nibabel")
    level = log.level
    try:
        log.setLevel(logging.CRITICAL + 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def unreadable(path: Path) -> InputError:
    """The error for a file that is damaged or no image at all."""
    msg = f"'{path.name}' is damaged or not what its name says; {_MAKE_SURE}"
    return InputError(msg, ReasonCode.INPUT_UNREADABLE)


def proven_grid(
    path: Path, image: nib.Nifti1Pair, *, assert_orientation: bool
) -> tuple[Grid, str]:
    """Checked grid of a header, and the words for its orientation.

    Raises
    ------
    InputError
        When it is not one number per voxel of a 3-D grid.
    RefusedError
        When left and right are not proven, or the affine holds no real spacing.
    """
    shape = _shape(path, image)
    kind = image.get_data_dtype()
    if kind.kind not in "iuf":
        word = "complex numbers" if kind.kind == "c" else "colours"
        msg = f"'{path.name}' holds {word}, not one number a voxel; export the magnitude image"
        raise InputError(msg, ReasonCode.PIXEL_NOT_SCALAR)
    with quiet_nibabel():
        scale, unit = _unit(path, image)
        affine, source = _affine(path, image, shape, scale, assert_orientation=assert_orientation)
        check_affine(path.name, affine, unit)
    return Grid(shape, affine), f"{source}, {unit}" if unit else source


def check_view(path: Path, grid: Grid) -> None:
    """Refuse a field of view that no person fills: a wrong unit or scale.

    Raises
    ------
    RefusedError
        GEO_BAD_AFFINE, with the extent.
    """
    sides_m = grid.spacing * grid.shape / 1000.0
    if np.prod(sides_m) > _LARGEST_VIEW_M3:
        shown = " x ".join(f"{side:.2g}" for side in sides_m)
        msg = f"'{path.name}' covers {shown} m, more than any scan of a person; {_MAKE_SURE}"
        raise RefusedError(msg, ReasonCode.GEO_BAD_AFFINE)


def _unit(path: Path, image: nib.Nifti1Pair) -> tuple[FloatArray, str]:
    """Matrix (4, 4) from the stored unit to mm, and the unit's name when it is another."""
    code = int(image.header["xyzt_units"]) & 0x07
    name = nib.nifti1.unit_codes.label.get(code, "")
    if name not in _MM_PER_UNIT:
        msg = f"'{path.name}' states no known unit of length (code {code}); set it to mm"
        raise RefusedError(msg, ReasonCode.GEO_BAD_AFFINE)
    factor = _MM_PER_UNIT[name]
    return np.diag([factor, factor, factor, 1.0]), "" if factor == 1.0 else f"stated in {name}s"


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
    scale: FloatArray,
    *,
    assert_orientation: bool,
) -> tuple[FloatArray, str]:
    """The sform, else the qform, in mm; both must tell the same directions when both are set."""
    header = image.header
    sform, qform = scale @ header.get_sform(), scale @ _qform(path, image)
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
    _check_finite(path, {"sform": (codes[0], sform), "qform": (codes[1], qform)})
    if all(codes):
        _check_agreement(path, sform, qform, shape)
    if codes[0]:
        return sform, f"sform (code {codes[0]})"
    return qform, f"qform (code {codes[1]})"


def _qform(path: Path, image: nib.Nifti1Pair) -> FloatArray:
    try:
        qform: FloatArray = image.header.get_qform()
    except NIFTI_DAMAGE as error:
        msg = f"'{path.name}' has a qform that is no rotation; {_MAKE_SURE}"
        raise RefusedError(msg, ReasonCode.GEO_BAD_AFFINE) from error
    return qform


def _check_finite(path: Path, forms: Mapping[str, tuple[int, FloatArray]]) -> None:
    """Refuse a matrix that is set, by its code, and not all numbers."""
    for name, (code, form) in forms.items():
        if code and not np.isfinite(form).all():
            msg = f"'{path.name}' has NaN or infinite numbers in its {name}; {_MAKE_SURE}"
            raise RefusedError(msg, ReasonCode.GEO_BAD_AFFINE)


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


def check_affine(name: str, affine: FloatArray, unit: str = "") -> None:
    """Refuse an affine (4, 4) without real spacing or with slanted axes.

    Raises
    ------
    RefusedError
        GEO_BAD_AFFINE or GEO_SHEARED, with the value, ``name`` and the ``unit`` it was stated in.
    """
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    low, high = _SPACING_RANGE_MM
    if not (np.isfinite(affine).all() and (spacing >= low).all() and (spacing <= high).all()):
        shown = ", ".join(f"{s:.3g}" for s in spacing)
        stated = f" ({unit})" if unit else ""
        msg = f"'{name}' has voxels of {shown} mm{stated}; {low} to {high} mm are possible; "
        msg += _MAKE_SURE
        raise RefusedError(msg, ReasonCode.GEO_BAD_AFFINE)
    axes = affine[:3, :3] / spacing
    cosines = np.abs(axes.T @ axes - np.eye(3)).max()
    if cosines > _MAX_SHEAR_COSINE:
        off_deg = float(np.degrees(np.arcsin(min(cosines, 1.0))))
        msg = f"'{name}' has axes {off_deg:.1f} degrees off square; resample it to a square grid"
        raise RefusedError(msg, ReasonCode.GEO_SHEARED)
