import numpy as np
import pytest

from plexus_mri.core.volume import Volume
from plexus_mri.preprocess.bias import correct_bias
from plexus_mri.preprocess.settings import PreprocessSettings
from tests.unit.shapes import grid_of


def biased(strength=0.5):
    """Two tissues in blocks, under a smooth field along x; noise as in a real image."""
    grid = grid_of((90, 45, 60), 3.0)
    rng = np.random.default_rng(5)
    i, j, k = np.indices(grid.shape)
    tissue = np.where((i // 9 + j // 9 + k // 9) % 2 == 0, 100.0, 220.0)
    field = np.exp(strength * (i / grid.shape[0] - 0.5))
    noise = rng.normal(0, 3, grid.shape)
    return Volume(tissue * field + noise, grid), tissue


def test_correction_flattens_a_field_of_65_percent_to_a_few():
    image, tissue = biased()
    ratio = correct_bias(image, PreprocessSettings()).data / tissue
    ends = ratio[5:15].mean() / ratio[-15:-5].mean()
    assert ends == pytest.approx(1.0, abs=0.08)  # N4 with 100 mm control points leaves a little


def test_mirrored_image_gives_the_mirrored_correction():
    image, _ = biased()
    straight = correct_bias(image, PreprocessSettings()).data
    flipped = correct_bias(Volume(image.data[::-1], image.grid), PreprocessSettings()).data
    # Interpolation rounds differently on a mirrored array, and N4 iterates on it: 0.1 %.
    assert flipped[::-1] == pytest.approx(straight, rel=1e-3)


def test_switched_off_changes_nothing():
    image, _ = biased()
    assert correct_bias(image, PreprocessSettings(correct_bias=False)) is image
