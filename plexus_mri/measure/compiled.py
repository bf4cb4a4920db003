"""Compile a numeric function with numba and keep its type for the type checker."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import ParamSpec, TypeVar

import numba

_P = ParamSpec("_P")
_R = TypeVar("_R")


def compiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Give the function as machine code, kept on disk, that lets other threads run beside it.

    Sums keep their order (no ``fastmath``): the same image gives the same numbers to the last
    bit, wherever in memory it lies (ADR-133).
    """
    machine_code: Callable[_P, _R] = numba.njit(cache=True, nogil=True, error_model="numpy")(
        function
    )
    return machine_code


def forget_stale_code(folder: Path) -> None:
    """Delete the machine code kept beside the sources of a folder once any of them changed.

    numba looks at the file of a function, not at the files of the functions that it calls, and
    would go on with their old code after an update.
    """
    digest = hashlib.sha256()
    for source in sorted(folder.glob("*.py")):
        digest.update(source.read_bytes())
    kept = folder / "__pycache__"
    stamp = kept / "sources.sha256"
    # A folder that cannot be written holds no code that could be stale.
    with suppress(OSError):
        if stamp.is_file() and stamp.read_text(encoding="ascii") == digest.hexdigest():
            return
        for code in kept.glob("*.nb[ci]"):
            code.unlink(missing_ok=True)
        kept.mkdir(exist_ok=True)
        stamp.write_text(digest.hexdigest(), encoding="ascii")


forget_stale_code(Path(__file__).parent)
