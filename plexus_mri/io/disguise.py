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
        words = {word for word in re.split(r"[\W_]+", text.lower()) if len(word) >= _MIN_WORD}
        return frozenset(self.mark(word) for word in words)

    def moment(self, text: str) -> int:
        """Number that grows with a date and time (digits from the year on), shifted in secret."""
        digits = re.sub(r"\D", "", text)[:_MOMENT_DIGITS]
        shift = hmac.digest(self.salt or b"plexus-mri", b"moment", hashlib.sha256)[:_SHIFT_BYTES]
        return int(digits.ljust(_MOMENT_DIGITS, "0")) + int.from_bytes(shift, "big")


@lru_cache(maxsize=4096)
def _mark(key: bytes, text: str) -> str:
    """Mark of one text; the files of a series ask for the same few."""
    digest = hmac.digest(key, text.encode("utf-8", "replace"), hashlib.sha256)
    return digest.hex()[:_MARK_DIGITS]
