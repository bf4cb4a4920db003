"""Results of the report: nerves one by one, left against right, and the verdicts in short."""

from collections import Counter
from collections.abc import Mapping, Sequence

from plexus_mri.core.anatomy import NERVE_KEYS, Nerve, NerveKey, Side
from plexus_mri.core.case import CaseResult
from plexus_mri.core.comparison import Comparison, Pattern, Verdict
from plexus_mri.core.measurement import Measurement, MeasurementTable, Quantity
from plexus_mri.core.norms import Norms, Within
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.found import missing_reason
from plexus_mri.report.healthy import within_words
from plexus_mri.report.methods import setting, shown_percent
from plexus_mri.report.rounding import (
    decimals_for,
    fixed,
    percent_decimals,
    significant,
    with_precision,
)
from plexus_mri.report.words import (
    QUANTITY_WORDS,
    UNIT_WORDS,
    comparison_sentence,
    evidence_words,
    group_of,
    key_words,
    landmark_words,
    nerve_words,
    quality_words,
    reason_words,
    stretch_words,
    verdict_words,
)

HEADLINES = {
    "size": (Quantity.CSA_MEAN, Quantity.DIAMETER_MEAN),
    "signal": (Quantity.SIGNAL_RATIO_MEAN,),
}
_READ_FIRST = (
    ReasonCode.SIDE_UNPROVEN,
    ReasonCode.LEVEL_DOUBT,
    ReasonCode.LEVEL_STATED,
    ReasonCode.LEVEL_DISPUTED,
    ReasonCode.HEALTHY_SPREAD,
)
_USUAL_COVERAGE_PERCENT = 95.0
_DIFFERENT = (Verdict.LEFT_LARGER, Verdict.RIGHT_LARGER)


def nerve_rows(result: CaseResult) -> tuple[Mapping[str, object], ...]:
    """One row a nerve and side, traced or not, with its measurements."""
    return tuple(_nerve_row(result, key) for key in NERVE_KEYS)


def _nerve_row(result: CaseResult, key: NerveKey) -> Mapping[str, object]:
    side, nerve = key
    reason = missing_reason(result, key)
    traced = result.nerves.nerves.get(key)
    profile = result.table.profiles.get(key)
    own = [m for m in result.table.measurements if (m.side, m.nerve) == key]
    return {
        "nerve": nerve.value,
        "side": side.value,
        "words": key_words(key),
        "group": group_of(nerve),
        "landmark": landmark_words(
            nerve, begins_anywhere=profile is not None and profile.begins_anywhere
        ),
        "traced": traced is not None,
        "reason": None if reason is None else reason.value,
        "reason_text": None if reason is None else reason.text,
        "confidence": None if traced is None else traced.confidence,
        "evidence": {} if traced is None else dict(traced.evidence),
        "evidence_words": "" if traced is None else evidence_words(traced.evidence),
        "doubts": [] if traced is None else [_doubt(code) for code in traced.reasons],
        "nodes": 0 if profile is None else len(profile.arc_length_mm),
        "measurements": [_measurement_row(m, result.case.norms) for m in own],
    }


def _doubt(code: object) -> Mapping[str, object]:
    return {"reason": str(code), "reason_text": getattr(code, "text", str(code))}


def _measurement_row(m: Measurement, norms: Norms) -> Mapping[str, object]:
    unit = UNIT_WORDS.get(m.quantity.unit, m.quantity.unit)
    reason = m.reason if m.value is None or m.reason is not None else None
    within = norms.value_within(m)
    return {
        "quantity": m.quantity.value,
        "words": QUANTITY_WORDS[m.quantity],
        "value": m.value,
        "ci_low": m.ci_low,
        "ci_high": m.ci_high,
        "unit": m.quantity.unit,
        "printed": _printed(m, unit),
        "quality": None if m.value is None else m.quality.word,
        "quality_text": quality_words(m.quality),
        "reason": None if reason is None else reason.value,
        "reason_text": None if m.value is not None and reason is None else reason_words(reason),
        "within_healthy_range": within,
        "within_words": within_words(within),
    }


def _printed(m: Measurement, unit: str) -> str:
    if m.value is None:
        return "n/a"
    return f"{with_precision(m.value, m.ci_low, m.ci_high)} {unit}".strip()


def asymmetry_rows(
    result: CaseResult, settings: Mapping[str, object]
) -> tuple[Mapping[str, object], ...]:
    """One row a nerve and quantity: both sides, the difference and what can be said."""
    coverage = interval_percent(settings)
    return tuple(_asymmetry_row(c, result, coverage) for c in result.asymmetry)


def interval_percent(settings: Mapping[str, object]) -> float:
    """Coverage of the intervals of the differences."""
    value = setting(settings, "asymmetry", "interval_percent")
    return float(value) if isinstance(value, int | float) else _USUAL_COVERAGE_PERCENT


def _asymmetry_row(
    c: Comparison, result: CaseResult, coverage_percent: float
) -> Mapping[str, object]:
    within = result.case.norms.difference_within(c)
    return {
        "nerve": c.nerve.value,
        "nerve_words": nerve_words(c.nerve),
        "group": group_of(c.nerve),
        "quantity": c.quantity.value,
        "quantity_words": QUANTITY_WORDS[c.quantity],
        "left": c.left,
        "right": c.right,
        "left_printed": _printed_side(c, Side.LEFT, result.table),
        "right_printed": _printed_side(c, Side.RIGHT, result.table),
        "unit": c.quantity.unit,
        "asymmetry_percent": c.asymmetry_percent,
        "ci_low": c.ci_low,
        "ci_high": c.ci_high,
        "smallest_detectable_percent": c.smallest_detectable_percent,
        "verdict": c.verdict.value,
        "verdict_words": verdict_words(c),
        "pattern": c.pattern.value,
        "from_mm": c.from_mm,
        "to_mm": c.to_mm,
        "stretch": stretch_words(c),
        "where": _and_where(c),
        **_printed_difference(c),
        "sentence": comparison_sentence(c, interval_percent=coverage_percent),
        "reason": None if c.reason is None else c.reason.value,
        "reason_text": None if c.reason is None else c.reason.text,
        "within_healthy_range": within,
        "within_words": within_words(within),
        "p_value": c.p_value,
        "q_value": c.q_value,
    }


def _printed_side(c: Comparison, side: Side, table: MeasurementTable) -> str:
    """Value of one side with the digits that the precision of its measurement allows."""
    value = c.left if side is Side.LEFT else c.right
    if value is None:
        return "n/a"
    m = table.get(c.nerve, side, c.quantity)
    unit = UNIT_WORDS.get(c.quantity.unit, c.quantity.unit)
    if m is None or m.ci_low is None or m.ci_high is None:
        return f"{significant(value)} {unit}".strip()
    return f"{fixed(value, decimals_for((m.ci_high - m.ci_low) / 2.0))} {unit}".strip()


def _printed_difference(c: Comparison) -> Mapping[str, str]:
    """Difference, interval and smallest detectable difference, in percent, each on its own."""
    if c.asymmetry_percent is None or c.ci_low is None or c.ci_high is None:
        return dict.fromkeys(("difference_printed", "interval_printed", "detectable_printed"), "")
    decimals = percent_decimals(c.ci_low, c.ci_high)
    smallest = c.smallest_detectable_percent
    return {
        "difference_printed": fixed(c.asymmetry_percent, decimals),
        "interval_printed": f"{fixed(c.ci_low, decimals)} to {fixed(c.ci_high, decimals)}",
        "detectable_printed": "" if smallest is None else fixed(smallest, decimals),
    }


def headline_of(comparisons: Sequence[Comparison], nerve: Nerve, kind: str) -> Comparison | None:
    """Comparison that stands for a nerve's size or signal; None when there is none."""
    for quantity in HEADLINES[kind]:
        for c in comparisons:
            if (c.nerve, c.quantity) == (nerve, quantity):
                return c
    return None


def verdict_facts(result: CaseResult, settings: Mapping[str, object]) -> Mapping[str, object]:
    """The box at the top: counts in words and one line per nerve for size and signal."""
    rows, coverage = [], interval_percent(settings)
    for nerve in Nerve:
        picks = {kind: headline_of(result.asymmetry, nerve, kind) for kind in HEADLINES}
        row = {
            kind: None if c is None else _asymmetry_row(c, result, coverage)
            for kind, c in picks.items()
        }
        rows.append({"nerve": nerve.value, "nerve_words": nerve_words(nerve), **row})
    return {
        "headline": [_count_sentence(result.asymmetry, kind) for kind in HEADLINES],
        "explanation": _explanation(result.asymmetry, settings),
        "healthy": _healthy_sentence(result),
        "findings": findings(result.asymmetry, coverage),
        "notes": [w.sentence for w in result.warnings if w.reason in _READ_FIRST],
        "rows": rows,
    }


def findings(comparisons: Sequence[Comparison], coverage_percent: float) -> list[str]:
    """Each difference shown, in a short line, whether of the whole nerve or of a stretch."""
    picks = [(kind, headline_of(comparisons, n, kind)) for n in Nerve for kind in HEADLINES]
    return [
        f"{nerve_words(c.nerve)}, {kind}: "
        f"{comparison_sentence(c, interval_percent=coverage_percent)}{_and_where(c)}"
        for kind, c in picks
        if c is not None and (c.verdict in _DIFFERENT or c.pattern is not Pattern.NONE)
    ]


def _and_where(c: Comparison) -> str:
    """Where the sides differ, told apart from what the sentence before says of the whole."""
    words = stretch_words(c)
    if not words:
        return ""
    if c.verdict in _DIFFERENT:
        return f"; the sides differ {words}"
    return f"; but seen node by node the sides differ {words}"


def _count_sentence(comparisons: Sequence[Comparison], kind: str) -> str:
    picks = [c for nerve in Nerve if (c := headline_of(comparisons, nerve, kind)) is not None]
    comparable = [c for c in picks if c.verdict is not Verdict.NOT_COMPARABLE]
    head = f"{kind.capitalize()}: {len(comparable)} of {len(Nerve)} nerve pairs could be compared"
    if not comparable:
        reasons = Counter(c.reason.text for c in picks if c.reason is not None)
        return " ".join([f"{head}.", *(text for text, _ in reasons.most_common(1))])
    larger = [
        f"{'L' if c.verdict is Verdict.LEFT_LARGER else 'R'} larger in the {nerve_words(c.nerve)}"
        for c in comparable
        if c.verdict in _DIFFERENT
    ]
    local = [
        f"a differing stretch of the {nerve_words(c.nerve)}"
        for c in comparable
        if c.verdict not in _DIFFERENT and c.pattern is not Pattern.NONE
    ]
    rest = len(comparable) - len(larger) - len(local)
    if not larger + local:
        return f"{head}; no difference was shown in any of them."
    return f"{head}: {', '.join(larger + local)}; no difference shown in {rest}."


def _healthy_sentence(result: CaseResult) -> str:
    """Whether the lines of the box could be compared with healthy people, and how many could."""
    picks = [headline_of(result.asymmetry, nerve, kind) for nerve in Nerve for kind in HEADLINES]
    answers = [result.case.norms.difference_within(c) for c in picks if c is not None]
    outside, within = answers.count(Within.NO), answers.count(Within.YES)
    if not outside + within:
        return "Healthy range: no norm for MRI."
    return (
        f"Healthy range: {within} differences within, {outside} outside, no norm for the others."
    )


def _explanation(comparisons: Sequence[Comparison], settings: Mapping[str, object]) -> str:
    picks = [headline_of(comparisons, nerve, kind) for nerve in Nerve for kind in HEADLINES]
    if all(c is None or c.verdict is Verdict.NOT_COMPARABLE for c in picks):
        return (
            "Nothing could be compared; this says nothing about the nerves. The reasons are "
            "given nerve by nerve."
        )
    family = setting(settings, "asymmetry", "family_error_percent")
    together = (
        ""
        if family is None
        else f" Verdicts are strict: over all comparisons of this case together, the chance of "
        f"any false one is set to {shown_percent(family)}, if the stated errors hold. So an "
        "interval, which is for one nerve alone, may leave out 0 while no difference is called."
    )
    return (
        "A difference called here is larger than the measurement error of this image. Healthy "
        f"nerves also differ between sides (section 7).{together}"
    )
