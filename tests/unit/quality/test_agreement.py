"""Kappa and outliers against numbers worked out by hand."""

import pytest

from plexus_mri.quality.agreement import cohens_kappa
from plexus_mri.quality.outliers import outlier_limits

# Two raters, 100 cases: both yes 40, yes/no 10, no/yes 20, both no 30.
PAIRS = [("y", "y")] * 40 + [("y", "n")] * 10 + [("n", "y")] * 20 + [("n", "n")] * 30


def test_kappa_and_interval_equal_a_hand_calculation():
    # po = 0.70; pe = 0.5·0.6 + 0.5·0.4 = 0.50; kappa = 0.20/0.50 = 0.40.
    # Variance (Fleiss 1969, eq. 13) with 1 - kappa = 0.6 and row and column shares .5 .5, .6 .4:
    #   yy: 0.4·(1 - 1.1·0.6)² = 0.046240    nn: 0.3·(1 - 0.9·0.6)² = 0.063480
    #   yn: row 1, column 2: weights (0.6 + 0.5): 0.1·(0.66)² = 0.043560
    #   ny: row 2, column 1: weights (0.4 + 0.5): 0.2·(0.54)² = 0.058320
    #   minus (0.4 - 0.5·0.6)² = 0.01; sum 0.2016 over (100·0.25): SE = 0.0898.
    kappa = cohens_kappa(PAIRS, ["y", "n"])
    assert kappa.value == pytest.approx(0.40)
    assert kappa.agreement_percent == pytest.approx(70.0)
    assert kappa.ci_low == pytest.approx(0.40 - 1.96 * 0.0898, abs=2e-4)
    assert kappa.ci_high == pytest.approx(0.40 + 1.96 * 0.0898, abs=2e-4)


def test_full_agreement_is_one_and_opposite_answers_are_minus_one():
    assert cohens_kappa([("y", "y"), ("n", "n")] * 5, ["y", "n"]).value == pytest.approx(1.0)
    assert cohens_kappa([("y", "n"), ("n", "y")] * 5, ["y", "n"]).value == pytest.approx(-1.0)


def test_near_scores_get_partial_credit():
    near = [("1", "2"), ("2", "3"), ("3", "4"), ("4", "4"), ("1", "1")] * 4
    levels = ["1", "2", "3", "4"]
    plain, weighted = (cohens_kappa(near, levels, ordered=o) for o in (False, True))
    assert weighted.value > plain.value
    # Credit: three pairs one step apart (2/3 each), two equal: (3·2/3 + 2)/5.
    assert weighted.agreement_percent == pytest.approx(80.0)


def test_without_variety_or_cases_kappa_is_not_defined():
    assert cohens_kappa([("y", "y")] * 9, ["y", "n"]).value is None
    assert cohens_kappa([], ["y", "n"]).n == 0


def test_limits_follow_median_and_median_deviation():
    # Median 5, median deviation 2: 5 ± 3.5·2/0.6745.
    limits = outlier_limits([float(v) for v in range(1, 10)])
    assert limits is not None
    assert limits.low == pytest.approx(5 - 10.378, abs=1e-3)
    assert limits.high == pytest.approx(5 + 10.378, abs=1e-3)


def test_too_few_or_equal_values_have_no_limits():
    assert outlier_limits([1.0] * 7 + [50.0]) is None
    assert outlier_limits([1.0, 2.0, 3.0]) is None
