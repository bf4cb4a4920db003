"""Over what length neighbouring sections err alike.

Every section averages a slab of voxels along the nerve, so two sections share the errors of the
voxels in which their slabs overlap: for slabs of length L at distance d the correlation is
1 - d/L, and 0 beyond. L is learnt from the case: it is longer than the slab where voxels are
thick or what stands beside the nerves is wrong over some millimetres.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from plexus_mri.core.grid import FloatArray

# Fewer nodes than this say nothing about what their neighbours share.
LEAST_NODES = 8
# Up to what is longer than any run of what a usual image shows beside a nerve.
_TRIED_MM = np.arange(0.25, 20.25, 0.25)
# Square of a relative error that is nothing but rounding.
_ROUNDING = 1e-18


def correlation(arc_mm: FloatArray, shared_mm: float) -> FloatArray:
    """Correlation (n, n) of the errors at arc lengths (n,).

    >>> correlation(np.array([0.0, 1.0, 4.0]), 2.0)[0].tolist()
    [1.0, 0.5, 0.0]
    """
    apart = np.abs(arc_mm[:, None] - arc_mm[None, :])
    return np.maximum(1.0 - apart / max(shared_mm, 1e-9), 0.0)


def shared_length_mm(courses: Sequence[tuple[FloatArray, FloatArray]], *, terms: int) -> float:
    """Length L at which the courses of a case correlate from node to node as they do.

    The median over the courses decides, so that a few with a change of their own do not. What
    fitting each course takes out of its correlation is allowed for: of residuals of least squares
    the sum of products of neighbours and the sum of squares have known expectations. Lengths
    over a third of the courses' own can hardly be told and come out too short.

    Parameters
    ----------
    courses
        Arc lengths (n,) and values (n,) of each, all at one step.
    terms
        Fitted to each course first: 1 for its mean, 2 for a straight line.
    """
    missing = []
    for arc_mm, values in courses:
        away_mm = tuple(np.round(arc_mm - arc_mm[0], 6).tolist())
        rest, neighbors, expected = _residuals(away_mm, terms)
        residual = rest @ values
        power = float(residual @ residual)
        if power > len(values) * _ROUNDING:
            missing.append(float(residual @ neighbors @ residual) / power - expected)
    if not missing:
        return 0.0
    enough = np.flatnonzero(np.median(missing, axis=0) <= 0.0)
    return float(_TRIED_MM[enough[0]] if len(enough) else _TRIED_MM[-1])


@lru_cache(maxsize=1024)
def _residuals(arc_mm: tuple[float, ...], terms: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What makes residuals of values, what sums products of neighbours, and what it then gives.

    Shapes (n, n), (n, n), and (m,) for the ``m`` lengths that are tried.
    """
    arc = np.array(arc_mm)
    design = np.stack([arc**k for k in range(terms)], axis=1)
    rest = np.eye(len(arc)) - design @ np.linalg.pinv(design)
    apart = np.abs(arc[:, None] - arc[None, :])
    neighbors = 0.5 * ((apart > 0.0) & (apart < 1.5 * float(np.diff(arc).min())))
    pairs = rest @ neighbors @ rest
    shared = [correlation(arc, float(length_mm)) for length_mm in _TRIED_MM]
    expected = np.array([(pairs * s).sum() / (rest * s).sum() for s in shared])
    return rest, neighbors, expected
