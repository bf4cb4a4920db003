"""Muscles and the reference that ratios rest on, as rows and facts of the report."""

from collections.abc import Mapping

import numpy as np

from plexus_mri.core.anatomy import Side
from plexus_mri.core.case import CaseResult
from plexus_mri.core.comparison import Verdict
from plexus_mri.core.muscle import MuscleComparison, MuscleSample
from plexus_mri.core.reference import ReferenceTissue
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.rounding import fixed, percent_decimals
from plexus_mri.report.words import SIDE_WORDS

_VERDICT_WORDS = {
    Verdict.NO_DIFFERENCE: "no difference shown",
    Verdict.LEFT_LARGER: "L brighter",
    Verdict.RIGHT_LARGER: "R brighter",
    Verdict.NOT_COMPARABLE: "not comparable",
}

# Fewer mm without reference muscle are not worth a word.
_TOLD_MM = 10.0
_NOT_LOOKED_FOR = {
    "reason": None,
    "marrow": "",
    "marrow_reason": None,
    "sentence": "No nerve was measured, so reference muscle and marrow were not looked for.",
}


def muscle_rows(result: CaseResult) -> tuple[Mapping[str, object], ...]:
    """One row a muscle, with both sides."""
    return tuple(_row(result, one) for one in result.muscles.comparisons)


def _row(result: CaseResult, one: MuscleComparison) -> Mapping[str, object]:
    left, right = (result.muscles.get(side, one.muscle) for side in (Side.LEFT, Side.RIGHT))
    return {
        "muscle": one.muscle.value,
        "supply": one.muscle.supply,
        "left": None if left is None else left.signal_ratio,
        "right": None if right is None else right.signal_ratio,
        "left_printed": _printed_side(left),
        "right_printed": _printed_side(right),
        "common_places": one.places,
        "asymmetry_percent": one.asymmetry_percent,
        "ci_low": one.ci_low,
        "ci_high": one.ci_high,
        "smallest_detectable_percent": one.smallest_detectable_percent,
        "verdict": one.verdict.value,
        "verdict_words": _VERDICT_WORDS[one.verdict],
        **_printed_difference(one),
        "reason": None if one.reason is None else one.reason.value,
        "reason_text": None if one.reason is None else _reason_text(one, left, right),
    }


def _printed_side(sample: MuscleSample | None) -> str:
    """Ratio to the reference and how much was sampled."""
    if sample is None or sample.signal_ratio is None:
        return "n/a"
    return f"{fixed(sample.signal_ratio, 2)} ({fixed(sample.volume_mm3 / 1000.0, 1)} ml)"


def _reason_text(
    one: MuscleComparison, left: MuscleSample | None, right: MuscleSample | None
) -> str:
    """Reason of the row, and of each side that has one of its own."""
    own = [
        f"{SIDE_WORDS[s.side].capitalize()}: {s.reason.text}"
        for s in (right, left)
        if s is not None and s.reason not in (None, one.reason)
    ]
    return " ".join([one.reason.text if one.reason else "", *own]).strip()


def _printed_difference(one: MuscleComparison) -> Mapping[str, str]:
    if one.asymmetry_percent is None or one.ci_low is None or one.ci_high is None:
        return dict.fromkeys(("difference_printed", "interval_printed", "detectable_printed"), "")
    decimals, smallest = percent_decimals(one.ci_low, one.ci_high), one.smallest_detectable_percent
    return {
        "difference_printed": fixed(one.asymmetry_percent, decimals),
        "interval_printed": f"{fixed(one.ci_low, decimals)} to {fixed(one.ci_high, decimals)}",
        "detectable_printed": "" if smallest is None else fixed(smallest, decimals),
    }


def reference_facts(result: CaseResult) -> Mapping[str, object]:
    """What ratios rest on, and how sound it is; without nerves nothing was looked for."""
    reference = result.table.reference
    found = len(reference.level_mm) > 0
    facts = {
        "region": reference.region,
        "taken_from": None if reference.taken_from is None else reference.taken_from.value,
        "left_right_ratio": reference.left_right_ratio,
        "unevenness_percent": 100.0 * reference.unevenness if found else None,
        "left_out_mm": reference.left_out_mm if found else None,
        "noise": reference.noise,
        "reason": _reason(reference),
        "marrow": _marrow_sentence(result.table.marrow),
        "marrow_reason": None if len(result.table.marrow.level_mm) else ReasonCode.NO_MARROW.value,
        "sentence": _sentence(reference) if found else ReasonCode.NO_REFERENCE.text,
    }
    return facts if result.table.profiles else {**facts, **_NOT_LOOKED_FOR}


def _marrow_sentence(marrow: ReferenceTissue) -> str:
    """Whether vertebral marrow serves as a second reference."""
    if not len(marrow.level_mm):
        return ReasonCode.NO_MARROW.text
    return (
        f"Vertebral marrow was recognised over {np.ptp(marrow.level_mm):.0f} mm of height; ratios "
        "to it, a second reference, enter no verdict (column signal_ratio_marrow of "
        "profile_measures, beside contrast_to_noise)."
    )


def _reason(reference: ReferenceTissue) -> str | None:
    if not len(reference.level_mm):
        return ReasonCode.NO_REFERENCE.value
    return None if reference.taken_from is None else ReasonCode.REFERENCE_UNEQUAL.value


def _sentence(reference: ReferenceTissue) -> str:
    """Where the reference lies, what serves both sides and what speaks against it."""
    levels = f"{np.ptp(reference.level_mm):.0f} mm"
    words = f"Reference muscle ({reference.region}) was found over {levels} of height"
    if reference.left_out_mm >= _TOLD_MM:
        words += (
            f", {reference.left_out_mm:.0f} mm of which do not count, as most tissue there is "
            "brighter or darker"
        )
    ratio = reference.left_right_ratio
    if ratio is None:
        return f"{words}; it was seen on one side only."
    apart = f"left over right {fixed(ratio, 2)}"
    if reference.taken_from is None:
        return (
            f"{words}; both sides share it, pooled ({apart}). It is known to "
            f"{fixed(100.0 * reference.unevenness, 1)} % from place to place, by its own "
            "unevenness or, where that is more, by the shading taken off: a part of each ratio's "
            "error. Muscle too bright on both sides alike and at all levels would not show."
        )
    darker = SIDE_WORDS[reference.taken_from]
    return (
        f"{words}. Its sides differ ({apart}), so that of the darker side, the {darker}, serves "
        "both sides: a bright reference would hide a bright nerve."
    )
