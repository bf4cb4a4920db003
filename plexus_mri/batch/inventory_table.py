"""inventory.tsv: every series of the input, used or not, and why."""

from collections.abc import Mapping
from pathlib import Path

from plexus_mri.io.inventory import Inventory
from plexus_mri.io.series_row import SeriesRow
from plexus_mri.io.tables import Column, write_table
from plexus_mri.reasons import ReasonCode

FILE_NAME = "inventory.tsv"

COLUMNS = (
    Column("series", "Number of the series, ours"),
    Column("subject", "Subject label, a pseudonym unless the input or the user names one"),
    Column("session", "Session label; n/a when the study has none"),
    Column("contrast", "Contrast, from the words and numbers of the header"),
    Column("plane", "Plane of the slices, or isotropic"),
    Column("dimensions", "2D or 3D acquisition, as stated"),
    Column("body_part", "Body part, from the words and the stated one"),
    Column("coverage", "How much of the plexus a field of view of this size can hold"),
    Column("role", "What the series serves for: main image, anatomy or map"),
    Column("shape", "Voxels along the stored axes"),
    Column("spacing", "Distance between voxels along the stored axes", "mm"),
    Column("files", "Number of files"),
    Column("chosen", "Whether this series is measured", levels={"true": "yes", "false": "no"}),
    Column("rule", "Rule that chose it"),
    Column("reason", "Why it was not chosen", levels={c.value: c.text for c in ReasonCode}),
    Column("nifti", "File it was converted to"),
    Column("source", "Folder relative to the input; what may name a person is shown as ***"),
    Column("file", "Name of a NIfTI file; hidden like the folder"),
    Column("detail", "Why, in a sentence"),
)


def inventory_rows(
    inventory: Inventory, nifti: Mapping[int, str] | None = None
) -> list[dict[str, object]]:
    """Rows of the table; ``nifti`` holds the file that a series (by number) was converted to."""
    return [_row(row, (nifti or {}).get(row.series, row.nifti)) for row in inventory.rows]


def write_inventory(
    out: Path, inventory: Inventory, nifti: Mapping[int, str] | None = None
) -> None:
    """Write ``inventory.tsv`` with its dictionary.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    write_table(out / FILE_NAME, COLUMNS, inventory_rows(inventory, nifti))


def _row(row: SeriesRow, nifti: str | None) -> dict[str, object]:
    return {
        "series": row.series,
        "subject": row.subject.removeprefix("sub-"),
        "session": row.session,
        "contrast": row.contrast,
        "plane": row.plane,
        "dimensions": row.acquisition.get("dimensions"),
        "body_part": row.body_part,
        "coverage": row.coverage,
        "role": row.role,
        "shape": "x".join(str(n) for n in row.shape or ()),
        "spacing": "x".join(f"{s:g}" for s in row.spacing or ()),
        "files": row.files,
        "chosen": row.chosen,
        "rule": row.rule,
        "reason": row.reason,
        "nifti": nifti,
        "source": row.source,
        "file": row.file,
        "detail": row.detail,
    }
