"""Laws of the phantom: mirrors, poses and volumes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plexus_mri.core.anatomy import Side
from plexus_mri.core.grid import Grid
from plexus_mri.synthetic import AcquisitionSpec, Population, random_spec, simulate
from plexus_mri.synthetic.posture import Posture
from plexus_mri.synthetic.raster import tube_coverage
from plexus_mri.synthetic.shapes import Tube, arc_lengths, section_axis, smooth_curve

TINY = AcquisitionSpec(shape=(6, 6, 6), spacing_mm=(4.0, 4.0, 4.0))
seeds = st.integers(0, 10_000)


@settings(max_examples=4)
@given(seed=seeds)
def test_mirrored_spec_has_the_mirrored_truth(seed: int) -> None:
    spec = replace(random_spec(seed), acquisition=TINY)
    straight, mirrored = simulate(spec).truth, simulate(spec.mirrored()).truth
    for (side, nerve), truth in straight.nerves.items():
        other = mirrored.nerves[side.opposite, nerve]
        np.testing.assert_allclose(
            other.centerline.points_mm, truth.centerline.mirrored().points_mm, atol=1e-9
        )
        np.testing.assert_allclose(other.csa_mm2, truth.csa_mm2, rtol=1e-9)
        np.testing.assert_allclose(other.signal, truth.signal, rtol=1e-9)
        across = truth.long_axis * np.array([-1.0, 1.0, 1.0])
        np.testing.assert_allclose(other.long_axis, across, atol=1e-9)


@settings(max_examples=50)
@given(seed=seeds)
def test_mirroring_twice_is_the_same_spec(seed: int) -> None:
    spec = random_spec(seed, population=Population.VALIDATION)
    assert spec.mirrored().mirrored() == spec


@settings(max_examples=25)
@given(seed=seeds)
def test_bending_can_be_undone(seed: int) -> None:
    posture = Posture(random_spec(seed, population=Population.VALIDATION).anatomy)
    points = np.random.default_rng(seed).uniform(-120, 120, (50, 3))
    np.testing.assert_allclose(posture.unbend(posture.bend(points)), points, atol=1e-9)


@settings(max_examples=25)
@given(seed=seeds)
def test_sides_never_cross_the_canal(seed: int) -> None:
    posture = Posture(random_spec(seed, population=Population.VALIDATION).anatomy)
    ganglia = np.array([[14.0, 7.0, z_mm] for z_mm in (51, 33, 17, -1, -19)])
    canal = posture.place(ganglia * np.array([0.0, 1.0, 1.0]), None)
    for side in Side:
        across = posture.place(ganglia, side) - canal
        right = posture.direction((1.0, 0.0, 0.0), None)
        assert (side.sign * (across @ right) > 5).all()


@settings(max_examples=20)
@given(
    tilt=st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.2, 1)),
    radius_mm=st.floats(1.3, 3.5),
    spacing_mm=st.floats(0.7, 2.0),
)
def test_volume_of_a_tube_does_not_depend_on_tilt_or_voxel(
    tilt: tuple[float, float, float], radius_mm: float, spacing_mm: float
) -> None:
    axis = np.array(tilt) / np.linalg.norm(tilt)
    points = smooth_curve(np.array([-12.0, 0.0, 12.0])[:, None] * axis)
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = -20.0
    count = int(40 / spacing_mm) + 1
    size = np.full(len(points), radius_mm)
    reference = np.eye(3)[int(np.argmin(np.abs(axis)))]
    tube = Tube(points, section_axis(points, reference), size, size, rounded=False)
    samples = int(np.ceil(spacing_mm / 0.3))
    grid = Grid((count, count, count), affine)
    coverage = tube_coverage(grid, tube, samples=(samples, samples, samples))
    assert coverage is not None
    volume = np.pi * radius_mm**2 * arc_lengths(points)[-1]
    # Sub-voxels of 0.3 mm: softness (0.3 / 1.3)² / 8 in area, and half a sub-voxel at each end.
    filled = coverage.share.sum(dtype=float) * grid.voxel_volume_mm3
    assert filled == pytest.approx(volume, rel=0.015)
