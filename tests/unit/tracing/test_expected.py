import numpy as np
import pytest

from plexus_mri.core.anatomy import ROOTS, Nerve, Side
from plexus_mri.tracing.expected import GATHERED, STEP_MM, Anatomy, body_scale
from tests.unit.tracing.straight import FRAME, course, ganglion, on_side

UPRIGHT = Anatomy(FRAME, 1.0)


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("nerve", ROOTS)
def test_an_upright_patient_has_the_courses_of_the_table(side, nerve):
    found = UPRIGHT.course(ganglion(side, nerve), nerve, on_side(GATHERED, side))
    np.testing.assert_allclose(found, course(side, nerve), atol=1e-9)


def test_a_course_starts_at_its_ganglion_and_ends_where_the_plexus_gathers():
    gathered = np.array([88.0, 20.0, -45.0])
    found = UPRIGHT.course(ganglion(Side.RIGHT, Nerve.C7), Nerve.C7, gathered)
    np.testing.assert_allclose(found[0], ganglion(Side.RIGHT, Nerve.C7).point_mm)
    np.testing.assert_allclose(found[-1], gathered)


def test_a_lower_shoulder_bends_the_far_part_more_than_the_near_one():
    low = on_side(GATHERED, Side.LEFT) - np.array([0, 0, 15.0])
    plain = UPRIGHT.course(ganglion(Side.LEFT, Nerve.C5), Nerve.C5, on_side(GATHERED, Side.LEFT))
    drop = (plain - UPRIGHT.course(ganglion(Side.LEFT, Nerve.C5), Nerve.C5, low))[:, 2]
    assert (np.diff(drop) > 0).all()
    assert drop[0] == pytest.approx(0.0)
    assert drop[-1] == pytest.approx(15.0)


def test_the_gathering_is_expected_at_the_distance_asked_for():
    point = UPRIGHT.gathering(ganglion(Side.LEFT, Nerve.C6), Nerve.C6, 70.0)
    assert FRAME.lateral_mm(point[None])[0] == pytest.approx(-70.0)


def test_scale_follows_the_distance_of_the_ganglia_within_adult_limits():
    assert body_scale(np.arange(6) * STEP_MM * 1.1) == pytest.approx(1.1)
    assert body_scale(np.arange(6) * 60.0) == pytest.approx(1.25)
    assert body_scale(np.array([10.0])) == 1.0
