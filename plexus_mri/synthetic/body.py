"""Everything of the patient but the nerves, painted on the canvas."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from plexus_mri.core.anatomy import Side
from plexus_mri.core.grid import FloatArray
from plexus_mri.synthetic import atlas
from plexus_mri.synthetic.atlas import Part
from plexus_mri.synthetic.canvas import Canvas, Paint
from plexus_mri.synthetic.posture import Posture
from plexus_mri.synthetic.shapes import Tube, arc_lengths, section_axis, smooth_curve
from plexus_mri.synthetic.skin import skin_depth_mm
from plexus_mri.synthetic.spec import PhantomSpec
from plexus_mri.synthetic.spine import spine_parts
from plexus_mri.synthetic.tissue import SignalScale, Tissue, fat_share, water_signal

SKIN_MM = 1.6
# Of the subcutaneous fat, the share that no muscle enters.
SHELL_SHARE = 0.6
# Half-sizes, relative, at which a wide vein's signal falls one step: laminar flow is a parabola.
FLOW_RINGS = (0.85, 0.65, 0.4)


@dataclass(frozen=True, eq=False)
class Painter:
    """Turns parts of the atlas into paint on a canvas, for one patient."""

    spec: PhantomSpec
    posture: Posture
    scale: SignalScale

    def body(
        self, canvas: Canvas, sheaths: Sequence[Tube], clutter: Sequence[tuple[Part, Side]]
    ) -> None:
        """Paint all but the nerves: muscles and bones, skin, nerve fat, spine and vessels.

        ``sheaths`` are the coats of fat around the nerves, ``clutter`` what a side has besides
        the atlas.
        """
        canvas.everywhere(np.float32(1), self.paint(Tissue.FAT, None))
        self._parts(canvas, _firm_parts())
        depth = skin_depth_mm(canvas.grid, self.posture)
        self._coat(canvas, depth, self.spec.anatomy.fat_mm * SHELL_SHARE, Tissue.FAT)
        self._coat(canvas, depth, SKIN_MM, Tissue.MUSCLE)
        for sheath in sheaths:
            canvas.solid(sheath, self.paint(Tissue.FAT, None))
        self._parts(canvas, spine_parts())
        self._parts(canvas, [*clutter, *_vessels()])
        self._coat(canvas, depth, 0.0, Tissue.AIR)

    def _parts(self, canvas: Canvas, parts: Iterable[tuple[Part, Side | None]]) -> None:
        for part, side in parts:
            tube = self.tube(part, side)
            if part.rim_mm:
                canvas.solid(tube.grown(part.rim_mm), self.paint(part.coat, None))
            canvas.solid(tube, self._paint_of(part, side))
            for width in FLOW_RINGS if part.core else ():
                share = 1 - part.core * (1 - width**2)
                canvas.solid(tube.scaled(width), self.paint(part.tissue, side, share=share))

    def paint(self, tissue: Tissue, side: Side | None, *, share: float = 1.0) -> Paint:
        """Paint of a tissue; slow blood keeps the side's share of its signal."""
        if tissue is Tissue.BLOOD and side is not None:
            share = share * self.spec.anatomy.side(side).slow_flow
        water = water_signal(self.scale, self.spec.acquisition, tissue)
        return Paint(share * water, fat_share(tissue))

    def tube(self, part: Part, side: Side | None) -> Tube:
        """Solid of a part on a side of this patient."""
        course = np.array(part.course, dtype=float)
        template_arc = arc_lengths(course)
        placed = self.posture.place(course, side)
        points = smooth_curve(placed, step_mm=1.0 + 0.15 * max(part.long))
        place = np.linspace(0.0, template_arc[-1], len(points))
        size = self.posture.anatomy.size
        axis = section_axis(points, self.posture.direction(part.axis, side))
        long_mm = size * _along(part.long, template_arc, place)
        return Tube(points, axis, long_mm, size * _along(part.short, template_arc, place))

    def _coat(
        self, canvas: Canvas, depth_mm: npt.NDArray[np.float32], under_mm: float, tissue: Tissue
    ) -> None:
        """Paint all that lies less than ``under_mm`` below the skin, and outside."""
        soft = np.float32(canvas.grid.spacing.mean())
        share = np.clip(0.5 + (np.float32(under_mm) - depth_mm) / soft, 0, 1)
        canvas.everywhere(share, self.paint(tissue, None))

    def _paint_of(self, part: Part, side: Side | None) -> Paint:
        """Paint of a part: denervated muscle where the side's spec says so."""
        if side is not None and part.group in self.spec.anatomy.side(side).denervated:
            return self.paint(Tissue.DENERVATED, side)
        return self.paint(part.tissue, side, share=part.share)


def _both(parts: Iterable[Part]) -> Iterator[tuple[Part, Side | None]]:
    """Each part on both sides."""
    for part in parts:
        yield from ((part, side) for side in Side)


def _firm_parts() -> Iterator[tuple[Part, Side | None]]:
    """Muscles, organs and bones but the spine, in painting order."""
    yield from _both((*atlas.COMPARTMENTS, *atlas.MUSCLES))
    yield from ((part, None) for part in atlas.MIDLINE)
    yield from _both((*atlas.ORGANS, *atlas.BONES))


def _vessels() -> Iterator[tuple[Part, Side | None]]:
    """Veins, then the arteries that lie over them."""
    yield from _both((*atlas.LARGE_VEINS, *atlas.VEINS, *atlas.ARTERIES))


def _along(values: Sequence[float], arc_mm: FloatArray, at_mm: FloatArray) -> FloatArray:
    """Half-sizes at places along a part; given at each waypoint or evenly spread over it."""
    knots = np.linspace(0.0, arc_mm[-1], len(values)) if len(values) != len(arc_mm) else arc_mm
    out: FloatArray = np.interp(at_mm, knots, np.array(values, dtype=float))
    return out
