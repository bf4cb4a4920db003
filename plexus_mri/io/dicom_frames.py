"""DICOM files as frames: one value a slice, from single- and multi-frame objects alike.

Positions and directions are LPS here, as DICOM stores them.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.pixels.decoders.base import get_decoder
from pydicom.tag import BaseTag, Tag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from plexus_mri.io.dicom_acquisition import acquisition, image_type, words
from plexus_mri.io.dicom_header import DICOM_DAMAGE, Attributes, quiet_dicom
from plexus_mri.reasons import ReasonCode

Problem = tuple[ReasonCode, str]

_MACROS = (
    "PlanePositionSequence",
    "PlaneOrientationSequence",
    "PixelMeasuresSequence",
    "PixelValueTransformationSequence",
    "FrameContentSequence",
    "TemporalPositionSequence",
    "MREchoSequence",
    "MRImageFrameTypeSequence",
    "MRTimingAndRelatedParametersSequence",
    "MRModifierSequence",
    "MRDiffusionSequence",
)
_PHILIPS_FRAME = Tag(0x2005, 0x140F)
_PHILIPS_SCALE = Tag(0x2005, 0x100E)
_TIME_KEYS = (
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
    "TemporalPositionTimeOffset",
    "TriggerTime",
    "DiffusionBValue",
    "AcquisitionNumber",
)
_MAX_FRAMES = 20_000  # ten times the longest dynamic series; above it a header is damaged
_MAX_VOXELS = 2**31  # 8 GiB as float32: no MR object
_BITS = frozenset({8, 16, 32})
# Shown to people when a file is no MR image; anything else is called "unknown".
_MODALITIES = frozenset(
    {"CR", "CT", "DX", "ECG", "ES", "KO", "MG", "NM", "OT", "PR", "PT", "PX", "RF", "RG"}
    | {"RTDOSE", "RTIMAGE", "RTPLAN", "RTRECORD", "RTSTRUCT", "SEG", "SR", "US", "XA", "XC"}
)


@dataclass(frozen=True)
class Scaling:
    """Slope and intercept from stored to real values; None where the file states none."""

    slope: float | None
    intercept: float | None
    philips_scale: float | None = None


@dataclass(frozen=True)
class Frame:
    """One image plane and what decides its stack.

    Parameters
    ----------
    index
        Number of the frame in its file, from 0.
    position_mm : (3,)
        Centre of the first pixel, LPS.
    orientation : (6,)
        Direction of growing column index, then of growing row index, LPS.
    spacing_mm : (2,)
        Between rows, then between columns.
    """

    path: Path
    index: int
    instance_uid: str
    instance_number: float | None
    position_mm: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    spacing_mm: tuple[float, ...] | None
    size: tuple[int, int]
    scaling: Scaling
    image_type: tuple[str, ...]
    stack_id: str
    echo_ms: float | None
    time_key: tuple[str, ...]
    between_slices_mm: float | None


@dataclass(frozen=True)
class DicomFile:
    """One file's header; ``problem`` says why it gives no frames.

    ``concatenation`` is the UID and number of files of an object that was cut into several.

    ``patient`` and ``secrets`` identify the patient and must not be written out.
    """

    path: Path
    series_uid: str = ""
    study_uid: str = ""
    study_moment: str = ""
    patient: str = ""
    secrets: tuple[str, ...] = ()
    series_number: float = 0.0
    concatenation: tuple[str, float] = ("", 1.0)
    frames: tuple[Frame, ...] = ()
    problem: Problem | None = None


def read_file(path: Path) -> DicomFile:
    """Header and frames of one file; damage comes back as ``problem``, not as an exception."""
    with quiet_dicom():
        try:
            with path.open("rb") as stream:
                header = pydicom.dcmread(stream, stop_before_pixels=True, force=True)
                left_bytes = os.fstat(stream.fileno()).st_size - stream.tell()
            if transfer_syntax(header) == DeflatedExplicitVRLittleEndian:
                left_bytes = sys.maxsize  # unknown until it is unpacked
            return _file(path, header, left_bytes)
        except DICOM_DAMAGE:
            return DicomFile(path, problem=(ReasonCode.INPUT_UNREADABLE, "its header is damaged"))


def describe(path: Path, index: int) -> tuple[str, dict[str, float | str]]:
    """Free text about a frame in lower case, which may hold names, and its acquisition."""
    with quiet_dicom():
        try:
            header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
            known = Attributes(_levels(header, index))
            return words(known), acquisition(known)
        except DICOM_DAMAGE:
            return "", {}


def _file(path: Path, header: Dataset, left_bytes: int) -> DicomFile:
    whole = Attributes([header])
    problem = _kind_problem(whole) or _frame_count_problem(header, whole)
    problem = problem or _pixel_problem(header, whole, left_bytes)
    return DicomFile(
        path=path,
        series_uid=whole.text("SeriesInstanceUID"),
        study_uid=whole.text("StudyInstanceUID"),
        study_moment=whole.text("StudyDate") + whole.text("StudyTime"),
        patient=whole.text("PatientID"),
        secrets=_secrets(whole),
        series_number=whole.number("SeriesNumber") or 0.0,
        concatenation=(
            whole.text("ConcatenationUID"),
            whole.number("InConcatenationTotalNumber") or 1.0,
        ),
        frames=tuple(_frames(path, header)) if problem is None else (),
        problem=problem,
    )


def _kind_problem(whole: Attributes) -> Problem | None:
    modality = whole.text("Modality").upper()
    if modality != "MR":
        word = modality if modality in _MODALITIES else "unknown"
        return ReasonCode.KIND_NOT_IMAGE, f"the modality is {word}, not MR"
    if whole.value("Rows") is None and whole.value("Columns") is None:
        return ReasonCode.KIND_NOT_IMAGE, "the object holds no picture"
    return None


def _frame_count_problem(header: Dataset, whole: Attributes) -> Problem | None:
    stated = whole.number("NumberOfFrames")
    if not 1 <= (1 if stated is None else stated) <= _MAX_FRAMES:
        return ReasonCode.INPUT_UNREADABLE, f"the header claims {stated:.0f} frames"
    groups = header.get("PerFrameFunctionalGroupsSequence")
    if groups is not None and len(groups) != (stated or 1):
        detail = f"{stated or 1:.0f} frames are promised and {len(groups)} described"
        return ReasonCode.GEO_NO_POSITION, detail
    return None


def _pixel_problem(header: Dataset, whole: Attributes, left_bytes: int) -> Problem | None:
    """Pixels that are not one number each, or not all there."""
    samples = whole.number("SamplesPerPixel")
    if samples not in {None, 1.0} or whole.text("PhotometricInterpretation") != "MONOCHROME2":
        return ReasonCode.PIXEL_NOT_SCALAR, "the pixels are colours or shown inverted"
    bits = whole.number("BitsAllocated")
    if bits not in _BITS or not 1 <= (whole.number("BitsStored") or bits) <= bits:
        return ReasonCode.INPUT_UNREADABLE, "the header claims an impossible number of bits"
    rows, columns = whole.number("Rows") or 0, whole.number("Columns") or 0
    if rows < 1 or columns < 1 or left_bytes <= 0:
        return ReasonCode.PIXEL_MISSING, "a file holds no pixel data"
    frames = whole.number("NumberOfFrames") or 1
    if rows * columns * frames > _MAX_VOXELS:
        return ReasonCode.INPUT_UNREADABLE, "the header claims more pixels than any image has"
    return _encoding_problem(transfer_syntax(header), left_bytes, rows * columns * frames * bits)


def _encoding_problem(
    syntax: pydicom.uid.UID, left_bytes: int, needed_bits: float
) -> Problem | None:
    """Compression that cannot be undone, or fewer bytes than promised."""
    if syntax.is_compressed and not _can_decode(syntax):
        return ReasonCode.PIXEL_COMPRESSION, "the compression is not supported"
    if syntax.is_compressed:
        return None
    if left_bytes < needed_bits / 8:
        detail = f"a file holds {left_bytes} bytes of pixels, {needed_bits / 8:.0f} are promised"
        return ReasonCode.PIXEL_MISSING, detail
    return None


def transfer_syntax(header: Dataset) -> pydicom.uid.UID:
    """Encoding of the pixels; files without a meta header tell it by how they could be read."""
    meta = getattr(header, "file_meta", None) or Dataset()
    stated = meta.get("TransferSyntaxUID")
    if stated:
        return pydicom.uid.UID(str(stated))
    implicit, little = header.original_encoding
    if implicit:
        return pydicom.uid.ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little else pydicom.uid.ExplicitVRBigEndian


def _can_decode(syntax: pydicom.uid.UID) -> bool:
    try:
        return bool(get_decoder(syntax).is_available)
    except NotImplementedError:
        return False


def _secrets(whole: Attributes) -> tuple[str, ...]:
    """Texts that name the patient, to be kept out of folder names that are written."""
    keys = ("PatientID", "PatientName", "PatientBirthDate", "AccessionNumber", "OtherPatientIDs")
    return tuple(text for key in keys if (text := whole.text(key)))


def _levels(header: Dataset, index: int) -> list[Dataset]:
    """Where to look for a frame's values: its own groups, the shared ones, the file."""
    groups: list[Dataset] = []
    for name, item in (
        ("PerFrameFunctionalGroupsSequence", index),
        ("SharedFunctionalGroupsSequence", 0),
    ):
        sequence = header.get(name)
        if sequence is not None and len(sequence) > item:
            groups += [sequence[item][m][0] for m in _MACROS if sequence[item].get(m)]
            if sequence[item].get(_PHILIPS_FRAME):
                groups.append(_only(sequence[item][_PHILIPS_FRAME][0], _PHILIPS_SCALE))
    return [*groups, header]


def _only(item: Dataset, tag: BaseTag) -> Dataset:
    """A private group's copy that holds one element, so that nothing else is taken from it."""
    kept = Dataset()
    if tag in item:
        kept[tag] = item[tag]
    return kept


def _frames(path: Path, header: Dataset) -> Iterator[Frame]:
    count = int(Attributes([header]).number("NumberOfFrames") or 1)
    for index in range(count):
        known = Attributes(_levels(header, index))
        echo_ms = known.number("EffectiveEchoTime")
        yield Frame(
            path=path,
            index=index,
            instance_uid=known.text("SOPInstanceUID"),
            instance_number=known.number("InstanceNumber"),
            position_mm=known.numbers("ImagePositionPatient", 3),
            orientation=known.numbers("ImageOrientationPatient", 6),
            spacing_mm=known.numbers("PixelSpacing", 2),
            size=(int(known.number("Rows") or 0), int(known.number("Columns") or 0)),
            scaling=_scaling(known),
            image_type=image_type(known),
            stack_id=known.text("StackID"),
            echo_ms=known.number("EchoTime") if echo_ms is None else echo_ms,
            time_key=tuple(known.text(key) for key in _TIME_KEYS),
            between_slices_mm=known.number("SpacingBetweenSlices"),
        )


def _scaling(known: Attributes) -> Scaling:
    return Scaling(
        known.number("RescaleSlope"),
        known.number("RescaleIntercept"),
        known.number(_PHILIPS_SCALE),
    )
