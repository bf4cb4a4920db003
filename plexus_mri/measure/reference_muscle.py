"""Reference muscle: the intensity of muscle at each level, shared by both sides.

The paraspinal muscles behind the canal are supplied by dorsal rami, not by the plexus, so they
keep their signal when the plexus is ill; both sides are pooled, because a denervated muscle on
one side would hide a bright nerve there.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from plexus_mri.core.anatomy import Side
from plexus_mri.core.grid import BoolArray
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.reference import ReferenceTissue
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.measure.tissue_samples import Samples, by_level, local_mode, main_mode

_Choice = Callable[[], BoolArray]


def reference_muscle(
    samples: Samples, nerves: NerveTree, settings: MeasureSettings
) -> ReferenceTissue:
    """Find muscle behind the canal, or around it where the image ends too close behind.

    Muscle of both sides is pooled. Where one side is brighter than the other by more than
    ``reference_largest_side_difference_percent`` (denervation brightens), the darker side's alone
    serves both sides.

    Parameters
    ----------
    samples
        Voxels around the canal.
    """
    regions: tuple[tuple[str, _Choice], ...] = (
        ("paraspinal", lambda: _paraspinal(samples, settings)),
        ("around the canal", lambda: _shell(samples, nerves, settings)),
    )
    for region, choose in regions:
        found = _of_region(samples.where(choose()), region, settings)
        if found is not None:
            return found
    return ReferenceTissue.none()


def _of_region(samples: Samples, region: str, settings: MeasureSettings) -> ReferenceTissue | None:
    """Reference muscle of one region; None when it holds too little."""
    pooled = by_level(samples, region, settings)
    if pooled is None:
        return None
    ratio = _side_ratio(samples, pooled)
    limit = 1.0 + settings.reference_largest_side_difference_percent / 100.0
    if ratio is None or 1.0 / limit <= ratio <= limit:
        return replace(pooled, left_right_ratio=ratio)
    darker = Side.RIGHT if ratio > 1.0 else Side.LEFT
    alone = by_level(samples.of(darker), region, settings)
    if alone is None:
        return replace(pooled, left_right_ratio=ratio)
    return replace(alone, left_right_ratio=ratio, taken_from=darker)


def _paraspinal(samples: Samples, settings: MeasureSettings) -> BoolArray:
    """Behind the canal, off the spinous processes."""
    aside, behind = np.abs(samples.lateral_mm), -samples.forward_mm
    low, high = settings.paraspinal_lateral_mm
    near, far = settings.paraspinal_behind_mm
    return np.asarray((aside >= low) & (aside <= high) & (behind >= near) & (behind <= far))


def _shell(samples: Samples, nerves: NerveTree, settings: MeasureSettings) -> BoolArray:
    """Around the canal, off the traced nerves."""
    distance = np.hypot(samples.lateral_mm, samples.forward_mm)
    near, far = settings.shell_mm
    shell = (distance >= near) & (distance <= far)
    lines = [nerves[key].centerline.resampled_evenly(2.0).points_mm for key in nerves]
    if lines:
        shell[shell] = (
            cKDTree(np.concatenate(lines)).query(samples.points_mm[shell])[0]
            > settings.reference_off_nerves_mm
        )
    return shell


def _side_ratio(samples: Samples, pooled: ReferenceTissue) -> float | None:
    """Left over right of the muscle's mode, relative to that of both sides at the same level."""
    modes = []
    for side in (Side.LEFT, Side.RIGHT):
        own = samples.of(side)
        if not len(own.values):
            return None
        level = np.interp(own.height_mm, pooled.level_mm, pooled.intensity)
        relative = own.values / level
        modes.append(local_mode(relative, main_mode(relative))[0])
    return modes[0] / modes[1]
