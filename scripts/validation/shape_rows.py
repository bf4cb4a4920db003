"""Rows of the table of shapes: what was found, its bar, and whether it is met."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from shape_cases import Tube

from plexus_mri.core.grid import FloatArray

LIMIT_TIMES, LARGEST_OVER_MEDIAN, TOUCHING_MM = 2.0, 1.05, 0.10
COVERAGE = (0.93, 0.97)


@dataclass(frozen=True)
class Row:
    """One line of the table; ``met`` is None where there is no bar."""

    shapes: str
    what: str
    value: str
    bar: str = ""
    met: bool | None = None

    @property
    def line(self) -> str:
        """The row in Markdown."""
        verdict = {None: "", True: "met", False: "MISSED"}[self.met]
        return f"| {self.shapes} | {self.what} | {self.value} | {self.bar} | {verdict} |"


def bias_rows(
    shapes: str, tubes: Sequence[Tube], bias_bar_mm: float | None, spread_bar_mm: float | None
) -> list[Row]:
    """Bias and spread at each radius; the largest of them is judged."""
    radii = sorted({tube.solid.radius_mm for tube in tubes})
    groups = [[t for t in tubes if t.solid.radius_mm == radius] for radius in radii]
    biases = [float(np.mean([t.errors_mm.mean() for t in group])) for group in groups]
    spreads = [_spread_mm(group) for group in groups]
    at = ", ".join(f"{radius:g}" for radius in radii)
    worst = max(abs(t.errors_mm.mean()) for t in tubes)
    return [
        Row(
            f"{shapes} ({len(tubes)})",
            f"bias of the diameter at radius {at} mm",
            f"{', '.join(f'{b:+.3f}' for b in biases)} mm; worst tube {worst:.3f} mm",
            *_judged(max(map(abs, biases)), bias_bar_mm),
        ),
        Row(
            f"{shapes} ({len(tubes)})",
            "spread of a section's diameter",
            f"{', '.join(f'{s:.3f}' for s in spreads)} mm",
            *_judged(max(spreads), spread_bar_mm),
        ),
    ]


def limit_row(shapes: str, tubes: Sequence[Tube]) -> Row:
    """Spread over the Cramér-Rao bound."""
    radii = sorted({tube.solid.radius_mm for tube in tubes})
    groups = [[t for t in tubes if t.solid.radius_mm == radius] for radius in radii]
    limits = [float(np.sqrt(np.mean([t.limit_mm**2 for t in group]))) for group in groups]
    times = [_spread_mm(g) / limit for g, limit in zip(groups, limits, strict=True)]
    value = (
        f"{', '.join(f'{t:.2f}' for t in times)} times "
        f"({', '.join(f'{limit:.3f}' for limit in limits)} mm)"
    )
    met = max(times) <= LIMIT_TIMES
    what = "spread of a section over the limit"
    return Row(f"{shapes} ({len(tubes)})", what, value, f"{LIMIT_TIMES:g} times", met)


def largest_rows(shapes: str, tubes: Sequence[Tube]) -> list[Row]:
    """Largest over median of constant tubes; of diameters the 95th percentile is judged."""
    medians = np.array([np.nanmedian(t.radius_mm) for t in tubes])
    single = np.array([np.nanmax(t.radius_mm) for t in tubes]) / medians
    largest = np.array([t.largest_mm2 for t in tubes]) / (np.pi * medians**2)
    name = f"{shapes} ({len(tubes)})"
    return [
        _largest_row(name, "largest diameter of a section over the median", single, judged=True),
        _largest_row(name, "largest area of a section over the median", single**2),
        _largest_row(name, "`csa_max_mm2` over the median area", largest),
    ]


def _largest_row(shapes: str, what: str, ratios: FloatArray, *, judged: bool = False) -> Row:
    middle, far = np.percentile(ratios, (50, 95))
    value = f"median {middle:.3f}, 95 % below {far:.3f}"
    if not judged:
        return Row(shapes, what, value, "none")
    return Row(shapes, what, value, f"{LARGEST_OVER_MEDIAN}", bool(far <= LARGEST_OVER_MEDIAN))


def coverage_rows(shapes: str, tubes: Sequence[Tube], *, least_only: bool = False) -> list[Row]:
    """How many printed intervals hold the truth; too long is a miss too unless ``least_only``."""
    sections = np.concatenate([t.held for t in tubes])
    means = [t.holds_mean for t in tubes if np.isfinite(t.mean_mm2)]
    given = f"{len(means)} of {len(tubes)} given"
    named = [
        ("sections whose printed interval holds the truth", float(sections.mean()), ""),
        ("means whose printed interval holds the truth", float(np.mean(means)), f" ({given})"),
    ]
    low, high = COVERAGE[0], 1.0 if least_only else COVERAGE[1]
    bar = f"{100 * low:.0f} % and more" if least_only else f"{100 * low:.0f}-{100 * high:.0f} %"
    return [
        Row(
            f"{shapes} ({len(tubes)})",
            what,
            f"{100 * share:.1f} %{note}",
            bar,
            low <= share <= high,
        )
        for what, share, note in named
    ]


def touching_rows(shapes: str, tubes: Sequence[Tube]) -> list[Row]:
    """Bias of tubes that touch, and whether one was taken for another or for both."""
    swallowed = sum(tube.swallowed for tube in tubes)
    merged = f"{swallowed} of {len(tubes)}"
    return [
        *bias_rows(f"{shapes}, gaps 0-1 mm", tubes, TOUCHING_MM, None),
        Row(
            f"{shapes} ({len(tubes)})",
            "taken for the neighbour or both",
            merged,
            "0",
            not swallowed,
        ),
    ]


def _spread_mm(tubes: Sequence[Tube]) -> float:
    off = np.concatenate([t.errors_mm - t.errors_mm.mean() for t in tubes])
    return float(np.sqrt(np.mean(off**2)))


def _judged(found: float, bar_mm: float | None) -> tuple[str, bool | None]:
    return ("none", None) if bar_mm is None else (f"{bar_mm:.2f} mm", found <= bar_mm)
