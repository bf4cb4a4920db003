"""Candidates for ganglia are the same whether nerves are looked for or not."""

import numpy as np

from plexus_mri.core.anatomy import Side
from plexus_mri.core.volume import Volume
from plexus_mri.segmentation.classical import find_ganglia, find_nerves
from plexus_mri.segmentation.settings import SegmentationSettings
from tests.unit.registration.test_frame import frame_and_nerve
from tests.unit.shapes import grid_of, tube_volume

FRAME = frame_and_nerve(12.0)[0]
SETTINGS = SegmentationSettings()
# Balls of a ganglion's size beside the canal, on the right and on the left.
PLACES = np.array([[14.0, 5.0, 12.0], [-13.0, 6.0, -8.0]])


def balls() -> Volume:
    up = np.array([0.0, 0.0, 0.5])
    tubes = [([place - up, place + up], 3.0, 100.0) for place in PLACES]
    return tube_volume(grid_of((70, 50, 70)), tubes)


def test_ganglia_are_found_at_bright_balls_beside_the_canal():
    found = find_ganglia(balls(), FRAME, SETTINGS)
    assert [g.side for g in found] == [Side.RIGHT, Side.LEFT]
    points = np.array([g.point_mm for g in found])
    assert np.abs(points - PLACES).max() < 0.5  # half a voxel of the working grid


def test_ganglia_alone_are_those_that_the_search_of_nerves_sees():
    alone, beside = find_ganglia(balls(), FRAME, SETTINGS), find_nerves(balls(), FRAME, SETTINGS)
    assert len(alone) == len(beside.ganglia) == len(PLACES)
    for one, other in zip(alone, beside.ganglia, strict=True):
        assert np.array_equal(one.point_mm, other.point_mm)
        assert one.strength == other.strength
