"""Three tissues told apart by intensity."""

import numpy as np
import pytest

from plexus_mri.preprocess.tissue_mixture import brightest_mode, fit_mixture


def tissues(fat: float):
    rng = np.random.default_rng(8)
    parts = [(fat, 0.1, 6000), (0.0, 0.08, 8000), (0.7, 0.2, 2000)]
    return np.concatenate([rng.normal(m, s, n) for m, s, n in parts])


@pytest.mark.parametrize("fat", [-0.4, -0.8])
def test_muscle_keeps_its_mean_beside_fat_of_near_intensity(fat):
    logs = tissues(fat)
    mixture = fit_mixture(logs, np.ones(len(logs)), 0.2)
    # Fat at 0.4 overlaps muscle's foot a little.
    assert mixture.means[1] == pytest.approx(0.0, abs=0.015)
    assert mixture.spreads[1] == pytest.approx(0.08, abs=0.02)


def test_fat_has_little_chance_to_be_muscle():
    logs = tissues(-0.5)
    mixture = fit_mixture(logs, np.ones(len(logs)), 0.2)
    chance = mixture.share_of_muscle(np.array([-0.5, 0.0, 0.7]))
    assert chance[1] > 0.9
    assert chance[[0, 2]].max() < 0.1


def test_mode_is_that_of_the_heavier_weights():
    logs = tissues(-1.5)
    bright = np.exp(2.0 * logs)
    assert brightest_mode(logs, bright, 0.12) == pytest.approx(0.0, abs=0.05)
