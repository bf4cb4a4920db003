"""The side check on disk: one row a nerve, and the same as data."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from plexus_mri.io.columns import NOTES
from plexus_mri.io.tables import Column, write_json, write_table

TABLE, REPORT, PAGE = "side_check.tsv", "side_check_report.json", "side_check.html"
_COLUMNS = (
    Column("subject", "Subject label, without 'sub-'"),
    Column("session", "Session label, without 'ses-'"),
    Column("nerve", "Nerve"),
    Column("side", "Side of the patient", levels={"L": "left", "R": "right"}),
    Column("dice", "Overlap of the labels of image and mirror image; 1 is the same", "1"),
    Column("csa_original_mm2", "Mean cross-sectional area in the image", "mm^2"),
    Column("csa_mirrored_mm2", "Mean cross-sectional area in the mirror image", "mm^2"),
    Column("caliber_percent", "200 * (mirrored - original) / (mirrored + original)", "%"),
    Column("position_mm", "Mean distance between the two centerlines", "mm"),
    Column("reason", "Reason code where a number is missing"),
)


def write_side_check(
    out: Path, rows: Iterable[Mapping[str, object]], report: Mapping[str, object]
) -> None:
    """Write the table with its dictionary, and the report as JSON.

    Raises
    ------
    OutputError
        When a file cannot be written.
    """
    write_table(out / TABLE, _COLUMNS, rows, notes=NOTES)
    write_json(out / REPORT, report)
