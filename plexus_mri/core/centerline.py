"""Centerline: the curve of a nerve through the patient, with its arc length and frames."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from plexus_mri.core.grid import FloatArray, frozen
from plexus_mri.core.transform import RigidTransform
from plexus_mri.errors import StageError
from plexus_mri.reasons import ReasonCode


@dataclass(frozen=True, eq=False)
class Centerline:
    """An ordered curve, proximal to distal.

    Parameters
    ----------
    points_mm : (n, 3)
        RAS+ mm, at least two points, no two consecutive ones equal.
    """

    points_mm: FloatArray

    def __post_init__(self) -> None:
        points = np.array(self.points_mm, dtype=float)
        if points.ndim != 2 or points.shape[1] != 3 or len(points) < 2:
            msg = f"a centerline needs (n >= 2, 3) points, got shape {points.shape}"
            raise StageError(msg, ReasonCode.TOO_SHORT)
        if not np.isfinite(points).all() or (np.diff(points, axis=0) == 0).all(axis=1).any():
            msg = "a centerline needs finite points, no two consecutive ones equal"
            raise StageError(msg, ReasonCode.TOO_SHORT)
        object.__setattr__(self, "points_mm", frozen(points))

    @cached_property
    def arc_length_mm(self) -> FloatArray:
        """Distance along the curve from its first point: (n,)."""
        steps = np.linalg.norm(np.diff(self.points_mm, axis=0), axis=1)
        return np.concatenate([[0.0], np.cumsum(steps)])

    @property
    def length_mm(self) -> float:
        """Length of the whole curve."""
        return float(self.arc_length_mm[-1])

    def at(self, arc_length_mm: FloatArray | float) -> FloatArray:
        """Points (m, 3) at given arc lengths (m,), linear between nodes, clamped to the ends."""
        arc = np.atleast_1d(np.asarray(arc_length_mm, dtype=float))
        columns = [np.interp(arc, self.arc_length_mm, self.points_mm[:, k]) for k in range(3)]
        return np.stack(columns, axis=1)

    @cached_property
    def tangents(self) -> FloatArray:
        """Unit tangents, proximal to distal: (n, 3), by central differences in arc length."""
        gradient = np.gradient(self.points_mm, self.arc_length_mm, axis=0)
        tangents: FloatArray = gradient / np.linalg.norm(gradient, axis=1, keepdims=True)
        return tangents

    def normals(self, axes: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Two unit vectors (n, 3) each that span the plane perpendicular to the curve.

        Parameters
        ----------
        axes : (3, 3)
            Directions, one a column, that the first normal starts from: those of the image that
            is looked at (``Grid.directions``), so that its header changes nothing.
        """
        return section_frames(self.tangents, across(self.tangents[0], axes))

    def resampled(self, step_mm: float) -> "Centerline":
        """Give the same curve with nodes at 0, step, 2·step, … (the last partial step is cut)."""
        count = int(np.floor(self.length_mm / step_mm + 1e-9)) + 1
        if count < 2:
            msg = f"a curve of {self.length_mm:.2f} mm is too short for steps of {step_mm} mm"
            raise StageError(msg, ReasonCode.TOO_SHORT)
        return Centerline(self.at(np.arange(count) * step_mm))

    def resampled_evenly(self, step_mm: float) -> "Centerline":
        """Give the same curve, both ends kept, nodes evenly about ``step_mm`` apart."""
        count = max(2, round(self.length_mm / step_mm) + 1)
        return Centerline(self.at(np.linspace(0.0, self.length_mm, count)))

    def between(self, start_mm: float, end_mm: float) -> "Centerline":
        """Give the stretch from one arc length to another, nodes as dense as before."""
        arc = self.arc_length_mm
        inner = arc[(arc > start_mm + 1e-6) & (arc < end_mm - 1e-6)]
        return Centerline(self.at(np.concatenate([[start_mm], inner, [end_mm]])))

    def reversed(self) -> "Centerline":
        """Give the same curve run the other way."""
        return Centerline(self.points_mm[::-1])

    def moved(self, transform: RigidTransform) -> "Centerline":
        """Give the curve after a rigid motion."""
        return Centerline(transform.apply(self.points_mm))

    def mirrored(self) -> "Centerline":
        """Mirror the anatomy: x changes its sign."""
        return Centerline(self.points_mm * np.array([-1.0, 1.0, 1.0]))


def across(tangent: FloatArray, axes: FloatArray) -> FloatArray:
    """Which column (3,) of ``axes`` (3, 3) runs most across a tangent (3,)."""
    column: FloatArray = axes[:, np.argmin(np.abs(tangent @ axes))]
    return column


def section_frames(tangents: FloatArray, seed: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Two unit vectors (n, 3) each across unit tangents (n, 3), the first nearest to a seed (3,).

    Carried along by parallel transport, so the frame does not spin where the curve is straight
    [Bishop 1975, Am. Math. Mon. 82:246].
    """
    first = np.empty_like(tangents)
    for k, tangent in enumerate(tangents):
        seed = seed - tangent * (seed @ tangent)
        seed = seed / np.linalg.norm(seed)
        first[k] = seed
    return first, np.cross(tangents, first)
