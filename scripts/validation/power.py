"""Rates of false and of missed differences of simulated profiles, as tables for the page."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from marked import put_section
from power_cases import (
    COMMON_PERCENT,
    COMMON_POWER,
    LENGTH_MM,
    LEVELS,
    NO_FLOOR,
    SHIPPED,
    Found,
    Level,
    Planted,
    Symmetric,
    errors_at,
    planted,
    symmetric,
)
from scipy import stats

from plexus_mri.asymmetry import AsymmetrySettings
from plexus_mri.core.comparison import Pattern
from plexus_mri.synthetic.profiles import ProfileErrors, flat, swelling

ROOT = Path(__file__).resolve().parents[2]
CASES, DIFFUSE_CASES, FOCAL_CASES = 500, 60, 20
SHARED_MM = (1.0, 3.0, 5.0)
MOST_FLAGGED, COVERAGE = 0.05, (0.93, 0.97)
DIFFUSE_PERCENT = (5, 10, 20, 30)
SWELLING_MM, SWELLING_PERCENT = (10, 20, 30, 40), (30, 60)
# No traced nerve is so long: it gives a swelling of 40 mm room to be focal.
LONG_MM, SWELLING_FROM_MM = 80.0, 14.0


def main() -> None:
    """Write the section between its markers; the rest of the page stays as it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "validation.md")
    parser.add_argument("--cases", type=int, default=CASES, help="symmetric cases a row")
    options = parser.parse_args()
    put_section(options.out, "power", section(options.cases))


def section(cases: int) -> list[str]:
    """Lines of the whole section."""
    return [
        "## Asymmetry: false flags and power, simulated",
        "",
        (
            "Written by `python scripts/validation/power.py`: profiles of 11 nerves and two sides "
            "with drawn errors, no image, compared with the settings as shipped. They show what "
            "the comparison does when its errors are what it takes them to be."
        ),
        "",
        *_origin_lines(),
        "",
        *_symmetric_lines(cases),
        "",
        *_diffuse_lines(),
        "",
        *_focal_lines(),
    ]


def _origin_lines() -> list[str]:
    return [
        (
            "Errors: of single nodes as measured on a development case at a nerve signal of 20 "
            "times the noise, voxels of 1 mm in plane (`scripts/validation/node_errors.py`, seed "
            f"1); common to all nodes {COMMON_PERCENT:.0f} % · (edge / 3.4 mm)^{COMMON_POWER}, "
            "with a nerve of 3.4 mm (ADR-124); "
            f"of a whole side {SHIPPED.area_mean_model_error_percent} % of area and "
            f"{SHIPPED.ratio_mean_model_error_percent} % of signal, and of node 0 "
            f"{SHIPPED.root_start_error_mm} mm, as the settings take them to be. Nerves are "
            f"{LENGTH_MM:.0f} mm long, so that 17 mm of a root are compared, as on that case."
        ),
        "",
        "| slice mm | area of a node % | signal of a node % | alike over mm | common % |",
        "|---|---|---|---|---|",
        *(
            f"| {level.edge_mm} | {level.area:.1f} | {level.signal:.1f} | {level.shared_mm:.1f} | "
            f"{errors_at(level).common:.1f} |"
            for level in LEVELS
        ),
    ]


def _symmetric_lines(cases: int) -> list[str]:
    """False flags and coverage."""
    return [
        (
            f"Symmetric cases, {cases} a row, slices of 1 mm where nothing else is said. A flag "
            "is a verdict or a pattern. In brackets the exact 95 % interval (Clopper-Pearson; of "
            "nerves as if they were independent). Bars: at most 5 % of nerves, at most 5 % of "
            "cases, intervals of means hold the truth in 93-97 %. n/a: too coarse to be compared."
        ),
        "",
        (
            "| errors | nerves flagged | cases with any flag | mean area | mean diameter | "
            "mean signal ratio | bars missed |"
        ),
        "|---|---|---|---|---|---|---|",
        *(_symmetric_row(*row, cases, seed) for seed, row in enumerate(_symmetric_rows())),
    ]


def _symmetric_rows() -> Iterator[tuple[str, ProfileErrors, AsymmetrySettings]]:
    """Title, errors and settings of each row."""
    fine = LEVELS[0]
    for shared_mm in SHARED_MM:
        yield f"nodes alike over {shared_mm} mm", errors_at(fine, shared_mm=shared_mm), SHIPPED
    yield f"as measured ({fine.shared_mm} mm)", errors_at(fine), SHIPPED
    for level in LEVELS[1:]:
        yield f"slices of {level.edge_mm} mm, as measured", errors_at(level), SHIPPED
    alone = ProfileErrors(fine.area, shared_mm=3.0, signal_node=fine.signal)
    yield "nodes' own errors alone, alike over 3 mm", alone, SHIPPED
    yield "the same, compared without the model errors", alone, NO_FLOOR


def _symmetric_row(
    title: str, errors: ProfileErrors, settings: AsymmetrySettings, cases: int, seed: int
) -> str:
    found = symmetric(errors, cases, seed, settings)
    cells = [title, _rate(*found.nerves), _rate(*found.cases)]
    cells += [f"{100.0 * held / of:.1f}" if of else "n/a" for held, of in found.covered.values()]
    cells.append(_missed(found))
    print(" | ".join(cells), flush=True)
    return f"| {' | '.join(cells)} |"


def _missed(found: Symmetric) -> str:
    """Bars that a row does not meet, by name."""
    low, high = COVERAGE
    missed = {
        "nerves": found.nerves[0] > MOST_FLAGGED * found.nerves[1],
        "cases": found.cases[0] > MOST_FLAGGED * found.cases[1],
        "intervals too short": any(held < low * of for held, of in found.covered.values()),
        "intervals too long": any(held > high * of for held, of in found.covered.values()),
    }
    return ", ".join(name for name, yes in missed.items() if yes) or "none"


def _rate(number: int, of: int) -> str:
    """Share in percent with its exact interval."""
    low, high = stats.binomtest(number, of).proportion_ci(0.95, method="exact")
    return f"{100.0 * number / of:.1f} % ({100.0 * low:.1f}-{100.0 * high:.1f})"


def _diffuse_lines() -> list[str]:
    """Power for a difference over the whole nerve."""
    return [
        (
            f"The left C6 larger in area over its whole length, {DIFFUSE_CASES} cases a row. "
            "*Called*: a verdict that a size is larger on the left. *Pattern*: diffuse. Ends: "
            "distance of both ends from the ends of the stretch compared, of cases with one: "
            "median, 95th percentile. Bar: called in 90 % at a difference of 10 %."
        ),
        "",
        (
            "| slice mm | difference % | called | right pattern | ends mm (95 %) | "
            "smallest detectable index % |"
        ),
        "|---|---|---|---|---|---|",
        *(_diffuse_row(level, percent) for level in LEVELS for percent in DIFFUSE_PERCENT),
    ]


def _diffuse_row(level: Level, percent: int) -> str:
    end_mm = LENGTH_MM - SHIPPED.trace_end_mm
    truth = Planted(
        lambda arc_mm: (1.0 + percent / 100.0) * flat(arc_mm),
        SHIPPED.ganglion_mm,
        end_mm,
        Pattern.DIFFUSE,
    )
    found = planted(truth, errors_at(level), DIFFUSE_CASES, percent)
    cells = [str(level.edge_mm), str(percent), _rate(found.called, found.cases)]
    cells += [_rate(found.right, found.cases), _ends(found), _whole(found.detectable_percent)]
    print(" | ".join(cells), flush=True)
    return f"| {' | '.join(cells)} |"


def _whole(percent: float) -> str:
    return f"{percent:.0f}" if np.isfinite(percent) else "n/a"


def _focal_lines() -> list[str]:
    """Power and place of a swelling."""
    return [
        (
            f"A swelling of the left C6 that begins at {SWELLING_FROM_MM:.0f} mm, on nerves of "
            f"{LONG_MM:.0f} mm (no traced nerve is so long; on a shorter one a long swelling is "
            f"diffuse), {FOCAL_CASES} cases a row. *Seen*: a verdict or a pattern. *Pattern*: "
            "focal. Ends as above; bar: within 5 mm."
        ),
        "",
        "| slice mm | swelling mm | by % | called | seen | right pattern | ends mm (95 %) |",
        "|---|---|---|---|---|---|---|",
        *(
            _focal_row(level, length, percent)
            for level in LEVELS
            for percent in SWELLING_PERCENT
            for length in SWELLING_MM
        ),
    ]


def _focal_row(level: Level, length_mm: int, percent: int) -> str:
    ends = SWELLING_FROM_MM, SWELLING_FROM_MM + length_mm
    truth = Planted(swelling(*ends, percent), *ends, Pattern.FOCAL, LONG_MM)
    found = planted(truth, errors_at(level), FOCAL_CASES, 100 * length_mm + percent)
    cells = [str(level.edge_mm), str(length_mm), str(percent)]
    cells += [_of(found.called, found), _of(found.seen, found), _of(found.right, found)]
    cells.append(_ends(found))
    print(" | ".join(cells), flush=True)
    return f"| {' | '.join(cells)} |"


def _of(number: int, found: Found) -> str:
    return f"{100.0 * number / found.cases:.0f} %"


def _ends(found: Found) -> str:
    """Median and 95th percentile of the errors of both ends."""
    if not found.end_errors_mm:
        return "n/a"
    middle, far = np.percentile(found.end_errors_mm, (50, 95))
    return f"{middle:.1f} ({far:.1f})"


if __name__ == "__main__":
    main()
