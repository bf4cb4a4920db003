"""Values of a DICOM header by their names, as text and numbers that no damage can spoil."""

import math
from collections.abc import Mapping, Sequence
from copy import copy
from functools import cache

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

from plexus_mri.io.dicom_header import DICOM_DAMAGE
from plexus_mri.io.dicom_keys import tag_of

_MAX_TEXT = 256  # no attribute that is looked at is longer; damaged ones reach megabytes
_MAX_VALUES = 64
_SHORT = 2  # bytes of one value of kind US
TEXT_VRS = frozenset({"AS", "CS", "DA", "DS", "DT", "IS", "LO", "PN", "SH", "TM", "UI"})


@cache
def stated_vr(tag: int) -> str:
    """Kind of value by the dictionary, for files that do not state it."""
    return "" if Tag(tag).is_private else dictionary_VR(tag)


_NOTHING = Dataset()
_Level = tuple[Dataset, Mapping[int, object]]


class Attributes:
    """Values of a frame, looked up in its own groups first, then in the file's.

    A value is looked up once: most are asked for several times.
    """

    def __init__(self, header: Dataset) -> None:
        self._levels: tuple[_Level, ...] = (_level(header),)
        self._found: dict[int, tuple[str, ...]] = {}

    @classmethod
    def of_elements(cls, elements: Mapping[int, RawDataElement]) -> "Attributes":
        """Values of a few elements of text."""
        few = cls(_NOTHING)
        few._levels = ((_NOTHING, elements),)
        return few

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
    if isinstance(raw, RawDataElement) and (raw.VR or stated_vr(tag)) in TEXT_VRS:
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
