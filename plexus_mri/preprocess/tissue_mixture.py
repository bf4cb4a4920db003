"""Three tissues by intensity: darker than muscle, muscle, brighter than muscle.

Symbols: n voxels; rows of the three-fold arrays are darker, muscle, brighter.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from plexus_mri.core.grid import FloatArray

_BINS = 300
_REACH = 1.5
_ROUNDS = 25
# Starting logarithms of intensity over muscle's: suppressed fat, muscle, nerve and vessel.
_START_MEANS = np.array([-0.6, 0.0, 0.7])
_START_SHARES = np.array([0.3, 0.5, 0.2])
_LEAST_SPREAD = 0.05
_LARGEST_SPREADS = np.array([0.3, 0.2, 0.5])
# The neighbours stay this far from muscle, so that they cannot take it over.
_NEAREST = (-0.25, 0.3)
# Density of what is none of the three.
_ELSE = 0.02


@dataclass(frozen=True, eq=False)
class Mixture:
    """Means, standard deviations and shares (3,) of the three tissues, in log intensity."""

    means: FloatArray
    spreads: FloatArray
    shares: FloatArray

    def densities(self, logs: FloatArray) -> FloatArray:
        """Density of each tissue at log intensities (...): (3, ...), up to a common factor."""
        z = (logs[None] - _rows(self.means, logs)) / _rows(self.spreads, logs)
        density: FloatArray = _rows(self.shares / self.spreads, logs) * np.exp(-0.5 * z**2)
        return density

    def share_of_muscle(self, logs: FloatArray) -> FloatArray:
        """Chance (...) that a voxel of log intensity (...) is muscle."""
        density = self.densities(logs)
        chance: FloatArray = density[1] / (density.sum(axis=0) + _ELSE)
        return chance


def brightest_mode(logs: FloatArray, weights: FloatArray, width: float) -> float:
    """Most common of values (n,) with weights (n,), by a histogram smoothed over ``width``."""
    low, high = np.quantile(logs, [0.01, 0.99]) + np.array([-0.5, 0.5])
    counts, edges = np.histogram(logs, bins=_BINS, range=(low, high), weights=weights)
    smooth = ndimage.gaussian_filter1d(counts, width / (edges[1] - edges[0]), mode="constant")
    k = int(np.argmax(smooth))
    return float(0.5 * (edges[k] + edges[k + 1]))


def fit_mixture(logs: FloatArray, weights: FloatArray, spread: float) -> Mixture:
    """Mixture of log intensities (n,) about muscle's mode, by expectation-maximisation.

    Parameters
    ----------
    logs : (n,)
        Relative to the mode.
    weights : (n,)
        What each voxel counts.
    spread
        Starting standard deviation of muscle.
    """
    counts, edges = np.histogram(logs, bins=_BINS, range=(-_REACH, _REACH), weights=weights)
    places = 0.5 * (edges[1:] + edges[:-1])
    mixture = Mixture(_START_MEANS, np.array([0.25, spread, 0.35]), _START_SHARES)
    for _ in range(_ROUNDS):
        mixture = _updated(mixture, places, counts)
    return mixture


def _updated(mixture: Mixture, places: FloatArray, counts: FloatArray) -> Mixture:
    """One round: which tissue each bin is, and each tissue's numbers from its bins."""
    density = mixture.densities(places) + 1e-9
    held = density / (density.sum(axis=0) + _ELSE) * counts
    sizes = held.sum(axis=1) + 1e-9
    means = held @ places / sizes
    off = places[None] - means[:, None]
    spreads = np.sqrt((held * off**2).sum(axis=1) / sizes)
    means[0] = min(means[0], means[1] + _NEAREST[0])
    means[2] = max(means[2], means[1] + _NEAREST[1])
    return Mixture(means, np.clip(spreads, _LEAST_SPREAD, _LARGEST_SPREADS), sizes / sizes.sum())


def _rows(values: FloatArray, logs: FloatArray) -> FloatArray:
    """Values (3,) shaped to stand before log intensities (...)."""
    return values.reshape(3, *[1] * logs.ndim)
