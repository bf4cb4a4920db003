import numpy as np
import pytest

from plexus_mri.segmentation.tubularity import _two_lowest_eigenvalues, bright_tubes
from tests.unit.shapes import grid_of, tube_volume

SCALES = (1.0, 1.5, 2.2, 3.0, 3.6)


def test_eigenvalues_equal_those_of_a_library():
    rng = np.random.default_rng(0)
    for _ in range(50):
        xx, yy, zz, xy, xz, yz = rng.normal(size=6)
        expected = np.linalg.eigvalsh([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
        found = _two_lowest_eigenvalues(xx, yy, zz, xy, xz, yz)
        assert found == pytest.approx(expected[:2], abs=1e-6)


@pytest.mark.parametrize("radius_mm", [1.4, 2.0, 3.0, 5.0])
def test_response_peaks_on_the_axis_of_narrow_and_wide_tubes(radius_mm):
    volume = tube_volume(grid_of(), [([[-25, 0, -10], [25, 0, 10]], radius_mm, 100.0)])
    response = bright_tubes(volume.data, SCALES, 1.0)
    section = response[30]
    j, k = np.unravel_index(section.argmax(), section.shape)
    y, z = volume.grid.to_world([[30.0, j, k]])[0, 1:]
    axis_z = volume.grid.to_world([[30.0, 0, 0]])[0, 0] * 10 / 25
    assert np.hypot(y, z - axis_z) < 1.0  # one voxel


def test_sheet_answers_far_less_than_tube():
    grid = grid_of()
    tube = tube_volume(grid, [([[-25, 0, 0], [25, 0, 0]], 2.0, 100.0)])
    sheet = np.full(grid.shape, 50.0, dtype=np.float32)
    sheet[:, 18:22, :] = 150.0
    of_sheet = bright_tubes(sheet, SCALES, 1.0)[20:40, 10:30, 20:40].max()
    of_tube = bright_tubes(tube.data, SCALES, 1.0)[20:40, 10:30, 20:40].max()
    assert of_sheet < 0.15 * of_tube


def test_gain_of_the_image_scales_the_response():
    volume = tube_volume(grid_of(), [([[-25, 0, 0], [25, 0, 0]], 2.0, 100.0)])
    once = bright_tubes(volume.data, SCALES, 1.0)
    twice = bright_tubes(volume.data * 2, SCALES, 1.0)
    assert twice == pytest.approx(2 * once, rel=1e-4, abs=1e-3)
