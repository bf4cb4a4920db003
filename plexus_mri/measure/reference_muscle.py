"""Reference muscle: the intensity of muscle at each level, shared by both sides.

The paraspinal muscles behind the canal are supplied by dorsal rami, not by the plexus, so they
keep their signal when the plexus is ill; both sides are pooled, because a denervated muscle on
one side would hide a bright nerve there.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.volume import Volume
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.measure.unevenness import unevenness

BoolArray = npt.NDArray[np.bool_]
_Choice = Callable[[], BoolArray]
_BINS = 200
_LARGEST_FLOOR = 1.0 / 1.5


@dataclass(frozen=True, eq=False)
class ReferenceMuscle:
    """Muscle intensity by level, m levels.

    Parameters
    ----------
    level_mm : (m,)
        Height z of each level, RAS+ mm, increasing; empty when no muscle was found.
    intensity, standard_error : (m,)
        Most common intensity of muscle there and its standard error.
    left_right_ratio
        Left over right of the same region; far from 1 means shading or disease of the muscle.
    region
        ``"paraspinal"``, ``"around the canal"`` or ``"none"``.
    points_mm : (q, 3)
        Voxel centres that were taken for muscle, for drawing.
    unevenness
        Relative standard deviation of its intensity from place to place.
    """

    level_mm: FloatArray
    intensity: FloatArray
    standard_error: FloatArray
    left_right_ratio: float | None
    region: str
    points_mm: FloatArray
    unevenness: float = 0.0

    def at(self, points_mm: FloatArray) -> FloatArray:
        """Intensity (n,) at the level of points (n, 3); NaN beyond the levels or when none."""
        if not len(self.level_mm):
            return np.full(len(points_mm), np.nan)
        z = points_mm[:, 2]
        step = float(np.median(np.diff(self.level_mm))) if len(self.level_mm) > 1 else 1.0
        values = np.interp(z, self.level_mm, self.intensity)
        beyond = (z < self.level_mm[0] - 10 * step) | (z > self.level_mm[-1] + 10 * step)
        return np.where(beyond, np.nan, values)

    def without_noise_floor(self, noise: float) -> "ReferenceMuscle":
        """Muscle as it would be without the lift that noise gives a magnitude image.

        Parameters
        ----------
        noise
            Standard deviation of the noise, in image units.

        References
        ----------
        Gudbjartsson & Patz 1995, Magn Reson Med 34:910: the true intensity is about
        sqrt(measured² - noise²); below a signal-to-noise of 1.5 nothing more is taken off.
        """
        floor = np.minimum(noise, _LARGEST_FLOOR * self.intensity)
        return replace(self, intensity=np.sqrt(self.intensity**2 - floor**2))

    def relative_error(self, points_mm: FloatArray) -> FloatArray:
        """Relative standard error (n,) at the level of points (n, 3); 0 when there is none."""
        if not len(self.level_mm):
            return np.zeros(len(points_mm))
        share = self.standard_error / self.intensity
        return np.asarray(np.interp(points_mm[:, 2], self.level_mm, share))


def reference_muscle(
    image: Volume, frame: PatientFrame, nerves: NerveTree, settings: MeasureSettings
) -> ReferenceMuscle:
    """Find muscle behind the canal, or around it where the image ends too close behind."""
    points, values = _around_canal(image, frame, settings)
    lateral, forward = _canal_coordinates(points, frame)
    regions: tuple[tuple[str, _Choice], ...] = (
        ("paraspinal", lambda: _paraspinal(lateral, forward, settings)),
        ("around the canal", lambda: _shell(points, lateral, forward, nerves, settings)),
    )
    for region, choose in regions:
        chosen = choose()
        found = _by_level(points[chosen], values[chosen], lateral[chosen], settings)
        if found is not None:
            level, intensity, error, ratio, used = found
            relative = values[chosen] / np.interp(points[chosen, 2], level, intensity)
            even = unevenness(points[chosen], relative, settings)
            return ReferenceMuscle(level, intensity, error, ratio, region, used, even)
    nothing = np.empty(0)
    return ReferenceMuscle(nothing, nothing, nothing, None, "none", np.empty((0, 3)))


def main_mode(values: FloatArray) -> float:
    """Most common of positive values (n,), by a smoothed histogram of their logarithm.

    >>> round(main_mode(np.array([1.0, 1.0, 1.02, 0.98, 3.0, 0.2])), 1)
    1.0
    """
    logs = np.log(values)
    low, high = np.quantile(logs, [0.01, 0.99]) + np.array([-0.5, 0.5])
    counts, edges = np.histogram(logs, bins=_BINS, range=(low, high))
    width = edges[1] - edges[0]
    # 0.12 in the logarithm is 12 % in intensity: noise and texture of one tissue stay one mode.
    smooth = ndimage.gaussian_filter1d(counts.astype(float), 0.12 / width, mode="constant")
    k = int(np.argmax(smooth))
    return float(np.exp(0.5 * (edges[k] + edges[k + 1])))


def local_mode(values: FloatArray, start: float) -> tuple[float, int]:
    """Middle of the values within 30 % of the mode, found from ``start``; and their number."""
    centre, count = start, 0
    for _ in range(15):
        near = values[np.abs(np.log(values / centre)) < np.log(1.3)]
        count = len(near)
        if count == 0:
            break
        moved = float(np.median(near))
        done = abs(moved - centre) < 1e-4 * centre
        centre = moved
        if done:
            break
    return centre, count


def _around_canal(
    image: Volume, frame: PatientFrame, settings: MeasureSettings
) -> tuple[FloatArray, FloatArray]:
    """Positive voxels near the canal, thinned to about 1.5 mm: points (n, 3) and values (n,)."""
    stride = np.maximum(np.round(settings.reference_step_mm / image.grid.spacing), 1).astype(int)
    picks = tuple(slice(int(s) // 2, None, int(s)) for s in stride)
    data = image.data[picks]
    ijk = np.stack(np.meshgrid(*[np.arange(n) for n in data.shape], indexing="ij"), axis=-1)
    points = image.grid.to_world(ijk.reshape(-1, 3) * stride + stride // 2)
    values = data.reshape(-1).astype(float)
    canal = frame.canal.points_mm
    near = (
        np.abs(points - frame.canal_at(points))[:, :2].max(axis=1) <= settings.reference_reach_mm
    )
    level = (points[:, 2] >= canal[:, 2].min()) & (points[:, 2] <= canal[:, 2].max())
    kept = near & level & (values > 0)
    return points[kept], values[kept]


def _canal_coordinates(points: FloatArray, frame: PatientFrame) -> tuple[FloatArray, FloatArray]:
    """Distance (n,) to the right of and before the canal's centre."""
    off = points - frame.canal_at(points)
    forward = np.cross(np.array([0.0, 0.0, 1.0]), frame.right)
    return off @ frame.right, off @ (forward / np.linalg.norm(forward))


def _paraspinal(lateral: FloatArray, forward: FloatArray, settings: MeasureSettings) -> BoolArray:
    """Behind the canal, off the spinous processes."""
    aside, behind = np.abs(lateral), -forward
    low, high = settings.paraspinal_lateral_mm
    near, far = settings.paraspinal_behind_mm
    return np.asarray((aside >= low) & (aside <= high) & (behind >= near) & (behind <= far))


def _shell(
    points: FloatArray,
    lateral: FloatArray,
    forward: FloatArray,
    nerves: NerveTree,
    settings: MeasureSettings,
) -> BoolArray:
    """Around the canal, off the traced nerves."""
    distance = np.hypot(lateral, forward)
    near, far = settings.shell_mm
    shell = (distance >= near) & (distance <= far)
    lines = [nerves[key].centerline.resampled_evenly(2.0).points_mm for key in nerves]
    if lines:
        shell[shell] = (
            cKDTree(np.concatenate(lines)).query(points[shell])[0]
            > settings.reference_off_nerves_mm
        )
    return shell


def _by_level(
    points: FloatArray, values: FloatArray, lateral: FloatArray, settings: MeasureSettings
) -> tuple[FloatArray, FloatArray, FloatArray, float | None, FloatArray] | None:
    """Levels, intensities, errors, left/right ratio and the voxels used; None when too few."""
    if len(values) < settings.reference_fewest_voxels:
        return None
    start = main_mode(values)
    order = np.argsort(points[:, 2], kind="stable")
    points, values, lateral = points[order], values[order], lateral[order]
    z = points[:, 2]
    levels = np.arange(z[0], z[-1] + 1e-9, settings.reference_level_step_mm)
    half = settings.reference_level_half_mm
    rows = []
    for level in levels:
        a, b = np.searchsorted(z, [level - half, level + half])
        mode, count = local_mode(values[a:b], start)
        enough = count >= settings.reference_fewest_voxels_at_level
        rows.append((level, mode if enough else np.nan, 0.3 * mode / np.sqrt(max(count, 1))))
    table = np.array(rows)
    good = np.isfinite(table[:, 1])
    if not good.any():
        return None
    table = table[good]
    smooth = ndimage.gaussian_filter1d(
        table[:, 1],
        settings.reference_smoothing_mm / settings.reference_level_step_mm,
        mode="nearest",
    )
    here = np.interp(z, table[:, 0], smooth)
    muscle = np.abs(np.log(values / here)) < np.log(1.3)
    return table[:, 0], smooth, table[:, 2], _side_ratio(values / here, lateral), points[muscle]


def _side_ratio(relative: FloatArray, lateral: FloatArray) -> float | None:
    """Left over right of the muscle's mode."""
    left, right = relative[lateral < 0], relative[lateral > 0]
    if min(len(left), len(right)) == 0:
        return None
    return local_mode(left, 1.0)[0] / local_mode(right, 1.0)[0]
