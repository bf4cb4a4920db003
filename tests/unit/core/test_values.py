import itertools

import numpy as np
import pytest

from plexus_mri.core.anatomy import NERVE_KEYS, Nerve, Side, label_index
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import Grid, same_grid
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.core.resample import isotropic_copy
from plexus_mri.core.transform import RigidTransform
from plexus_mri.core.volume import LabelMap, Volume
from plexus_mri.errors import InputError, StageError

ORDERS = [
    (order, flips)
    for order in itertools.permutations(range(3))
    for flips in itertools.product((False, True), repeat=3)
]
OBLIQUE = np.array(
    [[0.98, -0.1, 0.05, -20], [0.12, 1.45, 0.2, 3], [-0.06, -0.2, 0.97, 40], [0, 0, 0, 1]]
)


def stored_as(volume: Volume, order, flips) -> Volume:
    """The same image with its array axes permuted and flipped, and the affine to match."""
    old_from_new = np.zeros((4, 4))
    old_from_new[3, 3] = 1
    for new, (old, flip) in enumerate(zip(order, flips, strict=True)):
        old_from_new[old, new] = -1 if flip else 1
        old_from_new[old, 3] = volume.grid.shape[old] - 1 if flip else 0
    data = np.transpose(volume.data, order)
    data = data[tuple(slice(None, None, -1 if f else 1) for f in flips)]
    return Volume(data, Grid(data.shape, volume.grid.affine @ old_from_new))


@pytest.fixture(scope="module")
def volume() -> Volume:
    data = np.random.default_rng(1).normal(size=(5, 6, 7)).astype(np.float32)
    return Volume(data, Grid(data.shape, OBLIQUE))


@pytest.mark.parametrize(("order", "flips"), ORDERS)
def test_every_axis_order_gives_the_same_ras_array(volume, order, flips):
    expected = volume.to_ras()
    found = stored_as(volume, order, flips).to_ras()
    assert np.array_equal(found.data, expected.data)
    assert found.grid.affine == pytest.approx(expected.grid.affine, abs=1e-12)


@pytest.mark.parametrize(("order", "flips"), ORDERS[::7])
def test_reordering_changes_no_world_points_value(volume, order, flips):
    points = volume.grid.to_world([[1, 2, 3], [4, 0, 6], [0, 5, 1]])
    assert stored_as(volume, order, flips).sample(points) == pytest.approx(volume.sample(points))


def test_mirroring_moves_a_value_from_x_to_minus_x(volume):
    points = volume.grid.to_world([[1, 2, 3]])
    mirrored = volume.mirrored().to_ras()
    assert mirrored.sample(points * [-1, 1, 1]) == pytest.approx(volume.sample(points))


def test_outside_the_field_of_view_there_is_no_value(volume):
    assert np.isnan(volume.sample(np.array([[500.0, 0, 0]]))).all()


def test_a_zero_spacing_is_refused():
    with pytest.raises(InputError, match="a spacing is zero"):
        Grid((2, 2, 2), np.diag([1.0, 1.0, 0.0, 1.0]))


def test_an_affine_with_nan_is_refused():
    with pytest.raises(InputError, match="finite"):
        Grid((2, 2, 2), np.full((4, 4), np.nan))


def test_array_of_another_shape_is_refused():
    with pytest.raises(InputError, match=r"\(2, 2, 2\) does not fit a grid of \(3, 2, 2\)"):
        Volume(np.zeros((2, 2, 2)), Grid((3, 2, 2), np.eye(4)))


def test_values_cannot_be_written_to(volume):
    with pytest.raises(ValueError, match="read-only"):
        volume.data[0, 0, 0] = 1


def test_voxels_and_world_points_are_inverse(volume):
    ijk = np.array([[0.3, 4.0, 2.2], [4, 5, 6]])
    assert volume.grid.to_voxel(volume.grid.to_world(ijk)) == pytest.approx(ijk)


def test_grids_that_differ_by_a_micrometre_are_the_same_and_by_a_tenth_are_not():
    grid = Grid((4, 4, 4), np.eye(4))
    moved = np.eye(4)
    moved[0, 3] = 1e-4
    assert same_grid(grid, Grid((4, 4, 4), moved))
    moved[0, 3] = 0.1
    assert not same_grid(grid, Grid((4, 4, 4), moved))


def test_isotropic_copy_of_a_mirrored_image_is_the_mirrored_copy():
    data = np.random.default_rng(2).normal(size=(20, 12, 15))
    grid = Grid(data.shape, np.diag([1.0, 2.0, 1.3, 1.0]))
    straight = isotropic_copy(Volume(data, grid), 1.5).data
    flipped = isotropic_copy(Volume(data[::-1], grid), 1.5).data
    assert flipped[::-1] == pytest.approx(straight, abs=1e-5)  # float32 interpolation


def test_isotropic_copy_keeps_a_linear_ramp():
    i, j, k = np.indices((30, 16, 20)).astype(float)
    volume = Volume(i + 2 * j + 3 * k, Grid((30, 16, 20), np.diag([1.0, 2.0, 1.0, 1.0])))
    corners = np.array([[5.0, 5, 5], [20, 20, 15]])
    copy = isotropic_copy(volume, 1.0, about=(corners, np.zeros(3)))
    points = copy.grid.to_world(np.argwhere(np.ones(copy.grid.shape, bool)).astype(float))
    assert copy.data.ravel() == pytest.approx(volume.sample(points), abs=1e-3)


def test_length_is_invariant_under_rigid_motion_reversal_and_mirroring():
    points = np.cumsum(np.random.default_rng(3).normal(size=(20, 3)), axis=0)
    line = Centerline(points)
    angle = 0.7
    turn = [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    motion = RigidTransform.from_rotation(np.array(turn), np.array([3.0, -4.0, 5.0]))
    for other in (line.moved(motion), line.reversed(), line.mirrored()):
        assert other.length_mm == pytest.approx(line.length_mm)
    assert motion.inverse().apply(motion.apply(points)) == pytest.approx(points)
    assert (motion.inverse() @ motion).target_from_source == pytest.approx(np.eye(4), abs=1e-12)


def test_a_mirror_is_no_rigid_transform():
    with pytest.raises(StageError, match="must not mirror"):
        RigidTransform(np.diag([-1.0, 1.0, 1.0, 1.0]))


def test_frames_along_a_curve_are_orthonormal_and_do_not_spin_on_a_straight_line():
    line = Centerline(np.stack([np.arange(10.0)] * 3, axis=1))
    first, second = line.normals(np.eye(3))
    assert first == pytest.approx(np.repeat(first[:1], 10, axis=0))
    products = np.einsum("ni,ni->n", first, second)
    assert products == pytest.approx(np.zeros(10), abs=1e-12)


def test_a_stretch_of_a_curve_has_the_length_asked_for():
    line = Centerline(np.stack([np.arange(30.0), np.zeros(30), np.zeros(30)], axis=1))
    assert line.between(3.5, 20.25).length_mm == pytest.approx(16.75)
    assert line.resampled(0.7).arc_length_mm[-1] <= line.length_mm


@pytest.mark.parametrize("points", [np.zeros((1, 3)), np.zeros((3, 3)), np.full((3, 3), np.nan)])
def test_no_curve_without_two_different_finite_points(points):
    with pytest.raises(StageError, match="a centerline needs"):
        Centerline(points)


def test_labels_are_unique_and_say_their_side():
    numbers = {label_index(*key) for key in NERVE_KEYS}
    assert len(numbers) == 22
    assert all((label_index(s, n) > 100) is (s is Side.RIGHT) for s, n in NERVE_KEYS)
    assert LabelMap(np.full((1, 1, 1), 101), Grid((1, 1, 1), np.eye(4))).mask(101).all()


def test_mirroring_a_tree_swaps_the_sides_and_changes_no_length():
    line = Centerline(np.array([[10.0, 0, 0], [30.0, 5, -20]]))
    traced = TracedNerve(line, 0.9, {"support": 0.9}, np.full(2, 2.0))
    tree = NerveTree({(Side.RIGHT, Nerve.C7): traced}).mirrored()
    assert list(tree) == [(Side.LEFT, Nerve.C7)]
    assert tree.pair(Nerve.C7)[0].centerline.length_mm == pytest.approx(line.length_mm)
    assert tree.pair(Nerve.C7)[1] is None
