"""Planes perpendicular to the nerves: right and left beside each other at one scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from plexus_mri.core.anatomy import CORDS, ROOTS, TRUNKS, Nerve, NerveKey, Side
from plexus_mri.core.case import CaseResult
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.measurement import Profile
from plexus_mri.errors import StageError
from plexus_mri.report.base_picture import percentile_window
from plexus_mri.report.canvas import NERVE_COLORS, WEBP, Figure, board_axes, to_webp, write
from plexus_mri.report.planes import Picture, SectionAxes, section_axes, section_picture
from plexus_mri.report.settings import ReportSettings
from plexus_mri.report.tiles import Tile, show_tiles
from plexus_mri.report.words import SHORT_NAMES

TILE_PX, GAP_PX, LEFT_PX, TOP_PX = 128, 8, 52, 46
_NODE_REACH_MM = 1.0
SIDE_ORDER = (Side.RIGHT, Side.LEFT)  # as on all pictures
DARK = "#111111"


@dataclass(frozen=True, eq=False)
class Section:
    """One plane across a nerve at a node, and the fitted outline (n, 2) in its picture, in mm."""

    picture: Picture
    outline_mm: FloatArray | None


def section_figures(result: CaseResult, settings: ReportSettings) -> Mapping[str, Figure]:
    """One figure each for roots, trunks and cords that were traced, with a layer of outlines."""
    figures: dict[str, Figure] = {}
    for name, members in (("roots", ROOTS), ("trunks", TRUNKS), ("cords", CORDS)):
        rows = [n for n in members if any((side, n) in result.nerves for side in Side)]
        if rows:
            figures |= _group_figure(result, settings, name, rows)
    return figures


def _group_figure(
    result: CaseResult, settings: ReportSettings, group: str, rows: Sequence[Nerve]
) -> Mapping[str, Figure]:
    sections = {
        ((side, nerve), arc): section_at(result, (side, nerve), arc, settings)
        for nerve in rows
        for arc in settings.section_arc_mm
        for side in SIDE_ORDER
    }
    size_px = _size(rows, settings)
    plain, layer = board_axes(size_px), board_axes(size_px)
    window = common_window([s for s in sections.values() if s is not None])
    corners = {
        (key, arc): _corner(rows.index(key[1]), settings.section_arc_mm.index(arc), key[0])
        for key, arc in sections
    }
    draw_tiles(plain, size_px, [(s, corners[at]) for at, s in sections.items()], window)
    for (key, arc), section in sections.items():
        if section is not None:
            draw_outline(layer, section, corners[key, arc], NERVE_COLORS[key[1]])
    _draw_headers(plain, rows, settings)
    kept = all(p.long_axis is not None for p in result.table.profiles.values())
    shape = "ellipses" if kept else "areas, drawn as circles"
    return _figures(group, shape, (plain, layer), settings)


def _figures(
    group: str, shape: str, axes: tuple[Axes, Axes], settings: ReportSettings
) -> Mapping[str, Figure]:
    """Encoded picture and layer, with their words."""
    plain, layer = axes
    name, title = f"sections_{group}", f"Planes across the {group}"
    places = ", ".join(f"{arc:.0f}" for arc in settings.section_arc_mm)
    words = (
        f"Planes perpendicular to the {group}, {places} mm from node 0, right and left beside "
        f"each other; each square is {settings.section_width_mm:.0f} mm wide"
    )
    return {
        name: Figure(
            to_webp(plain, quality_percent=settings.webp_quality_percent),
            WEBP,
            f"{words}.",
            f"{words}, all at one scale and one grey window; cranial is up and the front of the "
            "patient is on the left of each square, on both sides. Outlines are the fitted "
            f"{shape}; a dark square means that the nerve was not followed to this place.",
            title,
            "nerves",
        ),
        f"{name}_overlay": Figure(
            to_webp(layer, quality_percent=None),
            WEBP,
            f"Layer with the fitted outlines of the {group}.",
            "",
            title,
            "nerves",
            overlay_of=name,
        ),
    }


def section_at(
    result: CaseResult, key: NerveKey, arc_mm: float, settings: ReportSettings
) -> Section | None:
    """Plane across a nerve at an arc length; None where the nerve does not reach.

    The centre and outline are those measured; without a profile, the traced curve's.
    """
    traced = result.nerves.nerves.get(key)
    if traced is None or arc_mm > traced.centerline.length_mm + _NODE_REACH_MM:
        return None
    profile = result.table.profiles.get(key)
    node = None if profile is None else _node_at(profile, arc_mm)
    line = traced.centerline if profile is None else _curve_of(profile, traced.centerline)
    index = int(np.argmin(np.abs(line.arc_length_mm - arc_mm))) if node is None else node
    index = min(index, len(line.points_mm) - 1)
    axes = section_axes(line.tangents[index])
    picture = section_picture(
        result.image,
        line.points_mm[index],
        axes,
        width_mm=settings.section_width_mm,
        pixel_mm=settings.section_pixel_mm,
    )
    outline = None if profile is None or node is None else _outline(profile, node, axes)
    return Section(picture, outline)


def _node_at(profile: Profile, arc_mm: float) -> int | None:
    node = int(np.argmin(np.abs(profile.arc_length_mm - arc_mm)))
    return node if abs(float(profile.arc_length_mm[node]) - arc_mm) <= _NODE_REACH_MM else None


def _curve_of(profile: Profile, traced: Centerline) -> Centerline:
    """Curve through the measured centres; the traced one where some centre is missing."""
    try:
        return Centerline(profile.points_mm)
    except StageError:
        return Centerline(traced.at(profile.arc_length_mm))


def _outline(profile: Profile, node: int, axes: SectionAxes) -> FloatArray | None:
    """Fitted ellipse (n, 2) in the picture's axes; None where nothing was fitted.

    Where its direction was not kept, the circle of the same area.
    """
    if not np.isfinite(profile.csa_mm2[node]):
        return None
    turn = np.linspace(0.0, 2.0 * np.pi, 73)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    sizes = np.array([profile.long_mm[node], profile.short_mm[node]]) / 2.0
    direction = None if profile.long_axis is None else profile.long_axis[node]
    if direction is None or not (np.isfinite(direction).all() and np.isfinite(sizes).all()):
        return circle * float(profile.diameter_mm[node]) / 2.0
    along = np.array([direction @ axes.across, direction @ axes.up])
    along = along / np.linalg.norm(along)
    aside = np.array([-along[1], along[0]])
    outline: FloatArray = circle * sizes @ np.stack([along, aside])
    return outline


def common_window(sections: Sequence[Section]) -> tuple[float, float]:
    """One grey window for all squares, set by the middle of each so that no canal decides it."""
    values = [_middle(s.picture.pixels) for s in sections]
    low, high = percentile_window(np.concatenate(values or [np.empty(0)]), 1.0, 99.0)
    return low, low + 1.15 * (high - low)


def _middle(pixels: FloatArray) -> FloatArray:
    edge = pixels.shape[0] // 4
    return pixels[edge : pixels.shape[0] - edge, edge : pixels.shape[1] - edge].ravel()


def _size(rows: Sequence[Nerve], settings: ReportSettings) -> tuple[int, int]:
    """Width and height in pixels of a figure of so many rows."""
    columns = len(settings.section_arc_mm)
    width = LEFT_PX + columns * (2 * TILE_PX + 2 * GAP_PX)
    return width, TOP_PX + len(rows) * (TILE_PX + GAP_PX)


def _corner(row: int, column: int, side: Side) -> tuple[float, float]:
    """Left top corner of a square in pixels; right and left of a place touch."""
    x = LEFT_PX + column * (2 * TILE_PX + 2 * GAP_PX) + SIDE_ORDER.index(side) * (TILE_PX + 2)
    return float(x), float(TOP_PX + row * (TILE_PX + GAP_PX))


def draw_tiles(
    axes: Axes,
    size_px: tuple[int, int],
    placed: Sequence[tuple[Section | None, tuple[float, float]]],
    window: tuple[float, float],
) -> None:
    """Squares of sections at their corners; a dark one where a nerve was not followed."""
    tiles = []
    for section, (x, y) in placed:
        if section is None:
            axes.fill([x, x + TILE_PX, x + TILE_PX, x], [y, y, y + TILE_PX, y + TILE_PX], DARK)
            middle = (x + TILE_PX / 2, y + TILE_PX / 2)
            axes.text(*middle, "not followed\nhere", color="#BBBBBB", ha="center", va="center")
            continue
        tiles.append(Tile(section.picture.pixels, x, y, x + TILE_PX, y + TILE_PX))
        if section.outline_mm is None:
            write(axes, (x + TILE_PX / 2, y + TILE_PX - 10), "not measured here", fontsize=8)
    show_tiles(axes, size_px, tiles, window)


def draw_outline(axes: Axes, section: Section, corner: tuple[float, float], color: str) -> None:
    """Fitted outline on its square; nothing where nothing was fitted."""
    if section.outline_mm is None:
        return
    scale = TILE_PX / section.picture.width_mm
    x = corner[0] + TILE_PX / 2 + scale * section.outline_mm[:, 0]
    y = corner[1] + TILE_PX / 2 - scale * section.outline_mm[:, 1]
    axes.plot(x, y, color="black", lw=2.2, alpha=0.5)
    axes.plot(x, y, color=color, lw=1.2)


def _draw_headers(axes: Axes, rows: Sequence[Nerve], settings: ReportSettings) -> None:
    for column, arc in enumerate(settings.section_arc_mm):
        right, _ = _corner(0, column, Side.RIGHT)
        left, _ = _corner(0, column, Side.LEFT)
        style = {"color": "white", "ha": "center", "va": "center"}
        axes.text(left - 1, 14, f"{arc:.0f} mm", fontsize=11, **style)  # type: ignore[arg-type]
        for side, x in ((Side.RIGHT, right), (Side.LEFT, left)):
            axes.text(x + TILE_PX / 2, 34, side.value, weight="bold", **style)  # type: ignore[arg-type]
    for row, nerve in enumerate(rows):
        y = TOP_PX + row * (TILE_PX + GAP_PX) + TILE_PX / 2
        axes.text(
            LEFT_PX / 2, y, SHORT_NAMES[nerve], color=NERVE_COLORS[nerve],
            ha="center", va="center", fontsize=13, weight="bold",
        )  # fmt: skip
