"""What stands beside the fitted numbers: signal as acquired, spread within, area of a mask."""

from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.core.anatomy import NERVE_KEYS, Nerve, Side
from plexus_mri.core.case import OwnMask
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import Grid
from plexus_mri.core.label_voxels import LabelVoxels, label_voxels
from plexus_mri.core.measurement import MeasurementTable, Quality, Quantity
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.core.volume import EvenImage, LabelMap, Volume
from plexus_mri.measure.bias_field import field_at
from plexus_mri.measure.mask_area import mask_areas
from plexus_mri.measure.measure import measure_nerves
from plexus_mri.measure.nerve_curve import NerveCurve, curve_of
from plexus_mri.measure.section_core import voxels_alike
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.reasons import ReasonCode
from tests.unit.measure import tubes
from tests.unit.shapes import grid_of

SETTINGS = MeasureSettings()
SIDE, NERVE = tubes.KEY
ALONG = (1.0, 0.1, 0.05)
RADIUS_MM, NOISE = 2.4, 0.05
TUBE = tubes.straight(ALONG, RADIUS_MM)
TRACED = tubes.traced(TUBE, margin_mm=11.0)


@pytest.fixture(scope="module")
def even() -> Volume:
    """A tube of signal 2 in muscle of 1, without noise."""
    return tubes.picture(tubes.grid_of((1.0, 1.0, 1.0)), [TUBE])


def measured(image: Volume, acquired=None, **beside) -> MeasurementTable:
    return measure_nerves(
        EvenImage(image, acquired),
        tubes.tree_of({tubes.KEY: TRACED}),
        tubes.frame(),
        SETTINGS,
        **beside,
    )


def value(table: MeasurementTable, quantity: Quantity) -> float:
    return table.get(NERVE, SIDE, quantity).value


def label_of(grid: Grid, radius_mm: float, tube=TUBE) -> LabelVoxels:
    """Voxels whose centres lie inside a straight tube of its own radius."""
    ijk = np.indices(grid.shape).reshape(3, -1).T
    along = tube.points_mm[-1] - tube.points_mm[0]
    along = along / np.linalg.norm(along)
    off = grid.to_world(ijk.astype(float)) - tube.points_mm[0]
    off = off - (off @ along)[:, None] * along
    return LabelVoxels(grid, ijk[np.linalg.norm(off, axis=1) < radius_mm].astype(np.int32))


def axis_of(tube, half_mm: float) -> NerveCurve:
    """Nodes of a straight tube's axis, so far to each side of its middle."""
    middle = len(tube.points_mm) // 2
    steps = int(half_mm / 0.25)
    return curve_of(
        Centerline(tube.points_mm[middle - steps : middle + steps + 1]), 1.0, 1.5, np.eye(3)
    )


# Signal as acquired


def test_field_is_the_ratio_of_the_images_where_neither_is_zero():
    grid = grid_of((4, 4, 4))
    corrected = Volume(np.arange(1.0, 65.0).reshape(4, 4, 4), grid)
    acquired = corrected.with_data(1.5 * corrected.data)
    holes = corrected.data.copy()
    holes[1, 1, 1] = 0.0
    points = np.array([[0.0, 0.0, 0.0], [-0.5, -0.5, -0.5], [50.0, 0.0, 0.0]])
    field = field_at(acquired.with_data(1.5 * holes), corrected.with_data(holes), points)
    # The second point lies on the voxel that is 0 and has no neighbour to take a field from.
    assert field[0] == pytest.approx(1.5, rel=1e-6)
    assert np.isnan(field[1:]).all()


@pytest.fixture(scope="module")
def shaded(even) -> tuple[MeasurementTable, Volume]:
    """A tube in an image that was acquired with twice the gain at one end of the tube."""
    image = tubes.noisy(even, NOISE, 1)
    x_mm = image.grid.to_world(np.indices(image.grid.shape).reshape(3, -1).T.astype(float))[:, 0]
    field = np.exp(np.log(2.0) * x_mm / 32.0).reshape(image.grid.shape)
    acquired = image.with_data(image.data * field)
    return measured(image, acquired=acquired), image


def test_raw_signal_follows_the_field_and_signal_does_not(shaded):
    table, image = shaded
    profile, plain = table.profiles[tubes.KEY], measured(image).profiles[tubes.KEY]
    expected = np.exp(np.log(2.0) * profile.points_mm[:, 0] / 32.0)
    # 0.1 %: the field bends between voxels.
    assert profile.signal_raw / profile.signal == pytest.approx(expected, rel=1e-3)
    assert profile.signal_raw[2] / profile.signal_raw[-3] < 0.7
    assert profile.signal == pytest.approx(plain.signal, rel=1e-12)
    assert plain.signal_raw == pytest.approx(plain.signal, rel=1e-6)


def test_mean_raw_signal_is_over_the_nodes_of_mean_signal(shaded):
    profile = shaded[0].profiles[tubes.KEY]
    arc = profile.arc_length_mm
    body = (arc >= SETTINGS.root_start_mm) & (arc <= arc[-1] - SETTINGS.trace_end_mm)
    assert value(shaded[0], Quantity.SIGNAL_MEAN) == pytest.approx(profile.signal[body].mean())
    assert value(shaded[0], Quantity.SIGNAL_RAW_MEAN) == pytest.approx(
        profile.signal_raw[body].mean()
    )


# Spread within the section


@pytest.mark.parametrize("planted", [0.1, 0.2])
def test_spread_of_a_two_valued_interior_is_what_was_planted(even, planted):
    """Voxels of the nerve are brighter or darker by the same amount, by chance."""
    sign = np.random.default_rng(5).choice([-1.0, 1.0], even.grid.shape)
    uneven = even.with_data(even.data + planted * sign * (even.data - 1.0))
    table = measured(tubes.noisy(uneven, NOISE, 2))
    # 12 %: 250 voxels with noise, and the fit takes the unevenness at the rim for noise.
    assert value(table, Quantity.SIGNAL_SPREAD_MEAN) == pytest.approx(planted, rel=0.12)


def test_spread_of_an_even_nerve_is_within_the_noise(shaded):
    row = shaded[0].get(NERVE, SIDE, Quantity.SIGNAL_SPREAD_MEAN)
    # Half of the noise: what the noise itself is known to, which is taken off in squares.
    assert row.value < 0.5 * NOISE
    assert row.ci_low >= 0.0


def test_nodes_of_a_bridge_are_flagged_and_no_others(even):
    bridged = replace(TRACED, bridges_mm=((6.0, 8.0),))
    table = measure_nerves(
        EvenImage(even), tubes.tree_of({tubes.KEY: bridged}), tubes.frame(), SETTINGS
    )
    profile = table.profiles[tubes.KEY]
    flagged = profile.arc_length_mm[profile.flagged(Quality.BRIDGED)]
    assert (flagged.min(), flagged.max()) == (6.0, 8.0)
    assert len(flagged) == round(2.0 / SETTINGS.node_step_mm) + 1


def test_gain_scales_spread_and_raw_signal(even):
    image = tubes.noisy(even, NOISE, 3)
    once, many = measured(image), measured(image.with_data(image.data * 7))
    for quantity in (Quantity.SIGNAL_SPREAD_MEAN, Quantity.SIGNAL_RAW_MEAN):
        # 0.1 %: the fit's own stopping tolerance.
        assert value(many, quantity) == pytest.approx(7 * value(once, quantity), rel=1e-3)


def test_a_thin_nerve_has_no_spread_and_says_why():
    thin = tubes.straight(ALONG, 1.25)
    image = tubes.noisy(tubes.picture(tubes.grid_of((1.0, 1.0, 1.0)), [thin]), NOISE, 4)
    nerves = tubes.tree_of({tubes.KEY: tubes.traced(thin, margin_mm=11.0)})
    table = measure_nerves(EvenImage(image), nerves, tubes.frame(), SETTINGS)
    row = table.get(NERVE, SIDE, Quantity.SIGNAL_SPREAD_MEAN)
    assert (row.value, row.reason) == (None, ReasonCode.FEW_INSIDE)
    assert np.isnan(table.profiles[tubes.KEY].signal_spread).all()


def test_voxels_of_a_blurred_image_are_not_independent():
    assert voxels_alike(np.array([0.2, 0.0, 0.28])) == 1.0
    # A Gaussian of one voxel: its noise is alike over 2·sqrt(pi) voxels.
    assert voxels_alike(np.array([1.0, 0.0, 0.0])) == pytest.approx(3.545, abs=1e-3)


# Area of the mask's label


@pytest.mark.parametrize("direction", [(1, 0, 0), (1, 0.3, 0), (1, 0.6, 0.2), (0.3, 1, 0.2)])
@pytest.mark.parametrize(("spacing", "radius_mm"), [((0.6, 0.6, 0.6), 2.0), ((1, 1, 1), 3.0)])
def test_area_of_a_label_does_not_depend_on_its_tilt(direction, spacing, radius_mm):
    tube = tubes.straight(direction, radius_mm, length_mm=40.0)
    label = label_of(tubes.grid_of(spacing, size_mm=(32, 30, 26)), radius_mm, tube)
    curve = axis_of(tube, 7.0)
    areas = mask_areas(label, curve, curve.points_mm, SETTINGS)
    # 5 %: what discs cut out of voxels scatter by over one line through them.
    assert areas.mean() == pytest.approx(np.pi * radius_mm**2, rel=0.05)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 2.5, 1.0)])
@pytest.mark.parametrize("direction", [(1, 0.3, 0.1), (1, 1, 1)])
def test_areas_along_a_label_add_up_to_the_volume_of_its_voxels(direction, spacing):
    tube = tubes.straight(direction, 2.0, length_mm=70.0)
    label = label_of(tubes.grid_of(spacing, size_mm=(18, 18, 18)), 2.0, tube)
    curve = axis_of(tube, 24.0)
    areas = mask_areas(label, curve, curve.points_mm, SETTINGS)
    volume = len(label.ijk) * label.grid.voxel_volume_mm3
    # 2 %: one sample per voxel edge, one plane per millimetre.
    assert np.nansum(areas) * SETTINGS.node_step_mm == pytest.approx(volume, rel=0.02)


def test_area_is_that_of_the_piece_at_the_node_and_missing_without_one():
    tube = tubes.straight((1, 0, 0), 2.0)
    label = label_of(tubes.grid_of((1.0, 1.0, 1.0)), 2.0, tube)
    aside = LabelVoxels(label.grid, np.concatenate([label.ijk, label.ijk + np.array([0, 0, 8])]))
    curve = axis_of(tube, 5.0)
    alone = mask_areas(label, curve, curve.points_mm, SETTINGS)
    assert mask_areas(aside, curve, curve.points_mm, SETTINGS) == pytest.approx(alone)
    far = mask_areas(label, curve, curve.points_mm + np.array([0.0, 6.0, 0.0]), SETTINGS)
    assert np.isnan(far).all()
    sheet = LabelVoxels(label.grid, np.argwhere(np.ones((32, 26, 26))).astype(np.int32))
    assert np.isnan(mask_areas(sheet, curve, curve.points_mm, SETTINGS)).all()


def test_labels_of_one_nerve_are_taken_together():
    data = np.zeros((4, 4, 4), np.int16)
    data[0, 0, 0], data[1, 0, 0], data[2, 0, 0], data[3, 0, 0] = 3, 4, 5, 9
    one, other = (Side.LEFT, Nerve.C5), (Side.LEFT, Nerve.C6)
    mask = OwnMask(
        LabelMap(data, grid_of((4, 4, 4))), {3: one, 4: one, 5: other, 7: NERVE_KEYS[0]}
    )
    found = label_voxels(mask)
    assert found[one].ijk.tolist() == [[0, 0, 0], [1, 0, 0]]
    assert found[other].ijk.tolist() == [[2, 0, 0]]


@pytest.fixture(scope="module")
def noisy(even) -> Volume:
    return tubes.noisy(even, NOISE, 6)


@pytest.mark.parametrize(("mask_mm", "disagrees"), [(2.9, False), (4.0, True)])
def test_a_mask_that_is_off_by_more_than_drawing_explains_is_flagged(noisy, mask_mm, disagrees):
    """Half a voxel all around is how people draw; 1.6 mm is another structure or a slip."""
    label = label_of(noisy.grid, mask_mm)
    table = measured(noisy, labels={tubes.KEY: label})
    row, plain = table.get(NERVE, SIDE, Quantity.CSA_MASK_MEAN), measured(noisy)
    # 6 %: a label of this size on 1 mm voxels.
    assert row.value == pytest.approx(np.pi * mask_mm**2, rel=0.06)
    assert bool(row.quality & Quality.MASK_DISAGREES) is disagrees
    assert (row.ci_low, row.standard_error) == (None, None)
    assert value(table, Quantity.CSA_MEAN) == value(plain, Quantity.CSA_MEAN)
    nothing = plain.get(NERVE, SIDE, Quantity.CSA_MASK_MEAN)
    assert (nothing.value, nothing.reason) == (None, ReasonCode.MASK_NONE)


def mirrored(points_mm):
    return points_mm * np.array([-1.0, 1.0, 1.0])


def test_mirrored_anatomy_keeps_raw_signal_spread_and_area_of_the_mask(noisy):
    label = label_of(noisy.grid, 2.6)
    labels = Volume(np.zeros(noisy.grid.shape), noisy.grid).data.copy()
    labels[tuple(label.ijk.T)] = 1
    other_labels = Volume(labels, noisy.grid).mirrored().to_ras()
    other_key = (SIDE.opposite, NERVE)
    other_label = LabelVoxels(other_labels.grid, np.argwhere(other_labels.data).astype(np.int32))
    frame = tubes.frame()
    canal = Centerline(mirrored(frame.canal.points_mm))
    nerve = TracedNerve(
        Centerline(mirrored(TRACED.centerline.points_mm)),
        TRACED.confidence,
        TRACED.evidence,
        TRACED.radius_mm,
    )
    acquired = noisy.with_data(noisy.data * 1.25)
    ours = measured(noisy, acquired=acquired, labels={tubes.KEY: label})
    theirs = measure_nerves(
        EvenImage(noisy.mirrored().to_ras(), acquired.mirrored().to_ras()),
        NerveTree({other_key: nerve}),
        PatientFrame(canal, frame.right, frame.proof),
        SETTINGS,
        labels={other_key: other_label},
    )
    one, other = ours.profiles[tubes.KEY], theirs.profiles[other_key]
    # Rounding of the image (1e-7) moves where a fit stops.
    assert other.signal_raw == pytest.approx(one.signal_raw, rel=1e-3)
    assert other.signal_spread == pytest.approx(one.signal_spread, rel=0.02, abs=0.002)
    assert other.mask_area_mm2 == pytest.approx(one.mask_area_mm2, rel=1e-3, nan_ok=True)
