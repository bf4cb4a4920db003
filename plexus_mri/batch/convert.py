"""Series as NIfTI files: each sound one under the number of its inventory row."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from plexus_mri import __version__
from plexus_mri.batch.inventory_table import write_inventory
from plexus_mri.batch.outcome import CaseOutcome, outcome_of_error, study_exit_code
from plexus_mri.batch.status import CaseState
from plexus_mri.core.case import SeriesInfo
from plexus_mri.errors import OutputError, PlexusError
from plexus_mri.io.derivatives import case_stem, write_dataset_files
from plexus_mri.io.inventory import Inventory, read_series
from plexus_mri.io.nifti import write_volume
from plexus_mri.io.series_row import SeriesRow, error_of
from plexus_mri.io.tables import write_json

FOLDER = "nifti"


@dataclass(frozen=True)
class Conversion:
    """What became of one series: its file, or why there is none."""

    row: SeriesRow
    file: str | None
    outcome: CaseOutcome


@dataclass(frozen=True)
class ConversionEnd:
    """All conversions and the exit code."""

    conversions: tuple[Conversion, ...]
    exit_code: int


def convert_study(
    inventory: Inventory, out: Path, announce: Callable[[Conversion], None]
) -> ConversionEnd:
    """Write every sound series and the inventory that names the files.

    Objects that are no images (reports, screenshots) are listed, but are no failure.

    Raises
    ------
    OutputError
        When a file cannot be written.
    """
    write_dataset_files(out, version=__version__)
    conversions = []
    for row in inventory.rows:
        conversions.append(_convert(row, out))
        announce(conversions[-1])
    files = {done.row.series: done.file for done in conversions if done.file}
    # A row that seemed sound by its header may fail with its pixels: the table says so.
    rows = tuple(
        done.row if done.file else replace(done.row, reason=done.outcome.reason)
        for done in conversions
    )
    write_inventory(out, replace(inventory, rows=rows), files)
    counted = [done.outcome for done in conversions if not _no_image(done.row)]
    return ConversionEnd(tuple(conversions), study_exit_code(counted))


def file_name(row: SeriesRow) -> str:
    """File of a series, relative to the output folder."""
    return f"{FOLDER}/{case_stem(row.subject, row.session)}_series-{row.series:03d}.nii.gz"


def _convert(row: SeriesRow, out: Path) -> Conversion:
    try:
        if not row.sound:
            raise error_of(row)
        volume, info = read_series(row)
    except OutputError:
        raise
    except PlexusError as error:
        return Conversion(row, None, outcome_of_error(error))
    path = out / file_name(row)
    write_volume(path, volume)
    write_json(path.with_name(path.name.replace(".nii.gz", ".json")), _sidecar(info))
    return Conversion(row, file_name(row), CaseOutcome(CaseState.FINISHED))


def _no_image(row: SeriesRow) -> bool:
    return row.reason is not None and row.reason.startswith("KIND_")


def _sidecar(info: SeriesInfo) -> dict[str, object]:
    return {
        "series": info.series,
        "contrast": info.contrast,
        "plane": info.plane,
        "orientation_source": info.orientation_source,
        "files": info.files,
        "source_sha256": info.source_sha256,
        "acquisition": dict(info.acquisition),
        "software": {"plexus-mri": __version__},
    }
