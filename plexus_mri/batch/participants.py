"""participants.tsv of a study, taken along without what may name a person, and its groups."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from plexus_mri.batch.work_folder import brief_lock
from plexus_mri.errors import InputError
from plexus_mri.io.tables import MISSING, Column, read_table, write_table

FILE_NAME = "participants.tsv"
_ID = Column("participant_id", "Subject, with 'sub-'")
# Columns that name nobody, and what their cells may hold; BIDS states no age above 89.
_TAKEN = (
    (Column("age", "Age as the study states it", "year"), r"[0-8]?\d(\.\d+)?|89\+"),
    (Column("sex", "Sex as the study states it"), "[MFOmfo]|male|female|other"),
    (
        Column("handedness", "Handedness as the study states it"),
        "[LRAlra]|left|right|ambidextrous",
    ),
    (Column("group", "Group as the study's own participants.tsv names it"), ".+"),
)
Row = Mapping[str, str]


def read_groups(folder: Path) -> Mapping[str, str]:
    """Group of each subject (without 'sub-'); none without such a file or column."""
    rows = _rows(folder).items()
    return {s: row["group"] for s, row in rows if row.get("group", MISSING) != MISSING}


def take_participants(source: Path, out: Path, subjects: Collection[str]) -> None:
    """Keep what the study says of the measured subjects: age, sex, handedness and group.

    Other columns, and cells that hold something else, may name a person and stay where they are.

    Raises
    ------
    OutputError
        When the table cannot be written.
    """
    stated = _rows(source)
    kept = {s: _harmless(stated[s]) for s in subjects if s in stated}
    if not any(kept.values()):
        return
    with brief_lock(out, "participants"):
        both = {**_rows(out), **kept}
        columns = [
            column for column, _ in _TAKEN if any(column.name in row for row in both.values())
        ]
        rows = [{**row, _ID.name: f"sub-{subject}"} for subject, row in sorted(both.items())]
        write_table(out / FILE_NAME, (_ID, *columns), rows)


def _harmless(row: Row) -> dict[str, str]:
    """Cells that name nobody."""
    cells = [(column.name, row.get(column.name, MISSING), form) for column, form in _TAKEN]
    return {
        name: text for name, text, form in cells if text != MISSING and re.fullmatch(form, text)
    }


def _rows(folder: Path) -> dict[str, Row]:
    """Rows by subject, without 'sub-'; none where the file is missing or no such table."""
    path = folder / FILE_NAME
    try:
        rows = read_table(path) if path.is_file() else []
    except InputError:  # a table of the user's own that is odd must not cost the study
        return {}
    return {row[_ID.name].removeprefix("sub-"): row for row in rows if row.get(_ID.name)}
