import numpy as np
import pytest

from plexus_mri.asymmetry import AsymmetrySettings
from plexus_mri.asymmetry.noise import NodeNoise, max_estimate, mean_estimate
from plexus_mri.asymmetry.pairing import Course, pair_courses
from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.measurement import Quality
from tests.nerve_tables import arc, profile, table_of

SE_PERCENT = 6.0
INDEPENDENT = NodeNoise(lag_one=0.0, scatter=1.0)


def area_pair(flag):
    flags = [flag] * len(arc())
    sides = [profile(Nerve.C6, s, se_percent=SE_PERCENT, quality=flags) for s in Side]
    return pair_courses(table_of(*sides), AsymmetrySettings())[Nerve.C6, Course.AREA]


def mean_of(pair):
    return mean_estimate(pair, pair.left, pair.left_se, INDEPENDENT)


def test_independent_nodes_average_out():
    pair = area_pair(Quality.GOOD)
    expected = SE_PERCENT / 100.0 / np.sqrt(len(pair.left))
    assert mean_of(pair).relative_se == pytest.approx(expected)


def test_a_mean_over_coarse_nodes_is_known_no_better_than_one_node():
    assert mean_of(area_pair(Quality.COARSE)).relative_se == pytest.approx(SE_PERCENT / 100.0)


def test_the_largest_value_of_coarse_nodes_has_the_error_of_one_node():
    pair = area_pair(Quality.COARSE)
    largest = max_estimate(pair, pair.left, pair.left_se, INDEPENDENT, window_mm=3.0)
    assert largest.relative_se == pytest.approx(SE_PERCENT / 100.0)


def test_one_coarse_node_changes_nothing():
    flags = [Quality.COARSE if a == 20.0 else Quality.GOOD for a in arc()]
    sides = [profile(Nerve.C6, s, se_percent=SE_PERCENT, quality=flags) for s in Side]
    pair = pair_courses(table_of(*sides), AsymmetrySettings())[Nerve.C6, Course.AREA]
    plain = mean_of(area_pair(Quality.GOOD)).relative_se
    assert mean_of(pair).relative_se == pytest.approx(plain)
