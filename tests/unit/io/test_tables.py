"""TSV tables and JSON: missing values, digits, stable bytes."""

import json
import math
from enum import StrEnum
from pathlib import Path

import numpy as np
import pytest

from plexus_mri.errors import InputError
from plexus_mri.io.tables import Column, cell, number, read_table, write_json, write_table
from plexus_mri.reasons import ReasonCode

COLUMNS = (
    Column("nerve", "Segment", levels={"C5": "fifth cervical root"}),
    Column("csa_mm2", "Area", "mm^2"),
)


class Word(StrEnum):
    ONE = "one"


def test_table_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    write_table(path, COLUMNS, [{"nerve": "C5", "csa_mm2": 9.5}, {"nerve": "Größe"}])
    assert path.read_bytes() == "nerve\tcsa_mm2\nC5\t9.5\nGröße\tn/a\n".encode()
    assert read_table(path) == [
        {"nerve": "C5", "csa_mm2": "9.5"},
        {"nerve": "Größe", "csa_mm2": "n/a"},
    ]


def test_dictionary_names_meaning_unit_and_levels(tmp_path: Path) -> None:
    write_table(tmp_path / "t.tsv", COLUMNS, [], notes={"Caveats": ["read this"]})
    assert json.loads((tmp_path / "t.json").read_text()) == {
        "nerve": {"Description": "Segment", "Levels": {"C5": "fifth cervical root"}},
        "csa_mm2": {"Description": "Area", "Units": "mm^2"},
        "Caveats": ["read this"],
    }


def test_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    rows = [{"nerve": Word.ONE, "csa_mm2": np.float32(0.1)}]
    for name in ("a", "b"):
        write_table(tmp_path / f"{name}.tsv", COLUMNS, rows)
    assert (tmp_path / "a.tsv").read_bytes() == (tmp_path / "b.tsv").read_bytes()
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_unknown_key_of_a_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a column of this table: nerv"):
        write_table(tmp_path / "t.tsv", COLUMNS, [{"nerv": "C5"}])


@pytest.mark.parametrize(
    "value", [None, math.nan, math.inf, -math.inf, "", "  ", np.float64("nan")]
)
def test_missing_values_are_written_as_not_available(value: object) -> None:
    assert cell(value) == "n/a"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Word.ONE, "one"),
        (np.int16(7), "7"),
        (12345678, "12345678"),
        (np.bool_(False), "false"),  # noqa: FBT003 - the value under test
        (0.1 + 0.2, "0.3"),
        ("a\tb\r\nc", "a b c"),
    ],
)
def test_cells_hold_plain_text(value: object, text: str) -> None:
    assert cell(value) == text


@pytest.mark.parametrize(
    ("value", "standard_error", "text"),
    [
        (9.87654321, 0.21, "9.88"),
        (9.87654321, 0.0021, "9.8765"),
        (9.5, 0.0021, "9.5000"),
        (9.87654321, 2.1, "9.9"),
        (987.654321, 210.0, "990"),
        (123456.789, 0.001, "123457"),
        (1234567.0, None, "1234570"),
        (-0.0001, 0.5, "0.00"),
        (0.0, None, "0"),
        (0.000012345678, None, "0.0000123457"),
        (5.0, math.nan, "5"),
        (5.0, 0.0, "5"),
        (None, 0.1, "n/a"),
    ],
)
def test_digits_suit_the_standard_error(
    value: float | None, standard_error: float | None, text: str
) -> None:
    assert number(value, standard_error) == text


def test_rounding_costs_at_most_a_twentieth_of_the_standard_error() -> None:
    rng = np.random.default_rng(0)
    for value, error in zip(rng.normal(10, 50, 200), rng.uniform(0.01, 9, 200), strict=True):
        # Two digits of the error are kept: half a unit of the second is at most 5 % of it.
        assert abs(float(number(value, error)) - value) <= 0.05 * error


def test_ragged_table_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("a\tb\n1\t2\n3\n")
    with pytest.raises(
        InputError, match=r"line 3 of 't\.tsv' has 1 cells, the header 2"
    ) as caught:
        read_table(tmp_path / "t.tsv")
    assert caught.value.reason is ReasonCode.INPUT_UNREADABLE


def test_missing_and_binary_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'no\.tsv' does not exist"):
        read_table(tmp_path / "no.tsv")
    (tmp_path / "b.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"'b\.tsv' cannot be read as UTF-8"):
        read_table(tmp_path / "b.tsv")


def test_quotes_in_cells_survive(tmp_path: Path) -> None:
    write_table(tmp_path / "t.tsv", COLUMNS, [{"nerve": '"a"'}])
    assert read_table(tmp_path / "t.tsv")[0]["nerve"] == '"a"'


def test_empty_file_has_no_rows(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("")
    assert read_table(tmp_path / "t.tsv") == []


def test_json_holds_plain_values_only(tmp_path: Path) -> None:
    write_json(
        tmp_path / "a.json",
        {
            "sum": 0.1 + 0.2,
            "nan": math.nan,
            "array": np.array([1.0, np.inf]),
            "count": np.int64(3),
            "pair": (Word.ONE, None, True),
            Word.ONE: {"minus_zero": -0.0},
        },
    )
    text = (tmp_path / "a.json").read_text()
    assert "0.30000000000000004" not in text
    assert "-0.0" not in text
    assert json.loads(text) == {
        "sum": 0.3,
        "nan": None,
        "array": [1.0, None],
        "count": 3,
        "pair": ["one", None, True],
        "one": {"minus_zero": 0.0},
    }


def test_json_refuses_what_has_no_plain_form(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="cannot be written as JSON: object"):
        write_json(tmp_path / "a.json", {"x": object()})
