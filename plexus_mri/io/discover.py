"""Finding images: what lies in a folder, archive or DICOMDIR, told by content and not by name."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path

import pydicom

from plexus_mri.errors import InputError
from plexus_mri.io.archive import UnpackedFolder, unpack
from plexus_mri.io.dicom_header import DICOM_DAMAGE, quiet_dicom
from plexus_mri.reasons import ReasonCode

_NIFTI_ENDS = (".nii", ".nii.gz", ".hdr")
_DICOM_ENDS = (".dcm", ".dicom", ".ima")
_ZIP_START = b"PK\x03\x04"
# Files without a preamble begin with a tag of group 0002 or 0008, in either byte order.
_BARE_STARTS = (b"\x02\x00", b"\x08\x00", b"\x00\x02", b"\x00\x08")
_MAX_BARE_ELEMENT = 0x20  # first elements of those groups are low; other binary files are not
_SKIPPED_FOLDERS = frozenset({"derivatives", "sourcedata", "__MACOSX"})


class FileKind(Enum):
    """What a file is."""

    NIFTI = auto()
    DICOM = auto()
    DICOMDIR = auto()
    ZIP = auto()
    DAMAGED = auto()
    OTHER = auto()


@dataclass(frozen=True)
class Found:
    """Image files below ``root``, in a fixed order.

    ``given`` is the input without its suffix, whose name may tell the subject; ``missing`` counts
    files that a DICOMDIR lists and that are not there; ``unpacked`` keeps a temporary folder.
    """

    root: Path
    given: Path
    niftis: tuple[Path, ...]
    dicoms: tuple[Path, ...]
    damaged: tuple[Path, ...]
    ignored: int
    missing: int = 0
    unpacked: UnpackedFolder | None = None


def discover(source: Path) -> Found:
    """Images in a file, folder, zip or DICOMDIR.

    Raises
    ------
    InputError
        When the path does not exist, cannot be read, or is a single file of another kind.
    """
    if source.is_dir():
        return _sorted_out(source, source.resolve(), _walk(source))
    if not source.is_file():
        msg = f"'{source.name}' does not exist"
        raise InputError(msg, ReasonCode.INPUT_MISSING)
    given = source.resolve().with_name(source.name.split(".")[0] or source.name)
    kind = file_kind(source)
    if kind is FileKind.ZIP:
        unpacked = unpack(source)
        found = _sorted_out(unpacked.path, given, _walk(unpacked.path))
        return replace(found, unpacked=unpacked)
    if kind is FileKind.DICOMDIR:
        listed = _listed(source)
        there = [path for path in listed if path.is_file()]
        found = _sorted_out(source.parent, given.parent, there)
        return replace(found, missing=len(listed) - len(there))
    if kind is FileKind.OTHER:
        msg = f"'{source.name}' is neither DICOM nor NIfTI nor a zip of them"
        raise InputError(msg, ReasonCode.INPUT_UNSUPPORTED)
    return _sorted_out(source.parent, given, [source])


def is_nifti_name(path: Path) -> bool:
    """Whether a file is called like a NIfTI image."""
    return path.name.lower().endswith(_NIFTI_ENDS)


def file_kind(path: Path) -> FileKind:
    """Kind of a file by its first bytes; by its name only for NIfTI and for damage."""
    name = path.name.lower()
    if is_nifti_name(path):
        return FileKind.NIFTI
    try:
        with path.open("rb") as stream:
            head = stream.read(132)
    except OSError:
        return FileKind.DAMAGED if name.endswith(_DICOM_ENDS) else FileKind.OTHER
    if _is_dicom(head):
        return FileKind.DICOMDIR if name == "dicomdir" else FileKind.DICOM
    if head.startswith(_ZIP_START):
        return FileKind.ZIP
    return FileKind.DAMAGED if name.endswith(_DICOM_ENDS) else FileKind.OTHER


def _is_dicom(head: bytes) -> bool:
    if head[128:132] == b"DICM":
        return True
    if head[:2] not in _BARE_STARTS or len(head) < 132:
        return False
    low, high = (head[2], head[3]) if head[1] == 0 else (head[3], head[2])
    return high == 0 and low <= _MAX_BARE_ELEMENT


def _walk(folder: Path) -> Iterator[Path]:
    """Files below a folder in a fixed order; hidden ones and folder links are left out."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if name[0] != "." and name not in _SKIPPED_FOLDERS
        )
        yield from (Path(parent, name) for name in sorted(files) if name[0] != ".")


def _sorted_out(root: Path, given: Path, paths: Iterable[Path]) -> Found:
    by_kind: dict[FileKind, list[Path]] = {kind: [] for kind in FileKind}
    for path in paths:
        by_kind[file_kind(path)].append(path)
    return Found(
        root=root,
        given=given,
        niftis=tuple(by_kind[FileKind.NIFTI]),
        dicoms=tuple(by_kind[FileKind.DICOM]),
        damaged=tuple(by_kind[FileKind.DAMAGED]),
        ignored=len(by_kind[FileKind.OTHER]) + len(by_kind[FileKind.ZIP]),
    )


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
