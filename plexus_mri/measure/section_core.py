"""How uneven a nerve is inside its fitted section: native voxels that lie wholly in it.

A voxel at the rim is part nerve and part what lies around it, so only voxels whose modelled share
is nearly 1 count, and the little that is left of partial volume is taken off by the model.

Symbols: n voxels of a section.
"""

import math

import numpy as np

from plexus_mri.core.grid import FloatArray
from plexus_mri.measure.blurred_ellipse import SHAPE_PARAMETERS, blurred_ellipse
from plexus_mri.measure.nerve_fit import NerveFit
from plexus_mri.measure.section_problem import Section
from plexus_mri.measure.settings import MeasureSettings

# A Gaussian blur of one voxel makes the noise of so many voxels along its axis alike.
_ALIKE_PER_BLUR = 2.0 * math.sqrt(math.pi)


def voxels_alike(blur_voxels: FloatArray) -> float:
    """How many neighbouring voxels are as good as one, of an image blurred by this much (3,).

    The blur may be that of the body's motion and not of the noise; then this asks for too much.

    >>> voxels_alike(np.full(3, 0.28))
    1.0
    """
    return float(np.maximum(_ALIKE_PER_BLUR * blur_voxels, 1.0).prod())


def core_variance(
    section: Section, fitted: NerveFit, alike: float, settings: MeasureSettings
) -> tuple[float, float]:
    """Variance of intensity in the section's core, noise included, and its standard error.

    Both NaN where fewer than ``core_fewest_voxels`` independent voxels lie in the core.

    Parameters
    ----------
    alike
        How many voxels of the image are as good as one (`voxels_alike`).
    """
    points, whiten = section.scene[0][0], section.scene[1][0]
    share = blurred_ellipse(points, fitted.values[:SHAPE_PARAMETERS], whiten)[:, 0]
    core = share >= settings.core_least_share
    weights = section.data[1][core]
    total = float(weights.sum())
    count = total**2 / max(float((weights**2).sum()), 1e-12) / alike
    if count <= 1.0 or count < settings.core_fewest_voxels:
        return math.nan, math.nan
    values = section.data[0][core] + (1.0 - share[core]) * fitted.contrast
    mean = float(weights @ values) / total
    variance = float(weights @ (values - mean) ** 2) / total * count / (count - 1.0)
    return variance, variance * math.sqrt(2.0 / (count - 1.0))
