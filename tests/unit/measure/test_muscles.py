"""Muscles sampled at mirrored places, and reference muscle whose sides differ."""

from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.core.anatomy import NERVE_KEYS, Side
from plexus_mri.core.canal_space import CanalSpace
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.frame import PatientFrame, SideProof
from plexus_mri.core.muscle import Muscle, MuscleTable
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.core.reference import ReferenceTissue
from plexus_mri.core.volume import Volume
from plexus_mri.measure.muscle_places import _LANDMARKS_MM, expected_places, half_space
from plexus_mri.measure.muscles import sample_muscles
from plexus_mri.measure.reference_muscle import reference_muscle
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.measure.tissue_samples import around_canal
from plexus_mri.reasons import ReasonCode
from tests.unit.shapes import grid_of

SETTINGS = MeasureSettings()
PROOF = SideProof("sform (code 1)", "canal", 0.5, 12.0, proven=True)
MIDLINE_MM = 6.0
MIDDLE_MM = np.array([MIDLINE_MM, 0.0, 0.0])
MUSCLE = 100.0


@pytest.fixture(scope="module")
def frame() -> PatientFrame:
    heights = np.arange(90.0, -91.0, -5.0)
    canal = Centerline(np.stack([0 * heights + MIDLINE_MM, 0 * heights, heights], axis=1))
    return PatientFrame(canal, np.array([1.0, 0.0, 0.0]), PROOF)


@pytest.fixture(scope="module")
def nerves() -> NerveTree:
    """Nerves that start where the mean body has them, and run 20 mm downwards."""
    traced = {}
    for side, nerve in NERVE_KEYS:
        place = np.array(_LANDMARKS_MM[nerve], dtype=float)
        start = place * (side.sign, 1.0, 1.0)
        line = Centerline(MIDDLE_MM + start + np.outer(np.arange(21.0), (0.0, 0.0, -1.0)))
        traced[side, nerve] = TracedNerve(line, 0.9, {"support": 0.9}, np.full(21, 2.0))
    return NerveTree(traced)


def body(shape=(116, 42, 62), centre_mm=(MIDLINE_MM, 0.0, 0.0)) -> Volume:
    """Nothing but muscle, 340 x 120 x 180 mm, with noise of 5 %."""
    grid = grid_of(shape, 3.0, centre_mm)
    noise = np.random.default_rng(3).normal(0.0, 5.0, grid.shape)
    return Volume(MUSCLE + noise, grid)


def brightened(image: Volume, where, factor: float) -> Volume:
    """The image with the voxels for which ``where(points_mm)`` holds made brighter."""
    ijk = np.stack(np.indices(image.grid.shape), axis=-1).reshape(-1, 3).astype(float)
    chosen = where(image.grid.to_world(ijk)).reshape(image.grid.shape)
    return image.with_data(np.where(chosen, factor * image.data, image.data))


def sampled(image: Volume, frame: PatientFrame, nerves: NerveTree) -> MuscleTable:
    reference = reference_muscle(around_canal(image, frame, SETTINGS), nerves, SETTINGS)
    return sample_muscles(image, frame, nerves, reference, SETTINGS)


def ratios(table: MuscleTable) -> dict[tuple[Side, Muscle], float | None]:
    return {(s.side, s.muscle): s.signal_ratio for s in table.samples}


def left_shoulder(points_mm):
    """Everything of the left side that lies over 70 mm lateral of the midline."""
    return points_mm[:, 0] < MIDLINE_MM - 70.0


def test_equal_muscle_reads_one_on_both_sides(frame, nerves):
    table = sampled(body(), frame, nerves)
    assert {s.reason for s in table.samples} == {None}
    # Noise of 5 % over at least 100 voxels of three places or more.
    assert list(ratios(table).values()) == pytest.approx([1.0] * 8, abs=0.02)


def test_left_and_right_are_sampled_at_mirrored_places(frame, nerves):
    table = sampled(body(), frame, nerves)
    for muscle in Muscle:
        left, right = (table.get(side, muscle).place_mm - (MIDLINE_MM, 0, 0) for side in Side)
        # A ball's middle moves by less than half a voxel with the voxels that fall into it.
        assert left * (-1, 1, 1) == pytest.approx(right, abs=1.5)


def test_a_brighter_muscle_is_measured_by_how_much_it_is_brighter(frame, nerves):
    table = sampled(brightened(body(), left_shoulder, 1.5), frame, nerves)
    found = ratios(table)
    for muscle in (Muscle.SUPRASPINATUS, Muscle.DELTOID):
        assert found[Side.LEFT, muscle] / found[Side.RIGHT, muscle] == pytest.approx(1.5, rel=0.03)
    assert found[Side.LEFT, Muscle.SCALENES] == pytest.approx(1.0, abs=0.02)


def test_no_ratio_depends_on_the_gain(frame, nerves):
    image = body()
    for gain in (0.5, 4.0):
        louder = sampled(image.with_data(gain * image.data), frame, nerves)
        assert ratios(louder) == pytest.approx(ratios(sampled(image, frame, nerves)), rel=1e-5)


def test_the_mirrored_image_swaps_the_sides(nerves, frame):
    image = brightened(body(), left_shoulder, 1.4)
    x_mm, y_mm, z_mm = frame.canal.points_mm.T
    mirrored = PatientFrame(Centerline(np.stack([-x_mm, y_mm, z_mm], axis=1)), frame.right, PROOF)
    back = sampled(image.mirrored().to_ras(), mirrored, nerves.mirrored())
    for (side, muscle), ratio in ratios(sampled(image, frame, nerves)).items():
        assert ratios(back)[side.opposite, muscle] == pytest.approx(ratio, rel=1e-4)


@pytest.mark.parametrize("columns", [70, 88])
def test_a_muscle_outside_the_field_of_view_is_told_so(frame, nerves, columns):
    """Far outside, and so near the image's end that a part of its surroundings is seen."""
    table = sampled(body((columns, 42, 62)), frame, nerves)
    for side in Side:
        assert table.get(side, Muscle.DELTOID).reason is ReasonCode.MUSCLE_OUTSIDE
        assert table.get(side, Muscle.SCALENES).reason is None


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_fat_or_fluid_is_not_taken_for_muscle(frame, nerves, factor):
    table = sampled(brightened(body(), left_shoulder, factor), frame, nerves)
    assert table.get(Side.LEFT, Muscle.DELTOID).reason is ReasonCode.MUSCLE_UNEVEN
    assert table.get(Side.RIGHT, Muscle.DELTOID).reason is None


def test_muscle_streaked_with_fat_is_not_sampled(frame, nerves):
    streaks = brightened(
        body(), lambda p: left_shoulder(p) & (np.floor(p[:, 2] / 6) % 2 == 0), 0.3
    )
    assert sampled(streaks, frame, nerves).get(Side.LEFT, Muscle.DELTOID).reason is (
        ReasonCode.MUSCLE_UNEVEN
    )


def test_without_midline_reference_or_nerves_nothing_is_sampled(frame, nerves):
    image, no_nerves = body(), NerveTree({})
    reference = reference_muscle(around_canal(image, frame, SETTINGS), nerves, SETTINGS)
    for expected, args in {
        ReasonCode.MIDLINE_NOT_FOUND: (None, nerves, reference),
        ReasonCode.NO_REFERENCE: (frame, nerves, ReferenceTissue.none()),
        ReasonCode.NERVE_NOT_FOUND: (frame, no_nerves, reference),
    }.items():
        table = sample_muscles(image, *args, SETTINGS)
        assert {s.reason for s in table.samples} == {expected}
        assert {s.signal for s in table.samples} == {None}


def test_places_follow_the_size_and_height_of_the_patient(frame, nerves):
    space, factor, up_mm = CanalSpace(frame), 0.9, 12.0
    moved = {
        key: replace(
            one,
            centerline=Centerline(
                (one.centerline.points_mm - (MIDLINE_MM, 0, 0)) * factor + (MIDLINE_MM, 0, up_mm)
            ),
        )
        for key, one in nerves.nerves.items()
    }
    usual, small = (expected_places(space, n) for n in (nerves, NerveTree(moved)))
    for muscle in Muscle:
        assert small[muscle] == pytest.approx(factor * usual[muscle] + (0, 0, up_mm), abs=1e-6)


def test_half_space_is_its_own_inverse():
    point = np.array([-30.0, 4.0, 2.0])
    assert half_space(point, Side.LEFT)[0] == 30.0
    assert (half_space(half_space(point, Side.LEFT), Side.LEFT) == point).all()


@pytest.mark.parametrize("side", Side)
def test_a_bright_reference_of_one_side_does_not_enter_the_ratios(frame, nerves, side):
    image = brightened(body(), lambda p: (p[:, 0] - MIDLINE_MM) * side.sign > 0.0, 1.5)
    found = reference_muscle(around_canal(image, frame, SETTINGS), nerves, SETTINGS)
    ratio = 1.5 if side is Side.LEFT else 1.0 / 1.5
    assert found.left_right_ratio == pytest.approx(ratio, rel=0.02)
    assert found.taken_from is side.opposite
    # The mode is the middle of noise of 5 %, over hundreds of samples.
    assert found.intensity == pytest.approx(np.full(len(found.intensity), MUSCLE), rel=0.02)


def test_sides_of_a_reference_that_differ_by_a_twentieth_are_pooled(frame, nerves):
    image = brightened(body(), lambda p: p[:, 0] < MIDLINE_MM, 1.05)
    found = reference_muscle(around_canal(image, frame, SETTINGS), nerves, SETTINGS)
    assert found.taken_from is None
    assert found.left_right_ratio == pytest.approx(1.05, rel=0.01)
