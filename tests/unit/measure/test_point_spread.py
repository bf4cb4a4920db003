"""The point spread: box and blur of a voxel, seen along a nerve."""

import numpy as np
import pytest

from plexus_mri.measure.point_spread import PointSpread
from tests.unit.measure.tubes import grid_of, turned


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 2.0, 1.0), (0.8, 3.0, 1.1)])
def test_parts_and_their_boxes_have_the_variance_of_the_voxel(
    spacing: tuple[float, float, float],
) -> None:
    spread = PointSpread.of_grid(grid_of(spacing), np.zeros(3), 1.25)
    whole = np.cov(spread.part_offsets_mm.T, bias=True) + spread.covariance_mm2
    assert np.diag(whole) == pytest.approx(np.array(spacing) ** 2 / 12)


def test_parts_are_no_longer_than_asked() -> None:
    spread = PointSpread.of_grid(grid_of((1.0, 3.0, 1.0)), np.zeros(3), 1.25)
    assert len(spread.part_offsets_mm) == 3
    assert sorted(spread.part_offsets_mm[:, 1]) == pytest.approx([-1.0, 0.0, 1.0])


def test_blur_adds_to_the_box_along_its_own_axis_of_a_turned_grid() -> None:
    rotation = turned(30.0, (0, 0, 1))
    grid = grid_of((1.0, 1.0, 1.0), rotation=rotation)
    spread = PointSpread.of_grid(grid, np.array([0.5, 0.0, 0.0]), 1.25)
    along = rotation[:, 0]
    assert along @ spread.covariance_mm2 @ along == pytest.approx(1 / 12 + 0.25)
    across = rotation[:, 1]
    assert across @ spread.covariance_mm2 @ across == pytest.approx(1 / 12)


def test_whitening_makes_the_spread_in_the_plane_round() -> None:
    spread = PointSpread.of_grid(grid_of((1.0, 2.0, 1.0)), np.array([0.2, 0.1, 0.4]), 1.25)
    rotation = turned(40.0, (1, 2, 1))
    first, second = rotation[:, 0], rotation[:, 1]
    plane = np.stack([first, second])
    whiten = spread.whitening(first, second)
    round_spread = whiten @ (plane @ spread.covariance_mm2 @ plane.T) @ whiten.T
    assert round_spread == pytest.approx(np.eye(2), abs=1e-12)
