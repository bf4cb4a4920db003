"""What bias correction divided the image by, read off at the nodes."""

import numpy as np

from plexus_mri.core.grid import FloatArray
from plexus_mri.core.volume import Volume


def field_at(acquired: Volume, corrected: Volume, points_mm: FloatArray) -> FloatArray:
    """Intensity as acquired over the corrected one (n,) at points (n, 3); NaN outside.

    The ratio of two voxels is the field itself, to rounding; it is interpolated between the
    voxels that are 0 in neither image, and NaN where all eight around a point are.
    """
    known = (acquired.data != 0.0) & (corrected.data != 0.0)
    ratio = np.divide(
        acquired.data, corrected.data, out=np.zeros_like(corrected.data), where=known
    )
    weight = corrected.with_data(known).sample(points_mm)
    field: FloatArray = np.divide(
        corrected.with_data(ratio).sample(points_mm),
        weight,
        out=np.full(len(points_mm), np.nan),
        where=weight > 0.0,
    )
    return field
