"""Samples of tissue around the canal, and the intensity of the commonest tissue by level.

Shapes: n samples; m levels.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage, stats

from plexus_mri.core.anatomy import Side
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import BoolArray, FloatArray
from plexus_mri.core.reference import ReferenceTissue
from plexus_mri.core.volume import Volume
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.measure.unevenness import unevenness

IndexArray = npt.NDArray[np.int_]
_BINS = 200
# Over a shorter run of levels a slope is little but how uneven the tissue is (chosen here).
_SHORTEST_SLOPE_MM = 60.0
# Samples of a slice have one height, to rounding: whole slices are on one side of a limit.
SAME_MM = 1e-6


@dataclass(frozen=True, eq=False)
class Samples:
    """Voxels with a signal.

    Parameters
    ----------
    points_mm : (n, 3)
        Their centres, RAS+ mm.
    values : (n,)
        Intensities, > 0.
    lateral_mm, forward_mm : (n,)
        Distance to the right of and before the canal's centre.
    up : (3,)
        Unit vector to the head, as in the patient's frame.
    """

    points_mm: FloatArray
    values: FloatArray
    lateral_mm: FloatArray
    forward_mm: FloatArray
    up: FloatArray

    @property
    def height_mm(self) -> FloatArray:
        """Height (n,) along ``up``."""
        height: FloatArray = self.points_mm @ self.up
        return height

    @property
    def places_mm(self) -> FloatArray:
        """Places (n, 3) in the patient: to the right, to the front, above the lowest sample."""
        height = self.height_mm
        return np.column_stack(
            [self.lateral_mm, self.forward_mm, height - height.min(initial=np.inf) + SAME_MM]
        )

    def where(self, chosen: BoolArray | IndexArray) -> "Samples":
        """Some of the samples, or all in another order."""
        return Samples(
            self.points_mm[chosen],
            self.values[chosen],
            self.lateral_mm[chosen],
            self.forward_mm[chosen],
            self.up,
        )

    def of(self, side: Side) -> "Samples":
        """Samples of one side."""
        return self.where(self.lateral_mm * side.sign > 0.0)


def around_canal(image: Volume, frame: PatientFrame, settings: MeasureSettings) -> Samples:
    """Voxels near the canal, thinned to about 1.5 mm."""
    stride = np.maximum(np.round(settings.reference_step_mm / image.grid.spacing), 1).astype(int)
    picks = tuple(slice(int(s) // 2, None, int(s)) for s in stride)
    data = image.data[picks]
    ijk = np.stack(np.meshgrid(*[np.arange(n) for n in data.shape], indexing="ij"), axis=-1)
    points = image.grid.to_world(ijk.reshape(-1, 3) * stride + stride // 2)
    values = data.reshape(-1).astype(float)
    off = points - frame.canal_at(points)
    samples = Samples(points, values, off @ frame.right, off @ frame.forward, frame.up)
    reach, canal = settings.reference_reach_mm, frame.height_mm(frame.canal.points_mm)
    near = (np.abs(samples.lateral_mm) <= reach) & (np.abs(samples.forward_mm) <= reach)
    level = (samples.height_mm >= canal.min()) & (samples.height_mm <= canal.max())
    return samples.where(near & level & (values > 0))


def by_level(samples: Samples, region: str, settings: MeasureSettings) -> ReferenceTissue | None:
    """Commonest tissue of these samples level by level; None when they are too few."""
    if len(samples.values) < settings.reference_fewest_voxels:
        return None
    samples = samples.where(np.argsort(samples.height_mm, kind="stable"))
    height, values = samples.height_mm, samples.values
    table = _modes(height, values, settings)
    if not len(table):
        return None
    level, error = table[:, 0], table[:, 2]
    steady = _steady(level, table[:, 1])
    relative = values / np.interp(height, level, steady)
    near = np.abs(np.log(relative)) < np.log(1.3)
    return ReferenceTissue(
        level,
        steady,
        error,
        None,
        region,
        samples.points_mm[near],
        unevenness(samples.places_mm, relative, settings),
        left_out_mm=_left_out_mm(height, near, settings),
        up=samples.up,
    )


def _left_out_mm(height_mm: FloatArray, near: BoolArray, settings: MeasureSettings) -> float:
    """Height over which less than half as many samples (n,) as usual are ``near`` the course."""
    share = np.array([near[a:b].mean() for _, a, b in _windows(height_mm, settings) if b > a])
    return float((share < 0.5 * np.median(share)).sum() * settings.reference_level_step_mm)


def _steady(level_mm: FloatArray, modes: FloatArray) -> FloatArray:
    """Intensity (m,) that changes from head to foot by the same share in each mm.

    Shading is taken out before; what the modes of levels (m,) still scatter about this course is
    how uneven this tissue is, and nerves have no part in it (ADR-138). The median of the slopes
    between levels does not follow a run of up to 29 % of them that is off [Sen 1968, J Am Stat
    Assoc 63:1379].
    """
    logs = np.log(modes)
    if level_mm[-1] - level_mm[0] < _SHORTEST_SLOPE_MM:
        return np.full(len(modes), np.exp(np.median(logs)))
    slope, height, *_ = stats.theilslopes(logs, level_mm)
    course: FloatArray = np.exp(height + slope * level_mm)
    return course


def _modes(height_mm: FloatArray, values: FloatArray, settings: MeasureSettings) -> FloatArray:
    """Level, mode and its standard error (m, 3) of values (n,) at rising heights (n,)."""
    start = main_mode(values)
    rows = []
    for level, a, b in _windows(height_mm, settings):
        mode, count = local_mode(values[a:b], start)
        if count >= settings.reference_fewest_voxels_at_level:
            rows.append((level, mode, 0.3 * mode / np.sqrt(count)))
    return np.array(rows).reshape(-1, 3)


def _windows(height_mm: FloatArray, settings: MeasureSettings) -> Iterator[tuple[float, int, int]]:
    """Levels, and from which to before which of the samples at rising heights (n,) each holds."""
    half = settings.reference_level_half_mm
    for level in np.arange(height_mm[0], height_mm[-1] + 1e-9, settings.reference_level_step_mm):
        a, b = np.searchsorted(height_mm, [level - half - SAME_MM, level + half - SAME_MM])
        yield float(level), int(a), int(b)


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
