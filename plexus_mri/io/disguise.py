"""Disguised identities: marks that tell people apart and can be traced to nobody."""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

_MARK_DIGITS = 16
_MOMENT_DIGITS = 14  # YYYYMMDDHHMMSS
_SHIFT_BYTES = 5
_MIN_WORD = 3  # shorter words of a name are found in harmless ones


@dataclass(frozen=True)
class StudySecret:
    """What a study keeps to itself: the key of its pseudonyms and the folder of its index.

    Without a folder every header is read each time.
    """

    salt: bytes = field(default=b"", repr=False)
    folder: Path | None = None


@dataclass(frozen=True)
class Disguise:
    """Turns what identifies a person into marks; the same salt gives the same marks.

    Parameters
    ----------
    salt
        Secret of a study. Who knows it can prove a guess, so it is never written into an output
        that is shared.
    """

    salt: bytes = field(default=b"", repr=False)

    def mark(self, text: str) -> str:
        """Mark of a text that cannot be turned back; empty for empty text.

        >>> Disguise(b"a").mark("Doe") == Disguise(b"a").mark("Doe") != Disguise(b"b").mark("Doe")
        True
        """
        if not text:
            return ""
        return _mark(self.salt or b"plexus-mri", text)

    def words(self, text: str) -> frozenset[str]:
        """Marks of the words of a text in lower case: a name is stored as ``Family^Given``."""
        return _words(self.salt or b"plexus-mri", text.lower())

    def moment(self, text: str) -> int:
        """Number that grows with a date and time (digits from the year on), shifted in secret."""
        return _moment(self.salt or b"plexus-mri", text)


# The files of a series ask for the same few marks again and again.
@lru_cache(maxsize=4096)
def _mark(key: bytes, text: str) -> str:
    digest = hmac.digest(key, text.encode("utf-8", "replace"), hashlib.sha256)
    return digest.hex()[:_MARK_DIGITS]


@lru_cache(maxsize=256)
def _words(key: bytes, text: str) -> frozenset[str]:
    words = {word for word in re.split(r"[\W_]+", text) if len(word) >= _MIN_WORD}
    return frozenset(_mark(key, word) for word in words)


@lru_cache(maxsize=256)
def _moment(key: bytes, text: str) -> int:
    digits = re.sub(r"\D", "", text)[:_MOMENT_DIGITS]
    shift = hmac.digest(key, b"moment", hashlib.sha256)[:_SHIFT_BYTES]
    return int(digits.ljust(_MOMENT_DIGITS, "0")) + int.from_bytes(shift, "big")
