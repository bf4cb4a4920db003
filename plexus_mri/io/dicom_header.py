"""DICOM headers, read so that no damaged value can stop the reading or reach a person."""

import io
import logging
import math
import os
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

import gdcm
import pydicom
from pydicom import config
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import data_element_generator
from pydicom.tag import BaseTag, Tag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from plexus_mri.io.dicom_keys import READ, tag_of

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
_MAX_TEXT = 256  # no attribute that is looked at is longer; damaged ones reach megabytes
_MAX_VALUES = 64
# One block holds most headers of single-frame files; parsing it in memory is quicker than
# parsing the open file.
_BLOCK_BYTES = 2**16
_PREAMBLE_BYTES, _MAGIC = 128, b"DICM"
_META_GROUP, _PIXEL_GROUP = 0x0002, 0x7FE0
_PIXELS = frozenset({0x7FE0_0008, 0x7FE0_0009, 0x7FE0_0010})
_TRANSFER_SYNTAX = 0x0002_0010
_ODD_SYNTAXES = frozenset({DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian})
_READ_TAGS = [int(tag) for tag in READ]  # pydicom's own tags are slow to compare
_SHORT = 2  # bytes of one value of kind US
_TEXT_VRS = frozenset({"AS", "CS", "DA", "DS", "DT", "IS", "LO", "PN", "SH", "TM", "UI"})


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
    """

    elements: Dataset
    syntax: UID
    pixels_at: int
    file_bytes: int


def read_header(path: Path) -> Header:
    """Header of a file.

    Raises
    ------
    DICOM_DAMAGE
        When it cannot be parsed.
    """
    with path.open("rb") as stream:
        file_bytes = os.fstat(stream.fileno()).st_size
        header = _plain(io.BytesIO(stream.read(_BLOCK_BYTES)), file_bytes)
        if header is None and file_bytes > _BLOCK_BYTES:
            header = _plain(stream, file_bytes)
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
    return Header(Dataset(elements), syntax, pixels_at, file_bytes)


def _stated_syntax(stream: BinaryIO) -> UID | None:
    """Encoding that a meta header states, if its header is plain little endian elements."""
    stated = {
        element.tag: element.value
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


@cache
def _stated_vr(tag: int) -> str:
    """Kind of value by the dictionary, for files that do not state it."""
    return "" if Tag(tag).is_private else dictionary_VR(tag)


_Level = tuple[Dataset, Mapping[int, object]]


class Attributes:
    """Values of a frame, looked up in its own groups first, then in the file's.

    A value is looked up once: most are asked for several times.
    """

    def __init__(self, header: Dataset) -> None:
        self._levels: tuple[_Level, ...] = (_level(header),)
        self._found: dict[int, tuple[str, ...]] = {}

    def within(self, groups: Sequence[Dataset]) -> "Attributes":
        """Values of a frame whose own groups are looked at before the file."""
        if not groups:
            return self
        frame = copy(self)
        frame._levels = (*map(_level, groups), *self._levels)  # noqa: SLF001 - of its own kind
        frame._found = {}  # noqa: SLF001 - of its own kind
        return frame

    def has(self, key: str | BaseTag) -> bool:
        """Whether an attribute is there, be it empty."""
        tag = tag_of(key)
        return any(tag in raw for _, raw in self._levels)

    def stored(self, *, but: frozenset[int]) -> tuple[object, ...] | None:
        """All that the file stores, but for some tags; None when a sequence is parsed already."""
        _, raw = self._levels[-1]
        kept = [(tag, element) for tag, element in raw.items() if tag not in but]
        plain = [
            (tag, element.VR, element.value, element.is_little_endian)
            for tag, element in kept
            if isinstance(element, RawDataElement)
        ]
        return tuple(plain) if len(plain) == len(kept) else None

    def text(self, key: str | BaseTag) -> str:
        """Stripped text; several values are joined by a backslash; empty when absent."""
        return "\\".join(self.texts(key))

    def texts(self, key: str | BaseTag) -> tuple[str, ...]:
        """Each value as stripped text: the first that can be read and is not empty."""
        tag = tag_of(key)
        if tag not in self._found:
            self._found[tag] = self._looked_up(tag)
        return self._found[tag]

    def _looked_up(self, tag: int) -> tuple[str, ...]:
        for level, raw in self._levels:
            try:
                found = _texts(level, raw[tag], tag) if tag in raw else ()
            except DICOM_DAMAGE:
                continue
            if any(found):
                return found
        return ()

    def numbers(self, key: str | BaseTag, count: int) -> tuple[float, ...] | None:
        """Exactly ``count`` finite numbers, or None."""
        try:
            numbers = tuple(float(text) for text in self.texts(key))
        except ValueError:
            return None
        whole = len(numbers) == count and all(math.isfinite(n) for n in numbers)
        return numbers if whole else None

    def number(self, key: str | BaseTag) -> float | None:
        """A finite number, or None."""
        numbers = self.numbers(key, 1)
        return numbers[0] if numbers else None


def _level(dataset: Dataset) -> _Level:
    """Elements as they are stored, by plain numbers: pydicom's own look-up is slow."""
    return dataset, {int(tag): stored for tag, stored in dataset.items()}


def _texts(level: Dataset, raw: object, tag: int) -> tuple[str, ...]:
    """Values of one element; text is taken as it is stored, without the cost of decoding it.

    Latin-1 maps every byte to itself, and what is looked for in free text is plain ASCII.
    """
    if isinstance(raw, RawDataElement) and (raw.VR or _stated_vr(tag)) in _TEXT_VRS:
        whole = (raw.value or b"")[: _MAX_TEXT * _MAX_VALUES].decode("latin-1")
        parts: Sequence[object] = whole.split("\\")[:_MAX_VALUES]
    elif isinstance(raw, RawDataElement) and raw.VR == "US" and len(raw.value or b"") == _SHORT:
        parts = [int.from_bytes(raw.value or b"", "little" if raw.is_little_endian else "big")]
    else:
        value = level[tag].value
        several = isinstance(value, Sequence) and not isinstance(value, str | bytes)
        parts = list(value)[:_MAX_VALUES] if several else [value]
    return tuple(
        "" if part is None else str(part)[:_MAX_TEXT].strip("\0 \t\r\n") for part in parts
    )
