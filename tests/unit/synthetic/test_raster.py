"""Tubes fill the voxels they should."""

import numpy as np
import pytest

from plexus_mri.core.grid import Grid
from plexus_mri.synthetic.raster import tube_coverage
from plexus_mri.synthetic.shapes import Tube, arc_lengths, section_axis, smooth_curve

BOX = Grid((44, 32, 32), np.eye(4))
BENT = smooth_curve(np.array([[6.0, 10, 10], [20, 12, 16], [36, 20, 21]]))


def tube(radius_mm: float, flatness: float, points_mm: np.ndarray = BENT) -> Tube:
    """A flat-ended tube of constant elliptical section."""
    size = np.full(len(points_mm), radius_mm)
    axis = section_axis(points_mm, np.array([0.0, 0.0, 1.0]))
    return Tube(points_mm, axis, size * flatness, size / flatness, rounded=False)


@pytest.mark.parametrize("radius_mm", [1.35, 2.0, 3.2])
@pytest.mark.parametrize("flatness", [1.0, 1.25])
def test_bent_tube_integrates_to_its_volume(radius_mm: float, flatness: float) -> None:
    coverage = tube_coverage(BOX, tube(radius_mm, flatness), samples=(4, 4, 4))
    assert coverage is not None
    volume = np.pi * radius_mm**2 * arc_lengths(BENT)[-1]
    # Edges are softened over 0.25 mm: the error is of order (0.25 / radius)² / 8.
    assert coverage.share.sum() == pytest.approx(volume, rel=0.006)


def test_one_sample_a_voxel_is_good_for_wide_solids() -> None:
    coverage = tube_coverage(BOX, tube(6.0, 1.0), samples=(1, 1, 1))
    assert coverage is not None
    volume = np.pi * 6.0**2 * arc_lengths(BENT)[-1]
    # Softened over 1 mm instead, and the box cuts nothing off.
    assert coverage.share.sum() == pytest.approx(volume, rel=0.02)


def test_rounded_ends_of_a_ball_give_its_volume() -> None:
    points = np.array([[20.0, 15, 15], [20.2, 15, 15]])
    axis = np.tile([0.0, 0.0, 1.0], (2, 1))
    ball = Tube(points, axis, np.full(2, 5.0), np.full(2, 5.0))
    coverage = tube_coverage(BOX, ball, samples=(4, 4, 4))
    assert coverage is not None
    volume = 4 / 3 * np.pi * 125 + np.pi * 25 * 0.2
    assert coverage.share.sum() == pytest.approx(volume, rel=0.01)


def test_tube_outside_the_grid_covers_nothing() -> None:
    away = BENT + np.array([200.0, 0, 0])
    assert tube_coverage(BOX, tube(2.0, 1.0, away), samples=(1, 1, 1)) is None


def test_share_is_within_zero_and_one() -> None:
    coverage = tube_coverage(BOX, tube(3.0, 1.3), samples=(2, 2, 2))
    assert coverage is not None
    assert coverage.share.min() >= 0
    assert coverage.share.max() <= 1
