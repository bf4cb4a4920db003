"""The course of a tissue's intensity from head to foot."""

import numpy as np
import pytest

from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.measure.tissue_samples import Samples, by_level

SETTINGS = MeasureSettings()
UP = np.array([0.0, 0.0, 1.0])
MUSCLE = 100.0
# Eight patches that differ by 3 % at each of twelve heights: a line through their middles is
# known to 0.3 % in its middle and to twice that at its ends. Three times that is allowed.
UNEVEN, TOLERANCE = 0.03, 0.02


def muscle(height_mm: float, shading_per_mm: float = 0.0, seed: int = 3) -> Samples:
    """Uneven muscle on both sides of the canal, brighter by a share in each mm to the head."""
    rng = np.random.default_rng(seed)
    axes = (
        np.arange(-30.0, 31.0, 3.0),
        np.arange(-40.0, -14.0, 3.0),
        np.arange(0.0, height_mm, 1.5),
    )
    x_mm, y_mm, z_mm = (a.ravel() for a in np.meshgrid(*axes, indexing="ij"))
    patches = rng.normal(0.0, UNEVEN, (8, 8, 40))
    cell = tuple(((a - a.min()) / 15.0).astype(int) for a in (x_mm, y_mm, z_mm))
    logs = np.log(MUSCLE) + patches[cell] + shading_per_mm * z_mm
    points = np.stack([x_mm, y_mm, z_mm], axis=1)
    return Samples(points, np.exp(logs), x_mm, y_mm, UP)


def brighter(samples: Samples, low_mm: float, high_mm: float, factor: float) -> Samples:
    """The same muscle, all of it brighter between two heights."""
    within = (samples.height_mm >= low_mm) & (samples.height_mm < high_mm)
    values = np.where(within, factor * samples.values, samples.values)
    return Samples(samples.points_mm, values, samples.lateral_mm, samples.forward_mm, samples.up)


@pytest.mark.parametrize("per_mm", [0.0, 0.004, -0.004])
def test_shading_left_from_head_to_foot_is_followed(per_mm):
    found = by_level(muscle(180.0, per_mm), "paraspinal", SETTINGS)
    truth = MUSCLE * np.exp(per_mm * found.level_mm)
    assert found.intensity == pytest.approx(truth, rel=TOLERANCE)


def test_patches_of_muscle_do_not_enter_the_course():
    found = by_level(muscle(180.0), "paraspinal", SETTINGS)
    steps = np.diff(np.log(found.intensity))
    assert steps == pytest.approx(np.full(len(steps), steps.mean()), abs=1e-9)


def test_a_bright_quarter_of_the_levels_leaves_the_others_alone():
    found = by_level(brighter(muscle(180.0), 60.0, 105.0, 1.2), "paraspinal", SETTINGS)
    # The median of slopes follows a quarter of bad levels by a part of how uneven the rest is.
    assert found.intensity == pytest.approx(np.full(len(found.level_mm), MUSCLE), rel=0.03)


def test_levels_without_this_tissue_are_told():
    found = by_level(brighter(muscle(180.0), 60.0, 105.0, 1.6), "paraspinal", SETTINGS)
    # Levels are seen through windows of 16 mm: a border is known to half of one.
    assert found.left_out_mm == pytest.approx(45.0, abs=8.0)
    assert by_level(muscle(180.0), "paraspinal", SETTINGS).left_out_mm == 0.0


def test_a_short_run_of_levels_has_one_intensity():
    found = by_level(muscle(40.0, 0.004), "paraspinal", SETTINGS)
    assert np.ptp(found.intensity) == 0.0
