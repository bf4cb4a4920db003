"""Nerves together, and false discovery control equal to a reference."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import false_discovery_control, norm

from plexus_mri.asymmetry import AsymmetrySettings, compare_sides
from plexus_mri.asymmetry.pooled import POOLED_QUANTITIES, pool_sides, with_q_values
from plexus_mri.core.anatomy import ROOTS, Nerve
from plexus_mri.core.comparison import Comparison, Pattern, Region, Verdict
from plexus_mri.core.measurement import Quantity
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.reasons import ReasonCode
from plexus_mri.synthetic.profiles import ProfileErrors, noisy_case

SETTINGS = AsymmetrySettings()


def row_of(nerve, log_ratio, error):
    """A row whose sides differ by ``exp(log_ratio)``."""
    p_value = 2 * norm.sf(abs(log_ratio) / error)
    return Comparison(
        nerve, Quantity.CSA_MEAN, 10.0 * math.exp(log_ratio), 10.0, 200 * math.tanh(log_ratio / 2),
        *(None,) * 3, Verdict.NO_DIFFERENCE, Pattern.NONE, log_ratio_se=error, p_value=p_value,
    )  # fmt: skip


def refused(nerve, reason=ReasonCode.SIDE_MISSING):
    return Comparison(
        nerve, Quantity.CSA_MEAN, *(None,) * 6, Verdict.NOT_COMPARABLE, Pattern.NONE, reason=reason
    )


def by_hand(p_values):
    """Benjamini & Yekutieli 2001, written plainly: smallest over larger p of p·m·c(m)/rank."""
    count = len(p_values)
    harmonic = sum(1 / k for k in range(1, count + 1))
    order = sorted(range(count), key=lambda k: p_values[k])
    q, smallest = [0.0] * count, 1.0
    for rank in range(count, 0, -1):
        place = order[rank - 1]
        smallest = min(smallest, p_values[place] * count * harmonic / rank)
        q[place] = smallest
    return q


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(3)
    return compare_sides(
        noisy_case(rng, ProfileErrors(6.0, shared_mm=3.0)), NerveTree({}), SETTINGS
    )


def test_false_discovery_control_is_that_of_the_reference(case):
    p_values = [row.p_value for row in case if row.p_value is not None]
    q_values = [row.q_value for row in case if row.p_value is not None]
    assert len(p_values) > 50
    assert q_values == pytest.approx(false_discovery_control(p_values, method="by").tolist())
    assert q_values == pytest.approx(by_hand(p_values))


def test_what_is_not_tested_has_neither_chance(case):
    for row in case:
        untested = row.verdict is Verdict.NOT_COMPARABLE or row.reason is ReasonCode.NOT_TESTED
        assert (row.p_value is None) == (row.q_value is None) == untested


def test_q_values_keep_the_order_of_the_rows_and_of_chances():
    rows = [row_of(Nerve.C5, 0.02, 0.05), refused(Nerve.C6), row_of(Nerve.C7, 0.3, 0.05)]
    one, lost, other = with_q_values(rows)
    assert lost.q_value is None
    assert other.q_value < one.q_value
    assert with_q_values([refused(Nerve.C6)])[0].q_value is None


def test_the_pooled_index_is_that_of_the_mean_log_ratio():
    rows = [row_of(nerve, 0.1 * k, 0.05) for k, nerve in enumerate(ROOTS)]
    roots, plexus = pool_sides(rows, SETTINGS)
    assert (roots.region, plexus.region) == (Region.ROOTS, Region.PLEXUS)
    assert roots.asymmetry_percent == pytest.approx(200 * math.tanh(0.2 / 2))
    assert roots.nerves == plexus.nerves == tuple(ROOTS)
    assert roots.asymmetry_percent == plexus.asymmetry_percent


def test_the_interval_is_that_of_errors_that_go_together():
    rows = [
        row_of(nerve, 0.1, error) for nerve, error in zip(ROOTS[:2], (0.02, 0.06), strict=True)
    ]
    roots, _ = pool_sides(rows, SETTINGS)
    reach = 1.959964 * 0.04
    assert roots.ci_low == pytest.approx(200 * math.tanh((0.1 - reach) / 2))
    assert roots.ci_high == pytest.approx(200 * math.tanh((0.1 + reach) / 2))
    assert roots.p_value == pytest.approx(2 * norm.sf(0.1 / 0.04))


@pytest.mark.parametrize("correlation", [0.0, 0.5, 1.0])
def test_equal_sides_are_called_different_no_more_often_than_stated(correlation):
    """4,000 draws: the simulation's own standard error is 0.34 points at 5 %."""
    rng = np.random.default_rng(5)
    shared = rng.standard_normal((4000, 1)) * math.sqrt(correlation)
    own = rng.standard_normal((4000, 5)) * math.sqrt(1 - correlation)
    chances = [
        pool_sides([row_of(n, e, 0.05) for n, e in zip(ROOTS, draw, strict=True)], SETTINGS)[0]
        for draw in 0.05 * (shared + own)
    ]
    rate = np.mean([one.p_value <= 0.05 for one in chances])
    covered = np.mean([one.ci_low <= 0 <= one.ci_high for one in chances])
    assert rate <= 0.05 + 3 * 0.0034
    assert covered >= 0.95 - 3 * 0.0034


def test_trunks_and_cords_count_for_the_plexus_alone():
    rows = [row_of(Nerve.C5, 0.1, 0.05), row_of(Nerve.C6, 0.1, 0.05),
            row_of(Nerve.UPPER_TRUNK, 0.4, 0.05)]  # fmt: skip
    roots, plexus = pool_sides(rows, SETTINGS)
    assert roots.nerves == (Nerve.C5, Nerve.C6)
    assert plexus.nerves == (Nerve.C5, Nerve.C6, Nerve.UPPER_TRUNK)
    assert plexus.asymmetry_percent > roots.asymmetry_percent


def test_one_nerve_is_no_pool_and_the_reason_is_that_of_the_others():
    roots, _ = pool_sides([row_of(Nerve.C5, 0.1, 0.05), refused(Nerve.C6)], SETTINGS)
    assert (roots.asymmetry_percent, roots.p_value, roots.q_value) == (None, None, None)
    assert roots.reason is ReasonCode.SIDE_MISSING


def test_a_whole_case_has_a_row_for_each_region_and_quantity(case):
    pooled = pool_sides(case, SETTINGS)
    assert [(one.region, one.quantity) for one in pooled] == [
        (region, quantity) for region in Region for quantity in POOLED_QUANTITIES
    ]
    p_values = [one.p_value for one in pooled]
    q_values = false_discovery_control(p_values, method="by").tolist()
    assert [one.q_value for one in pooled] == pytest.approx(q_values)


def test_swapping_sides_mirrors_every_pooled_row(case):
    swapped = [
        replace(row, left=row.right, right=row.left) if row.left is not None else row
        for row in case
    ]
    for one, other in zip(pool_sides(case, SETTINGS), pool_sides(swapped, SETTINGS), strict=True):
        mirrored = replace(
            other, asymmetry_percent=-other.asymmetry_percent, ci_low=-other.ci_high,
            ci_high=-other.ci_low,
        )  # fmt: skip
        assert mirrored == one


def test_the_order_of_nerves_changes_nothing(case):
    turned = sorted(case, key=lambda row: (row.quantity.value, row.nerve.value), reverse=True)
    assert pool_sides(turned, SETTINGS) == pool_sides(case, SETTINGS)
