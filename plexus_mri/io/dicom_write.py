"""Write a Volume as DICOM MR: one file a slice, or one Enhanced multi-frame file."""

from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import EnhancedMRImageStorage, MRImageStorage, RLELossless

from plexus_mri.core.volume import Volume
from plexus_mri.io.atomic import atomic_path
from plexus_mri.io.dicom_write_enhanced import enhanced_header
from plexus_mri.io.dicom_write_header import (
    SliceStack,
    SyntheticSeries,
    common_header,
    decimals,
    in_plane,
    pixel_header,
    slice_stack,
)

__all__ = ["SyntheticSeries", "in_plane", "write_enhanced", "write_single_frames"]


def write_single_frames(
    volume: Volume, folder: Path, series: SyntheticSeries, *, compress: bool = False
) -> tuple[Path, ...]:
    """Write one MR Image file per slice, named by its number.

    Parameters
    ----------
    volume
        Its axes are columns, rows and slices (see `in_plane`); values are rounded to 16 bits.
    compress
        Lossless run-length encoding in place of plain pixels.

    Raises
    ------
    InputError
        When the axes are not square to each other or the values do not fit 16 bits.
    OutputError
        When a file cannot be written.
    """
    stack = slice_stack(volume)
    paths = tuple(folder / f"IM{k + 1:04d}.dcm" for k in range(len(stack.pixels)))
    for k, path in enumerate(paths):
        header = _single_frame_header(series, stack, k)
        _write(path, pixel_header(header, stack.pixels[k]), compress=compress)
    return paths


def write_enhanced(
    volume: Volume, path: Path, series: SyntheticSeries, *, compress: bool = False
) -> Path:
    """Write all slices as one Enhanced MR Image file; parameters and errors as for single frames.

    Raises
    ------
    InputError
        When the axes are not square to each other or the values do not fit 16 bits.
    OutputError
        When the file cannot be written.
    """
    stack = slice_stack(volume)
    uid = series.uid("enhanced", series.series_number)
    header = enhanced_header(common_header(series, EnhancedMRImageStorage, uid), series, stack)
    _write(path, pixel_header(header, stack.pixels), compress=compress)
    return path


def _single_frame_header(series: SyntheticSeries, stack: SliceStack, k: int) -> Dataset:
    uid = series.uid("slice", series.series_number, k)
    header = common_header(series, MRImageStorage, uid)
    header.InstanceNumber = k + 1
    header.ImageType = ["ORIGINAL", "PRIMARY", "OTHER", "NONE"]
    header.ImagePositionPatient = decimals(*stack.positions_mm[k])
    header.ImageOrientationPatient = decimals(*stack.column_step, *stack.row_step)
    header.PixelSpacing = decimals(stack.row_spacing_mm, stack.column_spacing_mm)
    header.SliceThickness, header.SpacingBetweenSlices = decimals(stack.slice_spacing_mm) * 2
    header.ScanningSequence = ["SE"] if series.inversion_time_ms is None else ["SE", "IR"]
    header.SequenceVariant = "SK"
    header.ScanOptions = ""
    header.MRAcquisitionType = "3D"
    (header.RepetitionTime,) = decimals(series.repetition_time_ms)
    (header.EchoTime,) = decimals(series.echo_time_ms)
    if series.inversion_time_ms is not None:
        (header.InversionTime,) = decimals(series.inversion_time_ms)
    header.EchoTrainLength = series.echo_train_length
    (header.FlipAngle,) = decimals(series.flip_angle_deg)
    (header.MagneticFieldStrength,) = decimals(series.field_strength_t)
    return header


def _write(path: Path, image: Dataset, *, compress: bool) -> None:
    if compress:
        image.compress(RLELossless, generate_instance_uid=False)
    with atomic_path(path) as temporary:
        image.save_as(temporary, enforce_file_format=True)
