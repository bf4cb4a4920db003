"""Everything of the patient but the nerves, painted on the canvas."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

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


@dataclass(frozen=True, eq=False)
class Painter:
    """Turns parts of the atlas into paint on a canvas, for one patient."""

    spec: PhantomSpec
    posture: Posture
    scale: SignalScale

    def body(self, canvas: Canvas, clutter: Sequence[tuple[Part, Side]]) -> None:
        """Paint skin, fat, muscles, bones, organs, vessels and the given clutter."""
        self._outline(canvas)
        for part, side in self._parts(clutter):
            tube = self.tube(part, side)
            if part.rim_mm:
                canvas.solid(tube.grown(part.rim_mm), self.paint(part.coat, None))
            canvas.solid(tube, self._paint_of(part, side))

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
        points = smooth_curve(placed, step_mm=2.0 if max(part.long) > 3 else 1.0)
        place = np.linspace(0.0, template_arc[-1], len(points))
        size = self.posture.anatomy.size
        axis = section_axis(points, self.posture.direction(part.axis, side))
        long_mm = size * _along(part.long, template_arc, place)
        return Tube(points, axis, long_mm, size * _along(part.short, template_arc, place))

    def _outline(self, canvas: Canvas) -> None:
        """Air outside, a line of skin, fat inside."""
        depth = skin_depth_mm(canvas.grid, self.posture)
        soft = np.float32(canvas.grid.spacing.mean())
        skin = self.paint(Tissue.MUSCLE, None)
        canvas.everywhere(np.clip(0.5 + depth / soft, 0, 1), skin)
        inner = np.clip(0.5 + (depth - np.float32(SKIN_MM)) / soft, 0, 1)
        canvas.everywhere(inner, self.paint(Tissue.FAT, None))

    def _parts(self, clutter: Sequence[tuple[Part, Side]]) -> Iterator[tuple[Part, Side | None]]:
        """Every part in painting order."""
        for part in atlas.MUSCLES:
            yield from ((part, side) for side in Side)
        yield from ((part, None) for part in atlas.MIDLINE)
        for part in (*atlas.ORGANS, *atlas.BONES):
            yield from ((part, side) for side in Side)
        yield from spine_parts()
        yield from clutter
        for part in (*atlas.VEINS, *atlas.VESSELS):
            yield from ((part, side) for side in Side)

    def _paint_of(self, part: Part, side: Side | None) -> Paint:
        """Paint of a part: denervated muscle where the side's spec says so."""
        if side is not None and part.group in self.spec.anatomy.side(side).denervated:
            return self.paint(Tissue.DENERVATED, side)
        return self.paint(part.tissue, side)


def _along(values: Sequence[float], arc_mm: FloatArray, at_mm: FloatArray) -> FloatArray:
    """Half-sizes at places along a part; given at each waypoint or evenly spread over it."""
    knots = np.linspace(0.0, arc_mm[-1], len(values)) if len(values) != len(arc_mm) else arc_mm
    return np.interp(at_mm, knots, np.array(values, dtype=float))
