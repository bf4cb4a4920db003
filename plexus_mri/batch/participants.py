"""Groups of the participants: the one column of participants.tsv that the pages show."""

from collections.abc import Collection, Mapping
from pathlib import Path

from plexus_mri.errors import InputError
from plexus_mri.io.tables import MISSING, Column, read_table, write_table

FILE_NAME = "participants.tsv"
_COLUMNS = (
    Column("participant_id", "Subject, with 'sub-'"),
    Column("group", "Group as the study's own participants.tsv names it"),
)


def read_groups(folder: Path) -> Mapping[str, str]:
    """Group of each subject (without 'sub-'); none without such a file or column."""
    path = folder / FILE_NAME
    if not path.is_file():
        return {}
    try:
        rows = read_table(path)
    except InputError:  # a table of the user's own that is odd must not cost the pages
        return {}
    return {
        row["participant_id"].removeprefix("sub-"): row["group"]
        for row in rows
        if row.get("participant_id") and row.get("group", MISSING) != MISSING
    }


def copy_groups(source: Path, out: Path, subjects: Collection[str]) -> None:
    """Keep the groups of the measured subjects in the output folder; nothing else of the file.

    Raises
    ------
    OutputError
        When the table cannot be written.
    """
    groups = read_groups(source) if source.is_dir() else {}
    kept = {subject: groups[subject] for subject in subjects if subject in groups}
    if kept:
        both = {**read_groups(out), **kept}
        rows = [{"participant_id": f"sub-{s}", "group": g} for s, g in sorted(both.items())]
        write_table(out / FILE_NAME, _COLUMNS, rows)
