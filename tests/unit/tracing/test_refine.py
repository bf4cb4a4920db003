import numpy as np
import pytest
from scipy.spatial import cKDTree

from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import Volume
from plexus_mri.tracing.refine import recentre, smooth_curve
from plexus_mri.tracing.segments import meeting_mm
from plexus_mri.tracing.trace import unseen_stretches_mm
from tests.unit.shapes import grid_of, tube_volume


def arc_points(radius_mm=40.0):
    angle = np.linspace(-0.5, 0.5, 60)
    return np.stack(
        [radius_mm * np.sin(angle), 0 * angle, radius_mm * (np.cos(angle) - 0.9)], axis=1
    )


def test_recentring_halves_the_error_of_a_displaced_curve_at_least():
    truth = arc_points()
    image = tube_volume(grid_of(), [(truth, 2.0, 100.0)])
    rng = np.random.default_rng(3)
    rough = smooth_curve(truth + rng.normal(0, 0.6, truth.shape) + np.array([0, 0.7, 0]), 1.0, 2.0)
    found = recentre(image, rough, (), smooth_mm=2.0)
    error = cKDTree(Centerline(truth).resampled_evenly(0.1).points_mm).query(
        found.line.points_mm[2:-2]
    )[0]
    assert np.median(error) < 0.25  # mm; a quarter voxel
    assert found.radius_mm[5:-5] == pytest.approx(2.0, abs=0.4)


def test_smoothing_keeps_the_end_points_and_the_length():
    truth = arc_points()
    line = smooth_curve(truth, 1.0, 2.0)
    assert line.points_mm[[0, -1]] == pytest.approx(truth[[0, -1]], abs=0.05)
    assert line.length_mm == pytest.approx(Centerline(truth).length_mm, rel=0.01)


def test_a_brighter_neighbour_does_not_draw_the_curve_over():
    own = np.stack([np.linspace(-25, 25, 60), np.zeros(60), np.zeros(60)], axis=1)
    neighbour = own + np.array([0, 5.0, 0])
    image = tube_volume(grid_of(), [(own, 2.0, 80.0), (neighbour, 2.0, 160.0)])
    found = recentre(image, Centerline(own), (Centerline(neighbour),), smooth_mm=2.0)
    assert np.abs(found.line.points_mm[:, 1]).max() < 0.5


def test_curves_meet_where_they_come_within_a_nerve_of_each_other():
    x = np.linspace(0, 60, 121)
    one = Centerline(np.stack([x, 0 * x, 0 * x], axis=1))
    two = Centerline(np.stack([x, np.maximum(0, 30 - x), 0 * x], axis=1))
    assert meeting_mm(one, two) == pytest.approx(28.5, abs=1.0)  # within 2 mm at 45°
    apart = Centerline(np.stack([x, 0 * x + 8, 0 * x], axis=1))
    assert meeting_mm(one, apart) is None


def test_a_stretch_without_a_tube_is_a_bridge_and_the_rest_is_none():
    share = np.ones((41, 5, 5))
    share[12:16] = 0.0
    share[39:] = 0.0
    tubes = Volume(share, Grid(share.shape, np.eye(4)))
    line = Centerline(np.stack([np.arange(41.0), np.full(41, 2.0), np.full(41, 2.0)], axis=1))
    bridges = unseen_stretches_mm(line, tubes, 0.15)
    assert bridges == ((12.0, 15.0), (39.0, 40.0))
    assert unseen_stretches_mm(line, tubes.with_data(np.ones_like(share)), 0.15) == ()
