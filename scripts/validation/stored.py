"""Rows of cases that were run before, one file a case."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def stored_rows(path: Path, make: Callable[[], Iterable[Any]]) -> list[Row]:
    """Rows of one case, from its file where it was run before; else made and written whole."""
    if not path.exists():
        rows = [asdict(row) for row in make()]
        partial = path.with_suffix(".part")
        partial.write_text(json.dumps(rows), encoding="utf-8")
        partial.replace(path)
        print(path.stem, flush=True)
    stored: list[Row] = json.loads(path.read_text(encoding="utf-8"))
    return stored
