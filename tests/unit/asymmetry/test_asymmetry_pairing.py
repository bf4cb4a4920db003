from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.asymmetry import AsymmetrySettings
from plexus_mri.asymmetry.pairing import Course, pair_courses
from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.measurement import UNUSABLE, Quality
from plexus_mri.synthetic.profiles import arc
from tests.nerve_tables import profile, table_of

SETTINGS = AsymmetrySettings()


def pair(left, right, course=Course.AREA):
    return pair_courses(table_of(left, right), SETTINGS)[left.nerve, course]


def test_common_arc_ends_before_the_end_of_the_shorter_side():
    paired = pair(
        profile(Nerve.UPPER_TRUNK, Side.LEFT, arc_mm=arc(50.0)),
        profile(Nerve.UPPER_TRUNK, Side.RIGHT, arc_mm=arc(30.0)),
    )
    assert paired.arc_length_mm[[0, -1]].tolist() == [0.0, 30.0 - SETTINGS.trace_end_mm]


def test_ganglion_of_a_root_is_left_out():
    paired = pair(profile(Nerve.C7, Side.LEFT), profile(Nerve.C7, Side.RIGHT))
    assert paired.arc_length_mm[0] == SETTINGS.ganglion_mm


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("flag", list(UNUSABLE))
def test_a_node_flagged_on_one_side_is_left_out_of_both(side, flag):
    nodes = arc()
    flags = [flag if a == 20.0 else Quality.GOOD for a in nodes]
    paired = pair(
        *(profile(Nerve.C6, s, quality=flags if s is side else None) for s in Side),
    )
    assert 20.0 not in paired.arc_length_mm
    assert {19.0, 21.0} <= set(paired.arc_length_mm)


def test_a_section_too_flat_for_one_nerve_is_left_out():
    left, right = profile(Nerve.C6, Side.LEFT), profile(Nerve.C6, Side.RIGHT)
    wide = np.where(arc() == 20.0, 2.1, 1.9) * left.short_mm
    paired = pair(replace(left, long_mm=wide), right)
    assert 20.0 not in paired.arc_length_mm
    assert {19.0, 21.0} <= set(paired.arc_length_mm)


def test_nothing_is_compared_beyond_a_jump_in_area():
    strayed = np.where(arc() >= 25.0, 18.0, 9.0)
    paired = pair(profile(Nerve.C6, Side.LEFT, csa_mm2=strayed), profile(Nerve.C6, Side.RIGHT))
    assert paired.arc_length_mm[-1] == 24.0


def test_nothing_is_compared_beyond_a_step_aside_that_changes_the_area():
    left = profile(Nerve.C6, Side.LEFT, csa_mm2=np.where(arc() >= 25.0, 11.5, 9.0))
    aside = np.where(arc() >= 25.0, 0.6, 0.0)[:, None] * np.array([0.0, 0.0, 1.0])
    strayed = replace(left, points_mm=left.points_mm + aside)
    right = profile(Nerve.C6, Side.RIGHT)
    assert pair(strayed, right).arc_length_mm[-1] == 24.0
    assert pair(left, right).arc_length_mm[-1] > 25.0  # a change of area alone is no step aside


def known_to(side, percent):
    """Profile of a side whose areas have this standard error."""
    return replace(side, csa_se_mm2=percent / 100.0 * side.csa_mm2)


def test_a_step_that_errors_explain_is_no_jump():
    # 9 to 15 is 0.51 in the logarithm. Beyond 1.96 errors of both sections: 0.37 of it where areas
    # are known to 5 %, 0.51 - 1.96·√2·0.03 = 0.43 where to 3 %; 0.4 per mm is a jump.
    left = profile(Nerve.C6, Side.LEFT, csa_mm2=np.where(arc() >= 25.0, 15.0, 9.0))
    right = profile(Nerve.C6, Side.RIGHT)
    assert pair(known_to(left, 5.0), right).arc_length_mm[-1] > 25.0
    assert pair(known_to(left, 3.0), right).arc_length_mm[-1] == 24.0


def test_a_step_aside_that_errors_explain_is_none():
    # 9 to 13 is 0.37 in the logarithm: 0.31 and 0.20 beyond 1.96 errors of 2 and of 6 %, over 0.15
    # in both. The centre moves by 0.6 mm. Radii of 1.7 and 2.0 mm known to 1 and 3 % are centres
    # known to 0.04 and 0.11 mm together: 0.53 and 0.38 mm are left; 0.4 is a step aside.
    left = profile(Nerve.C6, Side.LEFT, csa_mm2=np.where(arc() >= 25.0, 13.0, 9.0))
    aside = np.where(arc() >= 25.0, 0.6, 0.0)[:, None] * np.array([0.0, 0.0, 1.0])
    left, right = replace(left, points_mm=left.points_mm + aside), profile(Nerve.C6, Side.RIGHT)
    assert pair(known_to(left, 6.0), right).arc_length_mm[-1] > 25.0
    assert pair(known_to(left, 2.0), right).arc_length_mm[-1] == 24.0


def test_one_stray_section_is_left_out_and_the_nerve_followed():
    stray = profile(Nerve.C6, Side.LEFT, csa_mm2=np.where(arc() == 25.0, 18.0, 9.0))
    nodes = pair(stray, profile(Nerve.C6, Side.RIGHT)).arc_length_mm
    assert 25.0 not in nodes
    assert nodes[-1] == 40.0 - SETTINGS.trace_end_mm


def test_two_stray_sections_are_something_else():
    two = np.isin(arc(), (25.0, 26.0))
    stray = profile(Nerve.C6, Side.LEFT, csa_mm2=np.where(two, 18.0, 9.0))
    assert pair(stray, profile(Nerve.C6, Side.RIGHT)).arc_length_mm[-1] == 24.0


def test_a_stray_section_that_hides_a_lasting_change_ends_the_nerve():
    area = np.where(arc() > 25.0, 1.3 * 9.0, np.where(arc() == 25.0, 18.0, 9.0))
    stray = profile(Nerve.C6, Side.LEFT, csa_mm2=area)
    assert pair(stray, profile(Nerve.C6, Side.RIGHT)).arc_length_mm[-1] == 24.0


def test_a_steep_lesion_is_no_jump():
    # 1.8-fold diameter within 5 mm, as a raised cosine: the steepest that is looked for.
    weight = 0.5 * (1.0 + np.cos(np.pi * np.clip(np.abs(arc() - 22.0) / 5.0, 0.0, 1.0)))
    left = profile(Nerve.C6, Side.LEFT, csa_mm2=9.0 * (1.0 + 0.8 * weight) ** 2)
    paired = pair(left, profile(Nerve.C6, Side.RIGHT))
    assert paired.arc_length_mm[-1] == 40.0 - SETTINGS.trace_end_mm


def test_a_touching_node_is_kept_and_doubted():
    flags = [Quality.TOUCHING if a < 20.0 else Quality.GOOD for a in arc()]
    paired = pair(profile(Nerve.C6, Side.LEFT, quality=flags), profile(Nerve.C6, Side.RIGHT))
    assert (paired.touching == (paired.arc_length_mm < 20.0)).all()


def test_nan_nodes_are_left_out_of_both_sides():
    csa = np.where((arc() >= 12) & (arc() <= 15), np.nan, 9.0)
    paired = pair(profile(Nerve.C6, Side.LEFT, csa_mm2=csa), profile(Nerve.C6, Side.RIGHT))
    assert set(np.arange(12.0, 16.0)).isdisjoint(paired.arc_length_mm)
    assert np.isfinite(paired.log_ratio).all()


def test_sides_with_different_steps_meet_on_the_coarser_one():
    fine, coarse = arc(40.0, 0.5), arc(40.0, 2.0)
    paired = pair(
        profile(Nerve.UPPER_TRUNK, Side.LEFT, arc_mm=fine, csa_mm2=9.0 + fine / 10),
        profile(Nerve.UPPER_TRUNK, Side.RIGHT, arc_mm=coarse, csa_mm2=9.0 + coarse / 10),
    )
    assert paired.arc_length_mm.tolist() == coarse[coarse <= 40.0 - SETTINGS.trace_end_mm].tolist()
    np.testing.assert_allclose(paired.left, paired.right)


def test_diameter_has_half_the_relative_error_of_area():
    left, right = profile(Nerve.C6, Side.LEFT), profile(Nerve.C6, Side.RIGHT)
    area, diameter = pair(left, right), pair(left, right, Course.DIAMETER)
    np.testing.assert_allclose(diameter.log_ratio_se, area.log_ratio_se / 2.0)


def test_a_nerve_of_one_side_is_not_paired():
    assert pair_courses(table_of(profile(Nerve.C6, Side.LEFT)), SETTINGS) == {}


def test_missing_reference_leaves_the_area_alone():
    nothing = np.full(len(arc()), np.nan)
    table = table_of(profile(Nerve.C6, Side.LEFT), profile(Nerve.C6, Side.RIGHT))
    bare = profile(Nerve.C6, Side.RIGHT, reference=nothing)
    profiles = {**table.profiles, (Side.RIGHT, Nerve.C6): bare}
    paired = pair_courses(type(table)(table.measurements, profiles), SETTINGS)
    assert (Nerve.C6, Course.AREA) in paired
    assert (Nerve.C6, Course.RATIO) not in paired


def test_a_jump_across_a_failed_fit_ends_the_comparison():
    """1.6-fold over two steps would be a steep lesion; over a failed fit it is a neighbour."""
    nodes = arc()
    wide = np.where(nodes > 20.0, 1.6 * 9.0, 9.0)
    flags = [Quality.POOR_FIT if a == 20.0 else Quality.GOOD for a in nodes]
    left = profile(Nerve.MEDIAL_CORD, Side.LEFT, csa_mm2=wide, quality=flags)
    paired = pair(left, profile(Nerve.MEDIAL_CORD, Side.RIGHT))
    assert paired.arc_length_mm.max() < 20.0


@pytest.mark.parametrize(
    ("course", "share"),
    [(Course.AREA, 1.0), (Course.DIAMETER, 0.5), (Course.SIGNAL, 0.6), (Course.RATIO, 0.6)],
)
def test_common_errors_of_both_sides_are_independent(course, share):
    left, right = (
        replace(one, contrast_share=np.full(len(one.signal), 0.6))
        for one in (
            profile(Nerve.C6, Side.LEFT, common_error_percent=3.0),
            profile(Nerve.C6, Side.RIGHT, common_error_percent=4.0),
        )
    )
    np.testing.assert_allclose(pair(left, right, course).common_error, 0.05 * share)
