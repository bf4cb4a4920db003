"""Noise of an image and the contrast of nerve to muscle."""

from itertools import product

import numpy as np
from scipy import special

from plexus_mri.core.anatomy import Side
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.measurement import MeasurementTable
from plexus_mri.core.volume import Volume

# Fewer blocks than this give no stable middle.
LEAST_BLOCKS = 200


def noise_sigma(image: Volume, brighter_than: float) -> float | None:
    """Standard deviation of the noise where there is signal, in image units.

    The diagonal Haar detail of 2x2x2 voxels, which smooth anatomy leaves near zero, and its
    median absolute deviation, which edges leave alone. Where there is signal, Rician noise is
    near normal, so its bias needs no correction. An image that was interpolated (zero-filled)
    hides part of its noise from any such measure.

    Parameters
    ----------
    brighter_than
        Blocks whose mean is above this count as signal.

    References
    ----------
    Coupé 2010, Med. Image Anal. 14:483: wavelet detail for Rician images.
    """
    shape = image.data.shape
    detail = np.zeros([n // 2 for n in shape])
    mean = np.zeros_like(detail)
    for corner in product((0, 1), repeat=3):
        every_other = tuple(slice(c, c + n - n % 2, 2) for c, n in zip(corner, shape, strict=True))
        part = image.data[every_other]
        detail += part * (-1.0) ** sum(corner) / np.sqrt(8.0)
        mean += part / 8.0
    inside = np.abs(detail[mean > brighter_than])
    if len(inside) < LEAST_BLOCKS:
        return None
    return float(np.median(inside) / special.ndtri(0.75))


def reference_level(table: MeasurementTable) -> float | None:
    """Middle reference muscle intensity at the nerves."""
    return middle([profile.reference for profile in table.profiles.values()])


def nerve_above_muscle(table: MeasurementTable, side: Side) -> float | None:
    """Middle difference between nerve and reference muscle of a side, in image units."""
    return middle([p.signal - p.reference for (s, _), p in table.profiles.items() if s is side])


def middle(parts: list[FloatArray]) -> float | None:
    """Median of the finite values of all parts; None when there is none."""
    values = np.concatenate(parts) if parts else np.empty(0)
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else None
