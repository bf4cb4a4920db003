"""What is lost of a section because it is averaged along its nerve.

Symbols: n nodes of a nerve.
"""

import numpy as np

from plexus_mri.core.grid import FloatArray


def averaging_error(arc_mm: FloatArray, values: FloatArray, half_mm: float) -> FloatArray:
    """How far the mean over a slab lies from the value in its middle: (n,), never negative.

    To second order it is the curvature of the course times half the variance of places in the
    slab, h²/3 (Taylor), with the curvature taken over the slab itself:
    |v(s+h) + v(s-h) - 2·v(s)| / 6. Beyond an end the course goes on level.

    Parameters
    ----------
    arc_mm : (n,)
        Places of the nodes along the nerve.
    values : (n,)
        One a node, NaN where there is none.
    half_mm
        Half the length h of the slab.

    Examples
    --------
    Straight courses lose nothing, v = s² loses h²/3:

    >>> arc = np.arange(5.0)
    >>> averaging_error(arc, 2.0 * arc, 1.0)[1:-1].tolist()
    [0.0, 0.0, 0.0]
    >>> averaging_error(arc, arc**2, 1.0)[1:-1].round(3).tolist()
    [0.333, 0.333, 0.333]
    """
    known = np.isfinite(values)
    if not known.any():
        return np.zeros_like(values)
    before, here, beyond = (
        np.interp(arc_mm + step, arc_mm[known], values[known]) for step in (-half_mm, 0.0, half_mm)
    )
    lost: FloatArray = np.abs(before + beyond - 2.0 * here) / 6.0
    return lost
