"""How much one tissue's intensity varies from place to place: texture and shading left over.

A nerve is no more even than muscle is, so this is part of the error of every signal.
"""

import numpy as np

from plexus_mri.core.grid import FloatArray
from plexus_mri.measure.settings import MeasureSettings

# A cell counts when most of its samples are near the level of muscle.
_NEAR = float(np.log(1.3))
_WITHIN = float(np.log(1.8))
_LEAST_SHARE = 0.6
_FEWEST_CELLS = 8
_MAD_TO_SD = 1.4826


def unevenness(places_mm: FloatArray, relative: FloatArray, settings: MeasureSettings) -> float:
    """Relative standard deviation of muscle between places; 0 when too little is known.

    Samples are gathered in cells about as long as a root's measured stretch; what noise alone
    would scatter the cells' means is taken off.

    Parameters
    ----------
    places_mm : (n, 3)
        Of the samples, along axes of the patient's own, so that cells are the same however he lay.
    relative : (n,)
        Intensity over that of muscle at the same level.
    """
    logs = np.log(relative)
    cells = np.floor(places_mm / settings.unevenness_cell_mm).astype(int)
    order = np.unique(cells, axis=0, return_inverse=True)[1].reshape(-1)
    means, noises = [], []
    for cell in range(int(order.max(initial=-1)) + 1):
        inside = logs[order == cell]
        if len(inside) < settings.unevenness_fewest_samples:
            continue
        if (np.abs(inside) < _NEAR).mean() < _LEAST_SHARE:
            continue
        near = inside[np.abs(inside) < _WITHIN]
        means.append(float(near.mean()))
        noises.append(float(near.var()) / len(near))
    if len(means) < _FEWEST_CELLS:
        return 0.0
    spread = _MAD_TO_SD * float(np.median(np.abs(np.array(means) - np.median(means))))
    return float(np.sqrt(max(spread**2 - float(np.mean(noises)), 0.0)))
