from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from plexus_mri.core.volume import Volume
from plexus_mri.preprocess.bias import remove_shading
from plexus_mri.preprocess.left_out import SplineFit
from plexus_mri.preprocess.settings import PreprocessSettings
from tests.unit.shapes import grid_of


def test_error_is_that_of_fitting_again_without_each_block():
    shape = (9, 3, 15)
    rng = np.random.default_rng(3)
    axes = [np.linspace(0.0, 1.0, n) for n in shape]
    bases = [np.stack([x, 1.0 - x, x * (1.0 - x)], axis=1) for x in axes]
    weights = rng.uniform(0.2, 1.0, shape)
    fit = SplineFit(rng.normal(size=shape), weights, bases, 0.5 * np.eye(27))
    errors, shares = [], []
    for corner in product(*(range(0, n, 3) for n in shape)):
        block = tuple(slice(start, start + 3) for start in corner)
        without = weights.copy()
        without[block] = 0.0
        off = (fit.values - replace(fit, weights=without).field())[block]
        errors.append(np.average(off, weights=weights[block]))
        shares.append(weights[block].sum())
    expected = np.sqrt(np.average(np.square(errors), weights=shares))
    # The ridge, a millionth of the mean diagonal, differs with what is left out.
    assert fit.left_out_error(3) == pytest.approx(expected, rel=1e-3)


GRID = grid_of((80, 36, 45), 3.0)


def muscle_under(wave_mm, height, grid):
    """Muscle and suppressed fat in blocks, shaded by a wave along x; and the muscle."""
    i, j, k = np.indices(grid.shape)
    muscle = (i // 9 + j // 9 + k // 9) % 2 == 0
    x_mm = grid.to_world(np.stack([i, j, k], axis=-1).astype(float))[..., 0]
    shading = np.exp(height * np.cos(2.0 * np.pi * x_mm / wave_mm))
    noise = np.random.default_rng(6).normal(0, 3, grid.shape)
    return Volume(np.where(muscle, 100.0, 25.0) * shading + noise, grid), muscle


def test_shading_that_varies_over_14_cm_is_followed_where_muscle_shows_it():
    image, muscle = muscle_under(140.0, 0.15, GRID)

    def left(settings):
        even = remove_shading(image, settings).image.data
        columns = [even[i][muscle[i]].mean() for i in range(8, 72)]
        return np.std(np.log(columns))

    stiff = left(PreprocessSettings(softer=1.0))
    # The wave's own standard deviation is 0.106.
    assert stiff > 0.04
    assert left(PreprocessSettings()) < 0.5 * stiff


def test_error_of_the_shading_grows_with_what_a_stiff_field_misses():
    errors = [
        remove_shading(muscle_under(wave, 0.15, GRID)[0], PreprocessSettings()).shading_error
        for wave in (600.0, 140.0)
    ]
    assert errors[0] < 0.5 * errors[1]


def test_mirrored_image_has_the_same_error():
    image, _ = muscle_under(200.0, 0.2, GRID)
    mirrored = Volume(image.data[::-1], image.grid)
    straight = remove_shading(image, PreprocessSettings()).shading_error
    # Sums run in another order on a mirrored array: rounding, widened by the rounds of the fit.
    assert remove_shading(mirrored, PreprocessSettings()).shading_error == pytest.approx(
        straight, rel=1e-3
    )
