"""What noise and a blur that is off do to the sections of a nerve together."""

import numpy as np
import pytest

from plexus_mri.core.measurement import Quantity
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.measure.blur import default_blur, point_spread
from plexus_mri.measure.nerve_state import traced_states
from plexus_mri.measure.noise_along import Pull, along_nerve
from plexus_mri.measure.refine_state import smooth_along
from plexus_mri.measure.section_fit import LOG_RADIUS, SIGNAL, fit_section, model_and_slopes
from plexus_mri.measure.section_problem import section_at
from plexus_mri.measure.settings import MeasureSettings
from tests.unit.measure.test_known_shapes import KEY, measured, traced, tube_image

NO_BLUR = np.zeros((2, 3))


def pull(voxels, by_noise, *, borrowed=(0.0, 0.0), by_blur=NO_BLUR, doubt=0.0) -> Pull:
    """Pull of given voxels on the radius; on the signal the same with the other sign."""
    radius = np.array(by_noise, float)
    both = np.stack([radius, -radius])
    speaks = np.full(len(voxels), doubt)
    return Pull(np.array(voxels), both, by_blur, np.array(borrowed), speaks, np.array([0.5, 0.0]))


def test_sections_share_the_noise_of_the_voxels_that_they_share():
    pulls = [pull([3, 4], [0.1, 0.2]), None, pull([4, 9], [0.3, 0.4])]
    covariance, _ = along_nerve(pulls, np.zeros((3, 3)), np.zeros((3, 3)))
    assert covariance == pytest.approx(
        np.array([[0.05, 0.0, 0.06], [0.0, 0.0, 0.0], [0.06, 0.0, 0.25]])
    )


def test_a_section_that_borrows_its_signal_borrows_the_noise_in_it():
    # The second takes half of its signal from what the first one sees, whose fit takes none.
    pulls = [pull([1], [0.1]), pull([2], [0.1], borrowed=(-0.5, 0.5))]
    covariance, _ = along_nerve(pulls, np.array([[0.0, 0.0], [1.0, 0.0]]), np.zeros((2, 2)))
    # Its radius: 0.1 of its own voxel, and -0.5 times -0.1 of the first one's.
    assert covariance == pytest.approx(np.array([[0.01, 0.005], [0.005, 0.0125]]))


def test_a_voxel_that_speaks_for_a_coat_pulls_every_section_that_hears_it():
    pulls = [pull([1], [0.1], doubt=2.0), pull([2], [0.1])]
    turns = np.array([[0.2, 0.0], [0.1, 0.0]])
    covariance, _ = along_nerve(pulls, np.zeros((2, 2)), turns)
    # The coat's fit lies 0.5 apart: the first voxel adds 0.2 to its own section, 0.1 to the other.
    assert covariance == pytest.approx(np.array([[0.09, 0.03], [0.03, 0.02]]))


def test_an_unknown_blur_moves_a_section_by_itself_and_by_the_signal_it_borrows():
    blurs = np.array([[0.4, 0.0, 0.0], [1.0, 0.0, 0.0]])
    pulls = [pull([1], [0.1], by_blur=blurs), pull([2], [0.1], borrowed=(-0.5, 0.5))]
    _, by_blur = along_nerve(pulls, np.array([[0.0, 0.0], [1.0, 0.0]]), np.zeros((2, 2)))
    assert by_blur[:, 0] == pytest.approx([0.4, -0.5])


def test_the_smooth_course_is_its_smoother_times_the_values():
    arc = np.arange(20.0)
    values = 3.0 + 0.2 * arc + np.random.default_rng(1).normal(0, 0.1, 20)
    good = np.ones(20, dtype=bool)
    smooth, _, smoother = smooth_along(arc, (values, np.full(20, 0.1)), good, 5.0)
    assert smoother @ values == pytest.approx(smooth)
    # A smoother of lines: weights of each node add up to one.
    assert smoother.sum(axis=1) == pytest.approx(1.0)


def test_pulls_are_what_voxels_do_to_the_fit():
    direction = (1.0, 0.1, 0.05)
    image = tube_image([((0, 0, 0), direction, 2.0, 150.0)], noise=8.0)
    settings = MeasureSettings()
    states = traced_states(
        NerveTree({KEY: traced((0, 0, 0), direction, length_mm=14.0)}), np.eye(3), settings
    )
    spread = point_spread(image, default_blur(settings), settings)
    section = section_at(image, spread, states, (KEY, 7), settings)
    assert section is not None
    robust = (settings.loss_turn_noise_units, section.least_noise, 8.0)
    theta = fit_section(section.start, section.prior, section.data, section.scene, robust)[0]
    model = model_and_slopes(theta, section.scene)[0]

    def refitted(values):
        data = (values, section.data[1])
        return fit_section(theta, section.prior, data, section.scene, robust)

    pulls = refitted(model)[3]
    changes, expected = [], []
    for seed in range(8):
        off = np.random.default_rng(seed).normal(0, 2, len(model))
        up, down = (refitted(model + side * off)[0][[LOG_RADIUS, SIGNAL]] for side in (1, -1))
        changes.append((up - down) / 2)
        expected.append(pulls[:2] @ off)
    # Noise of a quarter of the image's: what is not linear in it stays below a twentieth.
    scale = np.std(expected, axis=0)
    assert np.array(changes) / scale == pytest.approx(np.array(expected) / scale, abs=0.1)


def test_a_measured_nerve_states_the_error_by_noise_and_no_less_in_all():
    direction = (1.0, 0.1, 0.05)
    image = tube_image([((0, 0, 0), direction, 2.0, 150.0)], noise=8.0)
    profiles, table = measured(image, {KEY: traced((0, 0, 0), direction, length_mm=14.0)})
    known = np.isfinite(profiles[KEY].csa_mm2)
    assert (profiles[KEY].csa_noise_se_mm2[known] > 0.0).all()
    for quantity in (Quantity.CSA_MEAN, Quantity.CSA_MAX, Quantity.DIAMETER_MEAN):
        row = table.get(KEY[1], KEY[0], quantity)
        assert 0.0 < row.noise_standard_error < row.standard_error
    # Sections share voxels, but not all: their mean errs less than one of them.
    mean = table.get(KEY[1], KEY[0], Quantity.CSA_MEAN)
    assert mean.noise_standard_error < np.nanmean(profiles[KEY].csa_noise_se_mm2)
    assert table.get(KEY[1], KEY[0], Quantity.SIGNAL_MEAN).noise_standard_error is None
