"""Atomic writing: a file that exists is whole."""

import errno
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plexus_mri.errors import OutputError

# Pattern of the names of files that are being written: process, thread, final name.
TEMPORARY = ".tmp-*-*-*"

_REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space or choose another output folder",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another output folder",
    errno.EACCES: "no permission; choose an output folder that you may write to",
    errno.EPERM: "no permission; choose an output folder that you may write to",
    errno.EROFS: "the disk is read-only; choose another output folder",
    errno.ENOTDIR: "a file lies where a folder is needed; remove it or choose another folder",
    errno.EEXIST: "a file lies where a folder is needed; remove it or choose another folder",
    errno.EISDIR: "a folder lies where the file is to go; remove it or choose another folder",
    errno.ENAMETOOLONG: "the name is too long; choose shorter subject and session labels",
}


def output_error(path: Path, error: OSError) -> OutputError:
    """Error for a path that cannot be written; names the file, never the folders above it."""
    fallback = os.strerror(error.errno) if error.errno else "the system gave no reason"
    remedy = _REMEDIES.get(error.errno or 0, f"{fallback}; choose another output folder")
    return OutputError(f"cannot write '{path.name}': {remedy}")


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Path of a temporary file that takes the place of ``path`` when the block ends well.

    The folders above it are made. The temporary name ends like ``path``, because some writers
    choose the format by it. After an error nothing is left and an older ``path`` is untouched.

    Raises
    ------
    OutputError
        When the system refuses: no permission, full disk, a file in place of a folder.
    """
    temporary = path.with_name(f".tmp-{os.getpid()}-{threading.get_ident()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            _flush(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(path, error) from error


def is_left_over(path: Path) -> bool:
    """Whether a file has the name of one being written, by a process that is no more."""
    found = re.match(r"\.tmp-(\d+)-\d+-.", path.name)
    if found is None:
        return False
    try:
        os.kill(int(found[1]), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        return False
    return int(found[1]) == os.getpid()


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file at once.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    r"""Write text as UTF-8 with ``\n`` line ends on every system.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    # A folder name that is no UTF-8 must not cost the whole table: its odd bytes become "?".
    write_bytes(path, text.encode("utf-8", errors="replace"))


def _flush(path: Path) -> None:
    """Bring the bytes to the disk, so that a power cut cannot leave a named but empty file."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
