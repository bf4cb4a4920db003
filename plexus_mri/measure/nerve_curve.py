"""A smooth curve with evenly spaced nodes and their section frames."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import make_smoothing_spline

from plexus_mri.core.centerline import Centerline, across, section_frames
from plexus_mri.core.grid import FloatArray

_FEWEST_FOR_SPLINE = 5


@dataclass(frozen=True, eq=False)
class NerveCurve:
    """Nodes of one nerve, n of them, one every step of arc length.

    Parameters
    ----------
    arc_length_mm : (n,)
        Arc length on the traced centerline.
    points_mm, tangents, first, second : (n, 3)
        Node positions, unit tangents and the two unit vectors of the section plane.
    axes : (3, 3)
        Directions of the image, one a column, that the section frames start from.
    """

    arc_length_mm: FloatArray
    points_mm: FloatArray
    tangents: FloatArray
    first: FloatArray
    second: FloatArray
    axes: FloatArray

    def coordinates(self, node: int, points_mm: FloatArray, reach_mm: float) -> FloatArray:
        """Coordinates (..., 3) of points (..., 3) around a node: u, v in the section and t along.

        The curve's own bend within ``reach_mm`` is taken off u and v, so a bent tube is straight
        here.
        """
        axes = np.stack([self.first[node], self.second[node], self.tangents[node]])
        local: FloatArray = (points_mm - self.points_mm[node]) @ axes.T
        near = np.abs(self.arc_length_mm - self.arc_length_mm[node]) <= reach_mm
        course = (self.points_mm[near] - self.points_mm[node]) @ axes.T
        for k in range(2):
            local[..., k] -= np.interp(local[..., 2], course[:, 2], course[:, k])
        return local


def smooth_curve(
    arc_length_mm: FloatArray,
    points_mm: FloatArray,
    weights: FloatArray,
    smoothing_mm: float,
    axes: FloatArray,
) -> NerveCurve:
    """Smooth curve through noisy nodes.

    Parameters
    ----------
    arc_length_mm : (n,)
        Evenly spaced, increasing.
    points_mm : (n, 3)
        Noisy positions; rows of zero weight may hold anything finite.
    weights : (n,)
        Inverse variances up to a factor.
    smoothing_mm
        Width of the smoothing: the penalty on the bend is smoothing⁴, whose kernel has about
        this width in arc length [Silverman 1984, Ann. Stat. 12:898].
    axes : (3, 3)
        Directions of the image, one a column, that section frames start from.
    """
    step = float(np.median(np.diff(arc_length_mm)))
    used = weights > 0
    if used.sum() >= _FEWEST_FOR_SPLINE:
        spline = make_smoothing_spline(
            arc_length_mm[used],
            points_mm[used],
            w=weights[used] / weights[used].mean(),
            lam=smoothing_mm**4 / step,
        )
        points, slopes = spline(arc_length_mm), spline(arc_length_mm, nu=1)
    else:
        line = np.polynomial.Polynomial
        fits = [line.fit(arc_length_mm, points_mm[:, k], 1) for k in range(3)]
        points = np.stack([f(arc_length_mm) for f in fits], axis=1)
        slopes = np.stack([f.deriv()(arc_length_mm) for f in fits], axis=1)
    tangents = slopes / np.linalg.norm(slopes, axis=1, keepdims=True)
    frames = section_frames(tangents, across(tangents[0], axes))
    return NerveCurve(arc_length_mm, points, tangents, *frames, axes)


def curve_of(
    centerline: Centerline, step_mm: float, smoothing_mm: float, axes: FloatArray
) -> NerveCurve:
    """Nodes every ``step_mm`` of a traced centerline, lightly smoothed; ``axes`` as above."""
    nodes = centerline.resampled(step_mm)
    arc = np.arange(len(nodes.points_mm)) * step_mm
    return smooth_curve(arc, nodes.points_mm, np.ones(len(arc)), smoothing_mm, axes)
