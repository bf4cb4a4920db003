"""Caliber and signal of tubes of known size, drawn with true partial volume."""

import numpy as np
import pytest
from scipy import ndimage

from plexus_mri.core.anatomy import NERVE_KEYS, Nerve, Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.frame import PatientFrame, SideProof
from plexus_mri.core.grid import Grid
from plexus_mri.core.measurement import Quantity
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.core.volume import EvenImage, Volume
from plexus_mri.measure.measure import measure_nerves
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.reasons import ReasonCode
from tests.unit.measure import tubes

KEY = (Side.RIGHT, Nerve.C7)
FINE = 5  # sub-voxels per voxel edge: partial volume right to under 1 % of area
CANAL = Centerline(np.array([[-40.0, 0, 30], [-40.0, 0, -30]]))
FRAME = PatientFrame(CANAL, np.array([1.0, 0, 0]), SideProof("x", "x", 0.3, None, proven=True))


def tube_image(
    tubes, spacing=(1.0, 1.0, 1.0), shape=(44, 30, 30), noise=4.0, blur_voxels=0.4
) -> Volume:
    """Straight tubes (point, direction, radius, amplitude) on 100, blurred."""
    grid = Grid(shape, np.diag([*spacing, 1.0]))
    centre = grid.to_world([(np.array(shape) - 1) / 2])[0]
    affine = grid.affine.copy()
    affine[:3, 3] = -centre
    grid = Grid(shape, affine)
    fine_shape = np.array(shape) * FINE
    steps = [(np.arange(n) - (FINE - 1) / 2) / FINE for n in fine_shape]
    ijk = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).astype(np.float32)
    world = ijk * np.array(spacing, dtype=np.float32) - centre.astype(np.float32)
    fine = np.full(fine_shape, 100.0, dtype=np.float32)
    for point, direction, radius, amplitude in tubes:
        along = np.array(direction, dtype=np.float32) / np.linalg.norm(direction)
        offset = world - np.array(point, dtype=np.float32)
        across = offset - (offset @ along)[..., None] * along
        fine[np.sum(across**2, axis=-1) < radius**2] += amplitude
    blocks = fine.reshape(shape[0], FINE, shape[1], FINE, shape[2], FINE)
    data = ndimage.gaussian_filter(blocks.mean(axis=(1, 3, 5)), blur_voxels)
    return Volume(data + np.random.default_rng(7).normal(0, noise, shape), grid)


def traced(point, direction, *, length_mm=34.0, aside_mm=0.4) -> TracedNerve:
    """A straight trace beside the true axis, as tracing leaves it."""
    along = np.array(direction, float) / np.linalg.norm(direction)
    aside = np.cross(along, [0.3, 0.5, 0.8])
    aside = aside_mm * aside / np.linalg.norm(aside)
    steps = np.arange(-length_mm / 2, length_mm / 2 + 0.1)
    points = np.array(point, float) + aside + steps[:, None] * along
    return TracedNerve(Centerline(points), 1.0, {"support": 1.0}, np.full(len(steps), 2.0))


def measured(image, nerves):
    table = measure_nerves(EvenImage(image), NerveTree(nerves), FRAME, MeasureSettings())
    return {key: table.profiles[key] for key in nerves}, table


@pytest.mark.parametrize("radius_mm", [1.4, 1.9, 2.6])
def test_area_of_a_tube_is_pi_r_squared(radius_mm):
    direction = (1.0, 0.1, 0.05)
    image = tube_image([((0, 0, 0), direction, radius_mm, 150.0)])
    profiles, _ = measured(image, {KEY: traced((0, 0, 0), direction)})
    csa = profiles[KEY].csa_mm2[8:-6]
    # 6 %: noise of one section; libraries' half-maximum contours are 8-15 % off at 1.5 mm.
    assert np.nanmean(csa) == pytest.approx(np.pi * radius_mm**2, rel=0.06)
    assert np.isfinite(csa).mean() > 0.9


@pytest.mark.parametrize("direction", [(1, 0, 0), (1, 0.6, 0), (1, 0.7, 0.7), (1, 0, 0.9)])
def test_area_does_not_depend_on_the_tilt_to_the_voxels(direction):
    image = tube_image([((0, 0, 0), direction, 2.0, 150.0)])
    profiles, _ = measured(image, {KEY: traced((0, 0, 0), direction, length_mm=24.0)})
    assert np.nanmean(profiles[KEY].csa_mm2[6:-5]) == pytest.approx(np.pi * 4, rel=0.05)


def test_a_coat_of_fat_in_muscle_does_not_narrow_a_thin_nerve():
    direction = (1.0, 0.1, 0.05)
    coat, nerve = ((0, 0, 0), direction, 1.8, -80.0), ((0, 0, 0), direction, 1.25, 230.0)
    profiles, _ = measured(tube_image([coat, nerve]), {KEY: traced((0, 0, 0), direction)})
    # 8 %: coat and nerve trade width for width at one voxel; without the coat in the model the
    # nerve reads a fifth too small.
    assert np.nanmean(profiles[KEY].csa_mm2[8:-6]) == pytest.approx(np.pi * 1.25**2, rel=0.08)


def test_thick_slices_keep_the_mean_area():
    direction = (1.0, 0.3, 0.2)
    image = tube_image([((0, 0, 0), direction, 2.0, 150.0)], spacing=(1, 2, 1), shape=(44, 16, 30))
    profiles, _ = measured(image, {KEY: traced((0, 0, 0), direction)})
    # 10 %: the slice is as thick as the nerve's radius.
    assert np.nanmean(profiles[KEY].csa_mm2[8:-6]) == pytest.approx(np.pi * 4, rel=0.10)


def test_the_blur_that_was_expected_leaves_no_mark_on_the_width():
    direction = (1.0, 0.5, 0.0)
    places = dict(zip(NERVE_KEYS[:4], (-13.5, -4.5, 4.5, 13.5), strict=True))
    tubes_there = [((0, 0, z), direction, 1.5, 100.0) for z in places.values()]
    image = tube_image(tubes_there, (1, 3, 1), (44, 14, 44), noise=8.0, blur_voxels=0.0)
    profiles, _ = measured(image, {k: traced((0, 0, z), direction) for k, z in places.items()})
    widths = [np.nanmean(p.diameter_mm[8:-6]) for p in profiles.values()]
    # Slices of 3 mm without a blur of their own; one of 0.9 mm was expected. Where signals of the
    # first pass are held on to, the nerves read a tenth too narrow.
    assert np.mean(widths) == pytest.approx(3.0, abs=0.15)


def test_touching_nerves_are_told_apart():
    direction = (1.0, 0.0, 0.0)
    other = (Side.RIGHT, Nerve.C6)
    image = tube_image([((0, 0, 0), direction, 2.0, 150.0), ((0, 0, 4.2), direction, 1.6, 150.0)])
    nerves = {KEY: traced((0, 0, 0), direction), other: traced((0, 0, 4.2), direction)}
    profiles, _ = measured(image, nerves)
    assert np.nanmean(profiles[KEY].csa_mm2[8:-6]) == pytest.approx(np.pi * 4, rel=0.08)
    assert np.nanmean(profiles[other].csa_mm2[8:-6]) == pytest.approx(np.pi * 2.56, rel=0.10)


def test_three_touching_nerves_are_told_apart():
    direction = (1.0, 0.3, 0.0)
    heights, radii = (-3.6, 0.0, 3.9), (1.6, 1.9, 1.9)
    keys = [(Side.RIGHT, nerve) for nerve in (Nerve.C6, Nerve.C7, Nerve.C8)]
    places = [(0.0, 0.0, height) for height in heights]
    solids = [(place, direction, r, 150.0) for place, r in zip(places, radii, strict=True)]
    nerves = {key: traced(p, direction) for key, p in zip(keys, places, strict=True)}
    profiles, _ = measured(tube_image(solids), nerves)
    for key, radius_mm, height in zip(keys, radii, heights, strict=True):
        # 10 %: the noise of a section with a neighbour on both sides.
        area = np.nanmean(profiles[key].csa_mm2[8:-6])
        assert area == pytest.approx(np.pi * radius_mm**2, rel=0.10)
        # 0.4 mm: none is taken for its neighbour, 3.6 mm away.
        assert np.nanmedian(profiles[key].points_mm[:, 2]) == pytest.approx(height, abs=0.4)


@pytest.mark.parametrize("bend_deg", [60.0, 120.0])
def test_a_bend_makes_no_constant_nerve_fusiform(bend_deg):
    angle = np.linspace(-0.5, 0.5, 161) * np.deg2rad(bend_deg)
    radius_mm = 40.0 / np.deg2rad(bend_deg)
    arc = radius_mm * np.stack([np.sin(angle), 1 - np.cos(angle), 0 * angle], axis=1)
    ones = np.ones(len(angle))
    tube = tubes.Tube(arc - arc.mean(axis=0), 2.0 * ones, tubes.NERVE * ones)
    clean = tubes.picture(tubes.grid_of((1.0, 1.0, 1.0), size_mm=(44.0, 30.0, 16.0)), [tube])
    nerve = tubes.traced(tube, error_mm=0.2)
    profiles, table = measured(tubes.noisy(clean, 0.02, 3), {KEY: nerve})
    median = np.nanmedian(profiles[KEY].csa_mm2)
    assert median == pytest.approx(np.pi * 4, rel=0.05)
    largest = table.get(KEY[1], KEY[0], Quantity.CSA_MAX).value
    # 3 %: noise alone. Sections across one straight axis give 1.2-1.9 times the median.
    assert largest / median < 1.03


def test_gain_of_the_image_changes_no_caliber_and_scales_the_signal():
    direction = (1.0, 0.1, 0.0)
    image = tube_image([((0, 0, 0), direction, 2.0, 150.0)])
    once, _ = measured(image, {KEY: traced((0, 0, 0), direction)})
    many, _ = measured(image.with_data(image.data * 7), {KEY: traced((0, 0, 0), direction)})
    assert many[KEY].csa_mm2 == pytest.approx(once[KEY].csa_mm2, rel=1e-3, nan_ok=True)
    assert many[KEY].signal == pytest.approx(7 * once[KEY].signal, rel=1e-3, nan_ok=True)


def test_signal_is_the_plateau_without_partial_volume():
    direction = (1.0, 0.1, 0.05)
    image = tube_image([((0, 0, 0), direction, 1.9, 150.0)])
    profiles, _ = measured(image, {KEY: traced((0, 0, 0), direction)})
    assert np.nanmean(profiles[KEY].signal[8:-6]) == pytest.approx(250.0, rel=0.05)
    # It stands 150 out of 250 above its surroundings.
    assert np.nanmean(profiles[KEY].contrast_share[8:-6]) == pytest.approx(0.6, rel=0.05)


def test_standard_error_is_that_of_repeated_measurement():
    direction = (1.0, 0.1, 0.05)
    pulls = []
    clean = tube_image([((0, 0, 0), direction, 2.0, 150.0)], noise=0.0)
    for seed in range(3):
        noise = np.random.default_rng(seed).normal(0, 8, clean.grid.shape)
        profiles, _ = measured(
            clean.with_data(clean.data + noise), {KEY: traced((0, 0, 0), direction)}
        )
        profile = profiles[KEY]
        pulls.append(((profile.csa_mm2 - np.pi * 4) / profile.csa_se_mm2)[8:-6])
    spread = np.nanstd(np.concatenate(pulls))
    # Neighbouring sections share voxels, so three runs hold about 20 independent values.
    assert 0.4 < spread < 2.0


def test_every_nerve_and_quantity_has_its_row_and_a_missing_one_its_reason():
    image = tube_image([((0, 0, 0), (1, 0, 0), 2.0, 150.0)])
    _, table = measured(image, {KEY: traced((0, 0, 0), (1, 0, 0))})
    assert len(table.measurements) == len(NERVE_KEYS) * len(Quantity)
    assert all(m.value is not None or m.reason for m in table.measurements)
    missing = table.get(Nerve.T1, Side.LEFT, Quantity.CSA_MEAN)
    assert missing.value is None
    assert missing.reason is ReasonCode.NERVE_NOT_FOUND


def test_without_a_midline_nothing_is_measured():
    image = tube_image([((0, 0, 0), (1, 0, 0), 2.0, 150.0)])
    missing = dict.fromkeys(NERVE_KEYS, ReasonCode.MIDLINE_NOT_FOUND)
    table = measure_nerves(EvenImage(image), NerveTree({}, missing), None, MeasureSettings())
    assert {m.reason for m in table.measurements} == {ReasonCode.MIDLINE_NOT_FOUND}
