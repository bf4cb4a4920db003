"""Small tables that a user writes by hand: TSV, or JSON as a list of objects."""

import json
from collections.abc import Mapping, Sequence
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
    is_json = path.suffix.lower() == ".json"
    rows = _json_rows(path, reason, remedy) if is_json else read_table(path)
    return [
        {
            str(key).strip().lower(): "" if value is None else str(value).strip()
            for key, value in row.items()
        }
        for row in rows
    ]


def _json_rows(path: Path, reason: ReasonCode, remedy: str) -> Sequence[Mapping[str, object]]:
    """Objects of a JSON list."""
    if not path.is_file():
        msg = f"the table '{path.name}' does not exist"
        raise InputError(msg, ReasonCode.INPUT_MISSING)
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        msg = f"'{path.name}' is no JSON; {remedy}"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE) from error
    if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
        msg = f"'{path.name}' must be a JSON list of objects; {remedy}"
        raise InputError(msg, reason)
    return content
