import numpy as np
import pytest

from plexus_mri.core.anatomy import CORDS, Nerve, Side
from plexus_mri.tracing.cords import cord_options, name_cords, trace_cords
from plexus_mri.tracing.expected import BEYOND, GATHERED, Anatomy
from plexus_mri.tracing.field import side_fields
from plexus_mri.tracing.settings import TracingSettings
from tests.unit.tracing.straight import FRAME, dense, evidence, on_side

SETTINGS = TracingSettings(farthest_lateral_mm=112.0)
RUN = (np.array(BEYOND) - np.array(GATHERED)) * 0.9
# Places of the cords about their middle, forward and up: lateral before, posterior behind,
# medial below the artery.
PLACES = {
    Nerve.LATERAL_CORD: (0.0, 5.0, 4.0),
    Nerve.POSTERIOR_CORD: (0.0, -3.0, 4.0),
    Nerve.MEDIAL_CORD: (0.0, -2.0, -8.0),
}
TRUNKS = (Nerve.UPPER_TRUNK, Nerve.MIDDLE_TRUNK, Nerve.LOWER_TRUNK)


def cord(side, nerve, shift=(0.0, 0.0, 0.0)):
    """Straight course of a cord with the stretch of its trunk before it."""
    start = np.array(GATHERED) + PLACES[nerve]
    return on_side([start - 0.7 * RUN, start, start + RUN + shift], side)


def traced(side, courses):
    seen = evidence(courses, brightness=1.0)
    field = side_fields(seen, FRAME, SETTINGS)[side]
    gathered = on_side([GATHERED], side)[0]
    far = min(SETTINGS.farthest_lateral_mm, field.reach_mm)
    run = Anatomy(FRAME, 1.0).beyond(side, gathered, far) - gathered
    ends = {t: cord(side, c)[0] for t, c in zip(TRUNKS, PLACES, strict=True)}
    option = cord_options(field, ends, gathered, run, SETTINGS)
    return trace_cords(option, name_cords({side: option})[side], SETTINGS)


def off_mm(points_mm, course_mm):
    gap = np.linalg.norm(points_mm[:, None] - dense(course_mm)[None], axis=-1)
    return float(gap.min(axis=1).max())


@pytest.mark.parametrize("side", Side)
def test_each_cord_follows_its_own_tube(side):
    found = traced(side, [cord(side, nerve) for nerve in CORDS])
    assert set(found) == set(CORDS)
    for nerve, points in found.items():
        # 2 mm: half the tube's width and the voxel diagonal.
        assert off_mm(points, cord(side, nerve)) <= 2.0, nerve


def test_arms_that_lie_lower_are_followed_by_all_cords_together():
    lower = (0.0, 2.0, -10.0)
    found = traced(Side.LEFT, [cord(Side.LEFT, nerve, lower) for nerve in CORDS])
    for nerve, points in found.items():
        assert off_mm(points, cord(Side.LEFT, nerve, lower)) <= 2.0, nerve
