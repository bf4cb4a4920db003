"""Registration: planted failures, good series and the midline, as tables for the page."""

import argparse
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
from marked import put_section
from midlines import ONE_SIDED, SHADED, midline_scores, one_sided_score
from planted import FINE_MM, OTHER_PATIENT, Verdict, fine_verdicts, patient_verdicts
from stored import Row, stored_rows

from plexus_mri.synthetic import Population

ROOT = Path(__file__).resolve().parents[2]
# Drawn for reporting alone; development uses small seeds of the other populations.
FIRST_SEED = 97_000
# Each patient has four good series and four failures.
PATIENTS, MIDLINES, HARD_MIDLINES = 10, 50, 10
# Patients with four good series of 1 mm, for so many with series of 2 mm.
FINE_PATIENTS = 3
LARGEST_ERROR_VOXELS, LARGEST_MIDLINE_MM, LARGEST_HARD_MIDLINE_MM = 0.5, 1.5, 2.5


def main() -> None:
    """Run the cases that are not yet stored, then write the section between its markers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "validation.md")
    parser.add_argument("--store", type=Path, default=ROOT / "out" / "validation" / "registration")
    parser.add_argument("--cases", type=int, default=MIDLINES, help="cases of the midline")
    parser.add_argument(
        "--patients", type=int, default=PATIENTS, help="four good, four failures each"
    )
    parser.add_argument("--population", type=Population, default=Population.VALIDATION)
    options = parser.parse_args()
    first = FIRST_SEED if options.population is Population.VALIDATION else 1
    store = options.store / options.population
    store.mkdir(parents=True, exist_ok=True)
    planted = _planted(options.patients, first, options.population, store)
    fine = _fine(options.patients, first, options.population, store)
    midlines = _midlines(options.cases, first, options.population, store)
    put_section(options.out, "registration", section(planted, fine, midlines))


def _planted(count: int, first: int, population: Population, store: Path) -> list[Row]:
    """Rows of planted series; a stored patient is not run again."""
    rows = []
    for seed in range(first, first + count):
        rows += stored_rows(
            store / f"planted-{seed}.json", lambda s=seed: patient_verdicts(s, population)
        )
    return rows


def _fine(count: int, first: int, population: Population, store: Path) -> list[Row]:
    """Rows of good series of 1 mm, of a third as many patients."""
    rows = []
    for seed in range(first + 300, first + 300 - (-count * FINE_PATIENTS // PATIENTS)):
        rows += stored_rows(
            store / f"fine-{seed}.json", lambda s=seed: fine_verdicts(s, population)
        )
    return rows


def _midlines(count: int, first: int, population: Population, store: Path) -> list[Row]:
    """Rows of midlines: one-sided disease and strong shading for a fifth as many cases."""
    rows, hard = [], -(-count * HARD_MIDLINES // MIDLINES)
    for k in range(hard):
        seed = first + 200 + k
        rows += stored_rows(
            store / f"one-sided-{seed}.json", lambda s=seed: [one_sided_score(s, population)]
        )
    for k in range(count):
        seed = first + 100 + k
        rows += stored_rows(
            store / f"midline-{seed}.json",
            lambda s=seed, n=k: midline_scores(n, s, population, shaded=n < hard),
        )
    return rows


def section(planted: Sequence[Row], fine: Sequence[Row], midlines: Sequence[Row]) -> list[str]:
    """Lines of the whole section."""
    return [
        "## Registration: series and midline",
        "",
        (
            "Written by `python scripts/validation/registration.py`: phantoms of the validation "
            "population at 2 mm (slices as thick as drawn; good series of 1 mm apart), seeds that "
            "development never used."
        ),
        "",
        *_planted_lines([Verdict(**row) for row in planted], [Verdict(**row) for row in fine]),
        "",
        *_midline_lines(midlines),
    ]


def _planted_lines(verdicts: Sequence[Verdict], fine: Sequence[Verdict]) -> list[str]:
    good = [v for v in verdicts if v.good]
    strangers = [v for v in verdicts if v.kind == OTHER_PATIENT]
    failures = [v for v in verdicts if not v.good and v.kind != OTHER_PATIENT]
    refused = sum(not v.accepted for v in good)
    passed = sum(v.passed_wrongly for v in failures)
    righted = sum(v.accepted and not v.passed_wrongly for v in failures)
    return [
        (
            f"Good series, header off by 5-20 mm and 3-15 degrees: {refused} of {len(good)} "
            f"refused (limit 1 of 40); {_errors(good)} (limit {LARGEST_ERROR_VOXELS} voxel of the "
            "finer image)."
        ),
        (
            f"Good series of voxels of {FINE_MM:g} mm against a main image of {FINE_MM:g} mm, as "
            f"far off: {sum(not v.accepted for v in fine)} of {len(fine)} refused; "
            f"{_errors(fine)} (limit {LARGEST_ERROR_VOXELS} voxel)."
        ),
        (
            f"Planted failures: {passed} of {len(failures)} passed as good (limit 0); {righted} "
            "put right, to within 2 mm, in spite of the header."
        ),
        (
            "Neck of another patient, beyond the planted failures: "
            f"{sum(v.accepted for v in strangers)} of {len(strangers)} passed."
        ),
        "",
        "| series | kind | number | accepted | error mm | similarity | sharpness | handedness |",
        "|---|---|---|---|---|---|---|---|",
        *_kind_rows("good", good),
        *_kind_rows(f"good, {FINE_MM:g} mm", fine),
        *_kind_rows("failure", [*failures, *strangers]),
    ]


def _errors(verdicts: Sequence[Verdict]) -> str:
    """Largest and median of the cases' 95th percentiles."""
    known = [(v.error_mm, v.error_voxels) for v in verdicts if v.error_mm is not None]
    if not known:
        return "no error known"
    (middle_mm, middle), (worst_mm, worst) = np.median(known, axis=0), np.max(known, axis=0)
    return (
        f"error inside the body, 95th percentile of a case: median {middle_mm:.2f} mm "
        f"({middle:.2f} voxel), worst {worst_mm:.2f} mm ({worst:.2f} voxel)"
    )


def _kind_rows(title: str, verdicts: Sequence[Verdict]) -> list[str]:
    ordered = sorted(verdicts, key=lambda v: v.kind)
    return [
        _kind_row(title, kind, list(rows)) for kind, rows in groupby(ordered, lambda v: v.kind)
    ]


def _kind_row(title: str, kind: str, verdicts: Sequence[Verdict]) -> str:
    errors = [v.error_mm for v in verdicts if v.error_mm is not None]
    error = f"{min(errors):.2f}-{max(errors):.2f}" if errors else "n/a"
    accepted = sum(v.accepted for v in verdicts)
    cells = [title, kind, str(len(verdicts)), str(accepted), error]
    numbers = [v.numbers for v in verdicts if v.numbers is not None]
    for column in range(3):
        values = [row[column] for row in numbers]
        cells.append(f"{min(values):.2f} to {max(values):.2f}" if values else "n/a")
    return f"| {' | '.join(cells)} |"


def _midline_lines(rows: Sequence[Row]) -> list[str]:
    hard = (ONE_SIDED, SHADED)
    varied = [row for row in rows if row["kind"] not in hard]
    return [
        (
            "Distance of the midline that is found from the true one, from 10 mm behind the canal "
            "to 20 mm before it and from C4/5 to T2: 95th percentile of a case."
        ),
        "",
        "| cases | number | without | median mm | 95 % below mm | worst mm | limit mm |",
        "|---|---|---|---|---|---|---|",
        _midline_row("varied", varied, LARGEST_MIDLINE_MM),
        *(
            _midline_row(kind, [row for row in varied if row["kind"] == kind], LARGEST_MIDLINE_MM)
            for kind in sorted({row["kind"] for row in varied})
        ),
        *(
            _midline_row(
                kind, [row for row in rows if row["kind"] == kind], LARGEST_HARD_MIDLINE_MM
            )
            for kind in hard
        ),
    ]


def _midline_row(kind: str, rows: Sequence[Row], limit_mm: float) -> str:
    errors = [row["error_mm"] for row in rows if row["error_mm"] is not None]
    figures = (np.median(errors), np.percentile(errors, 95), max(errors)) if errors else ()
    cells = [f"{float(value):.2f}" for value in figures] or ["n/a"] * 3
    cells = [kind, str(len(rows)), str(len(rows) - len(errors)), *cells, str(limit_mm)]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
