"""Choosing the one series of each subject and session that is measured, and saying why."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from plexus_mri.io.series_row import SeriesRow
from plexus_mri.io.series_rules import SeriesRules
from plexus_mri.reasons import ReasonCode

_TIE_WORDS = {
    "covers_more": "it covers more of the plexus",
    "one_volume": "it is one volume, not one of several in time",
    "largest_volume": "its field of view is larger",
    "finest": "its voxels are smaller",
    "first": "it comes first",
}


@dataclass(frozen=True)
class Candidate:
    """A series fit for measuring: its place among the rows, its rule, and what ranks it."""

    place: int
    row: SeriesRow
    rule: str
    elsewhere: bool
    rule_number: int
    ties: tuple[float, ...]

    @property
    def rank(self) -> tuple[object, ...]:
        """Order of preference; the order of the rows decides last."""
        return (self.elsewhere, self.rule_number, self.ties, self.place)


def choose(rows: Sequence[SeriesRow], rules: SeriesRules) -> tuple[SeriesRow, ...]:
    """Rows with at most one chosen per subject and session, and a reason on all others."""
    fit: dict[tuple[str, str | None], list[Candidate]] = defaultdict(list)
    for place, row in enumerate(rows):
        candidate = _candidate(place, row, rules)
        if candidate is not None:
            fit[row.subject, row.session].append(candidate)
    decided = list(rows)
    for candidates in fit.values():
        ordered = sorted(candidates, key=lambda candidate: candidate.rank)
        decided[ordered[0].place] = _chosen(ordered)
        for other in ordered[1:]:
            why = f"series {ordered[0].row.series} was preferred: {_why(ordered[0], other, rules)}"
            decided[other.place] = _not_chosen(other.row, why)
    return tuple(
        row if row.chosen or row.reason is not None else _not_chosen(row, _unfit(row, rules))
        for row in decided
    )


def _candidate(place: int, row: SeriesRow, rules: SeriesRules) -> Candidate | None:
    if not row.sound or row.reason is not None or row.contrast in rules.never:
        return None
    facts = {
        "contrast": row.contrast,
        "plane": row.plane,
        "body_part": row.body_part,
        "coverage": row.coverage,
    }
    spacing = row.spacing or (1.0,)
    for number, rule in enumerate(rules.choice):
        if rule.met_by(facts, spacing):
            ties = tuple(_TIES[name](row, rules) for name in rules.ties)
            elsewhere = row.body_part in rules.elsewhere
            return Candidate(place, row, rule.rule, elsewhere, number, ties)
    return None


def _coverage_rank(row: SeriesRow, rules: SeriesRules) -> float:
    order = [rule.coverage for rule in rules.coverage]
    return float(order.index(row.coverage)) if row.coverage in order else float(len(order))


def _volume_mm3(row: SeriesRow, _rules: SeriesRules) -> float:
    return -round(float(np.prod(row.spacing or (1.0,)) * np.prod(row.shape or (1,))))


_TIES: Mapping[str, Callable[[SeriesRow, SeriesRules], float]] = {
    "covers_more": _coverage_rank,
    "one_volume": lambda row, _rules: float(row.part > 0),
    "largest_volume": _volume_mm3,
    "finest": lambda row, _rules: float(np.prod(row.spacing or (1.0,))),
    "first": lambda row, _rules: float(row.series),
}


def _chosen(ordered: Sequence[Candidate]) -> SeriesRow:
    """The first of the candidates, which says against how many others it was chosen."""
    best = ordered[0]
    others = ", ".join(str(candidate.row.series) for candidate in ordered[1:])
    why = f"preferred to series {others}" if others else "the only series that is fit"
    detail = "; ".join(filter(None, (why, best.row.detail)))
    return replace(best.row, chosen=True, rule=best.rule, role="main", detail=detail)


def _why(best: Candidate, other: Candidate, rules: SeriesRules) -> str:
    """What decided between two candidates."""
    if best.elsewhere != other.elsewhere:
        return f"this one shows another body part ({other.row.body_part})"
    if best.rule_number != other.rule_number:
        return f"rule '{best.rule}' comes before '{other.rule}'"
    for name, one, two in zip(rules.ties, best.ties, other.ties, strict=True):
        if one != two:
            return f"same rule, and {_TIE_WORDS[name]}"
    return "same rule, and it comes first"


def _unfit(row: SeriesRow, rules: SeriesRules) -> str:
    if row.contrast not in rules.never:
        return "no rule of choice fits it"
    return f"{row.contrast.replace('_', ' ')} images are not measured"


def _not_chosen(row: SeriesRow, why: str) -> SeriesRow:
    detail = "; ".join(filter(None, (why, row.detail)))
    return replace(row, reason=ReasonCode.INPUT_NOT_MAIN, detail=detail)
