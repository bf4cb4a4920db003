"""Name tags beside the nerves of a coronal picture, moved apart so that none covers another."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes

from plexus_mri.core.anatomy import ROOTS, Nerve, Side
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.report.canvas import NERVE_COLORS, write
from plexus_mri.report.words import SHORT_NAMES

_ROOT_INWARD_MM = 7.0  # towards the midline, beside the ganglion
_OUTWARD_MM = 14.0  # lateral of the most lateral point
_SPACING_MM = 8.0  # a line of text at the size used
_WIDTH_MM = 11.0  # two letters and their box
_LINE_FROM_MM = 9.0  # a name nearer than this needs no line
_RIM_MM = 6.0  # names stay this far inside the picture


@dataclass(frozen=True)
class Tag:
    """A name, the point of the nerve it names and where the name stands (x, z), in mm."""

    nerve: Nerve
    side: Side
    anchor_mm: tuple[float, float]
    place_mm: tuple[float, float]


def nerve_tags(tree: NerveTree) -> tuple[Tag, ...]:
    """Tags of all traced nerves: roots medial of their first node, the others lateral."""
    tags: list[Tag] = []
    for side in Side:
        keys = [key for key in tree if key[0] is side]
        roots = [_root_tag(tree, key) for key in keys if key[1] in ROOTS]
        others = [_outer_tag(tree, key, side) for key in keys if key[1] not in ROOTS]
        tags += [*apart(roots), *apart(others)]
    return tuple(tags)


def _root_tag(tree: NerveTree, key: tuple[Side, Nerve]) -> Tag:
    x, _, z = (float(v) for v in tree[key].centerline.points_mm[0])
    return Tag(key[1], key[0], (x, z), (x - key[0].sign * _ROOT_INWARD_MM, z))


def _outer_tag(tree: NerveTree, key: tuple[Side, Nerve], side: Side) -> Tag:
    points = tree[key].centerline.points_mm
    outermost = max(
        float((side.sign * traced.centerline.points_mm[:, 0]).max())
        for (other, _), traced in tree.nerves.items()
        if other is side
    )
    x, _, z = (float(v) for v in points[len(points) // 2])
    return Tag(key[1], side, (x, z), (side.sign * (outermost + _OUTWARD_MM), z))


def apart(tags: Sequence[Tag]) -> list[Tag]:
    """Same tags, from top to bottom, moved down where they would cover one placed before."""
    placed: list[Tag] = []
    for tag in sorted(tags, key=lambda t: -t.place_mm[1]):
        x, z = tag.place_mm
        for other in placed:
            near = abs(other.place_mm[0] - x) < _WIDTH_MM
            if near and abs(other.place_mm[1] - z) < _SPACING_MM:
                z = other.place_mm[1] - _SPACING_MM
        placed.append(replace(tag, place_mm=(x, z)))
    return placed


def draw_tags(axes: Axes, tags: Sequence[Tag]) -> None:
    """Names in their nerve's colour, with a thin line to the nerve where they stand apart."""
    low, high = sorted(axes.get_xlim())
    for tag in tags:
        x = float(np.clip(tag.place_mm[0], low + _RIM_MM, high - _RIM_MM))
        color = NERVE_COLORS[tag.nerve]
        if np.hypot(x - tag.anchor_mm[0], tag.place_mm[1] - tag.anchor_mm[1]) > _LINE_FROM_MM:
            axes.plot([tag.anchor_mm[0], x], [tag.anchor_mm[1], tag.place_mm[1]], color, lw=0.7)
        box = {"boxstyle": "square,pad=0.15", "facecolor": "black", "alpha": 0.65, "lw": 0}
        place = (x, tag.place_mm[1])
        write(axes, place, SHORT_NAMES[tag.nerve], color=color, fontsize=12, bbox=box)
