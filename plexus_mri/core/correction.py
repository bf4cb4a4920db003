"""Corrections: a rater's edit of a case's label map, bound to what was edited."""

from collections.abc import Iterable
from dataclasses import dataclass


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
