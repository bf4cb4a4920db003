"""What the study's page says about each case, from its stored summary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plexus_mri.report.rating_form import rated_case

VERDICT_WORDS = {
    "difference": "difference shown",
    "no_difference": "no difference shown",
    "not_comparable": "not comparable",
}


@dataclass(frozen=True)
class Metric:
    """One number of each case: its name, words and unit."""

    name: str
    words: str
    unit: str


SIZE = Metric("size_difference", "largest difference in size", "%")
SIGNAL = Metric("signal_difference", "largest difference in signal", "%")
TRACED = Metric("nerves_traced", "nerves followed", "of 22")


def case_verdict(summary: Mapping[str, object]) -> str:
    """Difference, no difference or not comparable, over size and signal of all nerves."""
    verdicts = {str(row.get("verdict")) for row in _headlines(summary)}
    if verdicts & {"left_larger", "right_larger"}:
        return "difference"
    return "no_difference" if "no_difference" in verdicts else "not_comparable"


def case_reasons(summary: Mapping[str, object]) -> list[str]:
    """Reason codes of a case's warnings and of nerves that were not comparable, each once."""
    codes = [str(row.get("reason")) for row in _rows(summary.get("warnings"))]
    codes += [
        str(row.get("reason"))
        for row in _headlines(summary)
        if row.get("verdict") == "not_comparable" and row.get("reason")
    ]
    return sorted(set(codes))


def failed_quality(summary: Mapping[str, object]) -> list[str]:
    """Quality numbers outside their cut-off, in words."""
    return [str(row["words"]) for row in _rows(summary.get("quality")) if row["passed"] is False]


def case_metrics(summary: Mapping[str, object]) -> dict[Metric, float]:
    """Numbers of a case that are laid beside those of the others; what is missing is left out."""
    found: dict[Metric, float] = {}
    for row in _rows(summary.get("quality")):
        value = row.get("value")
        if isinstance(value, int | float):
            unit = "" if row.get("unit") == "1" else str(row.get("unit") or "")
            found[Metric(str(row["name"]), str(row["words"]), unit)] = float(value)
    for metric, kind in ((SIZE, "size"), (SIGNAL, "signal")):
        indices = [
            float(row["asymmetry_percent"])  # type: ignore[arg-type]  # checked below
            for row in _headlines(summary, kind)
            if isinstance(row.get("asymmetry_percent"), int | float)
        ]
        if indices:
            found[metric] = max(indices, key=abs)
    segmentation = summary.get("segmentation")
    if isinstance(segmentation, Mapping) and isinstance(segmentation.get("traced"), int):
        found[TRACED] = float(segmentation["traced"])
    return found


def case_facts(summary: Mapping[str, object]) -> dict[str, object]:
    """Verdict, reasons, quality and rating hashes of a finished case."""
    verdict = case_verdict(summary)
    return {
        "verdict": verdict,
        "verdict_words": VERDICT_WORDS[verdict],
        "reasons": case_reasons(summary),
        "failed_quality": failed_quality(summary),
        "case": dict(rated_case(summary)),
    }


def _headlines(summary: Mapping[str, object], kind: str = "") -> list[Mapping[str, object]]:
    """Comparisons that stand for a nerve's size and signal."""
    verdict = summary.get("verdict")
    rows = _rows(verdict.get("rows")) if isinstance(verdict, Mapping) else []
    kinds = (kind,) if kind else ("size", "signal")
    return [part for row in rows for k in kinds if isinstance(part := row.get(k), Mapping)]


def _rows(value: object) -> list[Mapping[str, object]]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [row for row in value if isinstance(row, Mapping)]
