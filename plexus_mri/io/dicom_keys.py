"""The attributes of a DICOM header that are looked at; all others are passed over unread."""

from functools import cache

from pydicom.tag import BaseTag, Tag

PHILIPS_FRAME = Tag(0x2005, 0x140F)
PHILIPS_SCALE = Tag(0x2005, 0x100E)
GE_DATA_TYPE = Tag(0x0043, 0x102F)
# What may part frames at one place into volumes, in the order in which it is tried.
PART_KEYS = (
    "InversionTime",
    "FlipAngle",
    "DiffusionBValue",
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
    "TemporalPositionTimeOffset",
    "TriggerTime",
    "AcquisitionNumber",
    "AcquisitionTime",
)
# Words that name the patient.
SECRETS = ("PatientID", "PatientName", "PatientBirthDate", "AccessionNumber", "OtherPatientIDs")
FREE_TEXTS = (
    "SeriesDescription",
    "ProtocolName",
    "SequenceName",
    "PulseSequenceName",
    "AcquisitionProtocolName",
    "ScanOptions",
)
_SERIES = (
    "BodyPartExamined",
    "ConcatenationUID",
    "InConcatenationTotalNumber",
    "Manufacturer",
    "Modality",
    "NumberOfTemporalPositions",
    "SeriesInstanceUID",
    "SeriesNumber",
    "StudyDate",
    "StudyInstanceUID",
    "StudyTime",
)
_SEQUENCE = (
    "EchoPulseSequence",
    "EchoTime",
    "EffectiveEchoTime",
    "InversionRecovery",
    "InversionTimes",
    "MRAcquisitionType",
    "MagneticFieldStrength",
    "RepetitionTime",
    "ScanningSequence",
    "SliceThickness",
    "SpectrallySelectedSuppression",
)
_FRAME = (
    "ComplexImageComponent",
    "FrameType",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "ImageType",
    "InstanceNumber",
    "PerFrameFunctionalGroupsSequence",
    "PixelSpacing",
    "SOPInstanceUID",
    "SharedFunctionalGroupsSequence",
    "SpacingBetweenSlices",
    "StackID",
)
_PIXELS = (
    "BitsAllocated",
    "BitsStored",
    "Columns",
    "LUTLabel",
    "NumberOfFrames",
    "PhotometricInterpretation",
    "RealWorldValueIntercept",
    "RealWorldValueMappingSequence",
    "RealWorldValueSlope",
    "RescaleIntercept",
    "RescaleSlope",
    "RescaleType",
    "Rows",
    "SamplesPerPixel",
)
_KEYWORDS = (*PART_KEYS, *SECRETS, *FREE_TEXTS, *_SERIES, *_SEQUENCE, *_FRAME, *_PIXELS)
READ = tuple(sorted({*map(Tag, _KEYWORDS), PHILIPS_FRAME, PHILIPS_SCALE, GE_DATA_TYPE}))


@cache
def tag_of(key: str | BaseTag) -> int:
    """Tag of an attribute that is read, as a plain number: quicker to look up than pydicom's own.

    Raises
    ------
    RuntimeError
        For a key that is not listed here: it would seem to be in no file.
    """
    tag = Tag(key)
    if tag not in READ:
        msg = f"{key} is not among the attributes that are read"
        raise RuntimeError(msg)
    return int(tag)
