"""Write synthetic cases: the image as a scanner or converter would give it, and its truth."""

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path

import nibabel as nib
import numpy as np

from plexus_mri.core.comparison import Comparison
from plexus_mri.core.measurement import MeasurementTable
from plexus_mri.core.norms import Norms
from plexus_mri.core.simulated import ImageFormat
from plexus_mri.core.volume import LabelMap, Volume
from plexus_mri.io.atomic import write_bytes
from plexus_mri.io.case_rows import asymmetry_rows, label_rows, nerve_rows, profile_rows
from plexus_mri.io.columns import (
    ASYMMETRY_COLUMNS,
    LABEL_COLUMNS,
    NERVE_COLUMNS,
    NOTES,
    PROFILE_COLUMNS,
)
from plexus_mri.io.derivatives import case_stem
from plexus_mri.io.dicom_write import (
    SyntheticSeries,
    in_plane,
    write_enhanced,
    write_single_frames,
)
from plexus_mri.io.nifti import write_labels
from plexus_mri.io.tables import write_json, write_table

_SCANNER = 1  # NIfTI code of scanner coordinates


def write_image(
    study: Path,
    image: Volume,
    series: SyntheticSeries,
    *,
    stored_as: ImageFormat,
    plane: str = "coronal",
) -> Path:
    """Write one subject's image into its folder of a study; values are rounded to 16 bits.

    Parameters
    ----------
    plane
        ``coronal``, ``axial`` or ``sagittal``: the plane of DICOM slices.

    Returns
    -------
    Path
        The NIfTI file, or the folder of DICOM files.

    Raises
    ------
    OutputError
        When a file cannot be written.
    InputError
        When the values do not fit 16 bits.
    """
    stem = case_stem(series.subject, None)
    if stored_as is ImageFormat.NIFTI:
        path = study / stem / "anat" / f"{stem}_acq-{_word(series.description)}_T2w.nii.gz"
        write_bytes(path, _whole_numbered(image))
        write_json(path.with_name(path.name.replace(".nii.gz", ".json")), _sidecar(series))
        return path
    folder = study / stem / "dicom"
    slices = in_plane(image, plane)
    if stored_as is ImageFormat.ENHANCED:
        write_enhanced(slices, folder / "IM0001.dcm", series, compress=True)
    else:
        write_single_frames(slices, folder, series, compress=True)
    return folder


def write_truth(
    folder: Path,
    subject: str,
    facts: Mapping[str, object],
    labels: LabelMap,
    table: MeasurementTable,
    asymmetry: Sequence[Comparison],
) -> None:
    """Write the true answers of one case, in the tables in which the measured ones will stand.

    Parameters
    ----------
    facts
        Whatever else is true, in JSON's own types.
    labels
        On the image's own grid.
    table, asymmetry
        True values; they have no error.

    Raises
    ------
    OutputError
        When a file cannot be written.
    StageError
        When a number is missing without a reason.
    """
    stem = case_stem(subject, None)
    who = {"subject": subject.removeprefix("sub-")}
    write_labels(folder / f"{stem}_desc-nerve_dseg.nii.gz", labels)
    write_table(folder / f"{stem}_desc-nerve_dseg.tsv", LABEL_COLUMNS, label_rows())
    for name, columns, rows in (
        ("nerve", NERVE_COLUMNS, nerve_rows(table.measurements, who, Norms())),
        ("profile", PROFILE_COLUMNS, profile_rows(table, who, {})),
        ("asymmetry", ASYMMETRY_COLUMNS, asymmetry_rows(asymmetry, table, who, Norms())),
    ):
        write_table(folder / f"{stem}_desc-{name}_measures.tsv", columns, rows, notes=NOTES)
    write_json(folder / f"{stem}_desc-truth_report.json", facts)


def _word(text: str) -> str:
    """Letters and digits of a text, as BIDS allows in a label."""
    return "".join(c for c in text.lower() if c.isascii() and c.isalnum())


def _whole_numbered(image: Volume) -> bytes:
    """Compressed NIfTI-1 of int16, as converters write scanner data."""
    data = np.rint(image.data).astype(np.int16)
    file = nib.Nifti1Image(data, np.asarray(image.grid.affine))
    file.set_sform(image.grid.affine, code=_SCANNER)
    file.set_qform(image.grid.affine, code=_SCANNER)
    file.header.set_xyzt_units("mm")
    return gzip.compress(file.to_bytes(), compresslevel=9, mtime=0)


def _sidecar(series: SyntheticSeries) -> dict[str, object]:
    """What BIDS keeps beside an image; times in seconds, as BIDS wants them."""
    inversion_ms = series.inversion_time_ms
    return {
        "Modality": "MR",
        "Manufacturer": "plexus-mri",
        "ManufacturersModelName": "simulation",
        "BodyPartExamined": "NECK",
        "SeriesDescription": series.description,
        "MagneticFieldStrength": series.field_strength_t,
        "RepetitionTime": series.repetition_time_ms / 1000,
        "EchoTime": series.echo_time_ms / 1000,
        **({} if inversion_ms is None else {"InversionTime": inversion_ms / 1000}),
        "FlipAngle": series.flip_angle_deg,
    }
