"""The blurred ellipse against brute force."""

import numpy as np
import pytest
from scipy import ndimage
from scipy.linalg import expm

from plexus_mri.core.grid import FloatArray
from plexus_mri.measure.blurred_ellipse import blurred_ellipse, stretch_matrices

SHAPES = [
    np.array([0.0, 0.0, np.log(1.2), 0.0, 0.0]),
    np.array([0.3, -0.2, np.log(1.8), 0.2, -0.15]),
    np.array([-0.4, 0.1, np.log(3.5), -0.25, 0.1]),
]
SPREADS = [np.diag([0.16, 0.16]), np.array([[0.2, 0.08], [0.08, 0.8]])]


def whitening(spread: FloatArray) -> FloatArray:
    return np.linalg.inv(np.linalg.cholesky(spread))


def supersampled(shape: FloatArray, spread: FloatArray, points: FloatArray) -> FloatArray:
    """Blurred indicator at points (n, 2), by summing a Gaussian over cells of 0.02 mm."""
    e = np.array([[shape[3], shape[4]], [shape[4], -shape[3]]])
    axes = np.exp(shape[2]) * expm(e)
    edge = np.arange(-7, 7, 0.02) + 0.01
    cells = np.stack(np.meshgrid(edge, edge, indexing="ij"), axis=-1).reshape(-1, 2)
    inside = cells[(((cells - shape[:2]) @ np.linalg.inv(axes).T) ** 2).sum(axis=1) <= 1.0]
    out = []
    for p in points:
        off = inside - p
        square = np.einsum("ni,ij,nj->n", off, np.linalg.inv(spread), off)
        out.append(np.exp(-0.5 * square).sum() * 0.02**2)
    return np.array(out) / (2 * np.pi * np.sqrt(np.linalg.det(spread)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("spread", SPREADS)
def test_value_equals_supersampling_within_one_percent(
    shape: FloatArray, spread: FloatArray
) -> None:
    points = np.random.default_rng(1).uniform(-4, 4, (40, 2))
    whiten = whitening(spread)
    found = blurred_ellipse((points @ whiten.T)[:, None], shape, whiten)[:, 0]
    # Cells of 0.02 mm leave 0.002 of error at the rim.
    assert found == pytest.approx(supersampled(shape, spread, points), abs=0.003)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("spread", SPREADS)
def test_gradient_equals_finite_differences(shape: FloatArray, spread: FloatArray) -> None:
    whiten = whitening(spread)
    points = (np.random.default_rng(2).uniform(-4, 4, (80, 2)) @ whiten.T)[:, None]
    gradient = blurred_ellipse(points, shape, whiten)[:, 1:]
    for j in range(5):
        step = np.zeros(5)
        step[j] = 1e-5
        up = blurred_ellipse(points, shape + step, whiten)[:, 0]
        down = blurred_ellipse(points, shape - step, whiten)[:, 0]
        # 1e-3: the outline is sampled every 1.4 blurs.
        assert gradient[:, j] == pytest.approx((up - down) / 2e-5, abs=1e-3)


def test_stretch_keeps_the_area() -> None:
    matrices = stretch_matrices(0.3, -0.2)
    assert np.linalg.det(matrices[0]) == pytest.approx(1.0)
    assert matrices[0] == pytest.approx(expm(np.array([[0.3, -0.2], [-0.2, -0.3]])))


def test_no_stretch_is_the_identity_with_unit_derivatives() -> None:
    matrices = stretch_matrices(0.0, 0.0)
    assert matrices[0] == pytest.approx(np.eye(2))
    assert matrices[1] == pytest.approx(np.diag([1.0, -1.0]))


def test_blur_moves_no_area() -> None:
    edge = np.arange(-9, 9, 0.1)
    cells = np.stack(np.meshgrid(edge, edge, indexing="ij"), axis=-1).reshape(-1, 1, 2)
    whiten = whitening(SPREADS[1])
    found = blurred_ellipse(cells @ whiten.T, SHAPES[1], whiten)[:, 0]
    assert found.sum() * 0.01 == pytest.approx(np.pi * 1.8**2, rel=1e-3)


def test_parts_of_a_voxel_are_averaged() -> None:
    whiten = whitening(SPREADS[0])
    parts = np.random.default_rng(3).uniform(-3, 3, (10, 3, 2))
    whole = blurred_ellipse(parts, SHAPES[0], whiten)[:, 0]
    each = blurred_ellipse(parts.reshape(30, 1, 2), SHAPES[0], whiten)[:, 0]
    assert whole == pytest.approx(each.reshape(10, 3).mean(axis=1))


def test_deep_inside_is_one_and_far_outside_zero() -> None:
    points = np.array([[[0.0, 0.0]], [[60.0, 0.0]]])
    shape = np.array([0.0, 0.0, np.log(9.0), 0.0, 0.0])
    found = blurred_ellipse(points, shape, np.eye(2) / 0.4)
    assert found[:, 0] == pytest.approx([1.0, 0.0], abs=1e-6)
    assert ndimage.sum(np.abs(found[:, 1:])) == pytest.approx(0.0, abs=1e-6)
