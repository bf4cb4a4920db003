"""ReferenceTissue: intensity of muscle or marrow by level, one for both sides, and its health."""

from dataclasses import dataclass, field, replace

import numpy as np

from plexus_mri.core.anatomy import Side
from plexus_mri.core.frame import WORLD_UP
from plexus_mri.core.grid import FloatArray

_LARGEST_FLOOR = 1.0 / 1.5


@dataclass(frozen=True, eq=False)
class ReferenceTissue:
    """Intensity of one tissue by level, m levels.

    Parameters
    ----------
    level_mm : (m,)
        Height of each level along ``up``, increasing; empty when none was found.
    intensity, standard_error : (m,)
        Most common intensity of the tissue there and its standard error.
    left_right_ratio
        Left over right of the same region; far from 1 means shading or disease of the muscle.
    region
        ``"paraspinal"``, ``"around the canal"``, ``"vertebral marrow"`` or ``"none"``.
    points_mm : (q, 3)
        Voxel centres that were taken for it, for drawing.
    unevenness
        Relative standard deviation of its intensity from place to place, or of the shading that
        correction leaves if that is more.
    taken_from
        Side whose muscle alone serves both sides, as the other's is too bright to be sound; None
        when muscle of both sides is pooled.
    noise
        Standard deviation of the image's noise, in image units; 0 when unknown.
    left_out_mm
        Height over which most tissue is brighter or darker than the course, and not muscle to it.
    up : (3,)
        Unit vector to the head along which levels are counted, as in the patient's frame.
    """

    level_mm: FloatArray
    intensity: FloatArray
    standard_error: FloatArray
    left_right_ratio: float | None
    region: str
    points_mm: FloatArray
    unevenness: float = 0.0
    taken_from: Side | None = None
    noise: float = 0.0
    left_out_mm: float = 0.0
    up: FloatArray = field(default_factory=lambda: np.array(WORLD_UP))

    @classmethod
    def none(cls) -> "ReferenceTissue":
        """Give the reference of an image in which the tissue was not found."""
        nothing = np.empty(0)
        return cls(nothing, nothing, nothing, None, "none", np.empty((0, 3)))

    def at(self, points_mm: FloatArray) -> FloatArray:
        """Intensity (n,) at the level of points (n, 3); NaN beyond the levels or when none."""
        if not len(self.level_mm):
            return np.full(len(points_mm), np.nan)
        height = points_mm @ self.up
        step = float(np.median(np.diff(self.level_mm))) if len(self.level_mm) > 1 else 1.0
        values = np.interp(height, self.level_mm, self.intensity)
        low, high = self.level_mm[0] - 10 * step, self.level_mm[-1] + 10 * step
        beyond = (height < low) | (height > high)
        return np.where(beyond, np.nan, values)

    def without_noise_floor(self, noise: float) -> "ReferenceTissue":
        """Tissue as it would be without the lift that noise gives a magnitude image.

        Parameters
        ----------
        noise
            Standard deviation of the noise, in image units.
        """
        return replace(self, intensity=without_floor(self.intensity, noise), noise=noise)

    def at_least_as_uneven(self, share: float) -> "ReferenceTissue":
        """Tissue whose intensity is told from place to place no better than to this share."""
        return replace(self, unevenness=max(self.unevenness, share))

    def relative_error(self, points_mm: FloatArray) -> FloatArray:
        """Relative standard error (n,) at the level of points (n, 3); 0 when there is none."""
        if not len(self.level_mm):
            return np.zeros(len(points_mm))
        share = self.standard_error / self.intensity
        return np.asarray(np.interp(points_mm @ self.up, self.level_mm, share))


def without_floor(intensity: FloatArray, noise: float) -> FloatArray:
    """Intensities (n,) of tissue as they would be without what noise lifts a magnitude image by.

    References
    ----------
    Gudbjartsson & Patz 1995, Magn Reson Med 34:910: the true intensity is about
    sqrt(measured² - noise²); below a signal-to-noise of 1.5 nothing more is taken off.
    """
    floor = np.minimum(noise, _LARGEST_FLOOR * intensity)
    corrected: FloatArray = np.sqrt(intensity**2 - floor**2)
    return corrected
