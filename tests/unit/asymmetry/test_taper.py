"""Each side along its own course: what a taper is, and what leaves it as it is."""

from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.asymmetry import AsymmetrySettings
from plexus_mri.asymmetry.taper import taper_of_sides
from plexus_mri.core.anatomy import NERVE_KEYS, Nerve, Side
from plexus_mri.core.measurement import MeasurementTable, Quality
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.norms import Within
from plexus_mri.core.taper import Taper, Trend
from plexus_mri.reasons import ReasonCode
from plexus_mri.synthetic.profiles import ProfileErrors, arc, noisy_case
from tests.nerve_tables import profile, swapped, table_of

SETTINGS = AsymmetrySettings()
# So that what nodes state is all there is.
NO_MODEL_ERROR = replace(SETTINGS, area_node_model_error_percent=0.0)
NO_TREE = NerveTree({})


def tapers_of(
    table: MeasurementTable, settings: AsymmetrySettings = SETTINGS
) -> dict[tuple[Side, Nerve], Taper]:
    return {(one.side, one.nerve): one for one in taper_of_sides(table, NO_TREE, settings)}


def exponential(percent_per_10mm: float, length_mm: float = 40.0) -> np.ndarray:
    return 9.0 * (1.0 + percent_per_10mm / 100.0) ** (arc(length_mm) / 10.0)


@pytest.mark.parametrize("percent", [-20.0, -5.0, 0.0, 12.0])
def test_a_steady_taper_is_recovered(percent):
    table = table_of(profile(Nerve.C6, Side.LEFT, csa_mm2=exponential(percent)))
    found = tapers_of(table)[Side.LEFT, Nerve.C6]
    assert found.percent_per_10mm == pytest.approx(percent, abs=1e-9)
    # A root is used from the end of its ganglion to 3 mm before its end.
    assert (found.from_mm, found.to_mm) == (8.0, 37.0)
    # Middles of the first and of the last ten nodes of thirty are 20 mm apart.
    assert found.distal_over_proximal == pytest.approx((1.0 + percent / 100.0) ** 2, rel=1e-9)


def test_a_root_that_begins_where_its_label_does_has_no_taper():
    root = profile(Nerve.C6, Side.LEFT, csa_mm2=exponential(-5.0))
    found = tapers_of(table_of(replace(root, begins_anywhere=True)))[Side.LEFT, Nerve.C6]
    assert (found.percent_per_10mm, found.reason) == (None, ReasonCode.LANDMARK_DOUBT)


def test_every_nerve_and_side_has_a_row_in_one_order():
    rows = taper_of_sides(MeasurementTable(()), NO_TREE, SETTINGS)
    assert [(one.side, one.nerve) for one in rows] == list(NERVE_KEYS)


def test_mirroring_a_case_swaps_its_sides_and_no_bit():
    table = noisy_case(np.random.default_rng(4), ProfileErrors(4.0, shared_mm=3.0))
    there, back = tapers_of(table), tapers_of(swapped(table))
    assert there == {
        (side.opposite, nerve): replace(one, side=side.opposite)
        for (side, nerve), one in back.items()
    }


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_a_nerve_that_is_larger_all_along_has_the_same_taper_and_ratio(factor):
    table = noisy_case(np.random.default_rng(6), ProfileErrors(4.0, shared_mm=3.0))
    larger = replace(
        table,
        profiles={
            key: replace(p, csa_mm2=factor * p.csa_mm2, csa_se_mm2=factor * p.csa_se_mm2)
            for key, p in table.profiles.items()
        },
    )
    for key, one in tapers_of(table).items():
        other = tapers_of(larger)[key]
        for name in ("percent_per_10mm", "ci_low", "ci_high", "distal_over_proximal"):
            assert getattr(other, name) == pytest.approx(getattr(one, name), abs=1e-9)


def test_both_sides_enlarged_distally_are_seen_though_they_do_not_differ():
    swollen = 9.0 * np.interp(arc(), [17.0, 28.0], [1.0, 1.8])
    table = table_of(*(profile(Nerve.C6, side, csa_mm2=swollen) for side in Side))
    found = tapers_of(table)
    for side in Side:
        assert found[side, Nerve.C6].distal_over_proximal == pytest.approx(1.8)
        assert found[side, Nerve.C6].ratio_ci_low > 1.2
        assert found[side, Nerve.C6].trend is Trend.WIDER


@pytest.mark.parametrize("shared_mm", [1.0, 3.0, 5.0])
def test_intervals_hold_the_planted_taper_in_93_to_98_percent(shared_mm):
    rng = np.random.default_rng([int(shared_mm), 3])
    usable = np.arange(8.0, 38.0)
    slope = np.polyfit(usable, np.log(1.0 - usable / 400.0), 1)[0]
    truth = 100.0 * np.expm1(10.0 * slope)
    held = [
        one.ci_low <= truth <= one.ci_high
        for _ in range(30)
        for one in taper_of_sides(
            noisy_case(rng, ProfileErrors(4.0, shared_mm)), NO_TREE, NO_MODEL_ERROR
        )
        if one.from_mm == 8.0
    ]
    # 300 intervals of roots: the simulation's own standard error is 1.3 points.
    assert 0.93 - 0.026 <= np.mean(held) <= 0.98 + 0.026


def test_a_common_error_of_all_nodes_leaves_the_interval_as_it_is():
    plain = profile(Nerve.C6, Side.LEFT, csa_mm2=exponential(-5.0))
    coarse = profile(Nerve.C6, Side.LEFT, csa_mm2=exponential(-5.0), common_error_percent=10.0)
    alone, shared = (tapers_of(table_of(p))[Side.LEFT, Nerve.C6] for p in (plain, coarse))
    assert shared.ci_high == pytest.approx(alone.ci_high, abs=1e-9)


def test_a_common_error_that_grows_along_the_nerve_widens_the_interval():
    plain = profile(Nerve.C6, Side.LEFT, csa_mm2=exponential(-5.0))
    uneven = replace(plain, common_error=np.linspace(0.05, 0.15, len(plain.quality)))
    alone, shared = (tapers_of(table_of(p))[Side.LEFT, Nerve.C6] for p in (plain, uneven))
    assert shared.ci_high - shared.ci_low > 1.2 * (alone.ci_high - alone.ci_low)


def test_flagged_nodes_are_left_out_and_too_few_have_a_reason_and_no_number():
    csa = np.where(arc() < 20.0, 40.0, 9.0)
    junction = [Quality.JUNCTION if a < 20.0 else Quality.GOOD for a in arc()]
    table = table_of(
        profile(Nerve.C6, Side.LEFT, csa_mm2=csa, quality=junction),
        profile(Nerve.C6, Side.RIGHT, arc_mm=arc(17.0)),
    )
    found = tapers_of(table)
    assert found[Side.LEFT, Nerve.C6].from_mm == 20.0
    assert found[Side.LEFT, Nerve.C6].percent_per_10mm == pytest.approx(0.0, abs=1e-9)
    assert found[Side.RIGHT, Nerve.C6] == Taper(Nerve.C6, Side.RIGHT, reason=ReasonCode.TOO_SHORT)
    assert found[Side.RIGHT, Nerve.C6].trend is Trend.UNKNOWN


def test_a_nerve_under_two_voxels_wide_has_no_taper():
    coarse = [Quality.COARSE] * 30 + [Quality.GOOD] * 11
    table = table_of(profile(Nerve.C6, Side.LEFT, quality=coarse))
    assert tapers_of(table)[Side.LEFT, Nerve.C6].reason is ReasonCode.VOXEL_COARSE


def test_a_nerve_that_was_not_traced_keeps_its_reason():
    tree = NerveTree({}, {(Side.LEFT, Nerve.T1): ReasonCode.COVERAGE_LEFT})
    rows = taper_of_sides(MeasurementTable(()), tree, SETTINGS)
    reasons = {(one.side, one.nerve): one.reason for one in rows}
    assert reasons[Side.LEFT, Nerve.T1] is ReasonCode.COVERAGE_LEFT


def test_no_taper_is_held_against_a_norm():
    table = noisy_case(np.random.default_rng(4), ProfileErrors(4.0))
    assert {one.within_healthy_range for one in tapers_of(table).values()} == {Within.NO_NORM}
