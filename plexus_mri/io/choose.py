"""Choosing the one series of each subject and session that is measured."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from plexus_mri.io.series_row import SeriesRow
from plexus_mri.io.series_rules import SeriesRules
from plexus_mri.reasons import ReasonCode


def choose(rows: Sequence[SeriesRow], rules: SeriesRules) -> tuple[SeriesRow, ...]:
    """Rows with at most one chosen per subject and session, and a reason on all others."""
    best: dict[tuple[str, str | None], tuple[tuple[float, ...], int, str]] = {}
    for place, row in enumerate(rows):
        rank = _rank(row, rules)
        if rank is None:
            continue
        key = (row.subject, row.session)
        candidate = (rank[0], place, rank[1])
        best[key] = min(best.get(key, candidate), candidate)
    chosen = {place: rule for _, place, rule in best.values()}
    return tuple(
        replace(row, chosen=True, rule=chosen[place])
        if place in chosen
        else _not_chosen(row, rules)
        for place, row in enumerate(rows)
    )


def _rank(row: SeriesRow, rules: SeriesRules) -> tuple[tuple[float, ...], str] | None:
    """Place in the order of preference (small is better) and the rule; None when unfit."""
    if not row.sound or row.reason is not None or row.contrast in rules.never:
        return None
    spacing, shape = row.spacing or (1.0,), row.shape or (1,)
    volume_mm3 = float(np.prod(spacing) * np.prod(shape))
    for number, rule in enumerate(rules.choice):
        if rule.met_by(row.contrast, row.plane, spacing):
            return (number, -round(volume_mm3), float(np.prod(spacing))), rule.rule
    return None


def _not_chosen(row: SeriesRow, rules: SeriesRules) -> SeriesRow:
    if row.reason is not None:
        return row
    why = "another series was preferred"
    if row.contrast in rules.never:
        why = f"{row.contrast.replace('_', ' ')} images are not measured"
    detail = f"{why}; {row.detail}" if row.detail else why
    return replace(row, reason=ReasonCode.INPUT_NOT_MAIN, detail=detail)
