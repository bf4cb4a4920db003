"""The tables of the whole study, gathered from those of its cases."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from plexus_mri.errors import InputError
from plexus_mri.io.atomic import atomic_path
from plexus_mri.io.columns import (
    ASYMMETRY_COLUMNS,
    NERVE_COLUMNS,
    NOTES,
    POOLED_COLUMNS,
    TAPER_COLUMNS,
)
from plexus_mri.io.derivatives import case_files, case_stem
from plexus_mri.io.muscle_rows import MUSCLE_COLUMNS
from plexus_mri.io.tables import MISSING, Column, dictionary, read_table, write_json, write_table

_EXCLUDED_COLUMNS = (
    Column("subject", "Subject label, without 'sub-'"),
    Column("session", "Session label, without 'ses-'"),
    Column("reason", "Rating that leaves the case out of the group tables, or what is damaged"),
)
_GROUP_TABLES = (
    ("group_measures", "nerve", NERVE_COLUMNS),
    ("group_asymmetry", "asymmetry", ASYMMETRY_COLUMNS),
    ("group_pooled", "pooled", POOLED_COLUMNS),
    ("group_taper", "taper", TAPER_COLUMNS),
    ("group_muscle", "muscle", MUSCLE_COLUMNS),
)


def write_group_tables(
    out: Path, *, left_out: Mapping[tuple[str, str], str] | None = None
) -> None:
    """Gather the cases' tables into one tidy table each, in the order of the cases' names.

    What counts not, and a case's table that is damaged, is listed in ``group_excluded.tsv``.

    Parameters
    ----------
    left_out
        Cases (subject and session, empty when absent) that do not count, and why.

    Raises
    ------
    OutputError
        When a table cannot be written.
    """
    without = left_out or {}
    excluded = list(without.items())
    for name, desc, columns in _GROUP_TABLES:
        header = "\t".join(column.name for column in columns)
        with (
            atomic_path(out / f"{name}.tsv") as temporary,
            temporary.open("w", encoding="utf-8", newline="\n") as stream,
        ):
            stream.write(header + "\n")
            for path in _tables(out, f"_desc-{desc}_measures.tsv", without):
                try:
                    stream.write(_rows_text(path, header))
                except InputError as error:  # one damaged case must not cost the others
                    excluded.append((_key_of(path), f"left out of {name}: {error}"))
        write_json(out / f"{name}.json", {**dictionary(columns), **NOTES})
    rows = [{"subject": sub, "session": ses, "reason": w} for (sub, ses), w in sorted(excluded)]
    write_table(out / "group_excluded.tsv", _EXCLUDED_COLUMNS, rows)


def _tables(out: Path, ending: str, without: Iterable[tuple[str, str]]) -> list[Path]:
    """Tables of the cases that count, in the order of the cases' names."""
    left_out = {f"{case_stem(subject, session or None)}{ending}" for subject, session in without}
    return [path for path in case_files(out, ending) if path.name not in left_out]


def _key_of(table: Path) -> tuple[str, str]:
    """Subject and session of a case's table, the latter empty when absent."""
    entities = dict(part.split("-", 1) for part in table.name.split("_") if "-" in part)
    return entities["sub"], entities.get("ses", "")


def _rows_text(path: Path, header: str) -> str:
    """Rows of a case's table under this header, as they are where the table has just it.

    An older table may lack columns or have others: then each row is put under the header.
    """
    rows = read_table(path) if not _has_just(path, header) else None
    if rows is None:
        return path.read_text(encoding="utf-8").partition("\n")[2]
    names = header.split("\t")
    return "".join("\t".join(row.get(name, MISSING) for name in names) + "\n" for row in rows)


def _has_just(path: Path, header: str) -> bool:
    """Whether a table has this header and as many cells in its rows, counted all together."""
    try:
        first, _, rest = path.read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):
        return False
    whole = not rest or rest.endswith("\n")
    return first == header and whole and rest.count("\t") == header.count("\t") * rest.count("\n")
