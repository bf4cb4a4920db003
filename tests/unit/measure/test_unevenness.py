"""How even muscle is, from its samples."""

import numpy as np
import pytest

from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.measure.unevenness import unevenness

SETTINGS = MeasureSettings()


def samples(patch_sd: float, noise_sd: float, seed: int = 3):
    """Points every 1.5 mm in a box, in patches of 12 mm, with noise."""
    rng = np.random.default_rng(seed)
    edge = np.arange(0.75, 96.0, 1.5)
    points = np.stack(np.meshgrid(edge, edge[:32], edge[:48], indexing="ij"), -1).reshape(-1, 3)
    cells = np.floor(points / 12.0).astype(int)
    patches = rng.normal(0.0, patch_sd, (8, 8, 8))[tuple(cells.T)]
    return points, np.exp(patches + rng.normal(0.0, noise_sd, len(points)))


@pytest.mark.parametrize("noise_sd", [0.02, 0.1])
def test_noise_alone_is_even(noise_sd):
    points, relative = samples(0.0, noise_sd)
    assert unevenness(points, relative, SETTINGS) < 0.004


@pytest.mark.parametrize("noise_sd", [0.02, 0.1])
def test_patches_are_found_with_their_size(noise_sd):
    points, relative = samples(0.05, noise_sd)
    # 96 patches: the median absolute deviation of so few is known to 12 %.
    assert unevenness(points, relative, SETTINGS) == pytest.approx(0.05, rel=0.3)


def test_a_region_of_another_tissue_does_not_count():
    points, relative = samples(0.0, 0.02)
    fat = points[:, 0] > 60.0
    assert unevenness(points, np.where(fat, 0.3 * relative, relative), SETTINGS) < 0.004


def test_too_few_samples_say_nothing():
    points, relative = samples(0.05, 0.02)
    assert unevenness(points[:50], relative[:50], SETTINGS) == 0.0
