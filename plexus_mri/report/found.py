"""Facts of the report about the nerves that were found: how, how many, and why others were not."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from plexus_mri.core.anatomy import NERVE_KEYS, NerveKey, Side
from plexus_mri.core.case import CaseResult
from plexus_mri.core.correction import Correction, key_text
from plexus_mri.core.landmarks import StatedLevels
from plexus_mri.core.network import NetworkModel
from plexus_mri.core.volume import LabelMap
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.words import key_words


def missing_reason(result: CaseResult, key: NerveKey) -> ReasonCode | None:
    """Why a nerve was not traced; None when it was."""
    if key in result.nerves:
        return None
    fallback = ReasonCode.NERVE_NOT_FOUND if result.frame else ReasonCode.MIDLINE_NOT_FOUND
    return result.nerves.missing.get(key, fallback)


def _by_reason(missing: Sequence[Mapping[str, str]]) -> list[Mapping[str, object]]:
    """Nerves that were not found, those of one reason together."""
    reasons = dict.fromkeys((nerve["reason"], nerve["reason_text"]) for nerve in missing)
    return [
        {
            "reason": reason,
            "reason_text": text,
            "nerves": [nerve["words"] for nerve in missing if nerve["reason"] == reason],
        }
        for reason, text in reasons
    ]


def segmentation_facts(result: CaseResult) -> Mapping[str, object]:
    """How the nerves were found, how many, and why the others are missing."""
    found = [key for key in NERVE_KEYS if key in result.nerves]
    missing = [
        {
            "nerve": key[1].value,
            "side": key[0].value,
            "words": key_words(key),
            "reason": reason.value,
            "reason_text": reason.text,
        }
        for key in NERVE_KEYS
        if (reason := missing_reason(result, key)) is not None
    ]
    own = result.case.own_mask
    labels, voxels = np.unique(result.labels.data[result.labels.data > 0], return_counts=True)
    return {
        "method": _method(result),
        "model": None if result.case.model is None else _model_facts(result.case.model),
        "levels": _level_facts(result),
        "correction": None if own is None else _correction_facts(own.correction),
        "own_labels": None if own is None else len(own.nerve_of_index) + len(own.unnamed),
        "traced": len(found),
        "possible": len(NERVE_KEYS),
        "traced_left": sum(side is Side.LEFT for side, _ in found),
        "traced_right": sum(side is Side.RIGHT for side, _ in found),
        "missing": missing,
        "missing_by_reason": _by_reason(missing),
        "mask_sha256": labels_sha256(result.labels),
        "label_voxels": {str(k): int(v) for k, v in zip(labels, voxels, strict=True)},
    }


def _method(result: CaseResult) -> str:
    """Where the nerves come from, in words."""
    own, model = result.case.own_mask, result.case.model
    if own is None:
        return "automatic" if model is None else f"the network {model.words}"
    if own.unnamed:
        return "automatic, led by a mask of the user that names no nerve"
    return "own mask of the user" if own.correction is None else own.correction.words


def _level_facts(result: CaseResult) -> Mapping[str, object] | None:
    """Levels that the user stated, and what they rest on; None where nothing was stated."""
    stated = result.case.stated_in_force
    if stated is None:
        return None
    return {
        "stated_by": "user",
        "rest_on": "discs of a spine segmentation" if stated.of_discs else "stated places",
        "sentence": f"Levels were {stated_words(stated)}.",
        "stated": [
            {
                "nerve": level.root.value,
                "side": None if level.side is None else level.side.value,
                **dict(zip(("x_mm", "y_mm", "z_mm"), level.point_mm.tolist(), strict=True)),
            }
            for level in stated.levels
        ],
    }


def stated_words(stated: StatedLevels) -> str:
    """How levels were named, to follow "levels were"."""
    of = "the middles of the discs of a spine segmentation" if stated.of_discs else "places"
    roots = ", ".join(dict.fromkeys(level.root.value for level in stated.levels))
    return f"stated by the user, by {of} ({roots})"


def _model_facts(model: NetworkModel) -> Mapping[str, object]:
    """Which network found the nerves, so that another can be told from it."""
    return {
        "name": model.name,
        "version": model.version,
        "library": model.library.words,
        "sha256": model.sha256,
        "files": dict(model.files),
        "stages": len(model.stages),
        "nerves": [key_text(key) for key in model.nerves],
    }


def _correction_facts(correction: Correction | None) -> Mapping[str, object] | None:
    """Whose correction was measured, and which label map it edited."""
    if correction is None:
        return None
    return {
        "rater": correction.rater,
        "time_utc": correction.time_utc,
        "edited_sha256": correction.edited_sha256,
        "automatic_sha256": correction.automatic_sha256,
        "redrawn": [key_text(key) for key in correction.redrawn],
    }


def labels_sha256(labels: LabelMap) -> str:
    """SHA-256 over the labels and where they lie: a rating belongs to exactly these."""
    place = labels.grid.affine.round(3).astype("<f8").tobytes()
    return hashlib.sha256(place + labels.data.astype("<i2").tobytes()).hexdigest()
