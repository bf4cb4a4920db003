"""CanalSpace: coordinates of a patient that follow the spinal canal.

Shapes: ``n`` points, ``k`` nodes along the canal. Canal coordinates are mm to the right of the
midline, before the canal, and along the canal towards the head from its middle.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import FloatArray

# How far beyond the canal that was seen coordinates are given: more than any field of view.
BEYOND_MM, STEP_MM = 200.0, 1.0
# The level of a point's foot on the midline settles to 1e-4 mm well within these rounds.
MOST_ROUNDS, SETTLED_MM = 30, 1e-4


@dataclass(frozen=True, eq=False)
class CanalSpace:
    """The patient's own space: a straight canal with the midline as the plane of zero.

    Every level has the canal's centre for its origin, the midline's normal for its first axis and
    the level direction to the front for its second.

    Parameters
    ----------
    frame
        Canal and midline of the patient.
    """

    frame: PatientFrame

    @cached_property
    def _nodes(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Level (k,), centre, right and front (k, 3) at rising heights."""
        seen_mm = self.frame.height_mm(self.frame.canal.points_mm)
        low, middle = seen_mm.min() - BEYOND_MM, np.ptp(seen_mm) / 2 + BEYOND_MM
        heights = np.arange(low, seen_mm.max() + BEYOND_MM + STEP_MM, STEP_MM)
        points = heights[:, None] * self.frame.up
        centre = self.frame.canal_at(points)
        arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(centre, axis=0), axis=1))])
        level = arc - np.interp(low + middle, heights, arc)
        return level, centre, self.frame.right_at(points), self.frame.forward_at(points)

    def to_world(self, canal_mm: FloatArray) -> FloatArray:
        """World points (n, 3), RAS+ mm, of canal coordinates (n, 3)."""
        level, *columns = self._nodes
        centre, right, front = (_between(canal_mm[:, 2], level, c) for c in columns)
        world: FloatArray = centre + canal_mm[:, :1] * right + canal_mm[:, 1:2] * front
        return world

    def from_world(self, points_mm: FloatArray) -> FloatArray:
        """Canal coordinates (n, 3) of world points (n, 3), RAS+ mm.

        The height of a point's foot on the midline and its distance from there depend on each
        other: a fixed point, found by repetition.
        """
        level, *columns = self._nodes
        heights = self.frame.height_mm(columns[0])
        height = foot_mm = self.frame.height_mm(points_mm)
        for _ in range(MOST_ROUNDS):
            centre, right, front = (_between(foot_mm, heights, c) for c in columns)
            aside = np.sum((points_mm - centre) * right, axis=1)
            before = np.sum((points_mm - centre) * front, axis=1)
            moved = height - aside * self.frame.height_mm(right)
            settled = np.abs(moved - foot_mm).max(initial=0.0) < SETTLED_MM
            foot_mm = moved
            if settled:
                break
        return np.stack([aside, before, np.interp(foot_mm, heights, level)], axis=1)


def _between(places: FloatArray, nodes: FloatArray, columns: FloatArray) -> FloatArray:
    """Rows (n, 3) of a table (k, 3) at places (n,) between its rising nodes (k,)."""
    return np.stack([np.interp(places, nodes, columns[:, j]) for j in range(3)], axis=1)
