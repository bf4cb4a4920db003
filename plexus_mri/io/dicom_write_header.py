"""What single-frame and multi-frame DICOM have in common: identity, geometry and pixels.

Identifiers are synthetic: names say so, and every UID follows from a seed.
LPS exists only here and where DICOM is read.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from nibabel import orientations
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid
from pydicom.valuerep import format_number_as_ds

from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.core.volume import Volume
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode

_LPS_FROM_RAS = np.array([-1.0, -1.0, 1.0])
_SQUARE_TOLERANCE = 1e-4  # cosine; DICOM's own tolerance for "orthogonal" directions
_MOMENT = ("20000101", "120000")  # fixed, so that the same values give the same bytes
# The way a reader expects each plane on the screen: columns, rows, slices grow towards these.
_AXIS_CODES = {"coronal": "LIP", "axial": "LPS", "sagittal": "PIL"}


@dataclass(frozen=True)
class SyntheticSeries:
    """Who and how of a series that was never scanned.

    Parameters
    ----------
    subject
        Label of the subject; becomes patient ID and, marked as synthetic, the name.
    seed
        All UIDs follow from it, the subject and the series number.
    inversion_time_ms
        None for a sequence without inversion.
    acquisition_contrast
        DICOM's word: ``STIR``, ``T1``, ``T2``, …
    """

    subject: str
    seed: int
    description: str = "STIR"
    series_number: int = 1
    acquisition_contrast: str = "STIR"
    repetition_time_ms: float = 3000.0
    echo_time_ms: float = 70.0
    inversion_time_ms: float | None = 240.0
    flip_angle_deg: float = 90.0
    echo_train_length: int = 60
    field_strength_t: float = 3.0

    def uid(self, *words: object) -> UID:
        """UID that belongs to these words in this study, the same every time."""
        sources = ["plexus-mri", str(self.seed), self.subject, *map(str, words)]
        return generate_uid(entropy_srcs=sources)


@dataclass(frozen=True, eq=False)
class SliceStack:
    """A volume as DICOM sees it.

    Parameters
    ----------
    pixels : (slices, rows, columns)
        Whole numbers, int16 or uint16.
    column_step, row_step : (3,)
        LPS unit vectors in which the column and the row index grow.
    positions_mm : (slices, 3)
        LPS centres of each slice's first pixel.
    row_spacing_mm, column_spacing_mm, slice_spacing_mm
        Distance between neighbours.
    """

    pixels: npt.NDArray[np.integer]
    column_step: FloatArray
    row_step: FloatArray
    positions_mm: FloatArray
    row_spacing_mm: float
    column_spacing_mm: float
    slice_spacing_mm: float


def in_plane(volume: Volume, plane: str) -> Volume:
    """Volume whose axes are columns, rows and slices of a plane; no value moves in the patient.

    Parameters
    ----------
    plane
        ``coronal``, ``axial`` or ``sagittal``.
    """
    wanted = orientations.axcodes2ornt(_AXIS_CODES[plane])
    change = orientations.ornt_transform(orientations.io_orientation(volume.grid.affine), wanted)
    data = orientations.apply_orientation(volume.data, change)
    new_affine = volume.grid.affine @ orientations.inv_ornt_aff(change, volume.grid.shape)
    return Volume(np.ascontiguousarray(data), Grid(data.shape, new_affine))


def slice_stack(volume: Volume) -> SliceStack:
    """Slices of a volume whose axes are columns, rows and slices.

    Raises
    ------
    InputError
        When the axes are not square to each other or the values do not fit 16 bits.
    """
    spacing, shape = volume.grid.spacing, volume.grid.shape
    steps = (volume.grid.affine[:3, :3] / spacing).T * _LPS_FROM_RAS
    worst = float(np.abs(steps @ steps.T - np.eye(3)).max())
    if worst > _SQUARE_TOLERANCE:
        msg = f"slices must be square to their stack, but a cosine of axes is {worst:.2g}"
        raise InputError(msg, ReasonCode.GEO_SHEARED)
    ijk = np.stack([np.zeros(shape[2]), np.zeros(shape[2]), np.arange(shape[2])], axis=1)
    return SliceStack(
        pixels=_whole(np.ascontiguousarray(np.transpose(volume.data, (2, 1, 0)))),
        column_step=steps[0],
        row_step=steps[1],
        positions_mm=volume.grid.to_world(ijk) * _LPS_FROM_RAS,
        row_spacing_mm=float(spacing[1]),
        column_spacing_mm=float(spacing[0]),
        slice_spacing_mm=float(spacing[2]),
    )


def decimals(*values: float) -> list[str]:
    """Decimal strings of at most 16 characters, as the standard demands."""
    return [format_number_as_ds(float(value) + 0.0) for value in values]


def file_meta(sop_class: UID, sop_instance: UID) -> FileMetaDataset:
    """File meta information, free of the version of any library."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = sop_instance
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = generate_uid(entropy_srcs=["plexus-mri"])
    meta.ImplementationVersionName = "PLEXUS_MRI"
    return meta


def common_header(series: SyntheticSeries, sop_class: UID, sop_instance: UID) -> Dataset:
    """Patient, study, series, equipment and frame of reference."""
    header = Dataset()
    header.file_meta = file_meta(sop_class, sop_instance)
    header.SpecificCharacterSet = "ISO_IR 192"
    header.SOPClassUID = sop_class
    header.SOPInstanceUID = sop_instance
    header.PatientName = f"Synthetic^{series.subject}"
    header.PatientID = series.subject
    header.PatientBirthDate = header.PatientSex = ""
    header.StudyInstanceUID = series.uid("study")
    header.StudyDate, header.StudyTime = _MOMENT
    header.StudyID = "1"
    header.AccessionNumber = header.ReferringPhysicianName = ""
    header.SeriesInstanceUID = series.uid("series", series.series_number)
    header.SeriesNumber = series.series_number
    header.SeriesDescription = header.ProtocolName = series.description
    header.Modality = "MR"
    header.BodyPartExamined = "NECK"
    header.PatientPosition = "HFS"
    header.Manufacturer = "plexus-mri"
    header.ManufacturerModelName = "simulation"
    header.DeviceSerialNumber = header.SoftwareVersions = "1"
    header.FrameOfReferenceUID = series.uid("frame of reference")
    header.PositionReferenceIndicator = ""
    header.ContentDate, header.ContentTime = _MOMENT
    header.AcquisitionNumber = 1
    return header


def pixel_header(header: Dataset, pixels: npt.NDArray[np.integer]) -> Dataset:
    """Give the header with the description of its pixels (…, rows, columns) and the pixels."""
    described = Dataset(header)
    described.file_meta = header.file_meta
    described.SamplesPerPixel = 1
    described.PhotometricInterpretation = "MONOCHROME2"
    described.Rows, described.Columns = pixels.shape[-2:]
    described.BitsAllocated = described.BitsStored = 16
    described.HighBit = 15
    described.PixelRepresentation = 1 if pixels.dtype == np.int16 else 0
    described.PixelData = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    described["PixelData"].VR = "OW"
    return described


def _whole(data: npt.NDArray[np.float32]) -> npt.NDArray[np.integer]:
    """Rounded values in the 16-bit type that holds them: unsigned when none is negative."""
    low, high = float(data.min()), float(data.max())
    kind = np.int16 if low < 0 else np.uint16
    limits = np.iinfo(kind)
    if not (limits.min <= np.rint(low) and np.rint(high) <= limits.max):
        msg = f"values from {low:g} to {high:g} do not fit 16 bits; scale the image"
        raise InputError(msg, ReasonCode.INPUT_UNSUPPORTED)
    return np.rint(data).astype(kind)
