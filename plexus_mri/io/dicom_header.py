"""DICOM headers, read so that no damaged value can stop the reading or reach a person."""

import logging
import math
import struct
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import gdcm
from pydicom import config
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
    struct.error,
)
_MAX_TEXT = 256  # no attribute that is looked at is longer; damaged ones reach megabytes
_MAX_VALUES = 64


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


@cache
def _tag(key: str | BaseTag) -> BaseTag:
    return Tag(key)


class Attributes:
    """Values of a frame, looked up in its own groups first, then in the file's."""

    def __init__(self, levels: Sequence[Dataset]) -> None:
        self._levels = tuple(levels)

    def value(self, key: str | BaseTag) -> object:
        """First stored value that can be read and is not empty; None when there is none."""
        tag = _tag(key)
        for level in self._levels:
            try:
                element = level[tag]
                if not element.is_empty:
                    return element.value
            except DICOM_DAMAGE:
                continue
        return None

    def text(self, key: str) -> str:
        """Stripped text; several values are joined by a backslash; empty when absent."""
        return "\\".join(self.texts(key))

    def texts(self, key: str) -> tuple[str, ...]:
        """Each value as stripped text."""
        value = self.value(key)
        if value is None:
            return ()
        several = isinstance(value, Sequence) and not isinstance(value, str | bytes)
        parts = list(value)[:_MAX_VALUES] if several else [value]  # type: ignore[call-overload]
        return tuple(str(part)[:_MAX_TEXT].strip() for part in parts)

    def numbers(self, key: str | BaseTag, count: int) -> tuple[float, ...] | None:
        """Exactly ``count`` finite numbers, or None."""
        value = self.value(key)
        several = isinstance(value, Sequence) and not isinstance(value, str | bytes)
        try:
            parts = list(value) if several else [value]  # type: ignore[call-overload]
            numbers = tuple(float(str(part)) for part in parts)
        except DICOM_DAMAGE:
            return None
        whole = len(numbers) == count and all(math.isfinite(n) for n in numbers)
        return numbers if whole else None

    def number(self, key: str | BaseTag) -> float | None:
        """A finite number, or None."""
        numbers = self.numbers(key, 1)
        return numbers[0] if numbers else None
