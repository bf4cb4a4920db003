"""Small tables that a user writes by hand: TSV, or JSON as a list of objects."""

import json
from collections.abc import Sequence
from pathlib import Path

from plexus_mri.errors import InputError
from plexus_mri.io.tables import read_table
from plexus_mri.reasons import ReasonCode


def read_user_rows(path: Path, reason: ReasonCode, remedy: str) -> list[dict[str, str]]:
    """Rows of the table with lower-case keys and stripped text.

    Parameters
    ----------
    reason
        Code of a table that can be read and is none.
    remedy
        What the table should hold, in words, for the messages.

    Raises
    ------
    InputError
        When the table is missing or cannot be read.
    """
    if path.is_dir():
        msg = f"'{path.name}' is a folder; {remedy}"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE)
    is_json = path.suffix.lower() == ".json"
    rows = _json_rows(path, reason, remedy) if is_json else _tsv_rows(path)
    return [_named_once(path, row, reason) for row in rows]


Cells = Sequence[tuple[str, object]]


class _Pairs(list[tuple[str, object]]):
    """An object of JSON with every key as often as it is written."""


def _named_once(path: Path, cells: Cells, reason: ReasonCode) -> dict[str, str]:
    """Cells of a row by their column; which of two of one name is meant, nobody can tell."""
    row: dict[str, str] = {}
    for key, value in cells:
        name = str(key).strip().lower()
        if name in row:
            msg = f"'{path.name}' has the column '{name[:20]}' twice; keep one"
            raise InputError(msg, reason)
        row[name] = "" if value is None else str(value).strip()
    return row


def _tsv_rows(path: Path) -> list[Cells]:
    """Cells of each row, those of columns that have the same name, too."""
    rows = read_table(path)
    names = path.read_text(encoding="utf-8-sig").splitlines()[0].split("\t") if rows else []
    twice = [name for name in names if names.count(name) > 1]
    return [[*row.items(), *((name, "") for name in twice)] for row in rows]


def _json_rows(path: Path, reason: ReasonCode, remedy: str) -> list[Cells]:
    """Cells of each object of a JSON list, in their order."""
    if not path.is_file():
        msg = f"the table '{path.name}' does not exist"
        raise InputError(msg, ReasonCode.INPUT_MISSING)
    try:
        text = path.read_text(encoding="utf-8-sig")
        content: object = json.loads(text, object_pairs_hook=_Pairs)
    except (OSError, ValueError, RecursionError) as error:
        msg = f"'{path.name}' is no JSON; {remedy}"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE) from error
    rows = content if isinstance(content, list) and not isinstance(content, _Pairs) else [None]
    objects: list[Cells] = [row for row in rows if isinstance(row, _Pairs)]
    if len(objects) < len(rows):
        msg = f"'{path.name}' must be a JSON list of objects; {remedy}"
        raise InputError(msg, reason)
    return objects
