"""What a DICOM header promises of its pixels, and whether the file can keep it."""

import struct
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import DeflatedExplicitVRLittleEndian

from plexus_mri.io.dicom_attributes import Attributes
from plexus_mri.io.dicom_header import Header
from plexus_mri.reasons import ReasonCode

Problem = tuple[ReasonCode, str]

_MAX_FRAMES = 20_000  # ten times the longest dynamic series; above it a header is damaged
_MAX_VOXELS = 2**31  # 8 GiB as float32: no MR object
_MAX_RATIO = 1000  # packed images of mostly air come to a few hundred; bombs to far more
_FREE_BYTES = 2**26
_BITS = frozenset({8, 16, 32})
_ITEM = b"\xfe\xff\x00\xe0"
# Shown to people when a file is no MR image; anything else is called "unknown".
_MODALITIES = frozenset(
    {"CR", "CT", "DX", "ECG", "ES", "KO", "MG", "NM", "OT", "PR", "PT", "PX", "RF", "RG"}
    | {"RTDOSE", "RTIMAGE", "RTPLAN", "RTRECORD", "RTSTRUCT", "SEG", "SR", "US", "XA", "XC"}
)


def header_problem(path: Path, header: Header, whole: Attributes) -> Problem | None:
    """Why a file gives no frames: no MR image, impossible claims, or pixels that are not there.

    Parameters
    ----------
    whole
        Attributes of the header alone.
    """
    return (
        _kind_problem(whole)
        or _frame_count_problem(header.elements, whole)
        or _value_problem(whole)
        or length_problem(path, header, whole)
    )


def _kind_problem(whole: Attributes) -> Problem | None:
    modality = whole.text("Modality").upper()
    if modality != "MR":
        word = modality if modality in _MODALITIES else "unknown"
        return ReasonCode.KIND_NOT_IMAGE, f"the modality is {word}, not MR"
    if not whole.texts("Rows") and not whole.texts("Columns"):
        return ReasonCode.KIND_NOT_IMAGE, "the object holds no picture"
    return None


def _frame_count_problem(header: Dataset, whole: Attributes) -> Problem | None:
    stated = whole.number("NumberOfFrames")
    if not 1 <= (1 if stated is None else stated) <= _MAX_FRAMES:
        return ReasonCode.INPUT_UNREADABLE, f"the header claims {stated:.0f} frames"
    key = "PerFrameFunctionalGroupsSequence"
    groups = header.get(key) if whole.has(key) else None
    if groups is not None and len(groups) != (stated or 1):
        detail = f"{stated or 1:.0f} frames are promised and {len(groups)} described"
        return ReasonCode.GEO_NO_POSITION, detail
    return None


def _value_problem(whole: Attributes) -> Problem | None:
    """Pixels that are not one number each, or numbers that no image has."""
    samples = whole.number("SamplesPerPixel")
    if samples not in {None, 1.0} or whole.text("PhotometricInterpretation") != "MONOCHROME2":
        return ReasonCode.PIXEL_NOT_SCALAR, "the pixels are colours or shown inverted"
    bits = whole.number("BitsAllocated")
    if bits not in _BITS or not 1 <= (whole.number("BitsStored") or bits) <= bits:
        return ReasonCode.INPUT_UNREADABLE, "the header claims an impossible number of bits"
    if _pixel_count(whole) > _MAX_VOXELS:
        return ReasonCode.INPUT_UNREADABLE, "the header claims more pixels than any image has"
    return None


def _pixel_count(whole: Attributes) -> float:
    rows, columns = whole.number("Rows") or 0, whole.number("Columns") or 0
    return max(rows, 0) * max(columns, 0) * (whole.number("NumberOfFrames") or 1)


def length_problem(path: Path, header: Header, whole: Attributes) -> Problem | None:
    """Compression that cannot be undone, or fewer bytes than promised."""
    syntax = header.syntax
    left_bytes = header.file_bytes - header.pixels_at - (8 if syntax.is_implicit_VR else 12)
    deflated = syntax == DeflatedExplicitVRLittleEndian  # its length is unknown until unpacked
    pixels = _pixel_count(whole)
    if pixels < 1 or (left_bytes <= 0 and not deflated):
        return ReasonCode.PIXEL_MISSING, "a file holds no pixel data"
    needed_bytes = pixels * (whole.number("BitsAllocated") or 0) / 8
    if syntax.is_compressed and not deflated:
        if not _can_decode(syntax):
            return ReasonCode.PIXEL_COMPRESSION, "the compression is not supported"
        frames = int(whole.number("NumberOfFrames") or 1)
        return _fragments_problem(path, header, frames, needed_bytes)
    if not deflated and left_bytes < needed_bytes:
        detail = f"a file holds {left_bytes} bytes of pixels, {needed_bytes:.0f} are promised"
        return ReasonCode.PIXEL_MISSING, detail
    return None


def _can_decode(syntax: pydicom.uid.UID) -> bool:
    try:
        return bool(get_decoder(syntax).is_available)
    except NotImplementedError:
        return False


def _fragments_problem(
    path: Path, header: Header, frames: int, needed_bytes: float
) -> Problem | None:
    """Compressed pixels that end before their last fragment does (DICOM PS3.5 A.4).

    Only the lengths of the fragments are read, not the fragments.
    """
    size = header.file_bytes
    fragments = -1  # the first item is the table of offsets
    with path.open("rb") as stream:
        at = header.pixels_at + 12  # tag, VR, reserved, undefined length
        while at + 8 <= size:
            stream.seek(at)
            tag, length = struct.unpack("<4sL", stream.read(8))
            if tag != _ITEM:
                break
            fragments += 1
            at += 8 + length
    if at > size:
        return ReasonCode.PIXEL_MISSING, "the compressed pixels of a file are cut short"
    if needed_bytes > _FREE_BYTES + _MAX_RATIO * size:
        detail = f"a file of {size} bytes promises {needed_bytes:.0f} bytes of pixels"
        return ReasonCode.PIXEL_MISSING, detail
    if fragments < frames:
        detail = f"a file holds {max(fragments, 0)} of {frames} compressed frames"
        return ReasonCode.PIXEL_MISSING, detail
    return None
