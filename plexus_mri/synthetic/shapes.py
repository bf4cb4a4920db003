"""Tubes: curves with an elliptical cross-section that changes along them.

Shape letters: ``n`` nodes of a curve, ``w`` waypoints.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.interpolate import CubicSpline

from plexus_mri.core.grid import FloatArray


@dataclass(frozen=True, eq=False)
class Tube:
    """A solid along a curve, in world mm.

    Parameters
    ----------
    points_mm : (n, 3)
        Axis.
    long_axis : (n, 3)
        Unit vectors along the first semi-axis, perpendicular to the axis.
    semi_long_mm, semi_short_mm : (n,)
        Semi-axes of the elliptical cross-section.
    rounded
        Whether the ends are caps (True) or flat.
    """

    points_mm: FloatArray
    long_axis: FloatArray
    semi_long_mm: FloatArray
    semi_short_mm: FloatArray
    rounded: bool = True

    @cached_property
    def tangents(self) -> FloatArray:
        """Unit tangents (n, 3)."""
        return unit_tangents(self.points_mm)

    def grown(self, rim_mm: FloatArray | float) -> "Tube":
        """Give the tube with both semi-axes larger by ``rim_mm``."""
        return Tube(
            self.points_mm,
            self.long_axis,
            self.semi_long_mm + rim_mm,
            self.semi_short_mm + rim_mm,
            self.rounded,
        )

    def scaled(self, factor: float) -> "Tube":
        """Give the tube with both semi-axes times ``factor``."""
        return Tube(
            self.points_mm,
            self.long_axis,
            self.semi_long_mm * factor,
            self.semi_short_mm * factor,
            self.rounded,
        )


def smooth_curve(
    waypoints_mm: FloatArray, *, step_mm: float = 0.75, end_tangent: FloatArray | None = None
) -> FloatArray:
    """Evenly spaced points (n, 3) on the cubic spline through waypoints (w, 3).

    ``end_tangent`` is the direction of the curve at its last waypoint; free when None.
    """
    chords = np.linalg.norm(np.diff(waypoints_mm, axis=0), axis=1)
    knots = np.concatenate([[0.0], np.cumsum(chords)])
    end = (2, np.zeros(3)) if end_tangent is None else (1, end_tangent)
    spline = CubicSpline(knots, waypoints_mm, bc_type=((2, np.zeros(3)), end))
    dense = spline(np.linspace(0.0, knots[-1], max(16, int(knots[-1] / 0.05))))
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(dense, axis=0), axis=1))])
    count = max(2, int(np.ceil(arc[-1] / step_mm)) + 1)
    even = np.linspace(0.0, arc[-1], count)
    return np.stack([np.interp(even, arc, dense[:, k]) for k in range(3)], axis=1)


def arc_lengths(points_mm: FloatArray) -> FloatArray:
    """Distance (n,) along points (n, 3) from the first one."""
    steps = np.linalg.norm(np.diff(points_mm, axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def unit_tangents(points_mm: FloatArray) -> FloatArray:
    """Unit tangents (n, 3) at points (n, 3) along a curve."""
    tangents = np.gradient(points_mm, arc_lengths(points_mm), axis=0)
    unit: FloatArray = tangents / np.linalg.norm(tangents, axis=1, keepdims=True)
    return unit


def section_axis(
    points_mm: FloatArray, reference: FloatArray, *, angle_deg: FloatArray | float = 0.0
) -> FloatArray:
    """Unit vectors (n, 3) perpendicular to a curve, nearest to a reference direction (3,).

    ``angle_deg`` turns them about the curve, right-handed along it.
    """
    tangents = unit_tangents(points_mm)
    first = reference - (tangents @ reference)[:, None] * tangents
    first = first / np.linalg.norm(first, axis=1, keepdims=True)
    angle = np.broadcast_to(np.deg2rad(angle_deg), (len(points_mm),))[:, None]
    turned: FloatArray = np.cos(angle) * first + np.sin(angle) * np.cross(tangents, first)
    return turned
