from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.case import QualityNumber
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.frame import PatientFrame, SideProof
from plexus_mri.core.grid import Grid
from plexus_mri.core.measurement import MeasurementTable, Profile, Quality
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.core.reference import ReferenceTissue
from plexus_mri.core.volume import Volume
from plexus_mri.quality import QualitySettings, assess_quality
from plexus_mri.quality.noise import noise_sigma

# The scene is 60 mm high.
SETTINGS = QualitySettings(least_height_mm=60.0)
SHAPE = (220, 40, 60)
MUSCLE, NERVE, FAT, RADIUS_MM = 100.0, 200.0, 30.0, 2.5
EMPTY = MeasurementTable(())
NO_TREE = NerveTree({})


def grid(shape=SHAPE, spacing_mm=(1.0, 1.0, 1.0), center_mm=(0.0, 0.0, 0.0)) -> Grid:
    affine = np.diag([*spacing_mm, 1.0])
    affine[:3, 3] = np.array(center_mm) - np.array(spacing_mm) * (np.array(shape) - 1) / 2
    return Grid(shape, affine)


def midline(x_mm=0.0) -> PatientFrame:
    z = np.linspace(40, -40, 9)
    canal = Centerline(np.stack([np.full(9, x_mm), np.zeros(9), z], axis=1))
    proof = SideProof("sform (code 1)", "canal", 1.0, None, proven=True)
    return PatientFrame(canal, np.array([1.0, 0.0, 0.0]), proof)


def straight(side, nerve=Nerve.C6) -> Profile:
    """A nerve along x from 20 to 60 mm lateral, at the height and depth of the canal."""
    arc = np.arange(41.0)
    points = np.stack([side.sign * (20.0 + arc), np.zeros(41), np.zeros(41)], axis=1)
    same = np.ones(41)
    area = np.pi * RADIUS_MM**2 * same
    return Profile(
        nerve=nerve,
        side=side,
        arc_length_mm=arc,
        points_mm=points,
        csa_mm2=area,
        csa_se_mm2=0.03 * area,
        long_mm=2 * RADIUS_MM * same,
        short_mm=2 * RADIUS_MM * same,
        angle_deg=0 * same,
        signal=NERVE * same,
        signal_se=5 * same,
        reference=MUSCLE * same,
        common_error=np.zeros_like(same),
        quality=(Quality.GOOD,) * 41,
    )


TABLE = MeasurementTable(
    (),
    {(side, Nerve.C6): straight(side) for side in Side},
    replace(ReferenceTissue.none(), left_right_ratio=1.02),
)
TREE = NerveTree(
    {
        key: TracedNerve(Centerline(p.points_mm), 1.0, {}, np.full(41, RADIUS_MM))
        for key, p in TABLE.profiles.items()
    }
)


X, Y, Z = np.moveaxis(grid().to_world(np.argwhere(np.ones(SHAPE))).reshape(*SHAPE, 3), -1, 0)


def scene(*, sigma=2.0, blur_mm=0.6, fat_right=FAT) -> Volume:
    """Muscle in the lower half, fat in the upper, a bright tube along x, Gaussian noise."""
    data = np.where(Z < 10, MUSCLE, np.where(X > 90, fat_right, FAT))
    data = np.where((np.hypot(Y, Z) < RADIUS_MM) & (np.abs(X) > 15), NERVE, data)
    data = ndimage.gaussian_filter(data, blur_mm)
    noise = np.random.default_rng(5).normal(0.0, sigma, SHAPE)
    return Volume((data + noise).astype(np.float32), grid())


def numbers(image=None, frame=None, tree=TREE, table=TABLE) -> dict[str, QualityNumber]:
    found = assess_quality(image or scene(), frame or midline(), tree, table, SETTINGS)
    return {n.name: n for n in found}


def test_every_number_has_a_name_of_its_own_a_unit_and_a_source():
    found = assess_quality(scene(), midline(), TREE, TABLE, SETTINGS)
    assert len({n.name for n in found}) == len(found)
    assert all(n.unit and n.source.endswith(".") for n in found)
    assert not any("ADR" in n.source for n in found)  # readers of a report have no such page


def test_passed_is_none_without_a_cutoff_and_only_then_on_a_sound_image():
    found = numbers().values()
    assert {n.name for n in found if n.passed is None} == {
        n.name for n in found if n.cutoff == "none"
    }
    assert all(n.passed for n in found if n.cutoff != "none")


def test_without_nerves_and_midline_the_numbers_are_there_without_values():
    found = assess_quality(scene(), None, NO_TREE, EMPTY, SETTINGS)
    names = [n.name for n in assess_quality(scene(), midline(), TREE, TABLE, SETTINGS)]
    assert [n.name for n in found] == names
    by_name = {n.name: n for n in found}
    for name in ("midline_margin_mm", "fat_to_muscle_ratio", "edge_width_mm"):
        assert (by_name[name].value, by_name[name].passed) == (None, None)


@pytest.mark.parametrize("sigma", [2.0, 8.0])
def test_noise_is_found_under_anatomy(sigma):
    # 5 %: the median of some 50 000 blocks, plus the edges that lie in a few of them.
    assert noise_sigma(scene(sigma=sigma), 60.0) == pytest.approx(sigma, rel=0.05)


def test_rician_noise_is_found_where_there_is_signal():
    rng = np.random.default_rng(1)
    real = 100.0 * (np.arange(60) > 30)[:, None, None] + rng.normal(0, 6, (60, 40, 40))
    image = Volume(np.hypot(real, rng.normal(0, 6, (60, 40, 40))), grid((60, 40, 40)))
    assert noise_sigma(image, 50.0) == pytest.approx(6.0, rel=0.05)


def test_noise_of_an_image_without_signal_is_not_made_up():
    assert noise_sigma(Volume(np.zeros((20, 20, 20)), grid((20, 20, 20))), 1.0) is None


def test_contrast_to_noise_is_the_difference_over_sigma():
    found = numbers(scene(sigma=4.0))
    for side in ("left", "right"):
        cnr = found[f"nerve_muscle_cnr_{side}"].value
        assert cnr == pytest.approx((NERVE - MUSCLE) / 4.0, rel=0.05)


def test_a_noisy_image_fails_the_contrast_and_nothing_else():
    failed = {n.name for n in numbers(scene(sigma=25.0)).values() if n.passed is False}
    assert failed == {"nerve_muscle_cnr_left", "nerve_muscle_cnr_right"}


def test_what_noise_would_fake_is_not_given():
    found = numbers(scene(sigma=25.0))
    assert found["edge_width_mm"].value is None
    assert found["fat_to_muscle_ratio"].value is None


@pytest.mark.parametrize("sigma_mm", [0.8, 1.2])
def test_edge_width_is_the_full_width_of_the_blur(sigma_mm):
    # 15 %: the tube of 5 mm is itself drawn on voxels of 1 mm and is not wide against the blur.
    width = numbers(scene(sigma=0.5, blur_mm=sigma_mm))["edge_width_mm"].value
    expected = 2.355 * np.hypot(sigma_mm, np.sqrt(1 / 12))
    assert width == pytest.approx(expected, rel=0.15)


def test_a_blurred_image_fails_the_edge_width_and_nothing_else():
    failed = {n.name for n in numbers(scene(blur_mm=1.2)).values() if n.passed is False}
    assert failed == {"edge_width_mm"}


def test_height_counts_slices_that_show_something():
    image = scene()
    half = np.where(np.arange(60) < 30, 0.0, image.data)
    assert numbers(image)["height_in_view_mm"].value == pytest.approx(60.0)
    assert numbers(image)["height_in_view_mm"].passed is True
    found = numbers(image.with_data(half))["height_in_view_mm"]
    assert (found.value, found.passed) == (pytest.approx(30.0), False)


@pytest.mark.parametrize(("x_mm", "left", "right"), [(0.0, 110, 110), (40.0, 150, 70)])
def test_reach_is_counted_from_the_midline_of_the_patient(x_mm, left, right):
    found = numbers(frame=midline(x_mm))
    # Counted in steps of 1 mm.
    assert found["lateral_reach_left_mm"].value == pytest.approx(left, abs=1)
    assert found["lateral_reach_right_mm"].value == pytest.approx(right, abs=1)


def test_fat_that_is_not_suppressed_on_the_right_moves_the_right_number_only():
    found = numbers(scene(fat_right=3.0 * FAT))
    failed = {n.name for n in found.values() if n.passed is False}
    assert failed == {"fat_lateral_to_medial_right"}
    assert found["fat_lateral_to_medial_left"].value == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(("ratio", "passed"), [(1.5, False), (1.0 / 1.5, False), (1.1, True)])
def test_a_brighter_reference_muscle_on_one_side_is_noticed(ratio, passed):
    reference = replace(ReferenceTissue.none(), left_right_ratio=ratio)
    table = replace(TABLE, reference=reference)
    number = numbers(table=table)["muscle_side_difference_percent"]
    assert number.value == pytest.approx(200.0 * abs(ratio - 1.0) / (ratio + 1.0))
    assert number.passed is passed


def test_margin_is_negative_where_a_nerve_crosses_to_the_other_side():
    assert numbers()["midline_margin_mm"].value == pytest.approx(20.0)
    crossing = numbers(frame=midline(25.0))["midline_margin_mm"]
    assert crossing.value == pytest.approx(-5.0)
    assert crossing.passed is False


def test_nerves_are_counted_by_side():
    found = numbers(tree=NerveTree({(Side.LEFT, Nerve.C6): TREE[Side.LEFT, Nerve.C6]}))
    assert found["nerves_traced_left"].value == 1
    assert found["nerves_traced_right"].value == 0


def test_thick_slices_fail_size_and_ratio():
    image = Volume(np.ones((20, 8, 20)), grid((20, 8, 20), (1.0, 4.0, 1.0)))
    found = {n.name: n for n in assess_quality(image, None, NO_TREE, EMPTY, SETTINGS)}
    assert found["voxel_size_largest_mm"].value == 4.0
    assert found["slice_thickness_ratio"].passed is False
