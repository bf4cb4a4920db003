"""Finding files: what lies in a folder, archive or DICOMDIR, archives inside of it included."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import overload

import pydicom

from plexus_mri.errors import InputError
from plexus_mri.io.archive import UnpackedFolder, unpack
from plexus_mri.io.dicom_checks import Problem
from plexus_mri.io.dicom_header import DICOM_DAMAGE, quiet_dicom
from plexus_mri.io.file_kind import EXPECTED, FileKind, file_kind
from plexus_mri.reasons import ReasonCode

_SKIPPED_FOLDERS = frozenset({"derivatives", "sourcedata", "__MACOSX"})


class FileList(Sequence[Path]):
    """Paths, each made when it is asked for: most of a large input never are."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, place: int) -> Path: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Path, ...]: ...

    def __getitem__(self, place: int | slice) -> Path | tuple[Path, ...]:
        if isinstance(place, slice):
            return tuple(map(Path, self._names[place]))
        return Path(self._names[place])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(self._names)


State = tuple[int, int]  # bytes and time of change in ns


@dataclass(frozen=True)
class Found:
    """Files below ``root``, in a fixed order.

    Parameters
    ----------
    given
        The input without its suffix, whose name may tell the subject.
    names
        Where every file lies: paths as text, of which a large input has many.
    missing
        Files that a DICOMDIR lists and that are not there.
    refused
        Archives that were not unpacked, and why.
    unpacked
        Temporary folders, each with the place below ``root`` that it stands for.
    """

    root: Path
    given: Path
    names: tuple[str, ...] = ()
    missing: int = 0
    refused: tuple[tuple[Path, Problem], ...] = ()
    unpacked: tuple[tuple[UnpackedFolder, Path], ...] = field(default=(), compare=False)

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """Every file."""
        return tuple(map(Path, self.names))

    @cached_property
    def states(self) -> tuple[State | None, ...]:
        """State of every file; None for one that cannot be looked at."""
        return tuple(map(_state, self.names))

    def relative(self, path: Path) -> Path:
        """Where a file lies in the input; an archive inside of it counts as a folder."""
        for folder, place in self.unpacked:
            if path.is_relative_to(folder.path):
                return place / path.relative_to(folder.path)
        return path.relative_to(self.root)


def discover(source: Path) -> Found:
    """Files of a file, folder, zip or DICOMDIR.

    Raises
    ------
    InputError
        When the path does not exist, cannot be read, or is a single file of another kind.
    """
    if source.is_dir():
        return _with_archives(source, source.resolve(), list(_walk(source)))
    if not source.is_file():
        msg = f"'{source.name}' does not exist"
        raise InputError(msg, ReasonCode.INPUT_MISSING)
    given = source.resolve().with_name(source.name.split(".")[0] or source.name)
    kind = file_kind(source)
    if kind is FileKind.ZIP:
        unpacked = unpack(source)
        names = tuple(_walk(unpacked.path))
        return Found(unpacked.path, given, names, unpacked=((unpacked, Path()),))
    if kind is FileKind.DICOMDIR:
        listed = _listed(source)
        there = tuple(str(path) for path in listed if path.is_file())
        return Found(source.parent, given.parent, there, missing=len(listed) - len(there))
    if kind is FileKind.OTHER:
        msg = f"'{source.name}' is neither DICOM nor NIfTI nor a zip of them"
        raise InputError(msg, ReasonCode.INPUT_UNSUPPORTED)
    return Found(source.parent, given, (str(source),))


def nothing_found(source: Path, words: str) -> InputError:
    """The error for an input without any image: what is there, and what was expected."""
    msg = f"'{source.name}' holds no DICOM or NIfTI image; found: {words}; expected: {EXPECTED}"
    return InputError(msg, ReasonCode.INPUT_EMPTY)


def _walk(folder: Path) -> Iterator[str]:
    """Files below a folder in a fixed order; hidden ones and folder links are left out."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if name[0] != "." and name not in _SKIPPED_FOLDERS
        )
        yield from (f"{parent}{os.sep}{name}" for name in sorted(files) if name[0] != ".")


def _with_archives(root: Path, given: Path, names: list[str]) -> Found:
    """Files of a folder and of the archives in it (an archive in an archive stays packed)."""
    files: list[str] = []
    refused: list[tuple[Path, Problem]] = []
    unpacked: list[tuple[UnpackedFolder, Path]] = []
    for name in names:
        if not name.lower().endswith(".zip") or file_kind(Path(name)) is not FileKind.ZIP:
            files.append(name)
            continue
        path = Path(name)
        try:
            folder = unpack(path)
        except InputError as error:
            detail = str(error).replace(f"'{path.name}'", "an archive", 1)
            refused.append((path, (error.reason, detail)))
            continue
        unpacked.append((folder, path.relative_to(root).with_suffix("")))
        files += _walk(folder.path)
    discs = (name for name in files if name.upper().endswith(f"{os.sep}DICOMDIR"))
    missing = sum(_missing(Path(disc)) for disc in discs)
    return Found(root, given, tuple(files), missing, tuple(refused), tuple(unpacked))


def _state(name: str) -> State | None:
    """Size and time of change; None when the file cannot be looked at."""
    try:
        found = os.stat(name)  # noqa: PTH116 - a Path would take four times as long
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _missing(dicomdir: Path) -> int:
    """How many files a DICOMDIR in a folder lists that are not there.

    None when it is damaged or when no listed file is there: then the files were renamed by the
    copy, as from a disc, and the list tells nothing. What lies beside it is read all the same.
    """
    try:
        there = [path.is_file() for path in _listed(dicomdir)]
    except InputError:
        return 0
    return there.count(False) if any(there) else 0


def _listed(dicomdir: Path) -> list[Path]:
    """Files that a DICOMDIR lists, none outside its folder.

    Raises
    ------
    InputError
        When it is damaged.
    """
    folder = dicomdir.parent
    listed = []
    with quiet_dicom():
        try:
            records = pydicom.dcmread(dicomdir).DirectoryRecordSequence
            for record in records:
                parts = record.get("ReferencedFileID") or ()
                names = [parts] if isinstance(parts, str) else [str(part) for part in parts]
                path = folder.joinpath(*names)
                if ".." not in names and folder.resolve() in path.resolve().parents:
                    listed.append(path)
        except DICOM_DAMAGE as error:
            msg = f"'{dicomdir.name}' is damaged; give the folder that it lies in instead"
            raise InputError(msg, ReasonCode.INPUT_UNREADABLE) from error
    return listed
