"""Charts of a study: every case's number on one axis a metric, and profiles over all cases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import MaxNLocator

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.grid import FloatArray
from plexus_mri.report.canvas import (
    SIDE_COLORS,
    SIDE_LINES,
    SVG,
    WEBP,
    Figure,
    from_zero,
    to_svg,
    to_webp,
)
from plexus_mri.report.words import landmark_words, nerve_words

_MOST_GROUPS = 3
_ROW_INCH, _WIDTH_INCH = 0.62, 9.0
_LEAST_CASES = 3  # medians of fewer cases say little


@dataclass(frozen=True)
class Distribution:
    """Values of all cases in one number, with the limits beyond which one stands apart.

    ``cases`` are the links that a click follows.
    """

    words: str
    unit: str
    values: tuple[float, ...]
    cases: tuple[str, ...]
    limits: tuple[float, float] | None

    @property
    def apart(self) -> tuple[bool, ...]:
        """Whether each value lies beyond the limits."""
        if self.limits is None:
            return (False,) * len(self.values)
        return tuple(not self.limits[0] <= v <= self.limits[1] for v in self.values)


@dataclass(frozen=True, eq=False)
class GroupProfile:
    """Quartiles (3, n) of one nerve's diameter in mm along (n,) arc lengths, over ``cases``."""

    group: str
    nerve: Nerve
    side: Side
    arc_length_mm: FloatArray
    quartiles_mm: FloatArray
    cases: int


def distribution_figure(
    distributions: Sequence[Distribution],
) -> tuple[Figure | None, list[dict[str, object]]]:
    """One strip a number, and where each case's dot lies.

    Returns
    -------
    figure, points
        Points with ``x`` and ``y`` in hundredths of the picture's width and height, from its
        left top corner, and the ``link`` and ``words`` of the case.
    """
    if not distributions:
        return None, []
    height = _ROW_INCH * len(distributions) + 0.3
    drawing = Drawing(figsize=(_WIDTH_INCH, height), dpi=150)
    panels = np.atleast_1d(drawing.subplots(len(distributions), 1))
    drawing.subplots_adjust(left=0.30, right=0.98, top=1 - 0.08 / height, bottom=0.28 / height,
                            hspace=0.75)  # fmt: skip
    points = [
        point
        for axes, distribution in zip(panels, distributions, strict=True)
        for point in _strip(axes, distribution)
    ]
    sentences = [_words(d) for d in distributions]
    figure = Figure(
        to_webp(panels[0], quality_percent=None),
        WEBP,
        "Every case's number, one strip each. " + " ".join(sentences),
        "Circles: cases. Diamonds: values that stand apart. Dashed: the limits of that. A click "
        "on a mark opens the case; the same numbers stand in the table.",
        "Every case in each number",
        "distributions",
    )
    return figure, points


def _strip(axes: Axes, distribution: Distribution) -> list[dict[str, object]]:
    values = np.array(distribution.values)
    apart = np.array(distribution.apart)
    rng = np.random.default_rng(0)  # spreads dots of one value; the same on every run
    lift = rng.uniform(-0.3, 0.3, len(values))
    axes.scatter(values[~apart], lift[~apart], s=16, c=SIDE_COLORS[Side.LEFT], alpha=0.55, lw=0)
    axes.scatter(values[apart], lift[apart], s=34, c=SIDE_COLORS[Side.RIGHT], marker="D",
                 ec="black", lw=0.5)  # fmt: skip
    for limit in distribution.limits or ():
        if values.min() <= limit <= values.max():
            axes.axvline(limit, color="#444444", lw=0.9, ls="--")
    unit = f" ({distribution.unit})" if distribution.unit else ""
    axes.set_ylabel(f"{distribution.words}{unit}", rotation=0, ha="right", va="center", fontsize=9)
    axes.set_yticks([])
    if distribution.unit.startswith("of "):  # a count
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(-0.5, 0.5)
    axes.tick_params(labelsize=8, pad=1)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.patch.set_facecolor("white")
    axes.margins(x=0.03)
    drawing = axes.get_figure(root=True)
    if drawing is None:
        return []
    drawing.patch.set_facecolor("white")
    axes.get_xlim()  # settles the limits, which the transform below does not ask for
    place = axes.transData + drawing.transFigure.inverted()
    spots = place.transform(np.stack([values, lift], axis=1))
    return [
        {"x": round(100 * float(x), 2), "y": round(100 * (1 - float(y)), 2), "link": link,
         "words": f"{distribution.words}: {value:.4g}{unit}"}
        for (x, y), link, value in zip(spots, distribution.cases, values, strict=True)
    ]  # fmt: skip


def _words(d: Distribution) -> str:
    unit = f" {d.unit}" if d.unit else ""
    middle = float(np.median(d.values))
    return (
        f"{d.words}: {len(d.values)} cases, median {middle:.3g}{unit}, from "
        f"{min(d.values):.3g} to {max(d.values):.3g}, {sum(d.apart)} apart."
    )


def profile_charts(profiles: Sequence[GroupProfile]) -> Mapping[str, Figure]:
    """One chart a nerve: medians and quartiles of both sides, a panel for each group."""
    charts: dict[str, Figure] = {}
    for nerve in Nerve:
        own = [p for p in profiles if p.nerve is nerve and p.cases >= _LEAST_CASES]
        if own:
            charts[f"group_{nerve.value}"] = _profile_chart(nerve, own)
    return charts


def _profile_chart(nerve: Nerve, profiles: Sequence[GroupProfile]) -> Figure:
    groups = sorted({p.group for p in profiles})[:_MOST_GROUPS]
    drawing = Drawing(figsize=(3.2 * max(2, len(groups)), 2.6), layout="constrained")
    panels = np.atleast_1d(drawing.subplots(1, len(groups), sharey=True))
    for axes, group in zip(panels, groups, strict=True):
        for profile in (p for p in profiles if p.group == group):
            low, middle, high = profile.quartiles_mm
            color, arc = SIDE_COLORS[profile.side], profile.arc_length_mm
            axes.fill_between(arc, low, high, color=color, alpha=0.18, lw=0)
            word = "solid" if profile.side is Side.RIGHT else "dashed"
            axes.plot(arc, middle, color=color, ls=SIDE_LINES[profile.side], lw=1.8,
                      label=f"{profile.side.value} ({word}), {profile.cases} cases")  # fmt: skip
        axes.set_title(f"{nerve_words(nerve)}, {group}", fontsize=9, loc="left")
        axes.set_xlabel(f"mm from the {landmark_words(nerve)}", fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
        axes.legend(frameon=False, fontsize=8, loc="lower right")
    from_zero(*panels)
    panels[0].set_ylabel("diameter (mm)", fontsize=8)
    counts = "; ".join(f"{p.group} {p.side.value}: {p.cases} cases" for p in profiles)
    return Figure(
        to_svg(drawing),
        SVG,
        f"Median diameter along the {nerve_words(nerve)}, right and left. {counts}.",
        "Lines: medians. Bands: quartiles of the cases; no healthy range. A side that fewer than "
        f"{_LEAST_CASES} cases show is not drawn.",
        nerve_words(nerve),
        "group_profiles",
    )
