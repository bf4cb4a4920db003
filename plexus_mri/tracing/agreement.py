"""Whether a nerve lies among its neighbours as its twin does on the other side."""

from collections.abc import Mapping

import numpy as np

from plexus_mri.core.anatomy import CORDS, ROOTS, TRUNKS, Nerve, NerveKey, Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import FloatArray

# Distance in mm up to which the sides agree, and that at which nothing is left of it. Of nerves
# rightly traced on synthetic cases the farthest were 5 (roots), 11 (trunks, whose start differs)
# and 4 mm (cords); a cord's neighbour lies 8-10 mm away (ADR-120).
AGREED_MM, APART_MM = 5.0, 20.0
# The same for the one pair of its kind, whose posture nothing takes off: the farthest of those
# right were 8 (roots), 14 (trunks) and 24 mm (cords).
ALONE_MM = (25.0, 40.0)


def agreement_of_sides(
    lines: Mapping[NerveKey, Centerline], frame: PatientFrame
) -> dict[Nerve, float]:
    """How well both sides of each nerve that both have agree, 0-1.

    Roots, trunks and cords are each taken together: what all of them differ by is posture, what
    one differs by alone is a nerve gone astray on a side (which, is not told).
    """
    agreed: dict[Nerve, float] = {}
    for family in (ROOTS, TRUNKS, CORDS):
        away = {nerve: _between_sides_mm(lines, nerve, frame) for nerve in family}
        known = {nerve: step for nerve, step in away.items() if step is not None}
        for nerve, step in known.items():
            others = [other for n, other in known.items() if n is not nerve]
            posture = np.median(others, axis=0) if others else np.zeros(3)
            limits = (AGREED_MM, APART_MM) if others else ALONE_MM
            away_mm = float(np.linalg.norm(step - posture))
            agreed[nerve] = float(np.interp(away_mm, limits, (1.0, 0.0)))
    return agreed


def _between_sides_mm(
    lines: Mapping[NerveKey, Centerline], nerve: Nerve, frame: PatientFrame
) -> FloatArray | None:
    """Mean step (3,) from the left nerve's place to the right one's: lateral, forward, up."""
    left, right = (lines.get((side, nerve)) for side in (Side.LEFT, Side.RIGHT))
    if left is None or right is None:
        return None
    arc_mm = np.arange(0.0, min(left.length_mm, right.length_mm) + 1e-9, 1.0)
    here, there = (_places_mm(line.at(arc_mm), frame) for line in (left, right))
    step: FloatArray = (there - here).mean(axis=0)
    return step


def _places_mm(points_mm: FloatArray, frame: PatientFrame) -> FloatArray:
    """Distance from the midline, before the canal, and height (n, 3) of world points (n, 3)."""
    lateral = np.abs(frame.lateral_mm(points_mm))
    return np.stack([lateral, frame.anterior_mm(points_mm), frame.height_mm(points_mm)], axis=1)
