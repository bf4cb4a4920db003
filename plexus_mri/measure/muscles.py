"""Signal of muscles on both sides, sampled at the same places left and right.

At each place of a muscle a ball of even tissue is looked for near where the mean body has it, on
both sides together: one place in half-space coordinates (`measure.muscle_places`) serves both.
Nothing is sampled where tissue is not even, darker than muscle, or outside the field of view.

Shapes: k places of a muscle; a, b, c samples of a box around one place; n voxels.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from plexus_mri.core.anatomy import Side
from plexus_mri.core.canal_space import CanalSpace
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import BoolArray, FloatArray
from plexus_mri.core.muscle import Muscle, MuscleSample, MuscleTable, VoxelIndices
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.reference import ReferenceTissue, without_floor
from plexus_mri.core.volume import Volume
from plexus_mri.measure.muscle_places import expected_places, half_space
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.reasons import ReasonCode

_Ball = tuple[VoxelIndices, FloatArray]


@dataclass(frozen=True, eq=False)
class _Scene:
    """What samples are taken from."""

    image: Volume
    space: CanalSpace
    reference: ReferenceTissue
    settings: MeasureSettings


@dataclass(frozen=True, eq=False)
class _Box:
    """Tissue around one place on one side, on a lattice (a, b, c).

    Parameters
    ----------
    seen
        Whether a ball there lies in the field of view.
    even
        Whether it holds even tissue at least about as bright as muscle.
    roughness
        Relative standard deviation within it.
    """

    seen: BoolArray
    even: BoolArray
    roughness: FloatArray


def sample_muscles(
    image: Volume,
    frame: PatientFrame | None,
    nerves: NerveTree,
    reference: ReferenceTissue,
    settings: MeasureSettings,
) -> MuscleTable:
    """Samples of every muscle and side; what could not be sampled has a reason.

    Parameters
    ----------
    image
        Bias-corrected, RAS axis order.
    reference
        Muscle that both sides share.
    """
    if frame is None:
        return _unsampled(ReasonCode.MIDLINE_NOT_FOUND)
    if not nerves.nerves:
        return _unsampled(ReasonCode.NERVE_NOT_FOUND)
    if not len(reference.level_mm):
        return _unsampled(ReasonCode.NO_REFERENCE)
    scene = _Scene(image, CanalSpace(frame), reference, settings)
    places = expected_places(scene.space, nerves)
    if not places:
        return _unsampled(ReasonCode.NERVE_NOT_FOUND)
    found = {muscle: _sample_both(scene, muscle, places[muscle]) for muscle in Muscle}
    return MuscleTable(tuple(found[muscle][side] for muscle in Muscle for side in Side))


def _unsampled(reason: ReasonCode) -> MuscleTable:
    """Table without a number, for one reason."""
    return MuscleTable(
        tuple(MuscleSample(m, s, np.empty(0), reason=reason) for m in Muscle for s in Side)
    )


def _sample_both(scene: _Scene, muscle: Muscle, places: FloatArray) -> Mapping[Side, MuscleSample]:
    """Samples of one muscle: a ball at each of its places, at the same places on both sides."""
    boxes = [{side: _box(scene, place, side) for side in Side} for place in places]
    balls: dict[Side, list[_Ball | None]] = {side: [] for side in Side}
    for place, box in zip(places, boxes, strict=True):
        centres = _centres(scene, place, box)
        for side in Side:
            balls[side].append(_ball(scene, centres[side], side))
    return {
        side: _sample(scene, muscle, side, balls[side], _why_absent([box[side] for box in boxes]))
        for side in Side
    }


def _lattice(settings: MeasureSettings) -> FloatArray:
    """Offsets (a, b, c, 3) in mm of a box's samples from its middle."""
    reach, step = settings.muscle_search_mm, settings.muscle_step_mm
    half = np.arange(0.0, reach + settings.muscle_ball_mm + step, step)
    axis = np.concatenate([-half[:0:-1], half])
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)


def _box(scene: _Scene, place: FloatArray, side: Side) -> _Box:
    """Look at the tissue around an expected place (3,)."""
    settings = scene.settings
    offsets = _lattice(settings)
    points = scene.space.to_world(half_space((place + offsets).reshape(-1, 3), side))
    ratio = (scene.image.sample(points) / scene.reference.at(points)).reshape(offsets.shape[:3])
    known = np.isfinite(ratio)
    # Means of 3 x 3 x 3 samples: noise goes, planes of fat, nerves and vessels stay visible.
    smooth = ndimage.uniform_filter(np.where(known, ratio, 0.0), 3, mode="nearest")
    size = 2 * round(settings.muscle_ball_mm / settings.muscle_step_mm) + 1
    mean = ndimage.uniform_filter(smooth, size, mode="nearest")
    square = ndimage.uniform_filter(smooth**2, size, mode="nearest")
    roughness = np.sqrt(np.maximum(square - mean**2, 0.0)) / np.maximum(mean, 1e-6)
    seen = ndimage.minimum_filter(known, size, mode="constant", cval=True)
    even = (
        seen
        & (roughness < settings.muscle_roughness_percent / 100.0)
        & (mean > settings.muscle_least_ratio)
        & (mean < settings.muscle_largest_ratio)
    )
    return _Box(seen, even, roughness)


def _centres(
    scene: _Scene, place: FloatArray, box: Mapping[Side, _Box]
) -> Mapping[Side, FloatArray | None]:
    """Middle (3,) of the ball of each side: the best place of both, else of each side alone."""
    offsets = _lattice(scene.settings)
    away = np.linalg.norm(offsets, axis=-1)
    near = away <= scene.settings.muscle_search_mm
    trust = scene.settings.muscle_roughness_percent / 100.0
    cost = {s: (box[s].roughness / trust) ** 2 for s in Side}
    far = (away / scene.settings.muscle_search_mm) ** 2
    both = near & box[Side.LEFT].even & box[Side.RIGHT].even
    if both.any():
        best = _lowest(cost[Side.LEFT] + cost[Side.RIGHT] + 2.0 * far, both)
        return dict.fromkeys(Side, place + offsets[best])
    alone = {s: near & box[s].even for s in Side}
    return {
        s: place + offsets[_lowest(cost[s] + far, alone[s])] if alone[s].any() else None
        for s in Side
    }


def _lowest(cost: FloatArray, allowed: BoolArray) -> tuple[int, ...]:
    """Index of the lowest cost among what is allowed."""
    return tuple(
        int(i) for i in np.unravel_index(np.argmin(np.where(allowed, cost, np.inf)), cost.shape)
    )


def _ball(scene: _Scene, centre: FloatArray | None, side: Side) -> _Ball | None:
    """Voxels (n, 3) of the image in the ball about a place (3,), and their intensities (n,).

    What is far from their median, a vessel or a plane of fat, is left out.
    """
    if centre is None:
        return None
    grid, radius = scene.image.grid, scene.settings.muscle_ball_mm
    middle = scene.space.to_world(half_space(centre[None], side))
    reach = np.ceil(radius / grid.spacing).astype(int)
    start = np.round(grid.to_voxel(middle)[0]).astype(int)
    steps = [np.arange(-r, r + 1) for r in reach]
    ijk = start + np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = np.linalg.norm(grid.to_world(ijk.astype(float)) - middle, axis=1) <= radius
    ijk = ijk[inside & np.all((ijk >= 0) & (ijk < grid.shape), axis=1)]
    values = scene.image.data[tuple(ijk.T)].astype(float)
    level = float(np.median(values))
    width = 1.0 + scene.settings.muscle_trim_percent / 100.0
    kept = (values > level / width) & (values < level * width)
    return ijk[kept].astype(np.int32), values[kept]


def _sample(
    scene: _Scene, muscle: Muscle, side: Side, balls: list[_Ball | None], reason: ReasonCode
) -> MuscleSample:
    """Sum up the balls of one side, each counting the same."""
    found = [ball for ball in balls if ball is not None]
    ratios = np.array([np.nan if ball is None else _ratio(scene, ball) for ball in balls])
    if not found:
        return MuscleSample(muscle, side, ratios, reason=reason)
    voxels = np.unique(np.concatenate([ijk for ijk, _ in found]), axis=0)
    points = scene.image.grid.to_world(voxels.astype(float))
    signals = np.array([_level(scene, values) for _, values in found])
    spread = [float(np.std(values) / np.mean(values)) for _, values in found]
    uneven = scene.reference.unevenness / np.sqrt(len(found))
    return MuscleSample(
        muscle,
        side,
        ratios,
        float(signals.mean()),
        float(signals.mean() * uneven),
        100.0 * float(np.mean(spread)),
        float(np.nanmean(ratios)),
        len(voxels) * scene.image.grid.voxel_volume_mm3,
        points.mean(axis=0),
        voxels,
    )


def _level(scene: _Scene, values: FloatArray) -> float:
    """Mean of intensities (n,), freed of what noise lifts it by."""
    return float(without_floor(np.mean(values, keepdims=True), scene.reference.noise)[0])


def _ratio(scene: _Scene, ball: _Ball) -> float:
    """Signal of a ball over reference muscle of its level."""
    middle = scene.image.grid.to_world(ball[0].astype(float)).mean(axis=0, keepdims=True)
    return _level(scene, ball[1]) / float(scene.reference.at(middle)[0])


def _why_absent(boxes: list[_Box]) -> ReasonCode:
    """Reason why a side of a muscle was not sampled: outside when no place of it was seen."""
    places = [box.seen[tuple(size // 2 for size in box.seen.shape)] for box in boxes]
    return ReasonCode.MUSCLE_UNEVEN if any(places) else ReasonCode.MUSCLE_OUTSIDE
