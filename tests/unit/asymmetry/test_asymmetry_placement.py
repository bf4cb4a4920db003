from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.asymmetry import AsymmetrySettings, compare_sides
from plexus_mri.asymmetry.pairing import Course, pair_courses
from plexus_mri.asymmetry.placement import (
    node_shift_errors,
    shift_error_of_maxima,
    shift_error_of_means,
    start_error_mm,
)
from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.comparison import Pattern, Verdict
from plexus_mri.core.measurement import Quantity
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.reasons import ReasonCode
from plexus_mri.synthetic.profiles import arc
from tests.nerve_tables import profile, table_of

SETTINGS = AsymmetrySettings()
LENGTH_MM = 25.0


def growing_mm2(arc_mm):
    """Area of a trunk that grows by 2 % of its first value per mm."""
    return 12.0 * (1.0 + 0.02 * arc_mm)


def trunk(side, *, begun_late_mm=0.0):
    nodes = arc(LENGTH_MM)
    return profile(
        Nerve.MIDDLE_TRUNK, side, arc_mm=nodes, csa_mm2=growing_mm2(nodes + begun_late_mm)
    )


def area_pair(left, right):
    return pair_courses(table_of(left, right), SETTINGS)[left.nerve, Course.AREA]


def test_mean_of_an_even_nerve_does_not_depend_on_where_it_begins():
    pair = area_pair(*(profile(Nerve.UPPER_TRUNK, s) for s in Side))
    assert shift_error_of_means(pair, SETTINGS) == 0.0
    assert not node_shift_errors(pair, SETTINGS).any()


def test_error_of_a_growing_nerve_is_its_slope_times_the_error_of_its_beginning():
    pair = area_pair(trunk(Side.LEFT), trunk(Side.RIGHT))
    slope_per_mm = 12.0 * 0.02 / pair.left.mean()
    expected = np.sqrt(2.0) * SETTINGS.trunk_start_error_mm * slope_per_mm
    # A straight line's mean moves by its slope; the logarithm bends it by under one percent.
    assert shift_error_of_means(pair, SETTINGS) == pytest.approx(expected, rel=0.01)


def test_a_largest_value_within_the_stretch_does_not_depend_on_where_it_begins():
    swollen = 9.0 * (1.0 + np.exp(-(((arc(LENGTH_MM) - 14.0) / 3.0) ** 2)))
    sides = (profile(Nerve.UPPER_TRUNK, s, arc_mm=arc(LENGTH_MM), csa_mm2=swollen) for s in Side)
    assert shift_error_of_maxima(area_pair(*sides), SETTINGS) == pytest.approx(0.0, abs=1e-12)


def test_a_largest_value_at_the_end_of_a_growing_nerve_is_as_unsure_as_its_end():
    pair = area_pair(trunk(Side.LEFT), trunk(Side.RIGHT))
    slope_per_mm = 12.0 * 0.02 / pair.left.max()
    expected = np.sqrt(2.0) * SETTINGS.trunk_start_error_mm * slope_per_mm
    # A window of 3 mm at the end has its mean 0.75 mm from there, where half of it is missing.
    assert shift_error_of_maxima(pair, SETTINGS) == pytest.approx(expected, rel=0.05)


def test_error_at_a_node_is_the_relative_slope_there():
    pair = area_pair(trunk(Side.LEFT), trunk(Side.RIGHT))
    slope_per_mm = 12.0 * 0.02 / growing_mm2(pair.arc_length_mm)
    expected = np.sqrt(2.0) * SETTINGS.trunk_start_error_mm * slope_per_mm
    # The change is taken over 3 mm to both sides, at the ends to one: 1.5 mm off at 2 % per mm.
    assert node_shift_errors(pair, SETTINGS) == pytest.approx(expected, rel=0.035)


def test_equal_nerves_begun_six_mm_apart_are_not_called_different():
    # Two standard errors of one side; without its error this is 9 % at an error of 2 %.
    table = table_of(trunk(Side.LEFT, begun_late_mm=6.0), trunk(Side.RIGHT))
    rows = compare_sides(table, NerveTree({}), SETTINGS)
    row = next(r for r in rows if (r.nerve, r.quantity) == (Nerve.MIDDLE_TRUNK, Quantity.CSA_MEAN))
    assert row.verdict is Verdict.NO_DIFFERENCE
    assert row.pattern is Pattern.NONE
    assert row.ci_low <= 0.0 <= row.ci_high


def test_a_stretch_too_short_to_be_moved_has_no_such_error():
    nodes = arc(1.0 + SETTINGS.trace_end_mm)
    sides = [profile(Nerve.UPPER_TRUNK, s, arc_mm=nodes, csa_mm2=growing_mm2(nodes)) for s in Side]
    assert shift_error_of_means(area_pair(*sides), SETTINGS) == 0.0


def painted(side, *, begins_anywhere=True):
    """Root of a mask; by default its ganglion was not found."""
    nodes = arc(LENGTH_MM)
    root = profile(Nerve.C6, side, arc_mm=nodes, csa_mm2=growing_mm2(nodes))
    return replace(root, begins_anywhere=begins_anywhere)


def rows_of(*sides):
    rows = compare_sides(table_of(*sides), NerveTree({}), SETTINGS)
    return [row for row in rows if row.nerve is Nerve.C6]


def test_a_root_from_its_ganglion_is_not_compared_with_one_from_the_end_of_its_label():
    rows = rows_of(painted(Side.LEFT), painted(Side.RIGHT, begins_anywhere=False))
    assert {row.reason for row in rows} == {ReasonCode.LANDMARK_DOUBT}
    assert {row.verdict for row in rows} == {Verdict.NOT_COMPARABLE}


def test_roots_that_both_begin_anywhere_have_means_of_a_larger_error_and_no_places():
    doubted = rows_of(*(painted(side) for side in Side))
    known = rows_of(*(painted(side, begins_anywhere=False) for side in Side))
    mean, sure = (next(r for r in rows if r.quantity is Quantity.CSA_MEAN)
                  for rows in (doubted, known))  # fmt: skip
    assert mean.verdict is Verdict.NO_DIFFERENCE
    assert mean.log_ratio_se > 2 * sure.log_ratio_se  # 2 % per mm over 4 mm against 1 mm
    assert all(row.from_mm is None and row.pattern is Pattern.NONE for row in doubted)


def test_ganglia_are_known_better_than_places_where_nerves_part():
    assert start_error_mm(Nerve.C6, SETTINGS) == SETTINGS.root_start_error_mm
    assert start_error_mm(Nerve.UPPER_TRUNK, SETTINGS) == SETTINGS.trunk_start_error_mm
    ends = start_error_mm(Nerve.C6, SETTINGS, begins_anywhere=True)
    assert ends == SETTINGS.painted_end_error_mm
    assert start_error_mm(Nerve.MEDIAL_CORD, SETTINGS) == SETTINGS.cord_start_error_mm
