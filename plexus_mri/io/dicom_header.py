"""DICOM headers, read so that no damaged value can stop the reading or reach a person."""

import io
import logging
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import gdcm
import pydicom
from pydicom import config
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import data_element_generator
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from plexus_mri.io.dicom_keys import READ
from plexus_mri.io.file_kind import FileStart

# What pydicom and its plugins raise on damaged values: its own errors are spread over these.
DICOM_DAMAGE = (
    InvalidDicomError,
    BytesLengthException,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    LookupError,
    ArithmeticError,
    EOFError,
    OSError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
)
_PREAMBLE_BYTES, _MAGIC = 128, b"DICM"
_META_GROUP, _PIXEL_GROUP = 0x0002, 0x7FE0
_PIXELS = frozenset({0x7FE0_0008, 0x7FE0_0009, 0x7FE0_0010})
_TRANSFER_SYNTAX = 0x0002_0010
_ODD_SYNTAXES = frozenset({DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian})
_READ_TAGS = [int(tag) for tag in READ]  # pydicom's own tags are slow to compare


@contextmanager
def quiet_dicom() -> Iterator[None]:
    """Keep the DICOM libraries' warnings about bad headers away from people.

    What matters of them comes back as a reason code.
    """
    log = logging.getLogger("pydicom")
    before = (log.level, config.settings.reading_validation_mode)
    gdcm.Trace.WarningOff()
    gdcm.Trace.ErrorOff()
    try:
        log.setLevel(logging.CRITICAL + 1)
        config.settings.reading_validation_mode = config.IGNORE
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before[0])
        config.settings.reading_validation_mode = before[1]


@dataclass(frozen=True)
class Header:
    """Header of a file, as far as it is looked at.

    Parameters
    ----------
    syntax
        Encoding of the pixels.
    pixels_at
        Where in the file the pixel data begin.
    file_bytes
        Length of the file.
    plain
        Whether it keeps to the standard, little endian and not deflated, up to its pixel data.
    """

    elements: Dataset
    syntax: UID
    pixels_at: int
    file_bytes: int
    plain: bool = False


def read_header(path: Path, start: FileStart) -> Header:
    """Header of a file whose first bytes are read already.

    Raises
    ------
    DICOM_DAMAGE
        When it cannot be parsed.
    """
    file_bytes = start.file_bytes
    header = _plain(io.BytesIO(start.block), file_bytes)
    if header is not None:
        return header
    with path.open("rb") as stream:
        header = _plain(stream, file_bytes) if file_bytes > len(start.block) else None
        if header is None:
            stream.seek(0)
            elements = _parsed(stream)
            header = Header(elements, transfer_syntax(elements), stream.tell(), file_bytes)
    return header


def transfer_syntax(header: Dataset) -> UID:
    """Encoding of the pixels; files without a meta header tell it by how they could be read."""
    meta = getattr(header, "file_meta", None) or Dataset()
    stated = meta.get("TransferSyntaxUID")
    if stated:
        return UID(str(stated))
    implicit, little = header.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little else ExplicitVRBigEndian


def _parsed(stream: BinaryIO) -> Dataset:
    return pydicom.dcmread(stream, stop_before_pixels=True, force=True, specific_tags=list(READ))


def _plain(stream: BinaryIO, file_bytes: int) -> Header | None:
    """Header that keeps to the standard, up to its pixel data; None for any other.

    The same elements as `_parsed` gives, in half the time: what pydicom checks and mends on the
    way is left to it.
    """
    stream.seek(_PREAMBLE_BYTES)
    if stream.read(len(_MAGIC)) != _MAGIC:
        return None
    try:
        syntax = _stated_syntax(stream)
        if syntax is None or not _begins_with(stream, explicit=not syntax.is_implicit_VR):
            return None
        elements = {e.tag: e for e in _elements(stream, implicit=syntax.is_implicit_VR)}
    except DICOM_DAMAGE:
        return None
    pixels_at = stream.tell()
    if int.from_bytes(stream.read(2), "little") != _PIXEL_GROUP:
        return None  # the header ends or breaks off before any pixels
    return Header(Dataset(elements), syntax, pixels_at, file_bytes, plain=True)


def _stated_syntax(stream: BinaryIO) -> UID | None:
    """Encoding that a meta header states, if its header is plain little endian elements."""
    stated = {
        int(element.tag): element.value
        for element in data_element_generator(
            stream,
            is_implicit_VR=False,
            is_little_endian=True,
            stop_when=lambda tag, _vr, _length: tag >> 16 != _META_GROUP,
        )
    }
    text = stated.get(_TRANSFER_SYNTAX) or b""
    syntax = UID(text.rstrip(b"\0 ").decode("ascii"))
    return None if not syntax.is_transfer_syntax or syntax in _ODD_SYNTAXES else syntax


def _begins_with(stream: BinaryIO, *, explicit: bool) -> bool:
    """Whether a header begins with an element that states its kind of value, or does not."""
    at = stream.tell()
    group, kind = struct.unpack("<H2x2s", stream.read(6))
    stream.seek(at)
    return group > _META_GROUP and explicit is (kind.isalpha() and kind.isupper())


def _elements(stream: BinaryIO, *, implicit: bool) -> Iterator[RawDataElement | DataElement]:
    """Elements that are looked at, as they are stored; the pixel data come next."""
    return data_element_generator(
        stream,
        is_implicit_VR=implicit,
        is_little_endian=True,
        stop_when=lambda tag, _vr, _length: tag in _PIXELS,
        specific_tags=_READ_TAGS,
    )
