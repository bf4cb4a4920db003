"""What a file is, told by its first bytes; by its name only for NIfTI and for damage."""

import os
from collections.abc import Mapping
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

NIFTI_ENDS = (".nii", ".nii.gz", ".nii.bz2", ".nii.zst", ".hdr")
_DICOM_ENDS = (".dcm", ".dicom", ".ima")
_ZIP_START = b"PK\x03\x04"
_HEAD_BYTES = 132
# One block holds most headers of single-frame DICOM files; parsing it in memory is quicker than
# parsing the open file.
_BLOCK_BYTES = 2**16
# Files without a preamble begin with a tag of group 0002 or 0008, in either byte order.
_BARE_STARTS = (b"\x02\x00", b"\x08\x00", b"\x00\x02", b"\x00\x08")
_MAX_BARE_ELEMENT = 0x20  # first elements of those groups are low; other binary files are not
EXPECTED = "DICOM (files of any name, a DICOMDIR or a zip) or NIfTI (.nii, .nii.gz, .bz2, .zst)"
# What people find in a folder where they thought their images were.
_WORDS: Mapping[str, tuple[str, ...]] = {
    "PDF document": (".pdf",),
    "text or table": (".txt", ".csv", ".tsv", ".md", ".rtf", ".log"),
    "Office document": (".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".odt", ".ods"),
    "picture": (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".svg"),
    "video": (".avi", ".mp4", ".mov", ".mpg", ".wmv"),
    "program": (".exe", ".dll", ".msi", ".jar", ".bat", ".sh", ".inf", ".so"),
    "web page": (".html", ".htm", ".css", ".js"),
    "JSON or XML": (".json", ".xml", ".yaml", ".yml"),
    "NIfTI pixels without header": (".img",),
    "NRRD image": (".nrrd", ".nhdr"),
    "MetaImage": (".mha", ".mhd"),
    "FreeSurfer image": (".mgz", ".mgh"),
    "MINC image": (".mnc",),
    "Philips PAR/REC": (".par", ".rec"),
    "raw data of a scanner": (".dat", ".h5", ".raw", ".lab", ".sin", ".7"),
    "packed archive that is no zip": (".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar", ".iso"),
}
_WORD_OF_END = {end: word for word, ends in _WORDS.items() for end in ends}


class FileKind(Enum):
    """What a file is."""

    NIFTI = auto()
    DICOM = auto()
    DICOMDIR = auto()
    ZIP = auto()
    DAMAGED = auto()
    OTHER = auto()


class FileStart(NamedTuple):
    """The first bytes of a file, and how many it has; nothing of a file that cannot be read."""

    block: bytes = b""
    file_bytes: int = 0


def is_nifti_name(path: Path) -> bool:
    """Whether a file is called like a NIfTI image."""
    return path.name.lower().endswith(NIFTI_ENDS)


def file_kind(path: Path) -> FileKind:
    """Kind of a file; what cannot be opened is damaged if its name promises an image."""
    return FileKind.NIFTI if is_nifti_name(path) else kind_by_start(path, read_start(path))


def read_start(path: Path) -> FileStart:
    """The first bytes of a file, at least all that tells its kind."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            return FileStart(os.read(handle, _BLOCK_BYTES), os.fstat(handle).st_size)
        finally:
            os.close(handle)
    except OSError:
        return FileStart()


def kind_by_start(path: Path, start: FileStart) -> FileKind:
    """Kind of a file that is not called like a NIfTI image."""
    name, head = path.name.lower(), start.block[:_HEAD_BYTES]
    if _is_dicom(head):
        return FileKind.DICOMDIR if name == "dicomdir" else FileKind.DICOM
    if head.startswith(_ZIP_START):
        return FileKind.ZIP
    return FileKind.DAMAGED if name.endswith(_DICOM_ENDS) else FileKind.OTHER


def kind_word(path: Path) -> str:
    """Word for a file that is no image, by the end of its name.

    >>> kind_word(Path("report.PDF")), kind_word(Path("notes"))
    ('PDF document', 'file of unknown kind')
    """
    return _WORD_OF_END.get(path.suffix.lower(), "file of unknown kind")


def counted_words(counts: Mapping[str, int]) -> str:
    """Counts by kind in words, the commonest first.

    >>> counted_words({"picture": 1, "PDF document": 2})
    '2 × PDF document, 1 × picture'
    """
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} × {word}" for word, count in ordered) or "no file at all"


def _is_dicom(head: bytes) -> bool:
    if head[128:132] == b"DICM":
        return True
    if head[:2] not in _BARE_STARTS or len(head) < _HEAD_BYTES:
        return False
    low, high = (head[2], head[3]) if head[1] == 0 else (head[3], head[2])
    return high == 0 and low <= _MAX_BARE_ELEMENT
