import math

import pytest

from plexus_mri.asymmetry.index import Contrast, asymmetry_percent, percent_of_log_ratio
from plexus_mri.core.anatomy import Nerve
from plexus_mri.core.measurement import Quantity


@pytest.fixture
def contrast() -> Contrast:
    return Contrast(Nerve.C6, Quantity.CSA_MEAN, 12.0, 8.0, 0.05)


@pytest.mark.parametrize(("left", "right", "percent"), [(3, 1, 100), (1, 3, -100), (2, 2, 0)])
def test_index_is_difference_over_mean_and_positive_when_left_is_larger(left, right, percent):
    assert asymmetry_percent(left, right) == percent


@pytest.mark.parametrize("ratio", [0.1, 0.8, 1.0, 1.3, 7.0])
def test_index_of_the_log_ratio_is_the_index(ratio):
    assert percent_of_log_ratio(math.log(ratio)) == pytest.approx(asymmetry_percent(ratio, 1.0))


def test_interval_follows_the_delta_method_for_a_small_error(contrast):
    # dAI = 400·R·dL/(L + R)² for an error of the left alone: here 5 % of 12 gives 4.8 points.
    low, high = contrast.interval_percent(0.95)
    by_delta = 1.96 * 400.0 * 8.0 * (0.05 * 12.0) / 20.0**2
    assert high - low == pytest.approx(2.0 * by_delta, rel=0.01)


def test_interval_stays_within_the_index_range():
    low, high = Contrast(Nerve.C6, Quantity.CSA_MEAN, 1.0, 30.0, 3.0).interval_percent(0.95)
    assert -200.0 < low < high < 200.0


def test_smallest_detectable_index_has_the_p_value_of_the_level(contrast):
    smallest = contrast.smallest_detectable_percent(0.01)
    right = 10.0
    left = right * (200.0 + smallest) / (200.0 - smallest)
    at_limit = Contrast(Nerve.C6, Quantity.CSA_MEAN, left, right, 0.05)
    assert at_limit.p_value == pytest.approx(0.01)


def test_without_an_error_there_is_no_interval_and_nothing_is_significant():
    unknown = Contrast(Nerve.C6, Quantity.LENGTH, 40.0, 20.0, None)
    assert unknown.interval_percent(0.95) is None
    assert unknown.smallest_detectable_percent(0.01) is None
    assert unknown.p_value == 1.0
