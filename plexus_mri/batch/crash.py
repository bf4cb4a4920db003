"""Crash files: where an unexpected error came from, without anything that names a person."""

import re
import traceback
from pathlib import Path

from plexus_mri import __version__
from plexus_mri.io.atomic import write_text

_PATH = re.compile(r"(?:[A-Za-z]:)?(?:[\\/][^\\/\s'\":,;]+)+")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def describe_crash(error: BaseException) -> str:
    """Kind, message and call stack of an error, with paths and quoted values taken out.

    A message may hold a file name or a header value, so everything quoted and everything that
    looks like a path is replaced; the stack names modules, functions and lines only.

    >>> print(describe_crash(ValueError("cannot read '/data/DOE^JANE/1.dcm' at /data/DOE")))
    ValueError: cannot read '…' at …
    """
    lines = []
    for link in _chain(error):
        lines.append(f"{type(link).__name__}: {scrubbed(str(link))}")
        for frame, number in traceback.walk_tb(link.__traceback__):
            module = frame.f_globals.get("__name__", "?")
            lines.append(f"  {module}:{number} in {frame.f_code.co_name}")
    return "\n".join(lines)


def write_crash_file(out: Path, name: str, description: str) -> Path:
    """Write ``logs/crash_<name>.txt`` in the output folder and give its path."""
    path = out / "logs" / f"crash_{name}.txt"
    write_text(path, f"plexus-mri {__version__}\n{description}\n")
    return path


def _chain(error: BaseException) -> list[BaseException]:
    """Give the error and what caused it, the cause last."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    return chain


def scrubbed(text: str) -> str:
    """Text without quoted values and without anything that looks like a path."""
    return _PATH.sub("…", _QUOTED.sub("'…'", text))
