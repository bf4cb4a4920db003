"""What noise and a blur that is off do to the sections of a nerve together."""

import numpy as np
import pytest

from plexus_mri.core.measurement import Quantity
from plexus_mri.measure.noise_along import Pull, along_nerve
from plexus_mri.measure.refine_state import smooth_along
from tests.unit.measure.test_known_shapes import KEY, measured, traced, tube_image

NO_BLUR = np.zeros((2, 3))


def pull(voxels, by_noise, *, borrowed=(0.0, 0.0), by_blur=NO_BLUR) -> Pull:
    """Pull of given voxels on the radius; on the signal the same with the other sign."""
    radius = np.array(by_noise, float)
    return Pull(np.array(voxels), np.stack([radius, -radius]), by_blur, np.array(borrowed))


def test_sections_share_the_noise_of_the_voxels_that_they_share():
    pulls = [pull([3, 4], [0.1, 0.2]), None, pull([4, 9], [0.3, 0.4])]
    covariance, _ = along_nerve(pulls, np.zeros((3, 3)))
    assert covariance == pytest.approx(
        np.array([[0.05, 0.0, 0.06], [0.0, 0.0, 0.0], [0.06, 0.0, 0.25]])
    )


def test_a_section_that_borrows_its_signal_borrows_the_noise_in_it():
    # The second takes half of its signal from what the first one sees, whose fit takes none.
    pulls = [pull([1], [0.1]), pull([2], [0.1], borrowed=(-0.5, 0.5))]
    covariance, _ = along_nerve(pulls, np.array([[0.0, 0.0], [1.0, 0.0]]))
    # Its radius: 0.1 of its own voxel, and -0.5 times -0.1 of the first one's.
    assert covariance == pytest.approx(np.array([[0.01, 0.005], [0.005, 0.0125]]))


def test_an_unknown_blur_moves_a_section_by_itself_and_by_the_signal_it_borrows():
    blurs = np.array([[0.4, 0.0, 0.0], [1.0, 0.0, 0.0]])
    pulls = [pull([1], [0.1], by_blur=blurs), pull([2], [0.1], borrowed=(-0.5, 0.5))]
    _, by_blur = along_nerve(pulls, np.array([[0.0, 0.0], [1.0, 0.0]]))
    assert by_blur[:, 0] == pytest.approx([0.4, -0.5])


def test_the_smooth_course_is_its_smoother_times_the_values():
    arc = np.arange(20.0)
    values = 3.0 + 0.2 * arc + np.random.default_rng(1).normal(0, 0.1, 20)
    good = np.ones(20, dtype=bool)
    smooth, _, smoother = smooth_along(arc, (values, np.full(20, 0.1)), good, 5.0)
    assert smoother @ values == pytest.approx(smooth)
    # A smoother of lines: weights of each node add up to one.
    assert smoother.sum(axis=1) == pytest.approx(1.0)


def test_error_by_noise_is_the_scatter_of_repeated_images():
    direction = (1.0, 0.1, 0.05)
    clean = tube_image([((0, 0, 0), direction, 2.0, 150.0)], noise=0.0)
    areas, errors, means, mean_errors = [], [], [], []
    for seed in range(12):
        noise = np.random.default_rng(seed).normal(0, 8, clean.grid.shape)
        nerve = {KEY: traced((0, 0, 0), direction, length_mm=14.0)}
        profiles, table = measured(clean.with_data(clean.data + noise), nerve)
        mean = table.get(KEY[1], KEY[0], Quantity.CSA_MEAN)
        areas.append(profiles[KEY].csa_mm2[3:-3])
        errors.append(profiles[KEY].csa_noise_se_mm2[3:-3])
        means.append(mean.value)
        mean_errors.append(mean.noise_standard_error)
        assert mean.noise_standard_error < mean.standard_error
    # Twelve images of about three slabs tell a scatter to 12 % (1 SD), of a mean to 21 %.
    assert np.mean(errors) / np.std(areas, axis=0, ddof=1).mean() == pytest.approx(1.0, abs=0.35)
    assert np.mean(mean_errors) / np.std(means, ddof=1) == pytest.approx(1.0, abs=0.6)
