"""Zip archives, unpacked without letting them harm the machine."""

import os
import shutil
import stat
import tempfile
import time
import weakref
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode

_MAX_FILES = 200_000  # a whole study of single-frame slices is below 20 000
_MAX_BYTES = 64 * 2**30
_MAX_RATIO = 200.0  # DICOM of mostly air packs about 20-fold; bombs 1000-fold and more
_RATIO_FREE_BYTES = 2**20  # small members may pack as they like
_CHUNK_BYTES = 2**20
_DAMAGE = (
    zipfile.BadZipFile,
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    NotImplementedError,
    zlib.error,
)


@dataclass(frozen=True)
class UnpackedFolder:
    """A temporary folder that goes away with the last value that needs it.

    Copies made by pickling point to the same folder and do not own it.
    """

    path: Path


def unpack(archive: Path) -> UnpackedFolder:
    """Unpack a zip into a temporary folder that lives as long as the returned value.

    Members get their own names below the folder; nothing is written outside of it.

    Raises
    ------
    InputError
        When the archive is damaged, encrypted or built to do harm: names that lead out of the
        folder, links, too many files, too many bytes or an impossible compression ratio.
    """
    folder = UnpackedFolder(Path(tempfile.mkdtemp(prefix="plexus-mri-")))
    weakref.finalize(folder, shutil.rmtree, folder.path, ignore_errors=True)
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [m for m in opened.infolist() if not m.is_dir()]
            _check(archive, members)
            for member in members:
                _extract(opened, member, folder.path)
    except (*_DAMAGE, RuntimeError) as error:
        msg = f"'{archive.name}' is a damaged or encrypted archive; unpack it yourself"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE) from error
    return folder


def _check(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive by its table of contents, before anything is written."""
    problem = ""
    if len(members) > _MAX_FILES:
        problem = f"{len(members)} files, more than {_MAX_FILES}"
    elif sum(m.file_size for m in members) > _MAX_BYTES:
        problem = f"more than {_MAX_BYTES // 2**30} GiB"
    for member in members:
        problem = problem or _problem(member)
    if problem:
        msg = f"'{archive.name}' holds {problem}, which no image archive does; unpack it yourself"
        raise InputError(msg, ReasonCode.INPUT_UNSUPPORTED)


def _problem(member: zipfile.ZipInfo) -> str:
    """What makes one member unsafe; empty when it is safe."""
    name = PurePosixPath(member.filename.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or ":" in member.filename or not name.parts:
        return "a name that leads out of its folder"
    if stat.S_IFMT(member.external_attr >> 16) not in {0, stat.S_IFREG}:
        return "a link or device"
    packed = max(member.compress_size, 1)
    if member.file_size > _RATIO_FREE_BYTES and member.file_size / packed > _MAX_RATIO:
        return f"a file packed {member.file_size / packed:.0f}-fold"
    return ""


def _extract(opened: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    """Write one member, never more bytes than its entry promised."""
    target = folder / PurePosixPath(member.filename.replace("\\", "/"))
    target.parent.mkdir(parents=True, exist_ok=True)
    left = member.file_size
    with opened.open(member) as source, target.open("wb") as sink:
        while chunk := source.read(_CHUNK_BYTES):
            left -= len(chunk)
            if left < 0:
                msg = "longer than promised"
                raise zipfile.BadZipFile(msg)
            sink.write(chunk)
    # The member's own time, so that an index of headers knows the file again.
    moment = time.mktime((*member.date_time, 0, 0, -1))
    os.utime(target, (moment, moment))
