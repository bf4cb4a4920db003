import numpy as np
import pytest

from plexus_mri.asymmetry.family import holm_levels, sidak_level


def rejected_step_by_step(p_values, family_level):
    """Holm's rule as written: smallest first, stop at the first that fails."""
    rejected = np.zeros(len(p_values), dtype=bool)
    for step, k in enumerate(np.argsort(p_values)):
        if p_values[k] > family_level / (len(p_values) - step):
            break
        rejected[k] = True
    return rejected


@pytest.mark.parametrize("seed", range(20))
def test_reaching_its_level_is_the_same_as_being_rejected_by_holm(seed):
    rng = np.random.default_rng(seed)
    p_values = rng.uniform(size=30) ** rng.uniform(1, 8)
    levels = holm_levels(p_values, 0.05)
    assert ((p_values <= levels) == rejected_step_by_step(p_values, 0.05)).all()


@pytest.mark.parametrize("seed", range(5))
def test_level_is_where_the_verdict_of_a_test_turns(seed):
    p_values = np.random.default_rng(seed).uniform(size=12) ** 4
    levels = holm_levels(p_values, 0.05)
    for k, level in enumerate(levels):
        for factor, expected in ((1 - 1e-9, True), (1 + 1e-9, False)):
            moved = p_values.copy()
            moved[k] = level * factor
            assert rejected_step_by_step(moved, 0.05)[k] == expected


def test_a_family_of_one_has_the_whole_level():
    assert holm_levels(np.array([0.3]), 0.05) == pytest.approx([0.05])


def test_an_empty_family_has_no_levels():
    assert len(holm_levels(np.empty(0), 0.05)) == 0


def test_sidak_level_of_independent_nodes_gives_the_family_level_back():
    level = sidak_level(0.05, 40)
    assert 1.0 - (1.0 - level) ** 40 == pytest.approx(0.05)
