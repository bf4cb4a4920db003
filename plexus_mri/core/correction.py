"""Corrections: a rater's edit of a case's label map, bound to what was edited."""

from collections.abc import Iterable
from dataclasses import dataclass

from plexus_mri.core.anatomy import NERVE_KEYS, Nerve, NerveKey, Side


@dataclass(frozen=True)
class Correction:
    """One edited label map of one case; the map itself is a file of its own.

    Parameters
    ----------
    rater
        ID of letters and digits.
    time_utc
        When it was added: ISO, UTC, to the second.
    input_sha256
        Of the files of the series on whose image it was drawn.
    edited_sha256
        Of the label map that was edited, as the case's summary gives it.
    automatic_sha256
        Of the label map without any correction to which the edited one goes back: itself, unless
        that came from a correction.
    mask_sha256
        Of the file of the edited map, as it was checked.
    software_version
        Of the program that checked it.
    redrawn
        Nerves that were edited, now or in the correction that was edited; the others stay as
        they are found without a correction.
    """

    subject: str
    session: str | None
    rater: str
    time_utc: str
    input_sha256: str
    edited_sha256: str
    automatic_sha256: str
    mask_sha256: str
    software_version: str = ""
    redrawn: tuple[NerveKey, ...] = NERVE_KEYS

    @property
    def case(self) -> tuple[str, str]:
        """Subject and session; an absent session is empty."""
        return self.subject, self.session or ""

    @property
    def words(self) -> str:
        """Who made it and when.

        >>> Correction("01", None, "AB", "2026-01-02T03:04:05Z", "", "", "", "").words
        'correction by rater AB of 2026-01-02'
        """
        return f"correction by rater {self.rater} of {self.time_utc[:10]}"


def newest_correction(corrections: Iterable[Correction]) -> Correction | None:
    """Newest of corrections; of two of the same second the later in the row. None of none."""
    found = None
    for correction in corrections:
        if found is None or correction.time_utc >= found.time_utc:
            found = correction
    return found


def key_text(key: NerveKey) -> str:
    """Side and nerve in one word.

    >>> key_text((Side.LEFT, Nerve.C5))
    'L_C5'
    """
    return f"{key[0].value}_{key[1].value}"


def key_of(text: str) -> NerveKey:
    """Side and nerve of `key_text`.

    >>> key_of("L_C5") == (Side.LEFT, Nerve.C5)
    True

    Raises
    ------
    ValueError
        When it is none.
    """
    side, _, nerve = text.partition("_")
    return Side(side), Nerve(nerve)
