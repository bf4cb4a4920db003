"""Tables on disk: UTF-8 TSV with ``n/a`` for missing, and JSON dictionaries of their columns."""

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import numpy as np

from plexus_mri.errors import InputError
from plexus_mri.io.atomic import write_text
from plexus_mri.reasons import ReasonCode

MISSING = "n/a"
_SIGNIFICANT_DIGITS = 6
_JSON_DIGITS = 9  # hides binary rounding (0.30000000000000004), loses no stated setting


@dataclass(frozen=True)
class Column:
    """One column: its name, what it holds, its unit (empty for words) and its closed set."""

    name: str
    meaning: str
    unit: str = ""
    levels: Mapping[str, str] = field(default_factory=dict)


def write_table(
    path: Path,
    columns: Sequence[Column],
    rows: Iterable[Mapping[str, object]],
    *,
    notes: Mapping[str, object] | None = None,
) -> None:
    """Write a TSV and, beside it, the JSON dictionary of its columns.

    Cells are put through `cell`; a key that a row lacks becomes ``n/a``.

    Parameters
    ----------
    path
        Ends in ``.tsv``; the dictionary takes the same name with ``.json``.
    notes
        Further entries of the dictionary, after the columns.

    Raises
    ------
    OutputError
        When a file cannot be written.
    ValueError
        When a row holds a key that is no column.
    """
    names = [column.name for column in columns]
    lines = [names] + [_cells(row, names) for row in rows]
    write_text(path, "".join("\t".join(line) + "\n" for line in lines))
    write_json(path.with_suffix(".json"), {**dictionary(columns), **(notes or {})})


def read_table(path: Path) -> list[dict[str, str]]:
    """Rows of a TSV as written by `write_table`, all cells as text.

    Raises
    ------
    InputError
        When the file is missing, is not UTF-8 or has rows of differing length.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        msg = f"the table '{path.name}' does not exist"
        raise InputError(msg, ReasonCode.INPUT_MISSING) from error
    except (OSError, UnicodeDecodeError) as error:
        msg = f"the table '{path.name}' cannot be read as UTF-8 text"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE) from error
    try:
        lines = list(csv.reader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)) or [[]]
    except csv.Error as error:
        msg = f"the table '{path.name}' has a cell that is too long or a line end within one"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE) from error
    return [_row(path, lines[0], line, number) for number, line in enumerate(lines[1:], 2) if line]


def write_json(path: Path, mapping: Mapping[str, object]) -> None:
    """Write JSON in the mapping's own order: the same values give the same bytes.

    Enum members become their value, NaN and infinity ``null``, floats at most nine digits.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    text = json.dumps(plain(mapping), indent=2, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


def dictionary(columns: Sequence[Column]) -> dict[str, object]:
    """Describe the columns with the keys BIDS gives to the dictionary of a table."""
    return {column.name: _description(column) for column in columns}


def cell(value: object) -> str:
    r"""Text of one cell; ``n/a`` for None, NaN, infinity and empty text.

    >>> [cell(v) for v in (None, 0.1 + 0.2, 3, True, "two\twords")]
    ['n/a', '0.3', '3', 'true', 'two words']
    """
    match value:
        case Enum():
            return cell(value.value)
        case bool() | np.bool_():
            return "true" if value else "false"
        case int() | np.integer():
            return str(int(value))
        case float() | np.floating():
            return number(float(value))
    text = " ".join(str(value).split()) if value is not None else ""
    return text or MISSING


def number(value: float | None, standard_error: float | None = None) -> str:
    """Text of a number with the digits that its standard error leaves meaningful.

    Two digits of the standard error are kept, so rounding adds nothing to the error, and never
    more than six significant digits; without a standard error, six.

    >>> number(12.34567, 0.0345), number(12.34567), number(12.34567, 5.0), number(float("nan"))
    ('12.346', '12.3457', '12.3', 'n/a')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    decimals = _SIGNIFICANT_DIGITS - 1 - _exponent(value)
    if standard_error is None or not math.isfinite(standard_error) or standard_error <= 0:
        return _positional(value, decimals, trim=True)
    return _positional(value, min(decimals, 1 - _exponent(standard_error)), trim=False)


def plain(value: object) -> object:
    """Give the value in JSON's own types: mappings, lists, text, numbers, true, false, null."""
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | str() | int():
            return value
        case float():
            return float(f"{value:.{_JSON_DIGITS}g}") + 0.0 if math.isfinite(value) else None
    return _plain_compound(value)


def _plain_compound(value: object) -> object:
    match value:
        case np.ndarray() | np.generic():
            return plain(value.tolist())
        case Mapping():
            return {str(plain(key)): plain(item) for key, item in value.items()}
        case Iterable():
            return [plain(item) for item in value]
    msg = f"cannot be written as JSON: {type(value).__name__}"
    raise TypeError(msg)


def _cells(row: Mapping[str, object], names: Sequence[str]) -> list[str]:
    unknown = sorted(set(row) - set(names))
    if unknown:
        msg = f"not a column of this table: {', '.join(unknown)}"
        raise ValueError(msg)
    return [cell(row.get(name)) for name in names]


def _row(path: Path, names: Sequence[str], line: Sequence[str], number: int) -> dict[str, str]:
    if len(line) != len(names):
        msg = f"line {number} of '{path.name}' has {len(line)} cells, the header {len(names)}"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE)
    return dict(zip(names, line, strict=True))


def _description(column: Column) -> dict[str, object]:
    entry: dict[str, object] = {"Description": column.meaning}
    if column.unit:
        entry["Units"] = column.unit
    if column.levels:
        entry["Levels"] = dict(column.levels)
    return entry


def _exponent(value: float) -> int:
    """Power of ten of the first digit: 12.3 gives 1, 0.05 gives -2, 0 gives 0."""
    return math.floor(math.log10(abs(value))) if value else 0


def _positional(value: float, decimals: int, *, trim: bool) -> str:
    """Text without an exponent, rounded to ``decimals`` places (negative: to tens, hundreds)."""
    text = f"{round(value, decimals):.{max(decimals, 0)}f}"
    if trim and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.lstrip("-") if float(text) == 0 else text
