"""Reference muscle in noise."""

import numpy as np
import pytest

from plexus_mri.core.reference import ReferenceTissue


def reference(intensity: float) -> ReferenceTissue:
    levels = np.arange(0.0, 20.0, 2.0)
    flat = np.full(len(levels), intensity)
    return ReferenceTissue(levels, flat, 0.01 * flat, 1.0, "paraspinal", np.empty((0, 3)))


@pytest.mark.parametrize("noise", [10.0, 20.0, 33.0])
def test_noise_floor_of_a_magnitude_image_is_taken_off(noise):
    rng = np.random.default_rng(4)
    real, imaginary = rng.normal(0.0, noise, (2, 200_000))
    middle = float(np.median(np.hypot(100.0 + real, imaginary)))
    corrected = reference(middle).without_noise_floor(noise).intensity[0]
    assert corrected == pytest.approx(100.0, rel=0.01)  # first order in noise²/signal²


def test_noise_as_large_as_muscle_leaves_a_number():
    assert np.isfinite(reference(100.0).without_noise_floor(300.0).intensity).all()
