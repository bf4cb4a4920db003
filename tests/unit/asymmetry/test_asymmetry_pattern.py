import numpy as np
import pytest

from plexus_mri.asymmetry import AsymmetrySettings, compare_sides
from plexus_mri.asymmetry.noise import NodeNoise
from plexus_mri.asymmetry.pairing import Course, pair_courses
from plexus_mri.asymmetry.pattern import Established, find_runs, find_spread
from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.comparison import Comparison, Pattern, Verdict
from plexus_mri.core.measurement import Quality, Quantity
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.synthetic.profiles import arc, flat, swelling
from tests.nerve_tables import both_sides, profile, spike, table_of

SETTINGS = AsymmetrySettings()
NERVE = Nerve.UPPER_TRUNK


def row_of(*profiles, quantity=Quantity.CSA_MEAN) -> Comparison:
    rows = compare_sides(table_of(*profiles), NerveTree({}), SETTINGS)
    return next(r for r in rows if (r.nerve, r.quantity) == (profiles[0].nerve, quantity))


def shaped(shape):
    return row_of(*both_sides(NERVE, left_shape=shape))


def test_equal_sides_have_no_pattern():
    row = shaped(flat)
    assert (row.pattern, row.from_mm, row.to_mm) == (Pattern.NONE, None, None)


def test_a_swelling_of_ten_mm_is_focal_and_its_ends_are_found():
    row = shaped(swelling(15, 25, 40))
    assert row.pattern is Pattern.FOCAL
    # Sharp ends on nodes 1 mm apart: exact to one node.
    assert row.from_mm == pytest.approx(15, abs=1)
    assert row.to_mm == pytest.approx(25, abs=1)


def test_a_smooth_swelling_is_found_to_within_two_mm_of_its_half_height():
    def smooth(a):
        return 1.0 + 0.8 * np.clip(np.cos(np.pi * (a - 20.0) / 20.0), 0, None) ** 2

    row = shaped(smooth)
    assert row.pattern is Pattern.FOCAL
    assert row.from_mm == pytest.approx(15, abs=2)
    assert row.to_mm == pytest.approx(25, abs=2)


def test_enlargement_of_the_whole_nerve_is_diffuse_and_left_larger():
    row = shaped(lambda a: 1.3 * flat(a))
    assert row.verdict is Verdict.LEFT_LARGER
    assert row.pattern is Pattern.DIFFUSE
    assert (row.from_mm, row.to_mm) == (0.0, 40.0 - SETTINGS.trace_end_mm)


def test_two_swellings_are_multifocal_from_the_first_start_to_the_last_end():
    row = shaped(lambda a: swelling(5, 11, 60)(a) * swelling(27, 33, 60)(a))
    assert row.pattern is Pattern.MULTIFOCAL
    assert row.from_mm == pytest.approx(5, abs=1)
    assert row.to_mm == pytest.approx(33, abs=1)


def test_a_swelling_of_either_side_counts_though_the_mean_is_equal():
    row = shaped(lambda a: swelling(5, 11, 60)(a) / swelling(27, 33, 60)(a))
    assert row.verdict is Verdict.NO_DIFFERENCE
    assert row.pattern is Pattern.MULTIFOCAL


def test_a_single_deviating_node_is_no_stretch():
    assert shaped(spike(20, 40)).pattern is Pattern.NONE


def test_a_junction_within_a_swelling_does_not_split_it():
    left, right = both_sides(NERVE, left_shape=swelling(10, 20, 60))
    flags = [Quality.JUNCTION if 14 <= a <= 15 else Quality.GOOD for a in arc()]
    flagged = profile(NERVE, Side.LEFT, csa_mm2=left.csa_mm2, quality=flags)
    row = row_of(flagged, right)
    assert row.pattern is Pattern.FOCAL
    assert (row.from_mm, row.to_mm) == pytest.approx((10, 20), abs=1)


@pytest.mark.parametrize(
    ("established", "pattern"),
    [
        (Established.NOTHING, Pattern.NONE),
        (Established.LARGEST, Pattern.NONE),
        (Established.MEAN, Pattern.DIFFUSE),
    ],
)
def test_a_difference_that_stands_out_nowhere_is_diffuse_if_the_mean_differs(established, pattern):
    table = table_of(*both_sides(NERVE, left_shape=lambda a: 1.1 * flat(a)))
    spread = find_spread(
        pair_courses(table, SETTINGS)[NERVE, Course.AREA],
        NodeNoise(0.0, 1.0),
        node_error=0.1,
        level=0.01,
        established=established,
        settings=SETTINGS,
    )
    assert spread.pattern is pattern


def test_points_and_length_have_no_pattern():
    for quantity in (Quantity.DIAMETER_AT_0, Quantity.DIAMETER_AT_10, Quantity.LENGTH):
        row = row_of(*both_sides(NERVE, left_shape=lambda a: 1.5 * flat(a)), quantity=quantity)
        assert row.pattern is Pattern.NONE


def test_signal_rows_take_their_pattern_from_the_signal_ratio():
    signal = 200.0 * swelling(15, 25, 60)(arc())
    left, right = profile(NERVE, Side.LEFT, signal=signal), profile(NERVE, Side.RIGHT)
    assert row_of(left, right, quantity=Quantity.SIGNAL_MEAN).pattern is Pattern.FOCAL
    assert row_of(left, right, quantity=Quantity.CSA_MEAN).pattern is Pattern.NONE


def test_runs_of_one_sign_join_across_a_short_gap_and_not_across_a_long_one():
    nodes = np.arange(30.0)
    z = np.zeros(30)
    z[[3, 4, 5, 8, 9, 10, 20, 21, 22]] = 5.0
    runs = find_runs(nodes, z, 1.0, SETTINGS)
    assert [(r.from_mm, r.to_mm) for r in runs] == [(3.0, 10.0), (20.0, 22.0)]


def test_runs_of_opposite_sign_do_not_join():
    z = np.array([0, 4, 4, 4, -4, -4, -4, 0.0])
    runs = find_runs(np.arange(8.0), z, 1.0, SETTINGS)
    assert [(r.from_mm, r.to_mm) for r in runs] == [(1.0, 3.0), (4.0, 6.0)]
