"""Ratings on disk: TSV and JSON of the same rows, and the list of fails for other tools."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from plexus_mri.core.rating import (
    SCORE_WORDS,
    Confidence,
    Rating,
    RatingItem,
    RatingReason,
    RatingVerdict,
)
from plexus_mri.errors import InputError, SettingsError
from plexus_mri.io.derivatives import case_paths, case_stem
from plexus_mri.io.tables import MISSING, Column, read_table, write_json, write_table
from plexus_mri.io.yaml_files import write_mapping
from plexus_mri.reasons import ReasonCode

_LONGEST_TEXT = 500
_HASH_LENGTH = 64
_LONGEST_S = 31 * 86_400  # a page left open for a month
# Control characters but white space, marks of writing direction, and halves of characters.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"
    "\ud800-\udfff]"
)
RATING_COLUMNS = (
    Column("participant_id", "Subject, with 'sub-'"),
    Column("session_id", "Session, with 'ses-'"),
    Column("item", "What was rated", levels={i.value: i.meaning for i in RatingItem}),
    Column("image_sha256", "SHA-256 of the pixel files that were rated"),
    Column("mask_sha256", "SHA-256 of the nerve labels that were rated"),
    Column("rater", "Who rated"),
    Column("blinded", "Whether side, group and results were hidden"),
    Column("verdict", "Whether the item may be used"),
    Column("score", "1 to 4", levels={str(k): v for k, v in SCORE_WORDS.items()}),
    Column("reasons", "Reasons, joined by ';'; sides are the patient's"),
    Column("confidence", "How sure the rater is"),
    Column("comment", "Free words of the rater"),
    Column("time_utc", "When it was saved, UTC"),
    Column("seconds", "From opening the page to saving", "s"),
    Column("software_version", "Version of plexus-mri that made the page"),
)
STALE = Column("stale", "true: image or labels have changed since; the rating does not count")
_NAMES = tuple(column.name for column in RATING_COLUMNS)


def read_ratings(path: Path) -> tuple[Rating, ...]:
    """Ratings of a file exported by a page or written by this program (TSV or JSON).

    Raises
    ------
    InputError
        When the file is missing or a row is no rating; names the row.
    """
    where = f"'{path.name}'"
    if path.suffix == ".json":
        return ratings_from_json(_bytes(path), where)
    return _ratings(read_table(path), where)


def ratings_from_json(content: bytes, where: str) -> tuple[Rating, ...]:
    """Ratings of a JSON object with a list ``ratings``; ``where`` names it in errors.

    Raises
    ------
    InputError
        When it is built otherwise or a row is no rating; names the row.
    """
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:  # the latter: brackets a thousand deep
        msg = f"{where} is no JSON of ratings; export it again from the page"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE) from error
    return _ratings(_rows_of(found, where), where)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        msg = f"the file '{path.name}' does not exist"
        raise InputError(msg, ReasonCode.INPUT_MISSING) from error
    except OSError as error:
        msg = f"the file '{path.name}' cannot be read"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE) from error


def _ratings(rows: Iterable[Mapping[str, object]], where: str) -> tuple[Rating, ...]:
    return tuple(_rating(row, f"row {k} of {where}") for k, row in enumerate(rows, 1))


def _rows_of(content: object, where: str) -> Sequence[Mapping[str, object]]:
    rows = content.get("ratings") if isinstance(content, Mapping) else None
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        msg = f"{where} holds no list 'ratings'; export it again from the page"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE)
    return rows


def _rating(row: Mapping[str, object], where: str) -> Rating:
    """Rating of a row whose cells are text or JSON values; ``where`` names the row in errors."""
    cells = {name: _given(row.get(name)) for name in _NAMES}
    try:
        item = RatingItem(cells["item"])  # type: ignore[call-arg, arg-type]  # its own __new__
        rating = Rating(
            participant_id=_text(cells, "participant_id"),
            session_id=_text(cells, "session_id") or None,
            item=item,
            image_sha256=_hash(cells, "image_sha256"),
            mask_sha256=_hash(cells, "mask_sha256"),
            rater=_text(cells, "rater"),
            blinded=_blinded(cells["blinded"]),
            verdict=RatingVerdict(str(cells["verdict"])),
            score=_score(cells["score"]),
            reasons=_reasons(cells["reasons"], item),
            confidence=Confidence(str(cells["confidence"])) if cells["confidence"] else None,
            comment=_text(cells, "comment"),
            time_utc=_utc(_text(cells, "time_utc")),
            seconds=_seconds(cells["seconds"]),
            software_version=_text(cells, "software_version"),
        )
        case_stem(*rating.case)
    except (ValueError, TypeError, OverflowError, SettingsError) as error:
        msg = f"{where} is no rating: {error}"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE) from error
    if not rating.rater:
        msg = f"{where} has no rater; fill it in"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE)
    return rating


def _reasons(value: object, item: RatingItem) -> tuple[RatingReason, ...]:
    """Reasons of a cell: a list in JSON, joined by ';' in a table."""
    words = value if isinstance(value, list | tuple) else str(value or "").split(";")
    reasons = tuple(RatingReason(str(word)) for word in words if word)  # type: ignore[call-arg]
    if foreign := [reason for reason in reasons if reason.item is not item]:
        msg = f"reason {foreign[0].value} does not belong to the item {item.value}"
        raise ValueError(msg)
    return reasons


def _blinded(value: object) -> bool:
    word = str(value).lower()
    if word not in {"true", "false"}:
        msg = f"blinded {word[:20]!r} is neither true nor false"
        raise ValueError(msg)
    return word == "true"


def _utc(text: str) -> str:
    """ISO time as UTC to the second, so that times compare as their texts do; '' where absent."""
    if not text:
        return ""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(value: object) -> int | None:
    if value is None:
        return None
    seconds = int(str(value))
    if not 0 <= seconds <= _LONGEST_S:
        msg = f"seconds {str(seconds)[:20]} are not from 0 to {_LONGEST_S}"
        raise ValueError(msg)
    return seconds


def _given(value: object) -> object:
    return None if value in (MISSING, "") else value


def _text(cells: Mapping[str, object], name: str) -> str:
    """Text of a cell on one line, without marks that nobody sees or that turn the text around."""
    seen = _UNSEEN.sub("", str(cells[name] if cells[name] is not None else ""))
    text = " ".join(seen.split())
    if len(text) > _LONGEST_TEXT:
        msg = f"{name} has {len(text)} characters, {_LONGEST_TEXT} at most"
        raise ValueError(msg)
    return text


def _hash(cells: Mapping[str, object], name: str) -> str:
    text = _text(cells, name)
    if text and (len(text) > _HASH_LENGTH or not text.isalnum()):
        msg = f"{name} {text[:20]!r} is no SHA-256"
        raise ValueError(msg)
    return text


def _score(value: object) -> int | None:
    if value is None:
        return None
    score = int(str(value))
    if score not in SCORE_WORDS:
        msg = f"score {score} is none of {', '.join(str(k) for k in SCORE_WORDS)}"
        raise ValueError(msg)
    return score


def rating_row(rating: Rating) -> dict[str, object]:
    """Row of a rating, as JSON keeps it."""
    row = asdict(rating)
    return {name: list(row[name]) if name == "reasons" else row[name] for name in _NAMES}


def write_ratings(folder: Path, ratings: Iterable[Rating], stale: Iterable[Rating] = ()) -> None:
    """Write ``ratings.tsv`` with its dictionary, ``ratings_rows.json`` and ``qc_fail.yml``.

    Raises
    ------
    OutputError
        When a file cannot be written.
    """
    ordered, old = sorted(ratings, key=lambda r: r.key), set(stale)
    rows = [rating_row(r) | {"reasons": ";".join(r.reasons), "stale": r in old} for r in ordered]
    write_table(folder / "ratings.tsv", (*RATING_COLUMNS, STALE), rows)
    write_json(folder / "ratings_rows.json", {"ratings": [rating_row(r) for r in ordered]})
    write_mapping(folder / "qc_fail.yml", fail_list(r for r in ordered if r not in old))


def fail_list(ratings: Iterable[Rating]) -> dict[str, list[str]]:
    """Label maps that were rated fail, under the Spinal Cord Toolbox's key.

    Failed images stand under a key of our own, as that toolbox has none for them.
    """
    lists: dict[str, list[str]] = {"FILES_SEG": [], "FILES_IMAGE": []}
    for rating in ratings:
        if rating.verdict is RatingVerdict.FAIL:
            name = case_paths(Path(), *_case(rating)).labels.name
            key = "FILES_SEG" if rating.item is RatingItem.NERVES else "FILES_IMAGE"
            lists[key] += [name] if name not in lists[key] else []
    return {key: names for key, names in lists.items() if names}


def _case(rating: Rating) -> tuple[str, str | None]:
    subject, session = rating.case
    return subject, session or None
