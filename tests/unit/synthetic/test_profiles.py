"""Simulated profiles err by what they state, and by what they are asked not to state."""

import numpy as np
import pytest

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.synthetic.profiles import (
    AREA_MM2,
    TAPER_MM,
    ProfileErrors,
    arc,
    noisy_case,
    slab_noise,
    swelling,
)

CASES = 40


def log_areas(errors: ProfileErrors) -> np.ndarray:
    """Logarithms of area over the truth, a row a nerve."""
    rng = np.random.default_rng(5)
    truth = AREA_MM2 * (1.0 - arc() / TAPER_MM)
    return np.array(
        [
            np.log(profile.csa_mm2 / truth)
            for _ in range(CASES)
            for profile in noisy_case(rng, errors).profiles.values()
        ]
    )


@pytest.mark.parametrize("shared_mm", [1.0, 3.0, 5.0])
def test_sections_err_alike_as_far_as_their_slabs_overlap(shared_mm):
    rng = np.random.default_rng(2)
    noise = np.array([slab_noise(rng, arc(20.0), shared_mm) for _ in range(4000)])
    # 4,000 draws: a correlation is known to 0.016.
    assert noise.std(axis=0) == pytest.approx(1.0, abs=0.06)
    for steps in (1, 2, 6):
        together = np.corrcoef(noise[:, 0], noise[:, steps])[0, 1]
        assert together == pytest.approx(max(1.0 - steps / shared_mm, 0.0), abs=0.06)


def test_nodes_err_by_their_own_error_and_whole_nerves_by_the_common_one():
    found = log_areas(ProfileErrors(node=2.0, common=4.0, area_model=3.0))
    # 880 nerves: an SD is known to 2.4 %.
    assert np.median(found.std(axis=1)) == pytest.approx(0.02, rel=0.08)
    assert found.mean(axis=1).std() == pytest.approx(0.05, rel=0.08)


def test_a_profile_states_its_own_and_its_common_error_and_no_other():
    errors = ProfileErrors(node=2.0, common=4.0, area_model=30.0, start_mm=3.0)
    table = noisy_case(np.random.default_rng(1), errors)
    profile = table.profiles[Side.LEFT, Nerve.C6]
    assert profile.csa_se_mm2 / profile.csa_mm2 == pytest.approx(0.02)
    assert profile.common_error == pytest.approx(0.04)


def test_only_the_left_side_is_shaped():
    shapes = {Nerve.C7: swelling(10, 20, 50)}
    table = noisy_case(np.random.default_rng(1), ProfileErrors(node=0.0), left_shapes=shapes)
    left, right = (table.profiles[side, Nerve.C7].csa_mm2 for side in (Side.LEFT, Side.RIGHT))
    assert (left / right)[11:20] == pytest.approx(1.5)
    assert (left / right)[[0, 8, 22, 40]] == pytest.approx(1.0)


def test_a_wrong_node_0_moves_the_swelling_along_the_nerve():
    rng = np.random.default_rng(3)
    errors = ProfileErrors(node=0.0, start_mm=2.0)
    shapes = {Nerve.C7: swelling(15, 25, 50)}
    middles = []
    for _ in range(CASES):
        csa = noisy_case(rng, errors, left_shapes=shapes).profiles[Side.LEFT, Nerve.C7].csa_mm2
        middles.append(np.mean(np.flatnonzero(csa > 1.25 * AREA_MM2 * 0.93)))
    assert np.std(middles) == pytest.approx(2.0, rel=0.35)  # 40 draws: an SD to 11 %
