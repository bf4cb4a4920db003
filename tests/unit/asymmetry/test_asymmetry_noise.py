import numpy as np
import pytest

from plexus_mri.asymmetry import AsymmetrySettings
from plexus_mri.asymmetry.correlation import shared_length_mm
from plexus_mri.asymmetry.noise import NodeNoise, mean_estimate
from plexus_mri.asymmetry.pairing import Course, pair_courses
from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.synthetic.profiles import slab_noise
from tests.nerve_tables import profile, table_of

SE_PERCENT = 6.0


def test_independent_nodes_average_out():
    sides = [profile(Nerve.C6, s, se_percent=SE_PERCENT) for s in Side]
    pair = pair_courses(table_of(*sides), AsymmetrySettings())[Nerve.C6, Course.AREA]
    expected = SE_PERCENT / 100.0 / np.sqrt(len(pair.left))
    found = mean_estimate(pair, pair.left, pair.left_se, NodeNoise(shared_mm=0.0, scatter=1.0))
    assert found.relative_se == pytest.approx(expected)


def test_nodes_of_one_slab_count_once():
    sides = [profile(Nerve.C6, s, se_percent=SE_PERCENT) for s in Side]
    pair = pair_courses(table_of(*sides), AsymmetrySettings())[Nerve.C6, Course.AREA]
    found = mean_estimate(pair, pair.left, pair.left_se, NodeNoise(shared_mm=1e6, scatter=1.0))
    assert found.relative_se == pytest.approx(SE_PERCENT / 100.0, rel=1e-3)


@pytest.mark.parametrize("terms", [1, 2])
@pytest.mark.parametrize("shared_mm", [1.0, 3.0, 5.0])
def test_the_shared_length_of_simulated_slabs_is_found(shared_mm, terms):
    rng = np.random.default_rng(1)
    arcs = [np.arange(n, dtype=float) for n in (9, 14, 17, 25, 30)] * 8
    courses = [(arc, 3.0 + 0.1 * arc + slab_noise(rng, arc, shared_mm)) for arc in arcs]
    if terms == 1:
        courses = [(arc, values - 0.1 * arc) for arc, values in courses]
    found = shared_length_mm(courses, terms=terms)
    # 40 courses of 9-30 nodes: the length scatters by a tenth. Below a step nothing is shared.
    assert found == pytest.approx(shared_mm, rel=0.25) or max(found, shared_mm) <= 1.25


def test_straight_courses_share_nothing():
    arc = np.arange(12.0)
    assert shared_length_mm([(arc, 2.0 * arc)], terms=2) == 0.0
