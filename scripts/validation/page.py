"""Scores of all cases to one page of tables in words a reader can check."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from plexus_mri import __version__
from plexus_mri.core.anatomy import CORDS, ROOTS, TRUNKS, Nerve
from validation.cases import Task

Score = dict[str, Any]
GROUPS: tuple[tuple[str, tuple[Nerve, ...]], ...] = (
    ("roots", ROOTS),
    ("trunks", TRUNKS),
    ("cords", CORDS),
)
WORDS = """
- *Named*: of the nerves found, those whose traced course lies nearest to the true nerve of that
  name and within 3 mm of it (median).
- *Line error*: distance of traced nodes from the true course; median, 95th percentile.
- *Diameter error*: of single nodes, without junctions and without the ganglion; median of the
  signed error, median and 95th percentile of the absolute error.
- *Index error*: found minus true index 200·(L − R)/(L + R) over the same stretch; median and 95th
  percentile of the absolute error, in percent points.
- *Interval*: share of 95 % intervals that hold the true index, here at the very nodes compared.
- *Verdicts*: right among those that can be judged: a true index below 2 % must be called no
  difference, one above the stated smallest detectable difference must be called with its side.
"""
SURE = 0.9
_SECTION = re.compile(r"^<!-- \w+ -->$", re.MULTILINE)
_MARKED = re.compile(r"(<!-- accuracy -->\n).*?(<!-- /accuracy -->)", re.DOTALL)


def write_page(store: Path, tasks: Sequence[Task], out: Path, readme: Path | None) -> None:
    """Write the page from the stored scores of the tasks, and the README's short table."""
    scores = [json.loads((store / f"{task.name}.json").read_text("utf-8")) for task in tasks]
    phantom = [s for s, task in zip(scores, tasks, strict=True) if task.image is None]
    external = [s for s, task in zip(scores, tasks, strict=True) if task.image is not None]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(_page(phantom, external) + _other_sections(out), encoding="utf-8")
    if readme is not None:
        page = readme.read_text(encoding="utf-8")
        short = "\n".join(_summary(phantom))
        readme.write_text(_MARKED.sub(lambda m: f"{m[1]}{short}\n{m[2]}", page), encoding="utf-8")


def _other_sections(out: Path) -> str:
    """Sections that other scripts put on the page, between their markers."""
    before = out.read_text(encoding="utf-8") if out.is_file() else ""
    first = _SECTION.search(before)
    return f"\n{before[first.start() :]}" if first else ""


def _page(phantom: list[Score], external: list[Score]) -> str:
    lines = [
        "# Validation",
        "",
        f"Written by `make validate` with version {__version__}. "
        f"{len(phantom)} synthetic cases of the validation population (seeds and settings that "
        "development never used; wider ranges of anatomy, noise, shading, thick slices and pose)"
        + (f", and {len(external)} cases of a foreign simulator." if external else "."),
        (
            "These are phantoms: they show what the method does when the truth is known, not how "
            "it does on patients."
        ),
        "",
        "## In short",
        "",
        *_summary(phantom),
        "",
        "## By nerve",
        "",
        *_by_nerve(phantom),
        "",
        "## By case",
        "",
        *_by_case(phantom),
        "",
    ]
    if external:
        lines += ["## Foreign simulator", "", *_summary(external), "", *_by_case(external), ""]
        lines += ["### Indices of the foreign simulator's cases", "", *_indices(external), ""]
    lines += ["## How the figures are made", "", *_words()]
    return "\n".join(lines) + "\n"


def _summary(scores: list[Score]) -> list[str]:
    rows = [_row("", [name for name, _ in GROUPS]), "|---|---|---|---|"]
    rows += [
        _row(
            words,
            [figure([n for n in _nerves(scores) if n["nerve"] in group]) for _, group in GROUPS],
        )
        for words, figure in NERVE_FIGURES
    ]
    for quantity, words in (("csa_mean_mm2", "area"), ("signal_ratio_mean", "signal ratio")):
        for title, figure in PAIR_FIGURES:
            cells = [
                figure([p for p in _pairs(scores, quantity) if p["nerve"] in group])
                for _, group in GROUPS
            ]
            rows.append(_row(f"{words}: {title}", cells))
    symmetric = [s for s in scores if s["kind"] == "symmetric" and not s["failure"]]
    flagged = sum(bool(s["false_flags"]) for s in symmetric)
    whole = sum(_roots_right(s) for s in scores)
    return [
        *rows,
        "",
        (
            f"Cases with all their roots found and rightly named: {whole} of {len(scores)}. "
            f"Symmetric cases with any flag: {flagged} of {len(symmetric)}. "
            f"Cases without a result: {sum(bool(s['failure']) for s in scores)}."
        ),
    ]


def _roots_right(score: Score) -> bool:
    roots = [n for n in score["nerves"] if n["nerve"] in ROOTS]
    return bool(roots) and all(n["found"] and n["named"] for n in roots)


def _by_nerve(scores: list[Score]) -> list[str]:
    header = [
        "found",
        "named",
        "line error mm",
        "diameter error mm",
        "area index error",
        "signal ratio index error",
    ]
    rows = [_row("nerve", header), "|---" * 7 + "|"]
    for nerve in Nerve:
        own = [n for n in _nerves(scores) if n["nerve"] == nerve]
        areas = [p for p in _pairs(scores, "csa_mean_mm2") if p["nerve"] == nerve]
        ratios = [p for p in _pairs(scores, "signal_ratio_mean") if p["nerve"] == nerve]
        cells = [_share(n["found"] for n in own), _share(n["named"] for n in own if n["found"])]
        cells += [
            _line_error(own),
            _diameter_error(own),
            _index_error(areas),
            _index_error(ratios),
        ]
        rows.append(_row(nerve, cells))
    return rows


def _by_case(scores: list[Score]) -> list[str]:
    header = [
        "roots found / named",
        "trunks",
        "cords",
        "diameter error of roots",
        "flags on equal sides",
        "seconds",
        "failure",
    ]
    rows = [_row("case", header), "|---" * 8 + "|"]
    for s in scores:
        cells = [_found(s, group) for _, group in GROUPS]
        roots = [n for n in s["nerves"] if n["nerve"] in ROOTS]
        flags = ", ".join(s["false_flags"]) or ("none" if s["kind"] == "symmetric" else "")
        cells += [_diameter_error(roots), flags, f"{s['seconds']:.0f}", s["failure"]]
        rows.append(_row(s["name"], cells))
    return rows


def _found(score: Score, group: Iterable[Nerve]) -> str:
    own = [n for n in score["nerves"] if n["nerve"] in group]
    found = sum(n["found"] for n in own)
    return f"{found} / {sum(n['named'] for n in own)} of {len(own)}"


def _indices(scores: list[Score]) -> list[str]:
    rows = [_row("case", ["nerve", "quantity", "true %", "found %", "verdict"]), "|---" * 6 + "|"]
    for s in scores:
        for p in s["pairs"]:
            if p["verdict"] in {"left_larger", "right_larger"} or abs(p["true_percent"]) > 10:
                found = "n/a" if p["found_percent"] is None else f"{p['found_percent']:+.0f}"
                cells = [
                    p["nerve"],
                    p["quantity"],
                    f"{p['true_percent']:+.0f}",
                    found,
                    p["verdict"],
                ]
                rows.append(_row(s["name"], cells))
    return rows


def _words() -> list[str]:
    return WORDS.strip().splitlines()


def _nerves(scores: list[Score]) -> list[Score]:
    return [n for s in scores for n in s["nerves"]]


def _pairs(scores: list[Score], quantity: str) -> list[Score]:
    return [p for s in scores for p in s["pairs"] if p["quantity"] == quantity]


def _row(head: str, cells: Sequence[str]) -> str:
    return "| " + " | ".join([head, *cells]) + " |"


def _share(flags: Iterable[bool]) -> str:
    values = list(flags)
    return f"{sum(values)} of {len(values)}" if values else "n/a"


def _spread(values: list[float], unit: str) -> str:
    if not values:
        return "n/a"
    size = np.abs(values)
    return f"{np.median(size):.2f} (95 % {np.percentile(size, 95):.2f}){unit}"


def _line_error(nerves: list[Score]) -> str:
    return _spread([e for n in nerves if n["named"] for e in n["line_errors_mm"]], "")


def _diameter_error(nerves: list[Score]) -> str:
    errors = [e for n in nerves for e in n["diameter_errors_mm"]]
    return f"{np.median(errors):+.2f}, abs {_spread(errors, '')}" if errors else "n/a"


def _ratio_error(nerves: list[Score]) -> str:
    errors = [e for n in nerves for e in n["ratio_errors_percent"]]
    return f"{np.median(errors):+.1f}, abs {_spread(errors, '')}" if errors else "n/a"


def _pull(nerves: list[Score]) -> str:
    pulls = [p for n in nerves for p in n["pulls"]]
    return f"{1.4826 * np.median(np.abs(pulls - np.median(pulls))):.2f}" if pulls else "n/a"


def _index_error(pairs: list[Score]) -> str:
    errors = [
        p["found_percent"] - p["true_percent"] for p in pairs if p["found_percent"] is not None
    ]
    return _spread([e for e in errors if np.isfinite(e)], "")


NERVE_FIGURES: tuple[tuple[str, Callable[[list[Score]], str]], ...] = (
    ("found", lambda own: _share(n["found"] for n in own)),
    ("rightly named, of those found", lambda own: _share(n["named"] for n in own if n["found"])),
    (
        "rightly named, of those with a confidence of 0.9 and more",
        lambda own: _share(n["named"] for n in own if n["confidence"] >= SURE),
    ),
    ("line error, mm", _line_error),
    ("diameter error, mm", _diameter_error),
    ("spread of area errors in their standard errors (1 is honest)", _pull),
    ("signal ratio error, %", _ratio_error),
)
PAIR_FIGURES: tuple[tuple[str, Callable[[list[Score]], str]], ...] = (
    ("index error, points", _index_error),
    (
        "interval holds the truth",
        lambda own: _share(p["inside_interval"] for p in own if p["inside_interval"] is not None),
    ),
    ("verdicts right", lambda own: _share(p["right"] for p in own if p["right"] is not None)),
    ("not comparable", lambda own: _share(p["verdict"] == "not_comparable" for p in own)),
)
