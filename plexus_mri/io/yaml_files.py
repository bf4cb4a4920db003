"""YAML files of settings: read with the line of every mistake, written in the given order."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import yaml

from plexus_mri.errors import SettingsError
from plexus_mri.io.atomic import write_text
from plexus_mri.io.tables import plain

DEEPEST = 20  # settings and lists of rules have four levels


def read_mapping(path: Path) -> dict[str, object]:
    """Mapping in a YAML file; an empty file gives an empty one.

    Raises
    ------
    SettingsError
        When the file is missing or holds no mapping; names the file and, for bad YAML, the line.
    """
    text = _read_text(path)
    try:
        check_depth(text)
        _check_keys(yaml.compose(text, Loader=yaml.SafeLoader), set())
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        msg = f"bad YAML in '{path.name}'{_where(error)}"
        raise SettingsError(msg) from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        msg = f"'{path.name}' must hold 'key: value' lines, got {type(content).__name__}"
        raise SettingsError(msg)
    return content


def check_depth(text: str) -> None:
    """Refuse YAML nested deeper than any settings are, before the whole of it is read.

    Reading takes time that grows with the square of the depth.

    Raises
    ------
    yaml.YAMLError
        With the line at which the text is nested too deeply.
    """
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            problem = f"nested too deeply (over {DEEPEST} levels)"
            raise yaml.MarkedYAMLError(
                problem=problem, problem_mark=cast("yaml.Mark", event.start_mark)
            )


def write_mapping(path: Path, mapping: Mapping[str, object]) -> None:
    """Write a mapping as block YAML that `read_mapping` gives back.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    text = yaml.safe_dump(plain(mapping), sort_keys=False, allow_unicode=True, width=99)
    write_text(path, text)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        msg = f"the settings file '{path.name}' does not exist"
        raise SettingsError(msg) from error
    except (OSError, UnicodeDecodeError) as error:
        msg = f"the settings file '{path.name}' is no readable text"
        raise SettingsError(msg) from error


def _check_keys(node: yaml.Node | None, seen: set[int]) -> None:
    """Refuse keys that YAML would silently drop (given twice) or misread (``on`` is true)."""
    if not isinstance(node, yaml.CollectionNode) or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        children = node.value
    else:
        _check_names([key for key, _ in node.value])
        children = [value for _, value in node.value]
    for child in children:
        _check_keys(child, seen)


def _check_names(keys: Sequence[yaml.Node]) -> None:
    names: set[str] = set()
    for key in keys:
        problem = ""
        if key.tag != "tag:yaml.org,2002:str":
            problem = f"the key '{key.value}' is not plain text; put it in quotes"
        elif key.value in names:
            problem = f"the key '{key.value}' is given twice"
        if problem:
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
        names.add(key.value)


def _where(error: Exception) -> str:
    """Line and problem of a YAML error, as the end of a sentence."""
    mark = getattr(error, "problem_mark", None)
    line = f", line {mark.line + 1}" if mark is not None else ""
    problem = getattr(error, "problem", None) or getattr(error, "reason", "not YAML")
    return f"{line}: {problem}"
