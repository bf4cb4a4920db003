import logging
from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.asymmetry import AsymmetrySettings, compare_sides
from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.comparison import Comparison, Pattern, Verdict
from plexus_mri.core.measurement import (
    COMPARED,
    NOT_COMPARED,
    Measurement,
    MeasurementTable,
    Quality,
    Quantity,
)
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.reasons import ReasonCode
from plexus_mri.synthetic.profiles import arc, flat, swelling
from tests.nerve_tables import both_sides, profile, spike, table_of

SETTINGS = AsymmetrySettings()
NO_TREE = NerveTree({})
NUMBERS = (
    "left",
    "right",
    "asymmetry_percent",
    "ci_low",
    "ci_high",
    "smallest_detectable_percent",
    "from_mm",
    "to_mm",
)


def rows_of(table, nerves=NO_TREE, settings=SETTINGS) -> dict[tuple[Nerve, Quantity], Comparison]:
    return {(r.nerve, r.quantity): r for r in compare_sides(table, nerves, settings)}


def traced(side, *, length_mm=40.0, confidence=0.9, reasons=()):
    nodes = np.arange(length_mm + 1.0)
    points = np.stack([side.sign * (15.0 + nodes), 0 * nodes, 0 * nodes], axis=1)
    evidence = {"support": confidence}
    return TracedNerve(
        Centerline(points), confidence, evidence, np.ones(len(nodes)), (), tuple(reasons)
    )


def assert_refused(row, reason):
    assert row.verdict is Verdict.NOT_COMPARABLE
    assert row.reason is reason
    assert row.pattern is Pattern.NONE
    assert [getattr(row, name) for name in NUMBERS] == [None] * len(NUMBERS)


def test_every_nerve_and_quantity_has_one_row_in_the_order_of_the_lists():
    rows = compare_sides(MeasurementTable(()), NO_TREE, SETTINGS)
    assert [(r.nerve, r.quantity) for r in rows] == [(n, q) for n in Nerve for q in COMPARED]


def test_an_empty_table_is_not_comparable_and_no_error():
    for row in compare_sides(MeasurementTable(()), NO_TREE, SETTINGS):
        assert_refused(row, ReasonCode.NERVE_NOT_FOUND)


def test_index_of_known_areas_is_exact():
    left, right = both_sides(Nerve.UPPER_TRUNK, left_shape=lambda a: 1.5 * flat(a))
    row = rows_of(table_of(left, right))[Nerve.UPPER_TRUNK, Quantity.CSA_MEAN]
    assert (row.left, row.right) == pytest.approx((13.5, 9.0))
    assert row.asymmetry_percent == pytest.approx(40.0)
    assert row.verdict is Verdict.LEFT_LARGER


def test_a_longer_trace_on_one_side_does_not_bias_the_mean():
    # The left is followed 20 mm farther, where it is twice as large.
    nodes = arc(60.0)
    left = profile(Nerve.C6, Side.LEFT, arc_mm=nodes, csa_mm2=np.where(nodes > 40, 18.0, 9.0))
    right = profile(Nerve.C6, Side.RIGHT)
    row = rows_of(table_of(left, right))[Nerve.C6, Quantity.CSA_MEAN]
    assert row.asymmetry_percent == 0.0
    assert row.verdict is Verdict.NO_DIFFERENCE


def test_a_focal_swelling_shows_in_the_largest_area():
    left, right = both_sides(Nerve.C6, left_shape=swelling(15, 25, 40))
    row = rows_of(table_of(left, right))[Nerve.C6, Quantity.CSA_MAX]
    assert row.asymmetry_percent == pytest.approx(200 * 0.4 / 2.4)
    assert row.verdict is Verdict.LEFT_LARGER


def test_one_wild_node_does_not_make_the_largest_area():
    left, right = both_sides(Nerve.C6, left_shape=spike(20, 45))
    row = rows_of(table_of(left, right))[Nerve.C6, Quantity.CSA_MAX]
    assert row.left == pytest.approx(9.0 * (1.0 + 0.45 / 3.0))  # mean of three nodes


def test_a_noisier_side_widens_the_error_of_the_largest_value():
    left, right = both_sides(Nerve.C6)
    table = table_of(left, right)
    noisy = replace(left, csa_se_mm2=left.csa_se_mm2 * 6.0)
    uneven = MeasurementTable(table.measurements, {**table.profiles, (Side.LEFT, Nerve.C6): noisy})
    both = replace(right, csa_se_mm2=right.csa_se_mm2 * 6.0)
    even = MeasurementTable(table.measurements, {**uneven.profiles, (Side.RIGHT, Nerve.C6): both})
    settings = replace(SETTINGS, area_max_model_error_percent=0.0)
    key = (Nerve.C6, Quantity.CSA_MAX)
    one, two = rows_of(uneven, settings=settings)[key], rows_of(even, settings=settings)[key]
    # By errors alone the uneven pair would be surer by sqrt(1 + 36)/sqrt(72) = 0.72.
    assert one.ci_high > 0.9 * two.ci_high


@pytest.mark.parametrize(
    ("share", "verdict"), [(0.99, Verdict.NO_DIFFERENCE), (1.01, Verdict.LEFT_LARGER)]
)
def test_smallest_detectable_index_is_where_the_verdict_turns(share, verdict):
    # Largest area and diameter follow from the same profile: their errors keep them out of it.
    settings = replace(
        SETTINGS, area_max_model_error_percent=1e3, diameter_mean_model_error_percent=1e3
    )
    table = table_of(*both_sides(Nerve.C6))
    key = (Nerve.C6, Quantity.CSA_MEAN)
    smallest = rows_of(table, settings=settings)[key].smallest_detectable_percent
    factor = (200.0 + share * smallest) / (200.0 - share * smallest)
    left = profile(Nerve.C6, Side.LEFT, csa_mm2=9.0 * factor)
    changed = MeasurementTable(table.measurements, {**table.profiles, (Side.LEFT, Nerve.C6): left})
    row = rows_of(changed, settings=settings)[key]
    assert row.verdict is verdict
    assert row.smallest_detectable_percent == pytest.approx(smallest)


def test_length_is_given_and_never_called_a_difference():
    left = profile(Nerve.C6, Side.LEFT, arc_mm=arc(80.0))
    right = profile(Nerve.C6, Side.RIGHT, arc_mm=arc(40.0))
    row = rows_of(table_of(left, right))[Nerve.C6, Quantity.LENGTH]
    assert row.asymmetry_percent == pytest.approx(200 / 3)
    assert row.verdict is Verdict.NO_DIFFERENCE
    assert row.smallest_detectable_percent is None
    assert row.reason is ReasonCode.NOT_TESTED


def test_the_first_point_is_tested_for_roots_and_only_given_for_trunks():
    table = table_of(*both_sides(Nerve.C6), *both_sides(Nerve.UPPER_TRUNK))
    rows = rows_of(table)
    assert rows[Nerve.C6, Quantity.DIAMETER_AT_0].reason is None
    trunk = rows[Nerve.UPPER_TRUNK, Quantity.DIAMETER_AT_0]
    assert (trunk.asymmetry_percent, trunk.reason) == (0.0, ReasonCode.NOT_TESTED)


def test_touching_nerves_need_a_larger_difference():
    touching = [Quality.TOUCHING] * len(arc())
    sound = rows_of(table_of(*both_sides(Nerve.C6)))[Nerve.C6, Quantity.CSA_MEAN]
    doubted = rows_of(table_of(*(profile(Nerve.C6, side, quality=touching) for side in Side)))[
        Nerve.C6, Quantity.CSA_MEAN
    ]
    assert doubted.smallest_detectable_percent > 1.5 * sound.smallest_detectable_percent


@pytest.mark.parametrize("quantity", [Quantity.CSA_MEAN, Quantity.SIGNAL_RATIO_MEAN])
@pytest.mark.parametrize("length_mm", [20.0, 80.0])
def test_no_length_averages_out_what_all_nodes_have_in_common(quantity, length_mm):
    nodes = arc(length_mm)
    sides = (profile(Nerve.C6, s, arc_mm=nodes, common_error_percent=10.0) for s in Side)
    row = rows_of(table_of(*sides))[Nerve.C6, quantity]
    # 1.96 times 10 % of either side, as an index between two sides
    assert row.ci_high - row.ci_low > 2.0 * 1.96 * 14.0


def test_a_measurement_without_an_error_is_given_and_not_tested():
    table = table_of(*both_sides(Nerve.C6, left_shape=lambda a: 4.0 * flat(a)))
    bare = tuple(replace(m, standard_error=None) for m in table.measurements)
    row = rows_of(MeasurementTable(bare, table.profiles))[Nerve.C6, Quantity.DIAMETER_AT_10]
    assert row.asymmetry_percent == pytest.approx(200 / 3)
    assert (row.ci_low, row.verdict) == (None, Verdict.NO_DIFFERENCE)
    assert row.reason is ReasonCode.NOT_TESTED


def test_the_error_of_a_point_may_come_from_its_interval():
    table = table_of(*both_sides(Nerve.C6))
    by_interval = tuple(
        replace(
            m,
            standard_error=None,
            ci_low=m.value - 1.959964 * m.standard_error,
            ci_high=m.value + 1.959964 * m.standard_error,
        )
        for m in table.measurements
    )
    key = (Nerve.C6, Quantity.DIAMETER_AT_0)
    expected = rows_of(table)[key]
    found = rows_of(MeasurementTable(by_interval, table.profiles))[key]
    assert found.ci_high == pytest.approx(expected.ci_high, rel=1e-5)


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        (
            {Side.LEFT: ReasonCode.NERVE_NOT_FOUND, Side.RIGHT: ReasonCode.NERVE_NOT_FOUND},
            ReasonCode.NERVE_NOT_FOUND,
        ),
        ({Side.LEFT: ReasonCode.NERVE_NOT_FOUND}, ReasonCode.SIDE_MISSING),
        ({Side.RIGHT: ReasonCode.COVERAGE_RIGHT}, ReasonCode.COVERAGE_RIGHT),
        ({Side.LEFT: ReasonCode.COVERAGE_NONE}, ReasonCode.COVERAGE_LEFT),
        (
            {Side.LEFT: ReasonCode.COVERAGE_LEFT, Side.RIGHT: ReasonCode.COVERAGE_RIGHT},
            ReasonCode.COVERAGE_NONE,
        ),
        (
            {Side.LEFT: ReasonCode.MIDLINE_NOT_FOUND, Side.RIGHT: ReasonCode.MIDLINE_NOT_FOUND},
            ReasonCode.MIDLINE_NOT_FOUND,
        ),
        (
            {Side.LEFT: ReasonCode.COVERAGE_LEFT, Side.RIGHT: ReasonCode.NERVE_NOT_FOUND},
            ReasonCode.COVERAGE_LEFT,
        ),
    ],
)
def test_an_untraced_nerve_says_why(missing, reason):
    tree = NerveTree({}, {(side, Nerve.C8): why for side, why in missing.items()})
    known = [profile(Nerve.C8, side) for side in Side if side not in missing]
    rows = rows_of(table_of(*known), tree)
    for quantity in COMPARED:
        assert_refused(rows[Nerve.C8, quantity], reason)


def test_a_profile_on_one_side_only_is_side_missing():
    rows = rows_of(table_of(profile(Nerve.C5, Side.RIGHT)))
    for quantity in COMPARED:
        assert_refused(rows[Nerve.C5, quantity], ReasonCode.SIDE_MISSING)


def test_an_unsure_trace_is_not_compared():
    tree = NerveTree(
        {
            (Side.LEFT, Nerve.C6): traced(Side.LEFT),
            (Side.RIGHT, Nerve.C6): traced(Side.RIGHT, confidence=0.49),
        }
    )
    for quantity in COMPARED:
        row = rows_of(table_of(*both_sides(Nerve.C6)), tree)[Nerve.C6, quantity]
        assert_refused(row, ReasonCode.LOW_CONFIDENCE)


def test_a_refused_measurement_passes_its_reason_on():
    table = table_of(*both_sides(Nerve.C6))
    refused = tuple(
        replace(m, value=None, reason=ReasonCode.TOO_SHORT)
        if m.quantity is Quantity.DIAMETER_AT_10 and m.side is Side.LEFT
        else m
        for m in table.measurements
    )
    rows = rows_of(MeasurementTable(refused, table.profiles))
    assert_refused(rows[Nerve.C6, Quantity.DIAMETER_AT_10], ReasonCode.TOO_SHORT)
    assert rows[Nerve.C6, Quantity.CSA_MEAN].verdict is Verdict.NO_DIFFERENCE


def test_a_short_common_stretch_is_too_short():
    short = arc(SETTINGS.ganglion_mm + SETTINGS.least_common_mm - 2.0)
    table = table_of(profile(Nerve.C6, Side.LEFT, arc_mm=short), profile(Nerve.C6, Side.RIGHT))
    assert_refused(rows_of(table)[Nerve.C6, Quantity.CSA_MEAN], ReasonCode.TOO_SHORT)


@pytest.mark.parametrize(
    ("side", "reason"),
    [(Side.LEFT, ReasonCode.COVERAGE_LEFT), (Side.RIGHT, ReasonCode.COVERAGE_RIGHT)],
)
def test_a_trace_cut_by_the_field_of_view_says_which_side(side, reason):
    tree = NerveTree(
        {
            (s, Nerve.C6): traced(
                s,
                length_mm=10.0 if s is side else 40.0,
                reasons=[reason] if s is side else [],
            )
            for s in Side
        }
    )
    profiles = [profile(Nerve.C6, s, arc_mm=arc(10.0 if s is side else 40.0)) for s in Side]
    rows = rows_of(table_of(*profiles), tree)
    assert_refused(rows[Nerve.C6, Quantity.CSA_MEAN], reason)
    assert_refused(rows[Nerve.C6, Quantity.LENGTH], reason)


@pytest.mark.parametrize(
    ("flag", "reason"),
    [
        (Quality.POOR_FIT, ReasonCode.FIT_FAILED),
        (Quality.JUNCTION, ReasonCode.NERVES_TOUCH),
        (Quality.EDGE_OF_VIEW, ReasonCode.COVERAGE_RIGHT),
    ],
)
def test_flags_on_most_nodes_are_the_reason(flag, reason):
    table = table_of(
        profile(Nerve.C6, Side.LEFT),
        profile(Nerve.C6, Side.RIGHT, quality=[flag] * len(arc())),
    )
    assert_refused(rows_of(table)[Nerve.C6, Quantity.CSA_MEAN], reason)


@pytest.mark.parametrize("side", Side)
def test_a_place_is_compared_only_where_both_sides_show_the_nerve(side):
    flags = [Quality.JUNCTION if 8.5 < a < 11.5 else Quality(0) for a in arc()]
    table = table_of(*(profile(Nerve.C6, s, quality=flags if s is side else None) for s in Side))
    rows = rows_of(table)
    assert rows[Nerve.C6, Quantity.CSA_MEAN].verdict is Verdict.NO_DIFFERENCE
    assert rows[Nerve.C6, Quantity.DIAMETER_AT_10].verdict is Verdict.NOT_COMPARABLE
    assert rows[Nerve.C6, Quantity.DIAMETER_AT_0].verdict is Verdict.NO_DIFFERENCE


def test_a_place_on_a_slope_is_the_less_sure_the_less_its_landmark_is():
    def error(left_shape):
        rows = rows_of(table_of(*both_sides(Nerve.MEDIAL_CORD, left_shape=left_shape)))
        return rows[Nerve.MEDIAL_CORD, Quantity.DIAMETER_AT_10].log_ratio_se

    # 4 % of area a mm is 2 % of diameter a mm, on one side.
    growing, even = error(lambda a: np.exp(0.04 * a)), error(flat)
    placed = 0.02 * SETTINGS.cord_start_error_mm
    assert growing**2 - even**2 == pytest.approx(placed**2, rel=0.02)


@pytest.mark.parametrize("side", Side)
def test_under_two_voxels_wide_only_averages_are_compared(side):
    coarse = [Quality.COARSE] * len(arc())
    table = table_of(*(profile(Nerve.C6, s, quality=coarse if s is side else None) for s in Side))
    rows = rows_of(table)
    assert rows[Nerve.C6, Quantity.CSA_MEAN].verdict is Verdict.NO_DIFFERENCE
    for quantity in (Quantity.CSA_MAX, Quantity.SIGNAL_RATIO_MAX, Quantity.DIAMETER_AT_10):
        assert_refused(rows[Nerve.C6, quantity], ReasonCode.VOXEL_COARSE)


@pytest.mark.parametrize("side", Side)
def test_a_nerve_narrower_than_a_voxel_is_not_compared(side):
    narrow = {side: SETTINGS.largest_common_error_percent + 1.0}
    table = table_of(
        *(profile(Nerve.C6, s, common_error_percent=narrow.get(s, 5.0)) for s in Side)
    )
    rows = rows_of(table)
    for quantity in (Quantity.CSA_MEAN, Quantity.DIAMETER_AT_0, Quantity.SIGNAL_RATIO_MEAN):
        assert_refused(rows[Nerve.C6, quantity], ReasonCode.VOXEL_COARSE)
    assert rows[Nerve.C6, Quantity.LENGTH].reason is ReasonCode.NOT_TESTED


def test_without_reference_muscle_only_the_ratio_is_not_compared():
    table = table_of(*both_sides(Nerve.C6))
    nothing = np.full(len(arc()), np.nan)
    bare = replace(table.profiles[Side.LEFT, Nerve.C6], reference=nothing)
    rows = rows_of(
        MeasurementTable(table.measurements, {**table.profiles, (Side.LEFT, Nerve.C6): bare})
    )
    assert_refused(rows[Nerve.C6, Quantity.SIGNAL_RATIO_MEAN], ReasonCode.NO_REFERENCE)
    assert rows[Nerve.C6, Quantity.SIGNAL_MEAN].verdict is Verdict.NO_DIFFERENCE
    assert rows[Nerve.C6, Quantity.CSA_MEAN].verdict is Verdict.NO_DIFFERENCE


def test_a_coil_gradient_moves_the_raw_signal_and_not_the_ratio():
    # Same tissue, 8 % less gain on the left.
    left = profile(Nerve.C6, Side.LEFT, signal=184.0, reference=92.0)
    right = profile(Nerve.C6, Side.RIGHT, signal=200.0, reference=100.0)
    rows = rows_of(table_of(left, right))
    assert rows[Nerve.C6, Quantity.SIGNAL_MEAN].asymmetry_percent == pytest.approx(-8.33, abs=0.01)
    assert rows[Nerve.C6, Quantity.SIGNAL_MEAN].verdict is Verdict.NO_DIFFERENCE
    assert rows[Nerve.C6, Quantity.SIGNAL_RATIO_MEAN].asymmetry_percent == pytest.approx(0.0)


def test_inputs_are_not_changed():
    table = table_of(*both_sides(Nerve.C6, left_shape=swelling(15, 25, 40)))
    before = [p.csa_mm2.copy() for p in table.profiles.values()]
    compare_sides(table, NO_TREE, SETTINGS)
    after = [p.csa_mm2 for p in table.profiles.values()]
    assert all((a == b).all() for a, b in zip(before, after, strict=True))


def test_the_log_counts_the_rows(caplog):
    with caplog.at_level(logging.INFO, logger="plexus_mri.asymmetry.compare"):
        compare_sides(table_of(*both_sides(Nerve.C6)), NO_TREE, SETTINGS)
    assert "compared 9 of 99 rows, 0 differ" in caplog.text


@pytest.mark.parametrize("quantity", sorted(NOT_COMPARED))
def test_what_hangs_on_coil_noise_or_hand_is_not_compared(quantity):
    """Sides that are twice as different in it have no row of it, and no other row changes."""
    left, right = both_sides(Nerve.C6)
    table = table_of(left, right)
    uneven = tuple(
        Measurement(Nerve.C6, side, quantity, value, standard_error=0.1)
        for side, value in ((Side.LEFT, 20.0), (Side.RIGHT, 10.0))
    )
    more = replace(table, measurements=(*table.measurements, *uneven))
    rows = compare_sides(more, NO_TREE, SETTINGS)
    assert quantity not in {row.quantity for row in rows}
    assert rows == compare_sides(table, NO_TREE, SETTINGS)


def test_a_mask_that_disagrees_refuses_nothing():
    left, right = both_sides(Nerve.C6)
    flagged = replace(left, quality=(Quality.MASK_DISAGREES,) * len(left.quality))
    assert rows_of(table_of(flagged, right)) == rows_of(table_of(left, right))


@pytest.mark.parametrize(
    ("times", "reason"),
    [(3.9, None), (4.1, ReasonCode.SIDES_UNLIKE), (1 / 4.1, ReasonCode.SIDES_UNLIKE)],
)
def test_sides_of_which_one_is_over_four_times_the_other_are_not_compared(times, reason):
    left, right = both_sides(Nerve.C6, left_shape=lambda nodes: times * flat(nodes))
    row = rows_of(table_of(left, right))[Nerve.C6, Quantity.CSA_MEAN]
    assert row.reason is reason
    assert (row.asymmetry_percent is None) is (reason is not None)
