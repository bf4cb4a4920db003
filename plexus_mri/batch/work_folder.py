"""The folder in the output for what a later run needs: locks, claims and finished steps.

``OUT/.plexus-mri``; it holds no result. Without it nothing is lost, but everything is measured
again.
"""

import fcntl
import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from plexus_mri.batch.pseudonym import private_folder
from plexus_mri.errors import OutputError
from plexus_mri.io.atomic import output_error, write_text
from plexus_mri.io.derivatives import case_stem

logger = logging.getLogger(__name__)


def case_folder(out: Path, subject: str, session: str | None) -> Path:
    """Folder of a case's finished steps."""
    return private_folder(out) / case_stem(subject, session)


@contextmanager
def study_lock(out: Path, *, alone: bool) -> Iterator[None]:
    """Hold the output folder: alone, or beside other runs that each have subjects of their own.

    The lock is the kernel's: it ends with the process that holds it, however that ends.

    Raises
    ------
    OutputError
        When another run holds the folder.
    """
    kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
    with _locked(private_folder(out) / "study.lock", kind | fcntl.LOCK_NB):
        yield


def is_held(out: Path) -> bool:
    """Whether a run is at work on the output folder."""
    path = private_folder(out) / "study.lock"
    if not path.exists():
        return False
    with path.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # a disk without locks
            return False
    return False


@contextmanager
def brief_lock(out: Path, name: str) -> Iterator[None]:
    """Wait for a lock that others hold for moments: the study's tables, or one case."""
    with _locked(private_folder(out) / f"{name}.lock", fcntl.LOCK_EX):
        yield


def read_record(path: Path) -> Mapping[str, object]:
    """JSON of the program's own; empty when it is missing or damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_record(path: Path, content: Mapping[str, object]) -> None:
    """Write JSON that `read_record` gives back.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    write_text(path, json.dumps(content, sort_keys=True) + "\n")


def claim(out: Path, names: Iterable[str]) -> None:
    """Take names in the output folder for this program, for this and later runs.

    Raises
    ------
    OutputError
        When something of that name is there that this program did not write.
    """
    record, names = _claims(out), tuple(names)
    with brief_lock(out, "claims"):
        claimed = set(read_record(record))
        if not claimed and is_ours(out):  # of a version that kept no record
            claimed = {name for name in names if _is_there(out / name)}
        fresh = {name for name in names if name not in claimed}
        refuse_foreign_names(out, fresh)
        if fresh:
            write_record(record, dict.fromkeys(claimed | fresh, True))


def has_claims(out: Path) -> bool:
    """Whether this program took names in the folder before."""
    return bool(read_record(_claims(out)))


def refuse_foreign_names(out: Path, names: Iterable[str]) -> None:
    """Refuse names that something in the output folder already has.

    Raises
    ------
    OutputError
        Names the first.
    """
    if foreign := sorted(name for name in names if _is_there(out / name)):
        msg = (
            f"--out '{out}' holds '{foreign[0]}', which this program did not write; "
            "move it away or give another folder"
        )
        raise OutputError(msg)


def is_ours(out: Path) -> bool:
    """Whether the folder is a data set that this program wrote."""
    makers = read_record(out / "dataset_description.json").get("GeneratedBy")
    return isinstance(makers, list) and any(
        isinstance(maker, dict) and maker.get("Name") == "plexus-mri" for maker in makers
    )


def _claims(out: Path) -> Path:
    return private_folder(out) / "claims.json"


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


@contextmanager
def _locked(path: Path, kind: int) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        stream = path.open("ab")
    except OSError as error:
        raise output_error(path, error) from error
    with stream:
        _lock(stream, kind, path)
        yield


def _lock(stream: IO[bytes], kind: int, path: Path) -> None:
    try:
        fcntl.flock(stream, kind)
    except BlockingIOError as error:
        msg = (
            f"another run is at work on '{path.parent.parent.name}'; wait for its end, give "
            "another folder, or let each run have its own --participant-label"
        )
        raise OutputError(msg) from error
    except OSError:
        logger.warning("this disk has no locks: start no second run on the same output folder")
