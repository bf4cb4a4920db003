"""Corrections of a study: which of them a case is measured from, and which no longer fit."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from plexus_mri.batch.stored import read_summary
from plexus_mri.core.anatomy import NerveKey
from plexus_mri.core.correction import Correction, key_of, newest_correction
from plexus_mri.errors import InputError, SettingsError
from plexus_mri.io.corrections import check_rater, mask_path
from plexus_mri.io.derivatives import case_paths

CaseKey = tuple[str, str]


@dataclass(frozen=True)
class Choice:
    """The correction that a case is measured from, if any, and those that no longer fit."""

    used: Correction | None = None
    stale: tuple[Correction, ...] = ()


def choose_correction(
    out: Path,
    corrections: Sequence[Correction],
    case: CaseKey,
    input_sha256: str,
    rater: str | None = None,
) -> Choice:
    """Newest correction of a case that still fits its image and label map.

    Parameters
    ----------
    input_sha256
        Of the files of the series that is to be measured.
    rater
        Only corrections of this rater; None for those of all.
    """
    own = [c for c in corrections if c.case == case and rater in {None, c.rater}]
    automatic = _present_sha256(out, case) if own else ""
    stale = tuple(c for c in own if _is_stale(out, c, input_sha256, automatic))
    return Choice(newest_correction(c for c in own if c not in stale), stale)


def check_rater_is_known(corrections: Sequence[Correction], rater: str | None) -> None:
    """Refuse a rater of whom the study holds no correction.

    Raises
    ------
    SettingsError
        Names those it holds some of.
    """
    raters = sorted({c.rater for c in corrections})
    if rater is not None and rater not in raters:
        known = ", ".join(raters) or "nobody"
        msg = f"--rater {check_rater(rater)}: no correction of this rater; there are some of: "
        raise SettingsError(msg + known)


def _is_stale(out: Path, correction: Correction, input_sha256: str, automatic: str) -> bool:
    """Whether image, label map or the kept file is not what it was when it was added."""
    if correction.input_sha256 != input_sha256:
        return True
    if automatic and automatic != correction.automatic_sha256:
        return True
    try:
        content = mask_path(out, correction).read_bytes()
    except OSError:
        return True
    return hashlib.sha256(content).hexdigest() != correction.mask_sha256


def _present_sha256(out: Path, case: CaseKey) -> str:
    """Label map without corrections to which the present result goes back; empty without."""
    try:
        return automatic_sha256(read_summary(case_paths(out, case[0], case[1] or None).summary))
    except InputError:
        return ""


def automatic_sha256(summary: Mapping[str, object]) -> str:
    """Hash of the label map without corrections to which a result goes back."""
    found = _part(summary, "segmentation")
    correction = _part(found, "correction")
    return str(correction.get("automatic_sha256") or found.get("mask_sha256") or "")


def redrawn_before(summary: Mapping[str, object]) -> tuple[NerveKey, ...]:
    """Nerves of a result that come from a correction; none without one."""
    found = _part(_part(summary, "segmentation"), "correction").get("redrawn")
    return tuple(key_of(str(text)) for text in found) if isinstance(found, list) else ()


def _part(mapping: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = mapping.get(name)
    return part if isinstance(part, Mapping) else {}
