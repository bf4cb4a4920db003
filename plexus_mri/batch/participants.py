"""participants.tsv of a BIDS study, taken along into the results."""

from pathlib import Path

from plexus_mri.errors import InputError
from plexus_mri.io.atomic import write_bytes
from plexus_mri.io.tables import read_table

_NAMES = ("participants.tsv", "participants.json")


def take_participants(source: Path, out: Path) -> None:
    """Copy the table of participants and its dictionary, where the study has them.

    Only the table of a BIDS study is taken (its first column is ``participant_id``): any other
    file of that name may hold names of people.

    Raises
    ------
    OutputError
        When a copy cannot be written.
    """
    table = source / _NAMES[0]
    try:
        rows = read_table(table) if table.is_file() else []
    except InputError:
        return
    if not rows or next(iter(rows[0])) != "participant_id":
        return
    for path in (source / name for name in _NAMES):
        if path.is_file():
            write_bytes(out / path.name, path.read_bytes())
