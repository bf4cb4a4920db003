"""Finding files: what lies in a folder, archive or DICOMDIR, archives inside of it included."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pydicom

from plexus_mri.errors import InputError
from plexus_mri.io.archive import UnpackedFolder, unpack
from plexus_mri.io.dicom_checks import Problem
from plexus_mri.io.dicom_header import DICOM_DAMAGE, quiet_dicom
from plexus_mri.io.file_kind import EXPECTED, FileKind, file_kind
from plexus_mri.reasons import ReasonCode

_SKIPPED_FOLDERS = frozenset({"derivatives", "sourcedata", "__MACOSX"})


@dataclass(frozen=True)
class Found:
    """Files below ``root``, in a fixed order.

    Parameters
    ----------
    given
        The input without its suffix, whose name may tell the subject.
    missing
        Files that a DICOMDIR lists and that are not there.
    refused
        Archives that were not unpacked, and why.
    unpacked
        Temporary folders, each with the place below ``root`` that it stands for.
    """

    root: Path
    given: Path
    files: tuple[Path, ...] = ()
    missing: int = 0
    refused: tuple[tuple[Path, Problem], ...] = ()
    unpacked: tuple[tuple[UnpackedFolder, Path], ...] = field(default=(), compare=False)

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
        files = tuple(_walk(unpacked.path))
        return Found(unpacked.path, given, files, unpacked=((unpacked, Path()),))
    if kind is FileKind.DICOMDIR:
        listed = _listed(source)
        there = tuple(path for path in listed if path.is_file())
        return Found(source.parent, given.parent, there, missing=len(listed) - len(there))
    if kind is FileKind.OTHER:
        msg = f"'{source.name}' is neither DICOM nor NIfTI nor a zip of them"
        raise InputError(msg, ReasonCode.INPUT_UNSUPPORTED)
    return Found(source.parent, given, (source,))


def nothing_found(source: Path, words: str) -> InputError:
    """The error for an input without any image: what is there, and what was expected."""
    msg = f"'{source.name}' holds no DICOM or NIfTI image; found: {words}; expected: {EXPECTED}"
    return InputError(msg, ReasonCode.INPUT_EMPTY)


def _walk(folder: Path) -> Iterator[Path]:
    """Files below a folder in a fixed order; hidden ones and folder links are left out."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if name[0] != "." and name not in _SKIPPED_FOLDERS
        )
        yield from (Path(parent, name) for name in sorted(files) if name[0] != ".")


def _with_archives(root: Path, given: Path, paths: list[Path]) -> Found:
    """Files of a folder and of the archives in it (an archive in an archive stays packed)."""
    files: list[Path] = []
    refused: list[tuple[Path, Problem]] = []
    unpacked: list[tuple[UnpackedFolder, Path]] = []
    for path in paths:
        if path.suffix.lower() != ".zip" or file_kind(path) is not FileKind.ZIP:
            files.append(path)
            continue
        try:
            folder = unpack(path)
        except InputError as error:
            detail = str(error).replace(f"'{path.name}'", "an archive", 1)
            refused.append((path, (error.reason, detail)))
            continue
        unpacked.append((folder, path.relative_to(root).with_suffix("")))
        files += _walk(folder.path)
    missing = sum(_missing(path) for path in files if path.name.upper() == "DICOMDIR")
    return Found(root, given, tuple(files), missing, tuple(refused), tuple(unpacked))


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
