"""Pictures lie as radiologists expect: patient's right on the left, whatever the storage."""

from collections.abc import Callable

import numpy as np
import pytest

from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import LabelMap, Volume
from plexus_mri.report.planes import (
    Picture,
    axial_slice,
    coronal_slab,
    labels_on_axial,
    labels_on_coronal,
    section_axes,
    section_picture,
)

BLOCK_MM = np.array([25.0, 8.0, 12.0])  # right, anterior, cranial of the middle
AXCODES = [
    np.diag([2.0, 2.0, 2.0]),
    np.diag([-2.0, -2.0, 2.0]),
    np.array([[0.0, 0.0, 2.0], [2.0, 0.0, 0.0], [0.0, -2.0, 0.0]]),
]


def block_volume(axes: np.ndarray) -> Volume:
    """A bright block, 8 mm wide, in a box of about 80 x 40 x 60 mm stored along any axes."""
    extent = np.abs(np.linalg.inv(axes)) @ np.array([80.0, 40.0, 60.0])
    shape = tuple(round(float(n)) for n in extent)
    affine = np.eye(4)
    affine[:3, :3] = axes
    affine[:3, 3] = -axes @ ((np.array(shape) - 1) / 2.0)
    grid = Grid(shape, affine)
    world = grid.to_world(np.indices(shape).reshape(3, -1).T)
    inside = (np.abs(world - BLOCK_MM) <= 4.0).all(axis=1)
    return Volume(np.where(inside, 1000.0, 10.0).reshape(shape), grid)


def brightest(picture: Picture) -> tuple[float, float]:
    """Row and column of the bright pixels' centre, as shares of the picture (0 top and left)."""
    rows, columns = np.nonzero(picture.pixels > 0.5 * np.nanmax(picture.pixels))
    height, width = picture.pixels.shape
    return float(rows.mean() + 0.5) / height, float(columns.mean() + 0.5) / width


@pytest.mark.parametrize("axes", AXCODES)
def test_block_on_the_patients_right_and_cranial_is_left_and_up_on_the_coronal(
    axes: np.ndarray,
) -> None:
    row, column = brightest(coronal_slab(block_volume(axes), 4.0, 12.0))
    assert column == pytest.approx(0.5 - 25.0 / 80.0, abs=0.02)  # half a voxel
    assert row == pytest.approx(0.5 - 12.0 / 60.0, abs=0.02)


@pytest.mark.parametrize("axes", AXCODES)
def test_block_on_the_patients_right_and_front_is_left_and_up_on_the_axial(
    axes: np.ndarray,
) -> None:
    row, column = brightest(axial_slice(block_volume(axes), 12.0))
    assert column == pytest.approx(0.5 - 25.0 / 80.0, abs=0.02)  # half a voxel
    assert row == pytest.approx(0.5 - 8.0 / 40.0, abs=0.04)


def test_mirrored_anatomy_gives_the_mirrored_coronal() -> None:
    volume = block_volume(AXCODES[0])
    plain, mirrored = (coronal_slab(v, 4.0, 12.0).pixels for v in (volume, volume.mirrored()))
    np.testing.assert_allclose(mirrored, plain[:, ::-1])


def test_maximum_projection_sees_what_a_thin_slab_misses() -> None:
    volume = block_volume(AXCODES[0])
    missed = coronal_slab(volume, -15.0, -10.0)
    whole = coronal_slab(volume, -15.0, 15.0, maximum=True)
    assert np.nanmax(missed.pixels) == pytest.approx(10.0)
    assert np.nanmax(whole.pixels) == pytest.approx(1000.0)


@pytest.mark.parametrize(
    "drawn",
    [
        lambda v, m: (coronal_slab(v, 4, 12), labels_on_coronal(m, coronal_slab(v, 4, 12), [8.0])),
        lambda v, m: (axial_slice(v, 12.0), labels_on_axial(m, axial_slice(v, 12.0), 12.0)),
    ],
)
def test_masks_lie_on_the_picture_of_what_they_mark(
    drawn: Callable[[Volume, LabelMap], tuple[Picture, np.ndarray]],
) -> None:
    volume = block_volume(AXCODES[2])
    mask = LabelMap((volume.data > 500).astype(np.int16), volume.grid)
    picture, labels = drawn(volume, mask)
    assert (labels > 0).any()
    np.testing.assert_array_equal(labels > 0, np.nan_to_num(picture.pixels) > 500)


@pytest.mark.parametrize("tangent", [(0.8, 0.2, -0.57), (0.5, 0.0, -0.87), (0.1, 0.99, 0.1)])
def test_section_of_the_mirrored_nerve_is_the_same_picture(
    tangent: tuple[float, float, float],
) -> None:
    rng = np.random.default_rng(3)
    grid = Grid((30, 30, 30), np.diag([1.0, 1.0, 1.0, 1.0]))
    volume = Volume(rng.normal(size=grid.shape), grid)
    mirror = np.array([-1.0, 1.0, 1.0])
    unit = np.array(tangent) / np.linalg.norm(tangent)
    centre = np.array([15.0, 14.0, 16.0])
    one = section_picture(volume, centre, section_axes(unit), width_mm=10.0, pixel_mm=0.5)
    other = section_picture(
        volume.mirrored(),
        mirror * centre,
        section_axes(mirror * unit),
        width_mm=10.0,
        pixel_mm=0.5,
    )
    np.testing.assert_allclose(one.pixels, other.pixels, atol=1e-4)  # float32 spline


def test_section_has_the_front_of_the_patient_left_and_cranial_up() -> None:
    volume = block_volume(AXCODES[0])
    axes = section_axes(np.array([1.0, 0.0, 0.0]))
    centre = BLOCK_MM - np.array([0.0, 6.0, 4.0])  # the block is 6 mm before and 4 mm above it
    picture = section_picture(volume, centre, axes, width_mm=40.0, pixel_mm=0.5)
    row, column = brightest(picture)
    assert column == pytest.approx(0.5 - 6.0 / 40.0, abs=0.03)  # half a voxel
    assert row == pytest.approx(0.5 - 4.0 / 40.0, abs=0.03)
