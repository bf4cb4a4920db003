"""The tables of docs/conventions.md say what the code says."""

from pathlib import Path

import pytest

from plexus_mri.core.anatomy import Nerve, Side, label_index
from plexus_mri.core.caveats import CAVEATS
from plexus_mri.core.measurement import Quality, Quantity
from plexus_mri.reasons import ReasonCode

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conventions.md"
ROWS = {
    "labels": [
        f"| `{n.value}` | {label_index(Side.LEFT, n)} | {label_index(Side.RIGHT, n)} |"
        for n in Nerve
    ],
    "quantities": [f"| `{q.value}` | {q.unit} | {q.meaning} |" for q in Quantity],
    "reasons": [f"| `{code.value}` | {code.text} |" for code in ReasonCode],
}


@pytest.mark.parametrize("name", ROWS)
def test_table_is_in_step_with_the_code(name):
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(f"<!-- {name}:")
    table, _, _ = rest.partition(f"<!-- end of {name} -->")
    found = [line for line in table.splitlines() if line.startswith("| `")]
    assert found == ROWS[name], "the table must read:\n" + "\n".join(ROWS[name])


def test_every_quality_flag_is_explained():
    text = PAGE.read_text(encoding="utf-8")
    assert [flag.word for flag in Quality if f"`{flag.word}`" not in text] == []


def test_the_page_carries_the_caveats():
    words = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert [caveat for caveat in CAVEATS if caveat not in words] == []
