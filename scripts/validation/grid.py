"""Tracing and false differences over a grid of difficulty, as a section of the page."""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

from plexus_mri.core.anatomy import CORDS, ROOTS, TRUNKS
from plexus_mri.synthetic import Population
from validation.cases import Task, run_task
from validation.grid_cases import SNRS, SPACINGS_MM, grid_tasks
from validation.marked import put_section
from validation.run import run_tasks

ROOT = Path(__file__).resolve().parents[2]
Score = dict[str, Any]
Cell = tuple[Task, Score]
SURE = 0.9
CLEAR_SNR = 15.0
_HEAD = (
    "Written by `PYTHONPATH=scripts python scripts/validation/grid.py`: {} phantoms of the {} "
    "population with seeds of their own, two for each of {} voxels and {} noises (signal of a "
    "healthy trunk over the noise of a receive channel): one symmetric, one with lesions or a "
    "prefixed or postfixed plexus. All else is drawn: body, posture, place, sequence, shading, "
    "vessels, nodes, fat. *Right*: found, nearest to the true nerve of its side and name, and "
    "within 3 mm of it. A case without a result counts none of its nerves. Intervals claim to "
    "hold the truth at distances from the true beginning of a nerve and are judged by it; "
    "below it by the truth at the very nodes, where a misplaced beginning is no error."
)


def main() -> None:
    """Run the cases that are not yet stored, then write the section between its markers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "validation.md")
    parser.add_argument("--store", type=Path, default=ROOT / "out" / "validation")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--population", type=Population, default=Population.VALIDATION)
    options = parser.parse_args()
    tasks = list(grid_tasks(options.population))
    store = options.store / options.population
    run_tasks(run_task, tasks, store, options.jobs)
    scores = [json.loads((store / f"{t.name}.json").read_text("utf-8")) for t in tasks]
    cells = list(zip(tasks, scores, strict=True))
    put_section(options.out, "grid", section(cells, options.population))


def section(cells: Sequence[Cell], population: Population) -> list[str]:
    """Lines of the whole section."""
    return [
        "## A grid of difficulty",
        "",
        _HEAD.format(len(cells), population, len(SPACINGS_MM), len(SNRS)),
        "",
        *_limits(cells),
        "",
        "Roots right, and their line error (median, 95 %), by voxels and signal-to-noise:",
        "",
        f"| | {' | '.join(f'{snr:.0f}' for snr in SNRS)} |",
        f"|{'---|' * (len(SNRS) + 1)}",
        *(_row(words, spacing_mm, cells) for words, spacing_mm in SPACINGS_MM.items()),
        "",
        *_failures(cells),
    ]


def _limits(cells: Sequence[Cell]) -> list[str]:
    """What was aimed at, and what was found."""
    clear = [c for c in cells if _isotropic(c[0]) and (c[0].snr or 0.0) >= CLEAR_SNR]
    symmetric = [score for task, score in cells if task.kind == "symmetric"]
    rows = (
        ("", "limit", "found"),
        ("---", "---", "---"),
        ("roots right: isotropic voxels, signal-to-noise 15 and more", "99 %", _right(clear)),
        ("roots right: all", "95 %", _right(cells)),
        ("nerves on the wrong side", "0", _astray(cells)),
        ("line error of roots and trunks, mm", "0.3, 95 % 1.0", _line_error(cells)),
        ("trunks and cords found", "90 %", _found(cells)),
        ("right, of nerves with a confidence of 0.9 and more", "95 %", _sure(cells)),
        ("nerves called different on equal sides", "5 %", _flagged_nerves(symmetric)),
        ("cases with any such nerve", "5 %", _flagged_cases(symmetric)),
        ("intervals that hold the true index: area", "93-97 %", _held(cells, "csa_mean_mm2")),
        ("the same: signal ratio", "93-97 %", _held(cells, "signal_ratio_mean")),
        ("the same where the nodes lie: area", "", _held_at_nodes(cells, "csa_mean_mm2")),
        ("the same: signal ratio", "", _held_at_nodes(cells, "signal_ratio_mean")),
    )
    return [f"| {' | '.join(row)} |" for row in rows]


def _row(words: str, spacing_mm: tuple[float, float, float], cells: Sequence[Cell]) -> str:
    own = [c for c in cells if c[0].spacing_mm == spacing_mm]
    texts = []
    for snr in SNRS:
        here = [c for c in own if c[0].snr == snr]
        right, whole = _right_of(here)
        texts.append(f"{right} of {whole}; {_line_error(here, trunks=False)}")
    return f"| {' | '.join([words, *texts])} |"


def _failures(cells: Sequence[Cell]) -> list[str]:
    failed = [f"{task.name}: {score['failure']}" for task, score in cells if score["failure"]]
    wrong = [
        f"{task.name}: {', '.join(names)}"
        for task, score in cells
        if (names := [f"{n['nerve']} {n['side']}" for n in _of(score, ROOTS) if not n["named"]])
    ]
    flags = [f"{t.name}: {', '.join(s['false_flags'])}" for t, s in cells if s["false_flags"]]
    return [
        f"Without a result: {'; '.join(failed) or 'none'}.",
        "",
        f"Roots missed or wrongly named: {'; '.join(wrong) or 'none'}.",
        "",
        f"Differences called on equal sides: {'; '.join(flags) or 'none'}.",
    ]


def _flagged_nerves(scores: Sequence[Score]) -> str:
    """Nerves that were called different though their sides are equal."""
    nerves = [(s, name) for s in scores for name in _compared(s)]
    flagged = sum(any(f.startswith(f"{n} ") for f in s["false_flags"]) for s, n in nerves)
    return _share(flagged, len(nerves))


def _flagged_cases(scores: Sequence[Score]) -> str:
    return _share(sum(bool(score["false_flags"]) for score in scores), len(scores))


def _compared(score: Score) -> set[str]:
    return {p["nerve"] for p in score["pairs"] if p["verdict"] != "not_comparable"}


def _right(cells: Sequence[Cell]) -> str:
    return _share(*_right_of(cells))


def _right_of(cells: Sequence[Cell]) -> tuple[int, int]:
    """Roots that are right, and all there are."""
    nerves = [n for _, score in cells for n in _of(score, ROOTS)]
    missing = sum(2 * len(ROOTS) for _, score in cells if not score["nerves"])
    return sum(n["named"] for n in nerves), len(nerves) + missing


def _found(cells: Sequence[Cell]) -> str:
    nerves = [n for _, score in cells for n in _of(score, (*TRUNKS, *CORDS))]
    missing = sum(2 * len((*TRUNKS, *CORDS)) for _, score in cells if not score["nerves"])
    return _share(sum(n["found"] for n in nerves), len(nerves) + missing)


def _sure(cells: Sequence[Cell]) -> str:
    sure = [n for _, s in cells for n in s["nerves"] if n["confidence"] >= SURE]
    return _share(sum(n["named"] for n in sure), len(sure))


def _held(cells: Sequence[Cell], quantity: str, judged: str = "inside_by_distance") -> str:
    pairs = [p for _, s in cells for p in s["pairs"] if p["quantity"] == quantity]
    held = [p[judged] for p in pairs if p[judged] is not None]
    return _share(sum(held), len(held))


def _held_at_nodes(cells: Sequence[Cell], quantity: str) -> str:
    return _held(cells, quantity, "inside_interval")


def _line_error(cells: Sequence[Cell], *, trunks: bool = True) -> str:
    group = (*ROOTS, *TRUNKS) if trunks else ROOTS
    nerves = [n for _, score in cells for n in _of(score, group) if n["named"]]
    errors = [error for n in nerves for error in n["line_errors_mm"]]
    if not errors:
        return "n/a"
    return f"{np.median(errors):.2f}, 95 % {np.percentile(errors, 95):.2f}"


def _astray(cells: Sequence[Cell]) -> str:
    """Nerves that run on the other side of the patient, of those found."""
    nerves = [n for _, score in cells for n in score["nerves"] if n["found"]]
    return f"{sum(n['other_side'] for n in nerves)} of {len(nerves)}"


def _of(score: Score, group: Sequence[str]) -> list[Score]:
    return [n for n in score["nerves"] if n["nerve"] in group]


def _share(part: int, whole: int) -> str:
    """A share with its 95 % interval [Wilson 1927, J Am Stat Assoc 22:209]."""
    if not whole:
        return "n/a"
    low, high = binomtest(part, whole).proportion_ci(method="wilson")
    percent = f"{100 * part / whole:.1f} % ({100 * low:.1f}-{100 * high:.1f})"
    return f"{part} of {whole}, {percent}"


def _isotropic(task: Task) -> bool:
    return task.spacing_mm is not None and len(set(task.spacing_mm)) == 1


if __name__ == "__main__":
    main()
