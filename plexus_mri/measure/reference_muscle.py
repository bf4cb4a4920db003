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

from plexus_mri.core.anatomy import Side
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.reference import ReferenceMuscle
from plexus_mri.core.volume import Volume
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.measure.unevenness import unevenness

BoolArray = npt.NDArray[np.bool_]
_Choice = Callable[[], BoolArray]
_BINS = 200


@dataclass(frozen=True, eq=False)
class _Samples:
    """Places (n, 3), intensities (n,) and distances (n,) to the right of the midline."""

    points_mm: FloatArray
    values: FloatArray
    lateral_mm: FloatArray

    def where(self, chosen: BoolArray) -> "_Samples":
        """Some of the samples."""
        return _Samples(self.points_mm[chosen], self.values[chosen], self.lateral_mm[chosen])

    def of(self, side: Side) -> "_Samples":
        """Samples of one side."""
        return self.where(self.lateral_mm * side.sign > 0.0)


def reference_muscle(
    image: Volume, frame: PatientFrame, nerves: NerveTree, settings: MeasureSettings
) -> ReferenceMuscle:
    """Find muscle behind the canal, or around it where the image ends too close behind.

    Muscle of both sides is pooled. Where one side is brighter than the other by more than
    ``reference_largest_side_difference_percent`` (denervation brightens), the darker side's alone
    serves both sides.
    """
    points, values = _around_canal(image, frame, settings)
    lateral, forward = _canal_coordinates(points, frame)
    samples = _Samples(points, values, lateral)
    regions: tuple[tuple[str, _Choice], ...] = (
        ("paraspinal", lambda: _paraspinal(lateral, forward, settings)),
        ("around the canal", lambda: _shell(points, lateral, forward, nerves, settings)),
    )
    for region, choose in regions:
        found = _of_region(samples.where(choose()), region, settings)
        if found is not None:
            return found
    return ReferenceMuscle.none()


def _of_region(
    samples: _Samples, region: str, settings: MeasureSettings
) -> ReferenceMuscle | None:
    """Reference muscle of one region; None when it holds too little."""
    pooled = _by_level(samples, region, settings)
    if pooled is None:
        return None
    ratio = _side_ratio(samples, pooled)
    limit = 1.0 + settings.reference_largest_side_difference_percent / 100.0
    if ratio is None or 1.0 / limit <= ratio <= limit:
        return replace(pooled, left_right_ratio=ratio)
    darker = Side.RIGHT if ratio > 1.0 else Side.LEFT
    alone = _by_level(samples.of(darker), region, settings)
    if alone is None:
        return replace(pooled, left_right_ratio=ratio)
    return replace(alone, left_right_ratio=ratio, taken_from=darker)


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


def _by_level(samples: _Samples, region: str, settings: MeasureSettings) -> ReferenceMuscle | None:
    """Reference muscle of these samples level by level; None when they are too few."""
    if len(samples.values) < settings.reference_fewest_voxels:
        return None
    order = np.argsort(samples.points_mm[:, 2], kind="stable")
    points, values = samples.points_mm[order], samples.values[order]
    table = _modes(points[:, 2], values, settings)
    if not len(table):
        return None
    level, error = table[:, 0], table[:, 2]
    smooth = ndimage.gaussian_filter1d(
        table[:, 1],
        settings.reference_smoothing_mm / settings.reference_level_step_mm,
        mode="nearest",
    )
    relative = values / np.interp(points[:, 2], level, smooth)
    muscle = np.abs(np.log(relative)) < np.log(1.3)
    even = unevenness(points, relative, settings)
    return ReferenceMuscle(level, smooth, error, None, region, points[muscle], even)


def _modes(z_mm: FloatArray, values: FloatArray, settings: MeasureSettings) -> FloatArray:
    """Level, mode and its standard error (m, 3) of values (n,) at rising heights (n,)."""
    start = main_mode(values)
    half = settings.reference_level_half_mm
    rows = []
    for level in np.arange(z_mm[0], z_mm[-1] + 1e-9, settings.reference_level_step_mm):
        a, b = np.searchsorted(z_mm, [level - half, level + half])
        mode, count = local_mode(values[a:b], start)
        if count >= settings.reference_fewest_voxels_at_level:
            rows.append((level, mode, 0.3 * mode / np.sqrt(count)))
    return np.array(rows).reshape(-1, 3)


def _side_ratio(samples: _Samples, pooled: ReferenceMuscle) -> float | None:
    """Left over right of the muscle's mode, relative to that of both sides at the same level."""
    modes = []
    for side in (Side.LEFT, Side.RIGHT):
        own = samples.of(side)
        if not len(own.values):
            return None
        level = np.interp(own.points_mm[:, 2], pooled.level_mm, pooled.intensity)
        relative = own.values / level
        modes.append(local_mode(relative, main_mode(relative))[0])
    return modes[0] / modes[1]
