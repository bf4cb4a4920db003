"""Charts: left and right along one nerve, and all differences on one axis."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from plexus_mri.core.anatomy import GANGLION_MM, ROOTS, Nerve, Side
from plexus_mri.core.case import CaseResult
from plexus_mri.core.comparison import Comparison, Verdict
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.measurement import UNUSABLE, Profile, Quality, Quantity
from plexus_mri.report.canvas import SIDE_COLORS, SIDE_LINES, SVG, Figure, from_zero, to_svg
from plexus_mri.report.results import HEADLINES, headline_of
from plexus_mri.report.rounding import fixed
from plexus_mri.report.words import (
    SHORT_NAMES,
    landmark_words,
    nerve_words,
    reason_words,
    stretch_words,
    verdict_words,
)

_Z95 = 1.96  # half-width of a 95 % normal interval in standard errors
_SIZE = (Quantity.CSA_MEAN, Quantity.CSA_MAX, Quantity.DIAMETER_MEAN)
_SIGNAL = (Quantity.SIGNAL_RATIO_MEAN, Quantity.SIGNAL_RATIO_MAX)
_PANELS = (("Diameter (mm)", _SIZE), ("Signal, nerve : muscle", _SIGNAL))
_FLAGGED = Quality.TOUCHING | UNUSABLE
_MOST_TICKS = 6  # enough to read a value; each costs drawing time
_PLACE = {"left": 0.06, "right": 0.985, "bottom": 0.16, "top": 0.83, "wspace": 0.14}
_DIFFERENCES_PLACE = {"left": 0.05, "right": 0.99, "bottom": 0.12, "top": 0.93, "wspace": 0.04}
_STRETCH = {"facecolor": "none", "edgecolor": "#666666", "hatch": "////", "linewidth": 0.0}
_GANGLION = {"facecolor": "#EDEDED", "edgecolor": "none", "zorder": 0}


def profile_figures(result: CaseResult) -> Mapping[str, Figure]:
    """One chart for each nerve that was measured on any side."""
    figures = {}
    for nerve in Nerve:
        sides = [
            profile
            for side in (Side.RIGHT, Side.LEFT)
            if (profile := result.table.profiles.get((side, nerve))) is not None
        ]
        if sides:
            own = [c for c in result.asymmetry if c.nerve is nerve]
            figures[f"profile_{nerve.value}"] = _profile_figure(nerve, sides, own)
    return figures


def _profile_figure(
    nerve: Nerve, sides: Sequence[Profile], comparisons: Sequence[Comparison]
) -> Figure:
    drawing = Drawing(figsize=(8.4, 3.1))
    panels = drawing.subplots(1, 2, gridspec_kw=_PLACE)
    landmark = " or ".join(
        dict.fromkeys(landmark_words(nerve, begins_anywhere=p.begins_anywhere) for p in sides)
    )
    for axes, (title, quantities), column in zip(panels, _PANELS, (0, 1), strict=True):
        for profile in sides:
            _draw_profile(axes, profile, *_values(profile)[column])
        if nerve in ROOTS:
            axes.axvspan(0.0, GANGLION_MM, **_GANGLION)
        _draw_stretch(axes, [c for c in comparisons if c.quantity in quantities])
        axes.set_title(title, fontsize=10, loc="left", y=1.0)
        axes.set_xlabel(f"mm from the {landmark}", fontsize=9)
        _tidy(axes)
    drawing.legend(*panels[0].get_legend_handles_labels(), loc="upper right",
                   ncols=4, frameon=False, fontsize=9)  # fmt: skip
    sentences = " ".join(_summary(p) for p in sides)
    lone = "" if len(sides) > 1 else f" Only the {_word(sides[0].side)} side was measured."
    return Figure(
        to_svg(drawing),
        SVG,
        f"Diameter and signal ratio along the {nerve_words(nerve)}. {sentences}{lone}",
        f"{_stretches(comparisons)}{lone}",
        f"{_capital(nerve_words(nerve))}",
        "profiles",
    )


def _word(side: Side) -> str:
    return "right" if side is Side.RIGHT else "left"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _stretches(comparisons: Sequence[Comparison]) -> str:
    """Where the hatched stretches lie, or why there is none."""
    tested = [c for c in comparisons if c.quantity in (*_SIZE, *_SIGNAL)]
    spans = {
        (panel, stretch_words(c))
        for c in comparisons
        for panel, quantities in zip(("diameter", "signal"), (_SIZE, _SIGNAL), strict=True)
        if c.quantity in quantities and c.from_mm is not None and c.to_mm is not None
    }
    refused = {c.reason for c in comparisons if c.verdict is Verdict.NOT_COMPARABLE}
    if not spans and refused and all(c.asymmetry_percent is None for c in tested):
        return " ".join(["Not compared.", *sorted(reason_words(reason) for reason in refused)])
    if not spans:
        beyond = " beyond the ganglion" if comparisons and comparisons[0].nerve in ROOTS else ""
        return f"No stretch was found{beyond} in which the sides differ."
    listed = "; ".join(f"{panel} {words}" for panel, words in sorted(spans))
    return f"Hatched: stretch in which the sides differ ({listed})."


def _values(profile: Profile) -> tuple[tuple[FloatArray, FloatArray], ...]:
    """Diameter and signal ratio of each node, each with the half-width of its 95 % interval.

    d = 2·sqrt(A/π), so its error is that of A over sqrt(π·A). The error of the reference muscle
    is left out of the band.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        diameter_se = profile.csa_error_mm2 / np.sqrt(np.pi * profile.csa_mm2)
        ratio_se = profile.signal_error / profile.reference
    return (
        (profile.diameter_mm, _Z95 * diameter_se),
        (profile.signal_ratio, _Z95 * ratio_se),
    )


def _draw_profile(axes: Axes, profile: Profile, values: FloatArray, half: FloatArray) -> None:
    side, arc = profile.side, profile.arc_length_mm
    color = SIDE_COLORS[side]
    axes.fill_between(arc, values - half, values + half, color=color, alpha=0.18, lw=0)
    axes.plot(arc, values, color=color, ls=SIDE_LINES[side], lw=1.8,
              label=f"{side.value} ({'solid' if side is Side.RIGHT else 'dashed'})")  # fmt: skip
    flagged = arc[profile.flagged(_FLAGGED)]
    level = 0.015 if side is Side.RIGHT else 0.05
    axes.plot(flagged, np.full(len(flagged), level), ls="", marker="x", ms=3.5, color=color,
              transform=axes.get_xaxis_transform(), clip_on=False)  # fmt: skip


def _draw_stretch(axes: Axes, comparisons: Sequence[Comparison]) -> None:
    spans = {
        (c.from_mm, c.to_mm) for c in comparisons if c.from_mm is not None and c.to_mm is not None
    }
    for start, end in sorted(spans):
        axes.axvspan(start, end, **_STRETCH)  # type: ignore[arg-type]  # a patch's own words


def _tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, color="#DDDDDD", lw=0.6)
    axes.tick_params(labelsize=9)
    axes.locator_params(nbins=_MOST_TICKS)
    axes.margins(x=0.01)
    from_zero(axes)


def _summary(profile: Profile) -> str:
    """Range of a profile in words, for people who cannot see the chart."""
    parts = [f"{_capital(_word(profile.side))} to {profile.arc_length_mm[-1]:.0f} mm"]
    for name, values, unit in (
        ("diameter", profile.diameter_mm, " mm"),
        ("signal ratio", profile.signal_ratio, ""),
    ):
        known = values[np.isfinite(values)]
        if known.size:
            parts.append(f"{name} {known.min():.1f} to {known.max():.1f}{unit}")
    return f"{', '.join(parts)}."


def difference_figure(result: CaseResult) -> Mapping[str, Figure]:
    """All differences with their intervals; nothing when no pair could be compared."""
    picks = {
        kind: [c for n in Nerve if (c := headline_of(result.asymmetry, n, kind)) is not None]
        for kind in HEADLINES
    }
    if not any(c.verdict is not Verdict.NOT_COMPARABLE for cs in picks.values() for c in cs):
        return {}
    drawing = Drawing(figsize=(8.4, 4.2))
    panels = drawing.subplots(1, 2, sharex=True, sharey=True, gridspec_kw=_DIFFERENCES_PLACE)
    for axes, (kind, comparisons) in zip(panels, picks.items(), strict=True):
        _draw_differences(axes, kind, comparisons)
    reach = max(20.0, *(abs(v) for axes in panels for v in axes.dataLim.intervalx))
    panels[0].set_xlim(-1.05 * reach, 1.05 * reach)
    sentences = [
        f"{nerve_words(c.nerve)}, {kind}: {_short(c)}."
        for kind, comparisons in picks.items()
        for c in comparisons
    ]
    return {
        "differences": Figure(
            to_svg(drawing),
            SVG,
            "Difference between left and right of each nerve. " + " ".join(sentences),
            "Difference between the sides of each nerve, with its interval. The grey bar is "
            "what could not have been detected in this image. Filled marks: a difference is "
            "called. To the left of 0 the patient's right is larger, to the right of 0 the left.",
            "All differences on one axis",
            "verdict",
        )
    }


def _short(c: Comparison) -> str:
    """Verdict and index, for people who cannot see the chart."""
    if c.asymmetry_percent is None:
        return verdict_words(c)
    return f"{verdict_words(c)}, L − R {fixed(c.asymmetry_percent, 0)} %"


def _draw_differences(axes: Axes, kind: str, comparisons: Sequence[Comparison]) -> None:
    rows = list(Nerve)
    for c in comparisons:
        y = rows.index(c.nerve)
        if c.asymmetry_percent is None or c.verdict is Verdict.NOT_COMPARABLE:
            axes.text(0, y, "not comparable", fontsize=8, color="#555555", ha="center",
                      va="center", backgroundcolor="white")  # fmt: skip
            continue
        _draw_difference(axes, c, y)
    axes.axvline(0, color="#333333", lw=0.8)
    axes.set_yticks(range(len(rows)), [SHORT_NAMES[n] for n in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    words = {"size": "Size (cross-sectional area)", "signal": "Signal (nerve : muscle)"}
    axes.set_title(words[kind], fontsize=10, y=1.0)
    axes.set_xlabel("R larger  \N{LEFTWARDS ARROW}  %  \N{RIGHTWARDS ARROW}  L larger", fontsize=9)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(visible=True, axis="x", color="#DDDDDD", lw=0.6)
    axes.tick_params(labelsize=9)
    axes.tick_params(axis="y", length=0)


def _draw_difference(axes: Axes, c: Comparison, y: int) -> None:
    if c.asymmetry_percent is None:
        return
    if c.smallest_detectable_percent is not None:
        reach = c.smallest_detectable_percent
        axes.barh(y, 2 * reach, left=-reach, height=0.7, color="#E4E4E4", zorder=0)
    if c.ci_low is not None and c.ci_high is not None:
        axes.plot([c.ci_low, c.ci_high], [y, y], color="black", lw=1.4)
    shown = c.verdict in (Verdict.LEFT_LARGER, Verdict.RIGHT_LARGER)
    axes.plot([c.asymmetry_percent], [y], marker="D" if shown else "o", color="black", ms=6,
              mfc="black" if shown else "white")  # fmt: skip
