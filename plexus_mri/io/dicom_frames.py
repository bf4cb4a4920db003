"""DICOM files as frames: one value a slice, from single- and multi-frame objects alike.

Positions and directions are LPS here, as DICOM stores them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from plexus_mri.io.dicom_acquisition import About, about, image_type
from plexus_mri.io.dicom_attributes import Attributes
from plexus_mri.io.dicom_checks import Problem
from plexus_mri.io.dicom_header import Header
from plexus_mri.io.dicom_keys import PART_KEYS, PHILIPS_FRAME, PHILIPS_SCALE, SECRETS, tag_of
from plexus_mri.io.dicom_scaling import Scaling, scaling
from plexus_mri.io.disguise import Disguise
from plexus_mri.io.series_rules import SeriesRules

_PER_FRAME, _SHARED = "PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"
_MAPS = "RealWorldValueMappingSequence"
GROUPS = (_PER_FRAME, _SHARED, _MAPS)
_MACROS = (
    "PlanePositionSequence",
    "PlaneOrientationSequence",
    "PixelMeasuresSequence",
    "PixelValueTransformationSequence",
    "RealWorldValueMappingSequence",
    "FrameContentSequence",
    "TemporalPositionSequence",
    "MREchoSequence",
    "MRImageFrameTypeSequence",
    "MRTimingAndRelatedParametersSequence",
    "MRModifierSequence",
    "MRDiffusionSequence",
)
_FARTHEST_MM = 1e5  # from the isocentre
_LONGEST = 2.0  # component of a direction
# What the files of a series say each for itself: `like_but_own` reads all of it.
OWN = frozenset(
    map(
        tag_of,
        (
            "AcquisitionNumber",
            "AcquisitionTime",
            "ImagePositionPatient",
            "InstanceNumber",
            "SOPInstanceUID",
            "TemporalPositionIdentifier",
            "TriggerTime",
        ),
    )
)
_OWN_PARTS = tuple((place, key) for place, key in enumerate(PART_KEYS) if tag_of(key) in OWN)
_UNKNOWN = About()
# Written by anonymisers for everybody, so they tell no two patients apart.
_NOBODY = frozenset({"", "0", "anon", "anonym", "anonymous", "anonymized", "none", "unknown"})


@dataclass(frozen=True, eq=False)  # told by identity: comparing the rules takes time
class Reading:
    """How headers are read: the rules that name what they hold, and the disguise of persons."""

    rules: SeriesRules
    disguise: Disguise = field(default_factory=Disguise)


class Frame(NamedTuple):
    """One image plane and what decides its stack.

    Parameters
    ----------
    in_file
        Number of the frame in its file, from 0.
    instance
        Mark of the object's UID.
    position_mm : (3,)
        Centre of the first pixel, LPS.
    orientation : (6,)
        Direction of growing column index, then of growing row index, LPS.
    spacing_mm : (2,)
        Between rows, then between columns.
    parts
        Values of `PART_KEYS`.
    times
        How many volumes in time the header says its series has; 0 when it does not say.
    """

    path: Path
    in_file: int
    instance: str
    instance_number: float | None
    position_mm: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    spacing_mm: tuple[float, ...] | None
    size: tuple[int, int]
    scaling: Scaling
    image_type: tuple[str, ...]
    stack_id: str
    echo_ms: float | None
    parts: tuple[str, ...]
    times: int
    between_slices_mm: float | None
    about: About


class DicomFile(NamedTuple):
    """One file's header, with persons and objects as marks; ``problem`` says why no frames.

    Parameters
    ----------
    moment
        Order of the study in time, shifted in secret.
    secrets
        Marks of the words that name the patient.
    concatenation
        Mark and number of files of an object that was cut into several.
    """

    path: Path
    series: str = ""
    study: str = ""
    moment: int = 0
    patient: str = ""
    secrets: frozenset[str] = frozenset()
    series_number: float = 0.0
    concatenation: tuple[str, float] = ("", 1.0)
    frames: tuple[Frame, ...] = ()
    problem: Problem | None = None
    about: About = _UNKNOWN


def described(
    path: Path, whole: Attributes, reading: Reading, frames: tuple[Frame, ...] = ()
) -> DicomFile:
    """What a header says of its file, with its frames."""
    disguise, patient = reading.disguise, whole.text("PatientID")
    return DicomFile(
        path=path,
        series=disguise.mark(whole.text("SeriesInstanceUID")),
        study=disguise.mark(whole.text("StudyInstanceUID")),
        moment=disguise.moment(whole.text("StudyDate") + whole.text("StudyTime")),
        patient="" if patient.lower() in _NOBODY else disguise.mark(patient),
        secrets=_secrets(whole, disguise),
        series_number=whole.number("SeriesNumber") or 0.0,
        concatenation=(
            disguise.mark(whole.text("ConcatenationUID")),
            whole.number("InConcatenationTotalNumber") or 1.0,
        ),
        frames=frames,
        about=frames[0].about if frames else about(whole, reading.rules),
    )


def _secrets(whole: Attributes, disguise: Disguise) -> frozenset[str]:
    """Marks of words that name the patient, to be kept out of folder names that are shown."""
    return disguise.words(" ".join(whole.text(key) for key in SECRETS))


def _groups(header: Dataset, index: int) -> list[Dataset]:
    """Where to look for a frame's values before the file: its own groups, then the shared ones."""
    groups: list[Dataset] = []
    for name, item in ((_PER_FRAME, index), (_SHARED, 0)):
        sequence = header.get(name)
        if sequence is not None and len(sequence) > item:
            groups += [sequence[item][m][0] for m in _MACROS if sequence[item].get(m)]
            if sequence[item].get(PHILIPS_FRAME):
                groups.append(_only(sequence[item][PHILIPS_FRAME][0], PHILIPS_SCALE))
    if maps := header.get(_MAPS):
        groups.append(maps[0])
    return groups


def _only(item: Dataset, tag: BaseTag) -> Dataset:
    """A private group's copy that holds one element, so that nothing else is taken from it."""
    kept = Dataset()
    if tag in item:
        kept[tag] = item[tag]
    return kept


def frames_of(path: Path, header: Header, whole: Attributes, reading: Reading) -> Iterator[Frame]:
    """Every frame of a file; ``whole`` holds the attributes of its header alone."""
    instance = reading.disguise.mark(whole.text("SOPInstanceUID"))
    known_kinds: dict[tuple[object, ...], About] = {}
    for index in range(int(whole.number("NumberOfFrames") or 1)):
        known = whole.within(_groups(header.elements, index))
        echo_ms = known.number("EffectiveEchoTime")
        echo_ms = known.number("EchoTime") if echo_ms is None else echo_ms
        kind = (known.texts("FrameType"), echo_ms)
        if kind not in known_kinds:
            known_kinds[kind] = about(known, reading.rules)
        yield Frame(
            path=path,
            in_file=index,
            instance=instance,
            instance_number=known.number("InstanceNumber"),
            position_mm=_position(known),
            orientation=_within(_LONGEST, known.numbers("ImageOrientationPatient", 6)),
            spacing_mm=known.numbers("PixelSpacing", 2),
            size=(int(whole.number("Rows") or 0), int(whole.number("Columns") or 0)),
            scaling=scaling(known, known.number(PHILIPS_SCALE)),
            image_type=image_type(known),
            stack_id=known.text("StackID"),
            echo_ms=echo_ms,
            parts=_parts(known),
            times=int(whole.number("NumberOfTemporalPositions") or 0),
            between_slices_mm=known.number("SpacingBetweenSlices"),
            about=known_kinds[kind],
        )


def like_but_own(like: DicomFile, path: Path, own: Attributes, reading: Reading) -> DicomFile:
    """A file like another but for the values that each file has for itself (`OWN`)."""
    instance = reading.disguise.mark(own.text("SOPInstanceUID"))
    frames = tuple(
        frame._replace(
            path=path,
            instance=instance,
            instance_number=own.number("InstanceNumber"),
            position_mm=_position(own),
            parts=_own_parts(frame, own),
        )
        for frame in like.frames
    )
    return like._replace(path=path, frames=frames)


def _own_parts(like: Frame, own: Attributes) -> tuple[str, ...]:
    parts = list(like.parts)
    for place, key in _OWN_PARTS:
        parts[place] = own.text(key)
    return tuple(parts)


def _position(known: Attributes) -> tuple[float, ...] | None:
    return _within(_FARTHEST_MM, known.numbers("ImagePositionPatient", 3))


def _parts(known: Attributes) -> tuple[str, ...]:
    return tuple(known.text(key) for key in PART_KEYS)


def _within(limit: float, numbers: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """Numbers as far as they can be true; None for a damaged one."""
    return numbers if numbers is not None and max(map(abs, numbers)) <= limit else None


def values_of(frames: Sequence[Frame], key: str) -> tuple[str, ...]:
    """Value of one of `PART_KEYS` in each frame."""
    place = PART_KEYS.index(key)
    return tuple(frame.parts[place] for frame in frames)
