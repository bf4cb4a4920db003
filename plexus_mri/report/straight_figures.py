"""Straightened nerves: right and left beside each other, from the midline outwards."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from plexus_mri.core.anatomy import CORDS, ROOTS, TRUNKS, Nerve, NerveKey, Side
from plexus_mri.core.case import CaseResult
from plexus_mri.report.base_picture import percentile_window
from plexus_mri.report.canvas import NERVE_COLORS, WEBP, Figure, board_axes, to_webp, write
from plexus_mri.report.settings import ReportSettings
from plexus_mri.report.straight import Straight, straighten
from plexus_mri.report.tiles import Tile, show_tiles
from plexus_mri.report.words import SHORT_NAMES

_MARGIN_PX, _GAP_PX, _NAME_PX, _TOP_PX, _BOTTOM_PX = 14, 10, 46, 34, 40
_TICK_MM = 10.0
_STRETCH_COLOR = "#FFFFFF"
_HEADROOM = 1.2  # so that a bright nerve keeps its texture


def straight_figures(result: CaseResult, settings: ReportSettings) -> Mapping[str, Figure]:
    """One figure each for roots, trunks and cords that were traced, with a layer of borders."""
    figures: dict[str, Figure] = {}
    for group, members in (("roots", ROOTS), ("trunks", TRUNKS), ("cords", CORDS)):
        strips = {
            (side, nerve): strip
            for nerve in members
            for side in Side
            if (strip := _strip(result, (side, nerve), settings)) is not None
        }
        if strips:
            figures |= _figure(result, group, strips, settings)
    return figures


def _strip(result: CaseResult, key: NerveKey, settings: ReportSettings) -> Straight | None:
    return straighten(
        result, key, width_mm=settings.straight_width_mm, pixel_mm=settings.section_pixel_mm
    )


class _Board:
    """Where things stand on the figure, in pixels, y growing downwards."""

    def __init__(self, strips: Mapping[NerveKey, Straight], settings: ReportSettings) -> None:
        self.rows = [n for n in Nerve if any((side, n) in strips for side in Side)]
        self.scale = settings.straight_px_per_mm
        self.reach_mm = max(strip.length_mm for strip in strips.values())
        self.row_px = round(settings.straight_width_mm * self.scale)
        half_px = round(self.reach_mm * self.scale)
        self.middle = _MARGIN_PX + half_px + _NAME_PX / 2.0
        width = 2 * (_MARGIN_PX + half_px) + _NAME_PX
        height = _TOP_PX + len(self.rows) * (self.row_px + _GAP_PX) + _BOTTOM_PX
        self.size = (width, height)

    def x(self, side: Side, arc_mm: float) -> float:
        """Place along: node 0 beside the middle, the patient's right to the left."""
        return self.middle - side.sign * (_NAME_PX / 2.0 + arc_mm * self.scale)

    def y(self, nerve: Nerve) -> float:
        """Middle line of a nerve's row."""
        row = self.rows.index(nerve)
        return _TOP_PX + row * (self.row_px + _GAP_PX) + self.row_px / 2.0


def _figure(
    result: CaseResult,
    group: str,
    strips: Mapping[NerveKey, Straight],
    settings: ReportSettings,
) -> Mapping[str, Figure]:
    board = _Board(strips, settings)
    plain, layer = board_axes(board.size), board_axes(board.size)
    tiles = [_tile(board, key, strip) for key, strip in strips.items()]
    show_tiles(plain, board.size, tiles, _window(strips, settings))
    for key, strip in strips.items():
        _draw_borders(layer, board, key, strip)
    _draw_stretches(layer, board, result)
    _draw_words(plain, board, sure=_sure(result))
    return _encoded(group, strips, (plain, layer), settings)


def _window(strips: Mapping[NerveKey, Straight], settings: ReportSettings) -> tuple[float, float]:
    """One grey window for all strips, with room above the brightest nerve."""
    low, high = percentile_window(
        np.concatenate([_middle(strip) for strip in strips.values()]),
        settings.window_low_percent,
        settings.window_high_percent,
    )
    return low, low + _HEADROOM * (high - low)


def _sure(result: CaseResult) -> bool:
    return result.frame is not None and result.frame.proof.proven


def _middle(strip: Straight) -> np.ndarray[tuple[int], np.dtype[np.floating]]:
    """Pixels of the middle third, so that neither canal nor vessel decides the grey window."""
    third = strip.pixels.shape[0] // 3
    return strip.pixels[third : strip.pixels.shape[0] - third].ravel()


def _tile(board: _Board, key: NerveKey, strip: Straight) -> Tile:
    side, nerve = key
    ends = sorted((board.x(side, 0.0), board.x(side, strip.length_mm)))
    half = strip.width_mm * board.scale / 2.0
    outwards = strip.pixels[:, :: -side.sign]
    return Tile(outwards, ends[0], board.y(nerve) - half, ends[1], board.y(nerve) + half)


def _draw_borders(axes: Axes, board: _Board, key: NerveKey, strip: Straight) -> None:
    side, nerve = key
    x = [board.x(side, float(arc)) for arc in strip.border_arc_mm]
    for border in strip.border_mm.T:
        y = board.y(nerve) - border * board.scale
        axes.plot(x, y, color="black", lw=2.0, alpha=0.45)
        axes.plot(x, y, color=NERVE_COLORS[nerve], lw=1.1)


def _draw_stretches(axes: Axes, board: _Board, result: CaseResult) -> None:
    """Bar under each stretch in which the sides differ, on both sides."""
    spans = {
        (c.nerve, c.from_mm, c.to_mm)
        for c in result.asymmetry
        if c.nerve in board.rows and c.from_mm is not None and c.to_mm is not None
    }
    for nerve, start, end in sorted(spans, key=str):
        y = board.y(nerve) + board.row_px / 2.0 - 5.0
        for side in Side:
            x = [board.x(side, start or 0.0), board.x(side, end or 0.0)]
            axes.plot(x, [y, y], color="black", lw=5.0, alpha=0.6)
            axes.plot(x, [y, y], color=_STRETCH_COLOR, lw=2.5)


def _draw_words(axes: Axes, board: _Board, *, sure: bool) -> None:
    mark = "" if sure else "?"
    for nerve in board.rows:
        write(axes, (board.middle, board.y(nerve)), SHORT_NAMES[nerve],
              color=NERVE_COLORS[nerve], fontsize=14, weight="bold")  # fmt: skip
    bottom = board.size[1] - _BOTTOM_PX + 2.0
    for side in Side:
        word = {Side.RIGHT: "R", Side.LEFT: "L"}[side] + mark
        write(axes, (board.x(side, board.reach_mm / 2.0), 16.0), word,
              fontsize=18, weight="bold")  # fmt: skip
        for arc in np.arange(0.0, board.reach_mm + 1e-6, _TICK_MM):
            x = board.x(side, float(arc))
            axes.plot([x, x], [bottom - 4.0, bottom + 2.0], color="white", lw=1.2)
            axes.text(x, bottom + 12.0, f"{arc:.0f}", color="white", ha="center", va="center",
                      fontsize=9)  # fmt: skip
    axes.text(board.middle, bottom + 28.0, "mm from node 0", color="white", ha="center",
              va="center", fontsize=10)  # fmt: skip


def _encoded(
    group: str,
    strips: Mapping[NerveKey, Straight],
    axes: tuple[Axes, Axes],
    settings: ReportSettings,
) -> Mapping[str, Figure]:
    plain, layer = axes
    name, title = f"straight_{group}", f"Straightened {group}"
    lone = _missing_words(strips)
    words = (
        f"Each of the {group} laid straight along its traced line (curved planar reformat): "
        "patient's right on the left, node 0 beside the names, distal outwards, cranial up; "
        f"{settings.straight_width_mm:.0f} mm are shown across, both sides at one scale and one "
        f"grey window.{lone}"
    )
    return {
        name: Figure(
            to_webp(plain, quality_percent=settings.webp_quality_percent),
            WEBP,
            words,
            f"{words} Lines: borders of the fitted sections in this plane. White bars: stretch "
            "in which the sides differ.",
            title,
            "nerves",
        ),
        f"{name}_overlay": Figure(
            to_webp(layer, quality_percent=None),
            WEBP,
            f"Layer with the borders of the {group}.",
            "",
            title,
            "nerves",
            overlay_of=name,
        ),
    }


def _missing_words(strips: Mapping[NerveKey, Straight]) -> str:
    present = {nerve for _, nerve in strips}
    lone: Sequence[str] = [
        f"{SHORT_NAMES[nerve]} {side.value}"
        for nerve in Nerve
        for side in (Side.RIGHT, Side.LEFT)
        if nerve in present and (side, nerve) not in strips
    ]
    return f" Not followed: {', '.join(lone)}." if lone else ""
