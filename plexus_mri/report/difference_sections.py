"""Planes across each nerve where its sides differ most, right and left beside each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from plexus_mri.core.anatomy import GANGLION_MM, ROOTS, Nerve, Side
from plexus_mri.core.case import CaseResult
from plexus_mri.core.comparison import Verdict
from plexus_mri.core.measurement import UNUSABLE, Profile
from plexus_mri.report.canvas import NERVE_COLORS, WEBP, Figure, board_axes, to_webp
from plexus_mri.report.results import headline_of
from plexus_mri.report.rounding import fixed
from plexus_mri.report.section_figures import (
    GAP_PX,
    SIDE_ORDER,
    TILE_PX,
    Section,
    common_window,
    draw_outline,
    draw_tiles,
    section_at,
)
from plexus_mri.report.settings import ReportSettings
from plexus_mri.report.words import SHORT_NAMES, nerve_words

_NAME = "sections_difference"
_COLUMNS = 3
_PAIR_PX = 2 * TILE_PX + 2 + 3 * GAP_PX
_HEAD_PX, _FOOT_PX = 40, 22


@dataclass(frozen=True, eq=False)
class Place:
    """Where the areas of a nerve differ most, both areas there, and whether they compare."""

    nerve: Nerve
    arc_mm: float
    right_mm2: float
    left_mm2: float
    comparable: bool

    @property
    def words(self) -> str:
        """Place and areas."""
        return (
            f"{nerve_words(self.nerve)} at {self.arc_mm:.0f} mm: "
            f"R {fixed(self.right_mm2, 1)}, L {fixed(self.left_mm2, 1)} mm²"
            f"{'' if self.comparable else ' (not comparable)'}"
        )


def largest_difference(result: CaseResult, nerve: Nerve) -> Place | None:
    """Place with the largest ratio of areas among nodes that count on both sides.

    Where a stretch was found in which the sides differ, the place is looked for inside it.
    """
    pair = [result.table.profiles.get((side, nerve)) for side in SIDE_ORDER]
    if pair[0] is None or pair[1] is None:
        return None
    right, left = pair[0], pair[1]
    arcs, right_mm2, left_mm2 = _common(right, left)
    start = GANGLION_MM if nerve in ROOTS else 0.0
    wanted = np.isfinite(right_mm2 * left_mm2) & (arcs >= start)
    inside = wanted & _in_stretch(result, nerve, arcs)
    wanted = inside if inside.any() else wanted
    if not wanted.any():
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.where(wanted, np.abs(np.log(left_mm2 / right_mm2)), -1.0)
    best = int(np.argmax(size))
    size_of = headline_of(result.asymmetry, nerve, "size")
    comparable = size_of is not None and size_of.verdict is not Verdict.NOT_COMPARABLE
    return Place(
        nerve, float(arcs[best]), float(right_mm2[best]), float(left_mm2[best]), comparable
    )


def _common(right: Profile, left: Profile) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Arc lengths that both sides have, and the areas there; NaN at nodes that do not count."""
    count = min(len(right.arc_length_mm), len(left.arc_length_mm))
    areas = [np.where(p.flagged(UNUSABLE), np.nan, p.csa_mm2)[:count] for p in (right, left)]
    return right.arc_length_mm[:count], areas[0], areas[1]


def _in_stretch(result: CaseResult, nerve: Nerve, arcs: np.ndarray) -> np.ndarray:
    inside = np.zeros(len(arcs), dtype=bool)
    for c in result.asymmetry:
        if c.nerve is nerve and c.from_mm is not None and c.to_mm is not None:
            inside |= (arcs >= c.from_mm) & (arcs <= c.to_mm)
    return inside


def difference_sections(result: CaseResult, settings: ReportSettings) -> Mapping[str, Figure]:
    """One figure of all nerves measured on both sides; nothing when there is none."""
    places = [p for nerve in Nerve if (p := largest_difference(result, nerve)) is not None]
    if not places:
        return {}
    sections = {
        (place.nerve, side): section_at(result, (side, place.nerve), place.arc_mm, settings)
        for place in places
        for side in SIDE_ORDER
    }
    window = common_window([s for s in sections.values() if s is not None])
    size_px = _size(len(places))
    plain, layer = board_axes(size_px), board_axes(size_px)
    corners = {
        (place.nerve, side): _corner(number, side)
        for number, place in enumerate(places)
        for side in SIDE_ORDER
    }
    draw_tiles(plain, size_px, [(s, corners[at]) for at, s in sections.items()], window)
    for (nerve, side), section in sections.items():
        if section is not None:
            draw_outline(layer, section, corners[nerve, side], NERVE_COLORS[nerve])
    for number, place in enumerate(places):
        _head(plain, place, number)
    return _figures(places, sections, (plain, layer), settings)


def _size(pairs: int) -> tuple[int, int]:
    rows = -(-pairs // _COLUMNS)
    return min(pairs, _COLUMNS) * _PAIR_PX, rows * (TILE_PX + _HEAD_PX + _FOOT_PX)


def _corner(number: int, side: Side) -> tuple[float, float]:
    row, column = divmod(number, _COLUMNS)
    x = column * _PAIR_PX + GAP_PX + SIDE_ORDER.index(side) * (TILE_PX + 2)
    return float(x), float(row * (TILE_PX + _HEAD_PX + _FOOT_PX) + _HEAD_PX)


def _head(axes: Axes, place: Place, number: int) -> None:
    x, y = _corner(number, Side.LEFT)
    style = {"ha": "center", "va": "center"}
    doubt = "" if place.comparable else ", not comparable"
    title = f"{SHORT_NAMES[place.nerve]} at {place.arc_mm:.0f} mm{doubt}"
    axes.text(x - 1, y - 28, title, color=NERVE_COLORS[place.nerve],
              fontsize=11, weight="bold", **style)  # type: ignore[arg-type]  # fmt: skip
    for side, area in ((Side.RIGHT, place.right_mm2), (Side.LEFT, place.left_mm2)):
        left, top = _corner(number, side)
        axes.text(left + TILE_PX / 2, top - 11, side.value, color="white", fontsize=11,
                  weight="bold", **style)  # type: ignore[arg-type]  # fmt: skip
        axes.text(left + TILE_PX / 2, top + TILE_PX + 11, f"{fixed(area, 1)} mm²",
                  color="white", fontsize=10, **style)  # type: ignore[arg-type]  # fmt: skip


def _figures(
    places: Sequence[Place],
    sections: Mapping[tuple[Nerve, Side], Section | None],
    axes: tuple[Axes, Axes],
    settings: ReportSettings,
) -> Mapping[str, Figure]:
    plain, layer = axes
    title = "Planes where the sides differ most"
    words = (
        "Planes perpendicular to each nerve where the areas of its sides differ most, right and "
        f"left beside each other; each square is {settings.section_width_mm:.0f} mm wide"
    )
    listed = "; ".join(place.words for place in places)
    caution = (
        "The largest of many differences is large by chance alone: it shows where to look, the "
        "verdict counts the whole nerve."
    )
    shown = sum(section is not None for section in sections.values())
    return {
        _NAME: Figure(
            to_webp(plain, quality_percent=settings.webp_quality_percent),
            WEBP,
            f"{words}. {listed}.",
            f"{words}, all at one scale and one grey window; cranial is up and the front of the "
            f"patient is on the left of each square, on both sides. Outlines: fitted sections. "
            f"{caution}",
            title,
            "nerves",
        ),
        f"{_NAME}_overlay": Figure(
            to_webp(layer, quality_percent=None),
            WEBP,
            f"Layer with {shown} fitted outlines.",
            "",
            title,
            "nerves",
            overlay_of=_NAME,
        ),
    }
