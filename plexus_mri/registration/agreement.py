"""How well two series agree at a pose, from what would agree as well by chance.

Shapes: ``n`` sample points inside the body of the main image.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from plexus_mri.core.grid import FloatArray
from plexus_mri.core.series_map import Agreement
from plexus_mri.core.transform import AffineTransform
from plexus_mri.core.volume import Volume

# Decoys lie this far off: beyond the reach of a blurred edge, within the body.
DECOY_MM = 12.0
BINS = 24
LEAST_POINTS = 500


@dataclass(frozen=True, eq=False)
class BodySamples:
    """Points of the main image's body and its intensities there.

    Parameters
    ----------
    points_mm : (n, 3)
        RAS+ mm, on the working grid.
    values : (n,)
        Ranks of the intensities, 0-1: no scale, no outlier.
    """

    points_mm: FloatArray
    values: FloatArray

    @cached_property
    def bins(self) -> npt.NDArray[np.intp]:
        """Bin (n,) of each rank."""
        return np.minimum((self.values * BINS).astype(np.intp), BINS - 1)


def body_samples(work: Volume, stride: int = 2) -> BodySamples:
    """Samples of the body on every ``stride``-th voxel of an isotropic copy."""
    voxels = np.argwhere(work.data > 0.1 * np.percentile(work.data, 99))
    voxels = voxels[(voxels % stride == 0).all(axis=1)]
    values = work.data[tuple(voxels.T)]
    return BodySamples(work.grid.to_world(voxels), ranks(values))


def agreement(
    fixed: BodySamples,
    moving: Volume,
    moving_from_fixed: AffineTransform,
    mirrored_mm: Callable[[FloatArray], FloatArray],
) -> Agreement:
    """Agreement at a pose against the same series shifted and mirrored.

    Parameters
    ----------
    moving
        Smoothed copy of the series.
    mirrored_mm
        Mirror image (n, 3) of points (n, 3) of the main image in its own midline.
    """
    here, overlap = similarity(fixed, moving, moving_from_fixed.apply(fixed.points_mm))
    shifts = [sign * DECOY_MM * axis for axis in np.eye(3) for sign in (-1.0, 1.0)]
    decoys = [
        similarity(fixed, moving, moving_from_fixed.apply(fixed.points_mm + shift))[0]
        for shift in shifts
    ]
    mirror = max(
        similarity(fixed, moving, moving_from_fixed.apply(mirrored_mm(fixed.points_mm) + shift))[0]
        for shift in _NEARBY_MM
    )
    scale = max(here, 1e-6)
    return Agreement(here, 1.0 - float(np.mean(decoys)) / scale, 1.0 - mirror / scale, overlap)


def against_mirror(
    reached: Agreement, fixed: BodySamples, moving: Volume, places_mm: FloatArray
) -> Agreement:
    """The agreement with its handedness against a mirrored pose that was searched for.

    Parameters
    ----------
    places_mm : (n, 3)
        Where the mirrored pose takes the samples, in the world of the series.
    """
    mirror, _ = similarity(fixed, moving, places_mm)
    return replace(reached, handedness=1.0 - mirror / max(reached.similarity, 1e-6))


# A mirrored patient never lies exactly mirrored: the mirror image is tried a little off, too.
_NEARBY_MM = [
    np.array([x, y, z])
    for x in (-3.0, 0.0, 3.0)
    for y in (-3.0, 0.0, 3.0)
    for z in (-3.0, 0.0, 3.0)
]


def similarity(fixed: BodySamples, moving: Volume, places_mm: FloatArray) -> tuple[float, float]:
    """Normalised mutual information over the covered points, and their share of all.

    Parameters
    ----------
    places_mm : (n, 3)
        Where the samples lie in the world of the moving image.
    """
    values = moving.sample(places_mm)
    seen = np.isfinite(values)
    if seen.sum() < LEAST_POINTS:
        return 0.0, float(seen.mean()) if len(seen) else 0.0
    pairs = BINS * fixed.bins[seen] + _rank_bins(values[seen])
    joint = np.bincount(pairs, minlength=BINS**2).reshape(BINS, BINS) / len(pairs)
    alone = _entropy(joint.sum(axis=0)) + _entropy(joint.sum(axis=1))
    together = _entropy(joint.ravel())
    return float(alone / together - 1.0) if together > 0 else 0.0, float(seen.mean())


def _rank_bins(values: FloatArray) -> npt.NDArray[np.intp]:
    """Bin (n,) of each value's rank, without ranking them all: a rank is the share below."""
    last = len(values) - 1
    below = np.ceil(np.arange(1, BINS) * last / BINS).astype(int) - 1
    edges = np.partition(values, below)[below]
    bins: npt.NDArray[np.intp] = np.searchsorted(edges, values, side="left")
    return bins


def _entropy(shares: FloatArray) -> float:
    known = shares[shares > 0]
    return float(-(known * np.log(known)).sum())


def ranks(values: FloatArray) -> FloatArray:
    """Ranks scaled to 0-1; equal values, as in air, share the lowest rank of them."""
    order = np.sort(values)
    return np.asarray(np.searchsorted(order, values) / max(len(values) - 1, 1), dtype=float)
