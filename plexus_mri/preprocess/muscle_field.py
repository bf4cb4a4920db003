"""Field through muscle: what the logarithm of its intensity does over the image.

The field is a stiff B-spline through the logarithm of what looks like muscle, with as much of a
softer one as tells left-out muscle better.

Symbols: a, b, c counts of the coarse grid along its axes.
"""

import numpy as np

from plexus_mri.core.grid import FloatArray
from plexus_mri.preprocess.muscle_fit import TOLERANCE, Tissue, muscle_fit
from plexus_mri.preprocess.settings import PreprocessSettings
from plexus_mri.preprocess.stiff_field import stiff_field

# Rounds of the softer field, which starts from the stiff one.
_SOFT_ROUNDS = 2


def muscle_log_field(tissue: Tissue, settings: PreprocessSettings) -> tuple[FloatArray, float]:
    """Logarithm (a, b, c) of the bias field, up to a constant, and its relative error.

    The better a softer field tells left-out muscle than the stiff one, the more of it is taken.
    The error is the stiff one's in either case: shading that it misses muscle by, a softer one
    misses nerves by (ADR-98). How far the field went while it settled is part of the error
    (ADR-130).
    """
    stiff, left_out, way = stiff_field(tissue, settings)
    soft = stiff
    for _ in range(_SOFT_ROUNDS):
        fit = muscle_fit(tissue, soft, TOLERANCE, settings.softer, settings)
        soft = fit.field()
    gain = 1.0 - fit.left_out_error(settings.left_out_voxels) / left_out if left_out > 0.0 else 0.0
    share = np.interp(100.0 * gain, settings.softer_gain_percent, (0.0, 1.0))
    return stiff + share * (soft - stiff), float(np.hypot(left_out, way))
