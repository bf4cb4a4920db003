"""Headers that repeat another byte for byte, but for the values that every file has for itself.

Most files of a series are alike. What two of them share needs no second parsing: it is compared
as bytes, and only the elements that differ are stepped over one by one.
"""

import io
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter

from pydicom.dataelem import RawDataElement
from pydicom.filereader import data_element_generator
from pydicom.tag import BaseTag
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32

from plexus_mri.io.dicom_attributes import TEXT_VRS, stated_vr
from plexus_mri.io.dicom_keys import READ

_DATA_BEGIN = 132  # after the preamble and the word DICM
_META_GROUP = 0x0002
_TAG_BYTES = 4
# Transfer syntax and character set decide how the others are read.
_SAID = frozenset(map(int, READ)) | {0x0002_0010, 0x0008_0005}


@dataclass(frozen=True)
class _Element:
    """Where an element begins, where its length and value stand, and where it ends.

    ``loose`` elements may differ in a header that is alike; of these, ``own`` ones are kept.
    """

    tag: BaseTag
    vr: str | None
    begin: int
    length_at: int
    value_at: int
    end: int
    loose: bool
    own: bool


@dataclass(frozen=True)
class Alike:
    """Own values of a header that is like another, by tag, and where its pixels begin."""

    own: dict[int, RawDataElement]
    pixels_at: int


class Pattern:
    """A header that others may be like.

    Parameters
    ----------
    block
        The file from its first byte to the tag of its pixels.
    elements
        Every element, in order, without a gap.
    """

    def __init__(self, block: bytes, elements: tuple[_Element, ...], *, implicit: bool) -> None:
        self._block, self._elements, self._implicit = block, elements, implicit
        self._varying = [element for element in elements if element.own]

    @classmethod
    def of(
        cls, block: bytes, pixels_at: int, own: frozenset[int], *, implicit: bool
    ) -> "Pattern | None":
        """Pattern of a little endian header; None when a value of its own is no plain text.

        Parameters
        ----------
        block
            Begin of the file, at least to the tag of its pixels.
        own
            Tags whose values each file has for itself.
        implicit
            Whether elements do not state their kind of value.

        Raises
        ------
        DICOM_DAMAGE
            When it cannot be parsed.
        """
        elements = tuple(_elements(block[:pixels_at], own, implicit=implicit))
        if any(element.tag in own and not element.own for element in elements):
            return None
        return cls(block[: pixels_at + _TAG_BYTES], elements, implicit=implicit)

    def alike(self, block: bytes) -> Alike | None:
        """Own values of a header; None when it says something else, or says it otherwise."""
        while True:
            own: dict[int, RawDataElement] = {}
            at = seen = 0  # up to where they are compared: in the header, in the pattern
            for element in self._varying:
                length_at = at + element.length_at - seen
                if block[at:length_at] != self._block[seen : element.length_at]:
                    break
                value_at = length_at + element.value_at - element.length_at
                at = value_at + int.from_bytes(block[length_at:value_at], "little")
                seen = element.end
                if element.own:
                    own[element.tag] = self._raw(element, block[value_at:at])
            else:
                end = at + len(self._block) - seen
                if block[at:end] == self._block[seen:]:
                    return Alike(own, end - _TAG_BYTES)
            if not self._lets_vary(block, at, seen):
                return None

    def _raw(self, element: _Element, value: bytes) -> RawDataElement:
        return RawDataElement(
            element.tag,
            element.vr,
            len(value),
            value,
            element.value_at,
            is_implicit_VR=self._implicit,
            is_little_endian=True,
        )

    def _lets_vary(self, block: bytes, at: int, seen: int) -> bool:
        """Step over the first element that differs from now on; False when it may not differ."""
        pairs = zip(self._block[seen:], block[at:], strict=False)
        same = next((k for k, (a, b) in enumerate(pairs) if a != b), None)
        if same is None:
            return False
        place = bisect_right(self._elements, seen + same, key=attrgetter("begin")) - 1
        element = self._elements[max(place, 0)]
        if place < 0 or not element.loose or element in self._varying:
            return False
        self._varying = sorted((*self._varying, element), key=attrgetter("begin"))
        return True


def _elements(header: bytes, own: frozenset[int], *, implicit: bool) -> Iterator[_Element]:
    """Every element of a header."""
    parsed = list(_parsed(header, implicit=implicit))
    begins = [value_at - _head_bytes(vr) for _, vr, value_at, _ in parsed]
    for (tag, vr, value_at, length), begin, end in zip(
        parsed, begins, (*begins[1:], len(header)), strict=True
    ):
        whole = value_at + length == end  # no sequence of unknown length
        text = (vr or stated_vr(tag)) in TEXT_VRS
        kept = whole and tag in own and text
        yield _Element(
            tag=tag,
            vr=vr,
            begin=begin,
            length_at=value_at - _length_bytes(vr),
            value_at=value_at,
            end=end,
            loose=kept or (whole and tag not in _SAID),
            own=kept,
        )


def _parsed(header: bytes, *, implicit: bool) -> Iterator[tuple[BaseTag, str | None, int, int]]:
    """Tag, stated kind, place of the value and length (-1 when unknown) of every element."""
    stream = io.BytesIO(header)
    stream.seek(_DATA_BEGIN)
    meta = data_element_generator(
        stream,
        is_implicit_VR=False,
        is_little_endian=True,
        stop_when=lambda tag, _vr, _length: tag >> 16 != _META_GROUP,
    )
    data = data_element_generator(stream, is_implicit_VR=implicit, is_little_endian=True)
    for element in chain(meta, data):
        if isinstance(element, RawDataElement):
            yield element.tag, element.VR, element.value_tell, element.length
        else:
            yield element.tag, None if implicit else element.VR, element.file_tell or 0, -1


def _head_bytes(vr: str | None) -> int:
    """Bytes of an element before its value (DICOM PS3.5, 7.1)."""
    return 12 if vr in EXPLICIT_VR_LENGTH_32 else 8


def _length_bytes(vr: str | None) -> int:
    return 4 if vr is None or vr in EXPLICIT_VR_LENGTH_32 else 2
