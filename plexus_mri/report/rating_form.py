"""What the pages need to take ratings: the questions, the closed lists and the case's hashes."""

from collections.abc import Mapping

from plexus_mri.core.rating import (
    SCORE_WORDS,
    Confidence,
    RatingItem,
    RatingReason,
    RatingVerdict,
)

COLUMNS = (
    "participant_id",
    "session_id",
    "item",
    "image_sha256",
    "mask_sha256",
    "rater",
    "blinded",
    "verdict",
    "score",
    "reasons",
    "confidence",
    "comment",
    "time_utc",
    "seconds",
    "software_version",
)
_SIDE_WORDS = {"R": ", patient's right", "L": ", patient's left", "": ""}


def rating_form() -> Mapping[str, object]:
    """Questions and answers of the form, in the order of the page."""
    return {
        "items": [
            {
                "name": item.value,
                "question": item.meaning,
                "reasons": [
                    {
                        "name": reason.value,
                        "side": reason.side,
                        "words": reason.meaning,
                        "text": reason.meaning + _SIDE_WORDS[reason.side],
                    }
                    for reason in RatingReason
                    if reason.item is item
                ],
            }
            for item in RatingItem
        ],
        "verdicts": [verdict.value for verdict in RatingVerdict],
        "scores": [{"value": k, "words": words} for k, words in SCORE_WORDS.items()],
        "confidences": [confidence.value for confidence in Confidence],
    }


def rated_case(summary: Mapping[str, object]) -> Mapping[str, object]:
    """Name and hashes of a case, as they go into each of its ratings."""
    inputs, software = _part(summary, "inputs"), _part(summary, "software")
    session = summary.get("session")
    return {
        "participant_id": f"sub-{str(summary.get('subject')).removeprefix('sub-')}",
        "session_id": f"ses-{str(session).removeprefix('ses-')}" if session else None,
        "image_sha256": str(inputs.get("source_sha256") or ""),
        "mask_sha256": str(_part(summary, "segmentation").get("mask_sha256") or ""),
        "software_version": str(software.get("plexus-mri") or ""),
    }


def _part(summary: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = summary.get(name)
    return part if isinstance(part, Mapping) else {}
