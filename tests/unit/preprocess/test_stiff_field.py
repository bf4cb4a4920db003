import numpy as np
import pytest
from scipy import ndimage

from plexus_mri.preprocess.muscle_fit import Tissue
from plexus_mri.preprocess.settings import PreprocessSettings
from plexus_mri.preprocess.stiff_field import stiff_field

SETTINGS = PreprocessSettings()
SHAPE = (41, 21, 31)
# How much muscle and the darker tissue scatter (logarithm), smoothed over a voxel.
SCATTER = 0.12


def patches(seed, slopes):
    """Muscle in patches among tissue 0.3 darker (logarithm) under a sloping field, and the field.

    The field's slope is as large as the tissues are apart over half of the image: what is muscle
    at one end is as bright as the other tissue at the other.
    """
    random = np.random.default_rng(seed)
    lumps = ndimage.gaussian_filter(random.normal(size=SHAPE), 2.5)
    tissue = np.where(lumps > np.quantile(lumps, 0.6), 0.0, -0.3)
    tissue += SCATTER * ndimage.gaussian_filter(random.normal(size=SHAPE), 1)
    axes = np.meshgrid(*[np.linspace(-0.5, 0.5, n) for n in SHAPE], indexing="ij")
    field = sum(slope * axis for slope, axis in zip(slopes, axes, strict=True))
    log = tissue + field
    bright = np.exp(log - np.percentile(log, 95))
    edge = np.sqrt(sum(np.gradient(log, axis=k) ** 2 for k in range(3)))
    weights = np.minimum(bright, 1.0) ** 2 / (1.0 + (edge / 0.15) ** 2)
    return Tissue(log, np.ones(SHAPE, bool), weights), field


def off(found, field):
    """Standard deviation of a field about the true one; its level is free."""
    return float(np.std(found - field))


@pytest.mark.parametrize(
    ("seed", "slopes"), [(16, (0.0, 0.0, 0.6)), (12, (0.3, -0.3, 0.6)), (7, (0.6, 0.3, 0.3))]
)
def test_a_field_that_makes_two_tissues_alike_is_found(seed, slopes):
    # Rounds of narrowing tolerance alone settle 8-15 % off here: they take the darker tissue of
    # the bright end for muscle.
    tissue, field = patches(seed, slopes)
    found, left_out, _ = stiff_field(tissue, SETTINGS)
    assert off(found, field) < 0.01  # a tenth of what the wrong fields are off
    assert left_out < 0.02


def test_another_field_of_the_same_shading_counts():
    # It slopes the other way, three times as steeply: of the fields that rounds settle on the true
    # one is the least like it.
    tissue, field = patches(16, (0.0, 0.0, 0.6))
    found, _, _ = stiff_field(tissue, SETTINGS, -3.0 * field)
    assert off(found, field) > 0.05


def test_a_field_that_tells_muscle_much_better_may_lie_far_from_the_other():
    tissue, field = patches(16, (0.0, 0.0, 0.6))
    found, _, _ = stiff_field(tissue, SETTINGS, np.zeros(SHAPE))
    assert off(found, field) < 0.01


def test_the_mirrored_image_has_the_mirrored_field():
    tissue, _ = patches(16, (0.0, 0.0, 0.6))
    mirror = Tissue(tissue.log[::-1], tissue.body[::-1], tissue.weights[::-1])
    found, left_out, way = stiff_field(tissue, SETTINGS)
    other, other_left_out, other_way = stiff_field(mirror, SETTINGS)
    np.testing.assert_allclose(other[::-1], found, atol=1e-9)
    assert (other_left_out, other_way) == pytest.approx((left_out, way))
