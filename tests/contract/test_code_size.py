"""Functions and modules stay small enough to be read at one go."""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "plexus_mri"
LONGEST_FUNCTION = 40
LONGEST_MODULE = 300
# "module.function" or "module" -> why it is longer; keep it empty when in doubt.
EXCEPTIONS: dict[str, str] = {}


def modules() -> Iterator[tuple[str, str]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield str(path.relative_to(PACKAGE.parent)), path.read_text(encoding="utf-8")


def lines_without_docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    end = function.end_lineno or function.lineno
    first = function.body[0]
    docstring = ast.get_docstring(function, clean=False)
    inside = (first.end_lineno or 0) - first.lineno + 1 if docstring is not None else 0
    return end - function.lineno + 1 - inside


def test_no_function_is_longer_than_forty_lines():
    found = {
        f"{name}:{node.name}": lines_without_docstring(node)
        for name, text in modules()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    long = {name: lines for name, lines in found.items() if lines > LONGEST_FUNCTION}
    assert {name: n for name, n in long.items() if name not in EXCEPTIONS} == {}


def test_no_module_is_longer_than_three_hundred_lines():
    long = {
        name: text.count("\n") for name, text in modules() if text.count("\n") > LONGEST_MODULE
    }
    assert {name: n for name, n in long.items() if name not in EXCEPTIONS} == {}


def test_every_exception_is_still_needed():
    names = {name for name, _ in modules()}
    assert {name.split(":")[0] for name in EXCEPTIONS} <= names


def test_no_module_is_a_drawer_for_anything():
    drawers = {"utils.py", "helpers.py", "common.py", "misc.py"}
    assert [name for name, _ in modules() if Path(name).name in drawers] == []
