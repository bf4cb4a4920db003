"""Straightened nerves and the planes of the largest difference show what was painted."""

from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.case import CaseResult
from plexus_mri.core.volume import EvenImage
from plexus_mri.report.difference_sections import largest_difference
from plexus_mri.report.straight import Straight, straighten
from tests.unit.report.conftest import RADIUS_MM, curve

C6_LEFT = (Side.LEFT, Nerve.C6)
T1_RIGHT = (Side.RIGHT, Nerve.T1)


@pytest.fixture(scope="module")
def strips(result: CaseResult) -> dict[Side, Straight]:
    found = {
        side: straighten(result, (side, Nerve.C7), width_mm=18.0, pixel_mm=0.5) for side in Side
    }
    return {side: strip for side, strip in found.items() if strip is not None}


def test_length_of_the_picture_is_that_of_the_curve(strips: dict[Side, Straight]) -> None:
    # One pixel of 0.5 mm is cut off at the end at most.
    for side, strip in strips.items():
        assert strip.length_mm == pytest.approx(curve(side, Nerve.C7).length_mm, abs=1.0)
        assert strip.width_mm == 18.0


def test_a_curved_nerve_lies_straight_in_the_middle(strips: dict[Side, Straight]) -> None:
    for strip in strips.values():
        pixels = strip.pixels[:, 10:-10]
        rows = np.arange(len(pixels))[:, None]
        bright = np.clip(pixels - 150.0, 0.0, None)
        bright[np.abs(rows[:, 0] - len(pixels) / 2) > 6] = 0.0  # neighbours
        centre = (bright * rows).sum(axis=0) / bright.sum(axis=0)
        # Voxels of 2 mm and 0.5 mm pixels: the centre wanders by less than half a voxel.
        assert np.abs(centre - (len(pixels) - 1) / 2).max() < 2.0


def test_borders_lie_at_the_fitted_radius(strips: dict[Side, Straight]) -> None:
    for strip in strips.values():
        width = strip.border_mm[:, 1] - strip.border_mm[:, 0]
        # The fitted ellipse is 10 % longer and shorter than the circle, noise is 0.04 mm (sd).
        assert np.nanmean(width) == pytest.approx(2 * RADIUS_MM[Nerve.C7], rel=0.12)


def test_a_nerve_that_was_not_traced_has_no_strip(result: CaseResult) -> None:
    assert straighten(result, T1_RIGHT, width_mm=18.0, pixel_mm=0.5) is None


def test_the_largest_difference_is_found_at_the_swelling(result: CaseResult) -> None:
    place = largest_difference(result, Nerve.C6)
    assert place is not None
    # Painted around 15 mm with a width of 4 mm; areas scatter by a few percent from node to node.
    assert place.arc_mm == pytest.approx(15.0, abs=2.0)
    assert place.left_mm2 > 2.0 * place.right_mm2


def test_a_nerve_measured_on_one_side_has_no_largest_difference(result: CaseResult) -> None:
    assert largest_difference(result, Nerve.T1) is None


def test_mirroring_swaps_the_strips(result: CaseResult) -> None:
    mirrored = replace(
        result,
        even=EvenImage(result.image.mirrored().to_ras()),
        nerves=result.nerves.mirrored(),
    )
    ours = straighten(result, C6_LEFT, width_mm=18.0, pixel_mm=0.5)
    theirs = straighten(mirrored, (Side.RIGHT, Nerve.C6), width_mm=18.0, pixel_mm=0.5)
    assert ours is not None
    assert theirs is not None
    # Cubic interpolation in single precision.
    np.testing.assert_allclose(ours.pixels, theirs.pixels, rtol=1e-3, atol=0.5)
