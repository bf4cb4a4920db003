import numpy as np
import pytest

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.canal_space import CanalSpace
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.core.template import MeanCourse, PlaceInTemplate, Template, TemplateMatch
from plexus_mri.core.template_transform import Deformation, TemplateTransform, voxel_points
from plexus_mri.core.transform import AffineTransform
from plexus_mri.core.volume import Volume
from plexus_mri.errors import InputError, StageError
from tests.unit.core.test_canal_space import frame_of
from tests.unit.shapes import grid_of

GRID = grid_of((41, 21, 31), 4.0)
CANAL = CanalSpace(frame_of(bend_mm=8.0, lean=0.1, twist_deg=8.0))


def waves(height_mm):
    """Smooth displacement along all axes, 100 mm from crest to crest."""
    points = voxel_points(GRID)
    shift = height_mm * np.sin(2 * np.pi * points[:, [1, 2, 0]] / 100.0)
    return Deformation(shift.T.reshape(3, *GRID.shape), GRID)


def scaled(size, level_mm=0.0):
    matrix = np.diag([size, size, size, 1.0])
    matrix[2, 3] = level_mm
    return AffineTransform(matrix)


def template_of(courses, probability=None):
    image = Volume(np.ones(GRID.shape), GRID)
    return Template(image, probability or {}, courses, 3, "three cases")


def straight(x_mm, spread_mm=2.0):
    line = Centerline(np.array([[x_mm, 0.0, 30.0], [x_mm + 40.0, 0.0, 0.0]]))
    return MeanCourse(line, np.full(2, spread_mm), 6)


def test_identity_moves_nothing_in_a_straight_patient():
    transform = TemplateTransform(
        CanalSpace(frame_of()), AffineTransform.identity(), Deformation.none(GRID)
    )
    points = voxel_points(GRID)
    assert transform.to_world(points) == pytest.approx(points + np.array([5.0, 0, 0]), abs=1e-3)
    assert transform.least_jacobian == pytest.approx(1.0, abs=1e-3)


def test_inverse_after_transform_is_the_identity():
    transform = TemplateTransform(CANAL, scaled(1.1, 20.0), waves(4.0))
    points = voxel_points(GRID)
    # Both inverses stop at 1e-4 mm a step; 0.01 mm is far below the 0.5 mm asked for.
    assert transform.from_world(transform.to_world(points)) == pytest.approx(points, abs=0.01)
    world = transform.to_world(points)
    assert transform.to_world(transform.from_world(world)) == pytest.approx(world, abs=0.01)


def test_jacobian_of_a_scaled_patient_is_its_volume():
    transform = TemplateTransform(CanalSpace(frame_of()), scaled(1.2), Deformation.none(GRID))
    assert transform.least_jacobian == pytest.approx(1.2**3, rel=1e-3)


def test_a_deformation_that_folds_is_refused():
    with pytest.raises(StageError, match=r"would fold in this patient: smallest Jacobian -"):
        TemplateTransform(CANAL, scaled(1.0), waves(30.0))


def test_the_mirrored_deformation_of_a_mirrored_place_is_the_mirrored_place():
    points, mirror = voxel_points(GRID), np.array([-1.0, 1.0, 1.0])
    there = waves(4.0).mirrored().apply(points * mirror)
    assert there == pytest.approx(waves(4.0).apply(points) * mirror, abs=1e-5)


def test_a_template_that_favours_a_side_is_refused():
    data = np.ones(GRID.shape)
    data[0] = 2.0
    with pytest.raises(InputError, match="not its own mirror image"):
        Template(Volume(data, GRID), {}, {}, 3, "three cases")


def test_distance_from_a_course_is_that_from_its_nearest_point():
    course = straight(20.0)
    aside = np.cross(course.centerline.tangents[0], [0.0, 1.0, 0.0])
    points = course.centerline.at(np.array([10.0, 25.0])) + 7.0 * aside
    # Points of the course are 0.4 mm apart.
    assert course.distance_mm(points) == pytest.approx([7.0, 7.0], abs=0.02)


def test_a_nerve_is_far_beyond_its_limit_only_and_says_whose_place_it_has():
    far = PlaceInTemplate(12.3, 9.0, 0.0, Nerve.UPPER_TRUNK)
    assert far.is_far
    assert not PlaceInTemplate(9.0, 9.0, 0.1, Nerve.C5).is_far
    assert far.sentence == (
        "12.3 mm from where the template expects it (limit 9 mm), nearest to its upper trunk."
    )


def test_the_nearest_course_is_looked_for_on_the_same_side():
    courses = {(Side.RIGHT, Nerve.C5): straight(20.0), (Side.RIGHT, Nerve.C6): straight(30.0)}
    courses[Side.LEFT, Nerve.C7] = straight(28.0)
    points = straight(29.0).centerline.points_mm
    assert template_of(courses).nearest(Side.RIGHT, points) is Nerve.C6


def test_probability_is_a_share_and_zero_outside():
    key = Side.RIGHT, Nerve.C5
    percents = np.full(GRID.shape, 25, dtype=np.uint8)
    template = template_of({}, {key: percents})
    found = template.probability_at(key, np.array([[0.0, 0, 0], [900.0, 0, 0]]))
    assert found == pytest.approx([0.25, 0.0])
    assert template.probability_at((Side.LEFT, Nerve.C5), np.zeros((2, 3))).max() == 0


def test_nerves_go_to_template_space_and_nowhere_without_a_place():
    line = straight(20.0).centerline
    transform = TemplateTransform(CANAL, scaled(1.1, 15.0), waves(3.0))
    traced = TracedNerve(Centerline(transform.to_world(line.points_mm)), 1.0, {}, np.ones(2))
    tree = NerveTree({(Side.RIGHT, Nerve.C5): traced})
    match = TemplateMatch(template_of({}), transform, 0.1)
    found = match.centerlines(tree)[Side.RIGHT, Nerve.C5]
    assert found.points_mm == pytest.approx(line.points_mm, abs=0.01)
    assert TemplateMatch(template_of({}), None).centerlines(tree) == {}


def test_an_image_in_template_space_has_the_values_of_the_places_it_came_from():
    slope = Volume(np.indices((80, 60, 80))[0].astype(float), grid_of((80, 60, 80), 3.0))
    transform = TemplateTransform(CanalSpace(frame_of()), scaled(1.0), Deformation.none(GRID))
    found = transform.image_in_template(slope)
    places = transform.to_world(voxel_points(GRID)).reshape(*GRID.shape, 3)
    assert found.data == pytest.approx((places[..., 0] + 118.5) / 3.0, abs=1e-3)
