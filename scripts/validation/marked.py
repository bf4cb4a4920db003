"""Sections of a page between markers of their own; the rest of the page stays as it is."""

import re
from collections.abc import Sequence
from pathlib import Path


def put_section(page: Path, name: str, lines: Sequence[str]) -> None:
    """Put lines between the markers of a section, at the end where there are none, and print."""
    text = "\n".join(lines) + "\n"
    marked = f"<!-- {name} -->\n{text}<!-- /{name} -->\n"
    pattern = re.compile(rf"<!-- {name} -->\n.*?<!-- /{name} -->\n", re.DOTALL)
    before = page.read_text(encoding="utf-8") if page.is_file() else ""
    found = pattern.search(before)
    after = pattern.sub(lambda _: marked, before) if found else f"{before}\n{marked}"
    page.write_text(after, encoding="utf-8")
    print(text)
