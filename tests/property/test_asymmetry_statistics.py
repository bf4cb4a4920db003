"""Error rates of the comparison, by simulation with errors that are as stated.

Each bound is the nominal rate plus three standard errors of the simulation itself.
"""

from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest

from plexus_mri.asymmetry import AsymmetrySettings, compare_sides
from plexus_mri.core.anatomy import Nerve
from plexus_mri.core.comparison import Comparison, Pattern, Verdict
from plexus_mri.core.measurement import Quantity
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.synthetic.profiles import ProfileErrors, flat, noisy_case, swelling

CASES = 120
SHARED_MM = (1.0, 3.0, 5.0)
# Without model error and with node 0 known, so that the nodes' stated errors are all there is.
NO_MODEL_ERROR = replace(
    AsymmetrySettings(),
    **{
        f.name: 0.0
        for f in fields(AsymmetrySettings)
        if f.name.endswith(("model_error_percent", "start_error_mm"))
    },
)
MEANS = (Quantity.CSA_MEAN, Quantity.DIAMETER_MEAN, Quantity.SIGNAL_RATIO_MEAN)
POINTS = (Quantity.DIAMETER_AT_0, Quantity.DIAMETER_AT_10)


@cache
def symmetric_cases(shared_mm: float) -> tuple[tuple[Comparison, ...], ...]:
    rng = np.random.default_rng([int(shared_mm), 7])
    return tuple(
        compare_sides(
            noisy_case(rng, ProfileErrors(6.0, shared_mm=shared_mm)), NerveTree({}), NO_MODEL_ERROR
        )
        for _ in range(CASES)
    )


def lesion_rows(shape, se_percent, *, settings=None, cases=25) -> list[dict[Quantity, Comparison]]:
    """Rows of C6 in cases in which only the left C6 has a lesion."""
    rng = np.random.default_rng(11)
    found = []
    for _ in range(cases):
        table = noisy_case(
            rng, ProfileErrors(se_percent, shared_mm=3.0), left_shapes={Nerve.C6: shape}
        )
        rows = compare_sides(table, NerveTree({}), settings or NO_MODEL_ERROR)
        found.append({r.quantity: r for r in rows if r.nerve is Nerve.C6})
    return found


@pytest.mark.parametrize("shared_mm", SHARED_MM)
def test_symmetric_cases_have_any_flag_in_at_most_five_percent(shared_mm):
    flagged = [
        any(r.verdict is not Verdict.NO_DIFFERENCE or r.pattern is not Pattern.NONE for r in rows)
        for rows in symmetric_cases(shared_mm)
    ]
    assert np.mean(flagged) <= 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / CASES)


@pytest.mark.parametrize("shared_mm", SHARED_MM)
@pytest.mark.parametrize("quantity", MEANS + POINTS)
def test_intervals_cover_the_truth_in_93_to_97_percent(shared_mm, quantity):
    covered = [
        r.ci_low <= 0.0 <= r.ci_high
        for rows in symmetric_cases(shared_mm)
        for r in rows
        if r.quantity is quantity
    ]
    # 1320 intervals: the simulation's own standard error is 0.6 points.
    assert 0.93 <= np.mean(covered) <= 0.97


def test_intervals_of_largest_values_are_no_shorter_than_they_claim():
    covered = [
        r.ci_low <= 0.0 <= r.ci_high
        for rows in symmetric_cases(0.5)
        for r in rows
        if r.quantity in (Quantity.CSA_MAX, Quantity.SIGNAL_RATIO_MAX)
    ]
    assert np.mean(covered) >= 0.95


def test_power_grows_with_the_difference_and_is_full_beyond_the_smallest_detectable():
    rates = []
    for percent in (0, 10, 20, 30):
        rows = lesion_rows(lambda a, p=percent: (1.0 + p / 100.0) * flat(a), 6.0)
        rates.append(np.mean([r[Quantity.CSA_MEAN].verdict is Verdict.LEFT_LARGER for r in rows]))
    assert rates == sorted(rates)
    assert rates[0] == 0.0
    assert rates[-1] == 1.0


def test_a_focal_swelling_is_found_with_its_ends_within_two_mm():
    rows = [r[Quantity.CSA_MAX] for r in lesion_rows(swelling(15, 25, 40), 4.0)]
    assert [r.pattern for r in rows] == [Pattern.FOCAL] * len(rows)
    assert all(r.verdict is Verdict.LEFT_LARGER for r in rows)
    assert np.percentile([abs(r.from_mm - 15.0) for r in rows], 95) <= 2.0
    assert np.percentile([abs(r.to_mm - 25.0) for r in rows], 95) <= 2.0


def test_a_diffuse_enlargement_is_called_diffuse_and_left_larger():
    settings = AsymmetrySettings()
    rows = lesion_rows(lambda a: 1.3 * flat(a), 4.0, settings=settings)
    means = [r[Quantity.CSA_MEAN] for r in rows]
    assert all(r.verdict is Verdict.LEFT_LARGER for r in means)
    assert np.mean([r.pattern is Pattern.DIFFUSE for r in means]) >= 0.9


def test_stated_errors_that_are_too_small_are_found_out():
    # Nodes claim 2 % and scatter by 6 %: the case's own scatter must widen the intervals.
    rng = np.random.default_rng(3)
    covered = []
    for _ in range(20):
        table = noisy_case(rng, ProfileErrors(6.0, shared_mm=3.0))
        modest = replace(
            table,
            profiles={
                key: replace(p, csa_se_mm2=p.csa_se_mm2 / 3.0) for key, p in table.profiles.items()
            },
        )
        rows = compare_sides(modest, NerveTree({}), NO_MODEL_ERROR)
        covered += [r.ci_low <= 0 <= r.ci_high for r in rows if r.quantity is Quantity.CSA_MEAN]
    assert np.mean(covered) >= 0.90
