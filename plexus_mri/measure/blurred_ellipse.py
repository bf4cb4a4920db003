"""An ellipse blurred by a Gaussian: its value and gradient at any point, by a boundary integral.

Over an ellipse E with outline q(τ), the blurred indicator at p is the flux through the outline of
a radial field whose divergence is the Gaussian:

    F(p) = 1/2π · ∮ (1 - exp(-ρ²/2))/ρ² · (q - p) × q' dτ,   ρ = |q - p|  (divergence theorem)
    ∂F/∂θ = 1/2π · ∮ exp(-ρ²/2) · (∂q/∂θ) × q' dτ               (transport of the outline)

so one exponential per outline point gives the value and all derivatives, and the periodic
trapezoid rule converges exponentially. Points are whitened: the Gaussian has unit width.

Symbols: m points, q outline points, shape = (x, y, log radius, stretch 1, stretch 2) in mm.
"""

import math

import numpy as np

from plexus_mri.core.grid import FloatArray
from plexus_mri.measure.compiled import compiled

SHAPE_PARAMETERS = 5
# Spacing of outline points in units of the blur: the error of the trapezoid rule falls as
# exp(-2π²/step²), 1e-4 at 1.4.
_OUTLINE_STEP = 1.4
_REACH = 5.0
# Beyond this square of the distance the Gaussian is under 1e-6.
_FAR = 28.0
# exp(-s/2) and (1 - exp(-s/2))/s of the squared distance s, read off between entries by straight
# lines: 1e-6 at most from the function, at half its time.
_ENTRIES = 4096
_SQUARES = np.linspace(0.0, _FAR, _ENTRIES + 1)
_BELL = np.exp(-0.5 * _SQUARES)
_FLUX = np.append(0.5, (1.0 - _BELL[1:]) / _SQUARES[1:])
_PER_SQUARE = _ENTRIES / _FAR
# Rows of both beside each other with their steps to the next row: one look-up, one cache line.
_LINES = np.stack([_BELL[:-1], np.diff(_BELL), _FLUX[:-1], np.diff(_FLUX)], axis=1)


@compiled
def stretch_matrices(stretch_1: float, stretch_2: float) -> FloatArray:
    """exp(E) of E = [[s1, s2], [s2, -s1]] and its derivatives by s1 and s2: (3, 2, 2).

    exp(E) has determinant 1, so it changes the shape of a disc and never its area.
    """
    out = np.empty((3, 2, 2))
    size = math.sqrt(stretch_1 * stretch_1 + stretch_2 * stretch_2)
    if size < 1e-6:  # noqa: PLR2004 - below it the series is exact to rounding
        ratio, slope = 1.0, 1.0 / 3.0
    else:
        ratio = math.sinh(size) / size
        slope = (math.cosh(size) - ratio) / (size * size)
    even = math.cosh(size)
    for k in range(3):
        d1 = 1.0 if k == 1 else 0.0
        d2 = 1.0 if k == 2 else 0.0
        along = stretch_1 * d1 + stretch_2 * d2
        diagonal = even if k == 0 else ratio * along
        scale = ratio if k == 0 else slope * along
        p1 = scale * stretch_1 + (0.0 if k == 0 else ratio * d1)
        p2 = scale * stretch_2 + (0.0 if k == 0 else ratio * d2)
        out[k, 0, 0], out[k, 1, 1] = diagonal + p1, diagonal - p1
        out[k, 0, 1] = out[k, 1, 0] = p2
    return out


@compiled
def outline(shape: FloatArray, whiten: FloatArray) -> FloatArray:
    """Outline points of an ellipse in whitened space: (q, 9).

    Columns: position x y, its τ-derivative x y, and (∂q/∂θ) × q' for the five shape parameters;
    columns 2-8 carry the factor dτ/2π.
    """
    radius = math.exp(shape[2])
    stretch = stretch_matrices(shape[3], shape[4])
    axes = whiten @ stretch[0] * radius
    turn_1 = whiten @ stretch[1] * radius
    turn_2 = whiten @ stretch[2] * radius
    longest = math.sqrt((axes * axes).sum())
    count = max(12, min(400, int(2.0 * math.pi * longest / _OUTLINE_STEP) + 1))
    centre_x = whiten[0, 0] * shape[0] + whiten[0, 1] * shape[1]
    centre_y = whiten[1, 0] * shape[0] + whiten[1, 1] * shape[1]
    table = np.empty((count, 9))
    for k in range(count):
        c, s = math.cos(2.0 * math.pi * k / count), math.sin(2.0 * math.pi * k / count)
        off_x, off_y = axes[0, 0] * c + axes[0, 1] * s, axes[1, 0] * c + axes[1, 1] * s
        run_x = (axes[0, 1] * c - axes[0, 0] * s) / count
        run_y = (axes[1, 1] * c - axes[1, 0] * s) / count
        table[k, 0], table[k, 1] = centre_x + off_x, centre_y + off_y
        table[k, 2], table[k, 3] = run_x, run_y
        table[k, 4] = whiten[0, 0] * run_y - whiten[1, 0] * run_x
        table[k, 5] = whiten[0, 1] * run_y - whiten[1, 1] * run_x
        table[k, 6] = off_x * run_y - off_y * run_x
        table[k, 7] = (turn_1[0, 0] * c + turn_1[0, 1] * s) * run_y - (
            turn_1[1, 0] * c + turn_1[1, 1] * s
        ) * run_x
        table[k, 8] = (turn_2[0, 0] * c + turn_2[0, 1] * s) * run_y - (
            turn_2[1, 0] * c + turn_2[1, 1] * s
        ) * run_x
    return table


@compiled
def _flux(
    table: FloatArray, x: float, y: float
) -> tuple[float, float, float, float, float, float]:
    """Value and the five derivatives at one whitened point."""
    value, by_x, by_y, by_size, by_1, by_2 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(len(table)):
        dx, dy = table[k, 0] - x, table[k, 1] - y
        square = dx * dx + dy * dy
        across = dx * table[k, 3] - dy * table[k, 2]
        if square >= _FAR:
            value += across / square
            continue
        place = square * _PER_SQUARE
        row = int(place)
        beyond = place - row
        bell = _LINES[row, 0] + beyond * _LINES[row, 1]
        value += across * (_LINES[row, 2] + beyond * _LINES[row, 3])
        by_x += bell * table[k, 4]
        by_y += bell * table[k, 5]
        by_size += bell * table[k, 6]
        by_1 += bell * table[k, 7]
        by_2 += bell * table[k, 8]
    return value, by_x, by_y, by_size, by_1, by_2


@compiled
def blurred_ellipse(points: FloatArray, shape: FloatArray, whiten: FloatArray) -> FloatArray:
    """Blurred indicator of an ellipse and its gradient, averaged over sub-points: (n, 6).

    Parameters
    ----------
    points : (n, sub, 2)
        Whitened points; those of one row are averaged (parts of one voxel).
    shape : (5,)
        Centre x y in mm, log of the area-equivalent radius in mm, two stretches.
    whiten : (2, 2)
        Maps section millimetres to units of the blur.

    Returns
    -------
    (n, 6)
        Value 0-1, then the derivatives by the five shape parameters.
    """
    table = outline(shape, whiten)
    centre_x = whiten[0, 0] * shape[0] + whiten[0, 1] * shape[1]
    centre_y = whiten[1, 0] * shape[0] + whiten[1, 1] * shape[1]
    square = (table[:, 0] - centre_x) ** 2 + (table[:, 1] - centre_y) ** 2
    outside = (math.sqrt(square.max()) + _REACH) ** 2
    within = max(math.sqrt(square.min()) - _REACH, 0.0) ** 2
    out = np.zeros((len(points), 6))
    share = 1.0 / points.shape[1]
    for n in range(len(points)):
        for k in range(points.shape[1]):
            x, y = points[n, k, 0], points[n, k, 1]
            away = (x - centre_x) ** 2 + (y - centre_y) ** 2
            if away > outside:
                continue
            if away < within:
                out[n, 0] += share
                continue
            terms = _flux(table, x, y)
            for column in range(6):
                out[n, column] += share * terms[column]
    return out
