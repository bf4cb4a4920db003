"""DICOM headers, read so that no damaged value can stop the reading or reach a person."""

import io
import logging
import math
import os
import struct
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import gdcm
import pydicom
from pydicom import config
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.tag import BaseTag, Tag

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
# One block holds the header of nearly every single-frame file; parsing it in memory takes half
# the time of parsing the open file.
_BLOCK_BYTES = 2**16
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


def read_header(path: Path) -> tuple[Dataset, int]:
    """Header of a file, and where in the file its pixel data begin.

    Raises
    ------
    DICOM_DAMAGE
        When it cannot be parsed.
    """
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        block = io.BytesIO(stream.read(_BLOCK_BYTES))
        try:
            header = pydicom.dcmread(block, stop_before_pixels=True, force=True)
            if size <= _BLOCK_BYTES or block.tell() < _BLOCK_BYTES:
                return header, block.tell()
        except DICOM_DAMAGE:
            if size <= _BLOCK_BYTES:
                raise
        stream.seek(0)
        header = pydicom.dcmread(stream, stop_before_pixels=True, force=True)
        return header, stream.tell()


@cache
def _tag(key: str | BaseTag) -> BaseTag:
    return Tag(key)


@cache
def _stated_vr(tag: BaseTag) -> str:
    """Kind of value by the dictionary, for files that do not state it."""
    return "" if tag.is_private else dictionary_VR(tag)


class Attributes:
    """Values of a frame, looked up in its own groups first, then in the file's."""

    def __init__(self, levels: Sequence[Dataset]) -> None:
        self._levels = tuple(levels)

    def text(self, key: str | BaseTag) -> str:
        """Stripped text; several values are joined by a backslash; empty when absent."""
        return "\\".join(self.texts(key))

    def texts(self, key: str | BaseTag) -> tuple[str, ...]:
        """Each value as stripped text: the first that can be read and is not empty."""
        tag = _tag(key)
        for level in self._levels:
            try:
                found = _texts(level, tag) if tag in level else ()
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


def _texts(level: Dataset, tag: BaseTag) -> tuple[str, ...]:
    """Values of one element; text is taken as it is stored, without the cost of decoding it.

    Latin-1 maps every byte to itself, and what is looked for in free text is plain ASCII.
    """
    raw: object = level.get_item(tag)
    if isinstance(raw, RawDataElement) and (raw.VR or _stated_vr(tag)) in _TEXT_VRS:
        whole = (raw.value or b"")[: _MAX_TEXT * _MAX_VALUES].decode("latin-1")
        parts: Sequence[object] = whole.split("\\")[:_MAX_VALUES]
    else:
        value = level[tag].value
        several = isinstance(value, Sequence) and not isinstance(value, str | bytes)
        parts = list(value)[:_MAX_VALUES] if several else [value]
    return tuple(
        "" if part is None else str(part)[:_MAX_TEXT].strip("\0 \t\r\n") for part in parts
    )
