"""Ratings: what a reader says about a case, in closed sets."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class RatingItem(StrEnum):
    """What is rated; ``meaning`` is the question a reader answers."""

    meaning: str

    def __new__(cls, name: str, meaning: str) -> Self:
        """Make a member whose value is the column word."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.meaning = meaning
        return member

    IMAGE = "image", "Is the image good enough to follow the nerves?"
    NERVES = "nerves", "Were the nerves found, named and outlined rightly?"


class RatingVerdict(StrEnum):
    """Whether the item may be used."""

    PASS = "pass"  # noqa: S105 - no password
    ARTIFACT = "artifact"
    FAIL = "fail"


class Confidence(StrEnum):
    """How sure the reader is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


SCORE_WORDS = {1: "exclude", 2: "poor", 3: "acceptable", 4: "excellent"}  # MRIQC's scale


class RatingReason(StrEnum):
    """Closed list of reasons; ``side`` is the patient's where the reason has one."""

    meaning: str
    item: RatingItem

    def __new__(cls, name: str, item: RatingItem, meaning: str) -> Self:
        """Make a member whose value is the word in the tables."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.item, member.meaning = item, meaning
        return member

    @property
    def side(self) -> str:
        """Letter of the patient's side, or nothing."""
        return self.value[-1] if self.value[-2:] in {"_R", "_L"} else ""

    MOTION = "motion", RatingItem.IMAGE, "motion"
    NOISE = "noise", RatingItem.IMAGE, "too noisy"
    BLUR = "blur", RatingItem.IMAGE, "blurred"
    WRAP = "wrap", RatingItem.IMAGE, "wrap-around"
    METAL = "metal", RatingItem.IMAGE, "metal"
    WRONG_SERIES = "wrong_series", RatingItem.IMAGE, "wrong series or body part"
    FAT_RIGHT = "fat_suppression_R", RatingItem.IMAGE, "fat not suppressed"
    FAT_LEFT = "fat_suppression_L", RatingItem.IMAGE, "fat not suppressed"
    CUT_RIGHT = "cut_off_R", RatingItem.IMAGE, "plexus cut off"
    CUT_LEFT = "cut_off_L", RatingItem.IMAGE, "plexus cut off"
    MIDLINE = "midline_wrong", RatingItem.NERVES, "midline wrong"
    LEVELS = "levels_wrong", RatingItem.NERVES, "level names wrong"
    MISSING_RIGHT = "nerve_missing_R", RatingItem.NERVES, "nerve not found"
    MISSING_LEFT = "nerve_missing_L", RatingItem.NERVES, "nerve not found"
    PATH_RIGHT = "path_wrong_R", RatingItem.NERVES, "path leaves the nerve"
    PATH_LEFT = "path_wrong_L", RatingItem.NERVES, "path leaves the nerve"
    OUTLINE_RIGHT = "outline_wrong_R", RatingItem.NERVES, "outline wrong"
    OUTLINE_LEFT = "outline_wrong_L", RatingItem.NERVES, "outline wrong"
    OTHER_IMAGE = "other_image", RatingItem.IMAGE, "other, see comment"
    OTHER_NERVES = "other_nerves", RatingItem.NERVES, "other, see comment"


@dataclass(frozen=True)
class Rating:
    """One reader's word on one item of one case.

    ``image_sha256`` and ``mask_sha256`` are those of the result that was looked at; where they
    are not those of the present result the rating is stale. Sides are the patient's, also when
    the reader saw a mirrored picture.
    """

    participant_id: str
    session_id: str | None
    item: RatingItem
    image_sha256: str
    mask_sha256: str
    rater: str
    blinded: bool
    verdict: RatingVerdict
    score: int | None = None
    reasons: tuple[RatingReason, ...] = ()
    confidence: Confidence | None = None
    comment: str = ""
    time_utc: str = ""
    seconds: int | None = None
    software_version: str = ""

    @property
    def case(self) -> tuple[str, str]:
        """Subject and session without their prefixes; an absent session is empty."""
        session = (self.session_id or "").removeprefix("ses-")
        return self.participant_id.removeprefix("sub-"), session

    @property
    def key(self) -> tuple[str, str, str, str, bool]:
        """Case, item, rater and blinding: a newer rating of the same key replaces an older."""
        return (*self.case, self.item.value, self.rater, self.blinded)


def newest(ratings: tuple[Rating, ...]) -> tuple[Rating, ...]:
    """Newest rating of each case, item, rater and blinding, ordered by these.

    Of two of the same time the later one in the row counts.
    """
    kept: dict[tuple[str, str, str, str, bool], Rating] = {}
    for rating in ratings:
        old = kept.get(rating.key)
        if old is None or rating.time_utc >= old.time_utc:
            kept[rating.key] = rating
    return tuple(kept[key] for key in sorted(kept))
