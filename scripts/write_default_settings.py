"""Write configs/default.yaml: every setting with its default and the comment beside it."""

import argparse
import ast
import inspect
import textwrap
from dataclasses import fields
from pathlib import Path

import yaml

from plexus_mri.settings import Settings, settings_to_mapping, stage_ranges

_HEAD = """\
# All settings with their defaults. Written from the dataclasses by `make settings`: change the
# default there, not here. Give changed keys alone to `plexus-mri … --config FILE`, or one at a
# time as `--set stage.key=value`; an unknown key, or a number outside the range beside it, is an
# error.
"""
_WIDTH = 97


def default_settings_text() -> str:
    """The whole file: one block a stage, each key under the comment of its field."""
    settings = Settings()
    mapping = settings_to_mapping(settings)
    blocks = [
        _stage_block(stage.name, type(getattr(settings, stage.name)), mapping[stage.name])
        for stage in fields(settings)
    ]
    return _HEAD + "".join(blocks)


def field_comments(cls: type) -> dict[str, str]:
    """Comment of each field: the lines above it, back to the field before, and those beside it.

    Comments are no part of the syntax tree, so they are found by the lines between the fields.
    """
    lines = textwrap.dedent(inspect.getsource(cls)).splitlines()
    body = ast.parse("\n".join(lines)).body[0].body  # type: ignore[attr-defined]
    comments, last = {}, 0
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            above = [line.strip() for line in lines[last : node.lineno - 1]]
            beside = lines[node.end_lineno - 1][node.end_col_offset :].strip()
            words = [line.lstrip("# ") for line in (*_block(above), beside) if line[:1] == "#"]
            comments[node.target.id] = " ".join(words)
        last = node.end_lineno or last
    return comments


def _block(above: list[str]) -> list[str]:
    """The comment lines that end directly above the field."""
    start = len(above)
    while start and above[start - 1].startswith("#"):
        start -= 1
    return above[start:]


def _stage_block(name: str, cls: type, values: object) -> str:
    comments, ranges = field_comments(cls), stage_ranges(cls)
    lines = ["", f"{name}:"]
    for key, value in dict(values).items():  # type: ignore[call-overload]
        if comments.get(key):
            indent = "  # "
            lines += textwrap.wrap(
                comments[key], _WIDTH, initial_indent=indent, subsequent_indent=indent
            )
        text = (
            yaml.safe_dump(value, default_flow_style=True, width=1000)
            .strip()
            .removesuffix("...")
            .strip()
        )
        low_high = ranges.get(key)
        beside = f"  # {low_high[0]:g} to {low_high[1]:g}" if low_high else ""
        lines.append(f"  {key}: {text}{beside}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("configs/default.yaml"))
    parser.parse_args().out.write_text(default_settings_text(), encoding="utf-8")
