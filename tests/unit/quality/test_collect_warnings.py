from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.case import QualityNumber
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.comparison import Comparison, Pattern, Verdict
from plexus_mri.core.frame import PatientFrame, SideProof
from plexus_mri.core.landmarks import StatedLevel, StatedLevels
from plexus_mri.core.measurement import MeasurementTable, Quality, Quantity
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.core.norms import Norms
from plexus_mri.core.reference import ReferenceTissue
from plexus_mri.core.template import PlaceInTemplate, Template, TemplateMatch
from plexus_mri.core.volume import EvenImage, Volume
from plexus_mri.io.reference import read_norms
from plexus_mri.quality import collect_warnings
from plexus_mri.quality.warn import (
    warnings_of_map_zeros,
    warnings_of_reference,
    warnings_of_shading,
    warnings_of_stated,
    warnings_of_template,
    warnings_of_values,
)
from plexus_mri.reasons import ReasonCode
from plexus_mri.synthetic.profiles import arc
from tests.nerve_tables import profile, table_of
from tests.unit.shapes import grid_of

PROOF = SideProof("sform (code 1)", "canal", 1.0, 12.0, proven=True)
CANAL = Centerline(np.array([[0.0, 0.0, 50.0], [0.0, 0.0, -50.0]]))
FRAME = PatientFrame(CANAL, np.array([1.0, 0.0, 0.0]), PROOF)
NO_TREE = NerveTree({})
EMPTY = MeasurementTable(())
NORMS = read_norms()


def traced(*reasons):
    points = np.array([[15.0, 0.0, 0.0], [60.0, 0.0, 0.0]])
    return TracedNerve(Centerline(points), 0.8, {}, np.ones(2), (), reasons)


def area_row(percent, verdict=Verdict.LEFT_LARGER):
    return Comparison(
        Nerve.C6,
        Quantity.CSA_MEAN,
        10.0,
        9.0,
        percent,
        percent - 3,
        percent + 3,
        5.0,
        verdict,
        Pattern.DIFFUSE,
    )


def test_a_sound_case_has_no_warning():
    table = table_of(profile(Nerve.C6, Side.LEFT), profile(Nerve.C6, Side.RIGHT))
    tree = NerveTree({key: traced() for key in table.profiles})
    assert collect_warnings(FRAME, tree, table, (), (), NORMS) == ()


def test_missing_nerves_share_a_warning_per_reason():
    missing = {
        (Side.LEFT, Nerve.T1): ReasonCode.NERVE_NOT_FOUND,
        (Side.RIGHT, Nerve.T1): ReasonCode.NERVE_NOT_FOUND,
        (Side.RIGHT, Nerve.C5): ReasonCode.NERVE_NOT_FOUND,
        (Side.LEFT, Nerve.MEDIAL_CORD): ReasonCode.COVERAGE_LEFT,
    }
    found = collect_warnings(FRAME, NerveTree({}, missing), EMPTY, (), (), NORMS)
    assert [(w.reason, w.where) for w in found] == [
        (ReasonCode.COVERAGE_LEFT, "medial cord left"),
        (ReasonCode.NERVE_NOT_FOUND, "C5 right, T1 both sides"),
    ]
    assert found[1].sentence == f"C5 right, T1 both sides: {ReasonCode.NERVE_NOT_FOUND.text}"


@pytest.mark.parametrize("reason", [ReasonCode.LEVEL_DOUBT, ReasonCode.LOW_CONFIDENCE])
def test_doubt_of_a_trace_is_said(reason):
    tree = NerveTree({(Side.LEFT, Nerve.C7): traced(reason)})
    (warning,) = collect_warnings(FRAME, tree, EMPTY, (), (), NORMS)
    assert (warning.reason, warning.where) == (reason, "C7 left")


def test_levels_of_the_user_are_said_with_what_was_stated():
    place = StatedLevel(Nerve.C6, np.array([14.0, 7.0, 33.0]), Side.RIGHT)
    (warning,) = warnings_of_stated(StatedLevels("l.tsv", (place,)))
    assert (warning.reason, warning.where) == (ReasonCode.LEVEL_STATED, "levels")
    assert "C6 R at [14.0, 7.0, 33.0] mm" in warning.sentence
    assert warnings_of_stated(None) == ()


def test_a_doubt_of_trace_and_profile_alike_is_said_once():
    table = table_of(profile(Nerve.C7, Side.LEFT, quality=[Quality.LOW_CONFIDENCE] * len(arc())))
    tree = NerveTree({(Side.LEFT, Nerve.C7): traced(ReasonCode.LOW_CONFIDENCE)})
    assert len(collect_warnings(FRAME, tree, table, (), (), NORMS)) == 1


@pytest.mark.parametrize(
    ("flag", "reason"),
    [
        (Quality.THIN, ReasonCode.THIN_FOR_VOXEL),
        (Quality.TOUCHING, ReasonCode.NERVES_TOUCH),
        (Quality.MASK_DISAGREES, ReasonCode.MASK_DISAGREES),
    ],
)
def test_what_the_rows_of_a_nerve_remark_is_said(flag, reason):
    table = table_of(profile(Nerve.C5, Side.RIGHT), profile(Nerve.C5, Side.LEFT))
    flagged = [
        replace(row, quality=flag) if row.side is Side.RIGHT else row for row in table.measurements
    ]
    found = collect_warnings(
        FRAME, NO_TREE, replace(table, measurements=tuple(flagged)), (), (), NORMS
    )
    assert [(w.reason, w.where) for w in found] == [(reason, "C5 right")]


def test_no_midline_and_unproven_sides_come_first():
    missing = NerveTree({}, {(Side.LEFT, Nerve.C5): ReasonCode.MIDLINE_NOT_FOUND})
    found = collect_warnings(None, missing, EMPTY, (), (), NORMS)
    assert (found[0].reason, found[0].where) == (ReasonCode.MIDLINE_NOT_FOUND, "image")
    unproven = replace(FRAME, proof=replace(PROOF, proven=False))
    found = collect_warnings(unproven, NO_TREE, EMPTY, (), (), NORMS)
    assert [w.reason for w in found] == [ReasonCode.SIDE_UNPROVEN]


def test_only_numbers_that_fail_are_said_with_value_and_cutoff():
    passed = QualityNumber("edge_width_mm", 1.2, "mm", "at most 1.6", "Source.", passed=True)
    failed = replace(passed, value=2.345, passed=False)
    unknown = replace(passed, value=None, passed=None)
    (warning,) = collect_warnings(FRAME, NO_TREE, EMPTY, (passed, failed, unknown), (), NORMS)
    assert warning.reason is ReasonCode.QUALITY_LOW
    assert warning.sentence == "The edge width is 2.35 mm, asked for is at most 1.6. Source."


@pytest.mark.parametrize(
    ("percent", "verdict", "said"),
    [
        (18.0, Verdict.LEFT_LARGER, True),
        (-18.0, Verdict.RIGHT_LARGER, True),
        (45.0, Verdict.LEFT_LARGER, False),
        (18.0, Verdict.NO_DIFFERENCE, False),
    ],
)
def test_a_sure_difference_within_the_spread_of_healthy_sides_is_said(percent, verdict, said):
    found = collect_warnings(FRAME, NO_TREE, EMPTY, (), (area_row(percent, verdict),), NORMS)
    assert [w.reason for w in found] == [ReasonCode.HEALTHY_SPREAD] * said


def test_the_spread_of_healthy_sides_is_said_with_its_modality_people_and_source():
    (warning,) = collect_warnings(FRAME, NO_TREE, EMPTY, (), (area_row(18.0),), NORMS)
    assert warning.sentence == (
        "C6: The sides differ, but no more than in healthy people. Up to about 30 % in area is "
        "not unusual (ultrasound of 95 people, Won 2012)."
    )


def test_without_norms_no_spread_is_said():
    assert collect_warnings(FRAME, NO_TREE, EMPTY, (), (area_row(18.0),), Norms()) == ()


def test_names_that_may_be_exchanged_are_said_once():
    row = replace(area_row(20.0, Verdict.NOT_COMPARABLE), reason=ReasonCode.NAME_DOUBT)
    rows = (row, replace(row, quantity=Quantity.CSA_MAX))
    (warning,) = collect_warnings(FRAME, NO_TREE, EMPTY, (), rows, NORMS)
    assert (warning.reason, warning.where) == (ReasonCode.NAME_DOUBT, "C6 both sides")


def template_match(**found):
    image = Volume(np.ones((3, 3, 3)), grid_of((3, 3, 3)))
    return TemplateMatch(Template(image, {}, {}, 3, "three cases"), None, **found)


def test_only_nerves_beyond_the_limit_of_the_template_are_said():
    places = {
        (Side.LEFT, Nerve.C5): PlaceInTemplate(14.0, 9.0, 0.0, Nerve.C6),
        (Side.RIGHT, Nerve.C5): PlaceInTemplate(3.0, 9.0, 0.3, Nerve.C5),
    }
    (warning,) = warnings_of_template(template_match(places=places))
    assert warning.reason is ReasonCode.TEMPLATE_FAR
    assert warning.sentence == (
        "C5 left: 14.0 mm from where the template expects it (limit 9 mm), nearest to its C6."
    )


def test_a_case_without_a_place_in_the_template_says_why():
    why = {"reason": ReasonCode.TEMPLATE_NOT_REGISTERED, "sentence": "No likeness."}
    (warning,) = warnings_of_template(template_match(**why))
    assert (warning.reason, warning.where) == (ReasonCode.TEMPLATE_NOT_REGISTERED, "template")
    assert warning.sentence == "No likeness."
    assert warnings_of_template(None) == ()


def test_a_reference_of_one_side_is_told_with_the_side_and_the_ratio():
    unequal = replace(ReferenceTissue.none(), left_right_ratio=1.46, taken_from=Side.RIGHT)
    (warning,) = warnings_of_reference(replace(EMPTY, reference=unequal))
    assert warning.reason is ReasonCode.REFERENCE_UNEQUAL
    assert "1.46" in warning.sentence
    assert "right muscle alone" in warning.sentence
    pooled = replace(unequal, left_right_ratio=1.05, taken_from=None)
    assert warnings_of_reference(replace(EMPTY, reference=pooled)) == ()


@pytest.mark.parametrize(("negative", "said"), [(0, False), (5, False), (20, True)])
def test_negative_values_are_said_with_their_share(negative, said):
    values = np.ones(1000)
    values[:negative] = -1.0
    found = warnings_of_values(Volume(values.reshape(10, 10, 10), grid_of((10, 10, 10), 1.0)))
    assert [w.reason for w in found] == [ReasonCode.PIXEL_NEGATIVE] * said
    assert all("2 % of its voxels are below 0" in w.sentence for w in found)


def test_shading_that_was_left_in_the_image_is_said():
    image = Volume(np.ones((4, 4, 4)), grid_of((4, 4, 4), 1.0))
    (warning,) = warnings_of_shading(EvenImage(image))
    assert warning.reason is ReasonCode.SHADING_KEPT
    assert warnings_of_shading(EvenImage(image, image)) == ()


def test_shading_that_is_hardly_known_is_said_with_its_error():
    image = Volume(np.ones((4, 4, 4)), grid_of((4, 4, 4), 1.0))
    (warning,) = warnings_of_shading(EvenImage(image, image, 0.14))
    assert warning.reason is ReasonCode.SHADING_DOUBT
    assert "±14 %" in warning.sentence
    assert warnings_of_shading(EvenImage(image, image, 0.04)) == ()


def test_zeros_of_a_map_in_a_nerve_are_told():
    left, right = (Side.LEFT, Nerve.C5), (Side.RIGHT, Nerve.C5)
    (warning,) = warnings_of_map_zeros({"MD": {left: 2, right: 3}})
    assert warning.reason is ReasonCode.MAP_ZERO
    assert "5 nodes (C5 both sides)" in warning.sentence
