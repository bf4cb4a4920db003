import numpy as np
import pytest

from plexus_mri.core.anatomy import ROOTS, Nerve, Side
from plexus_mri.tracing.expected import Anatomy
from plexus_mri.tracing.field import side_fields
from plexus_mri.tracing.levels import chain_levels
from plexus_mri.tracing.paths import Outward
from plexus_mri.tracing.roots import find_roots
from plexus_mri.tracing.settings import TracingSettings
from tests.unit.tracing.straight import FRAME, GRID, course, dense, evidence, ganglion

SETTINGS = TracingSettings()
UPRIGHT = Anatomy(FRAME, 1.0)
NO_POINTS = np.empty((0, 3))
ALL = [course(side, nerve) for side in Side for nerve in ROOTS]


def fields(seen):
    return side_fields(seen, FRAME, SETTINGS)


def outward(seen, side=Side.RIGHT):
    field = fields(seen)[side]
    ends = field.shell(SETTINGS.gather_lateral_mm - 3)
    return Outward(field, ends, [ganglion(side, nerve) for nerve in ROOTS])


def distance_mm(points_mm, line_mm):
    gap = np.linalg.norm(points_mm[:, None] - dense(line_mm)[None], axis=-1)
    return gap.min(axis=1)


def test_all_ten_roots_are_named_and_followed():
    seen = evidence(ALL)
    roots = find_roots(fields(seen), chain_levels(seen.ganglia, SETTINGS), UPRIGHT, SETTINGS)
    assert roots.naming.first == 0
    for side in Side:
        assert set(roots.paths[side]) == set(ROOTS)
        for nerve, way in roots.paths[side].items():
            # 2 mm: half the tube's width and the voxel diagonal.
            assert distance_mm(way.own.points_mm, course(side, nerve)).max() <= 2.0


def test_the_way_near_the_expected_course_wins_over_a_shortcut_through_a_neighbour():
    thin = evidence([c for c in ALL if not np.array_equal(c, course(Side.RIGHT, Nerve.C5))])
    dim = evidence([course(Side.RIGHT, Nerve.C5)], brightness=0.3)
    both = np.maximum(thin.tubularity.data, dim.tubularity.data)
    seen = type(thin)(thin.tubularity.with_data(both), thin.ganglia, 1.0)
    line = course(Side.RIGHT, Nerve.C5)
    way = outward(seen).guided(ganglion(Side.RIGHT, Nerve.C5), line, NO_POINTS, clear_mm=3.5)
    near = way.own.points_mm[way.own.arc_length_mm <= 20.0]
    assert distance_mm(near, line).max() <= 2.0


def test_what_other_roots_have_taken_is_kept_clear_of():
    side, line = Side.RIGHT, course(Side.RIGHT, Nerve.C7)
    wall = np.array([[25.0, y, z] for y in range(-19, 39) for z in range(-20, 40)])
    ways = outward(evidence(ALL), side)
    assert ways.guided(ganglion(side, Nerve.C7), line, wall, clear_mm=3.5) is None


@pytest.mark.parametrize("side", Side)
def test_a_clear_nerve_on_its_course_has_little_strain_and_a_wrong_course_much(side):
    ways = outward(evidence(ALL), side)
    right = ways.guided(ganglion(side, Nerve.C6), course(side, Nerve.C6), NO_POINTS, clear_mm=3.5)
    moved = course(side, Nerve.C6) + np.array([0, 0, 17.5])
    wrong = ways.guided(ganglion(side, Nerve.C6), moved, NO_POINTS, clear_mm=3.5)
    assert right.strain < 0.2
    assert wrong is None or wrong.strain > right.strain + 0.5


def test_an_image_without_tubes_has_no_roots():
    blank = evidence([])
    assert GRID.shape == blank.tubularity.data.shape
    chain = chain_levels(blank.ganglia, SETTINGS)
    assert find_roots(fields(blank), chain, UPRIGHT, SETTINGS) is None
