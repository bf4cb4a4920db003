import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from plexus_mri.core.grid import Grid
from plexus_mri.core.series_map import SeriesMap
from plexus_mri.core.transform import AffineTransform
from plexus_mri.core.volume import Volume
from plexus_mri.reasons import ReasonCode
from plexus_mri.registration.pose import best_pose, pair_of
from plexus_mri.registration.series import register_series
from plexus_mri.registration.settings import RegistrationSettings

SETTINGS = RegistrationSettings()
SHIFT_MM = np.array([4.0, -3.0, 6.0])


def patient(seed=1):
    """A body of blurred blobs, other on each side, in air."""
    rng = np.random.default_rng(seed)
    shape, spacing = (48, 40, 48), 3.0
    blobs = ndimage.gaussian_filter(rng.normal(size=shape), 1.6)
    body = np.linalg.norm((np.indices(shape).T / (np.array(shape) - 1) - 0.5).T, axis=0) < 0.42
    data = np.where(body, 100 + 40 * blobs / blobs.std(), 0.0)
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = -spacing * (np.array(shape) - 1) / 2
    return Volume(np.maximum(data, 0), Grid(shape, affine))


def moved(image, shift_mm):
    """The same body in another contrast, its header off by a shift."""
    affine = np.array(image.grid.affine)
    affine[:3, 3] += shift_mm
    inverted = np.where(image.data > 0, 250 - image.data, 0)
    return Volume(inverted, Grid(image.grid.shape, affine))


def test_shift_between_contrasts_is_found():
    image = patient()
    found = register_series(image, SeriesMap("t1", moved(image, SHIFT_MM)), None, SETTINGS)
    points = np.array([[0.0, 0.0, 0.0], [30.0, 10.0, -20.0], [-25.0, -15.0, 30.0]])
    # 1.5 mm: half a voxel.
    assert found.map_from_image.apply(points) == pytest.approx(points + SHIFT_MM, abs=1.5)
    assert found.agreement.similarity > found.before.similarity


def test_another_body_is_left_out():
    found = register_series(patient(), SeriesMap("t2", patient(seed=2)), None, SETTINGS)
    assert found.map_from_image is None
    assert found.reason is ReasonCode.MAP_NOT_REGISTERED
    assert "could not be registered" in found.sentence


def test_mirrored_series_is_left_out():
    image = patient()
    mirrored = moved(image, np.zeros(3)).mirrored()
    found = register_series(image, SeriesMap("t2", mirrored), None, SETTINGS)
    assert found.reason is ReasonCode.MAP_NOT_REGISTERED


def turned_patient():
    """A nearly symmetric body that lies turned by 15 degrees about the long axis."""
    image = patient()
    own = np.where(image.data > 0, image.data + 0.7 * image.data[::-1], 0)
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("z", 15, degrees=True).as_matrix()
    return Volume(own, Grid(image.grid.shape, turn @ image.grid.affine))


def test_mirrored_series_of_a_turned_and_nearly_symmetric_patient_is_left_out():
    image = turned_patient()
    own = moved(image, SHIFT_MM)
    mirrored = own.with_data(own.data[::-1].copy())
    assert register_series(image, SeriesMap("t2", own), None, SETTINGS).reason is None
    found = register_series(image, SeriesMap("t2", mirrored), None, SETTINGS)
    assert found.reason is ReasonCode.MAP_NOT_REGISTERED
    # It agrees well and sharply: the mirror image alone tells it from the patient.
    assert found.agreement.similarity > SETTINGS.least_similarity
    assert found.agreement.sharpness > SETTINGS.least_sharpness
    assert found.agreement.handedness < 0


def test_series_elsewhere_is_left_out():
    image = patient()
    far = moved(image, np.array([0.0, 0.0, 400.0]))
    found = register_series(image, SeriesMap("fa", far), None, SETTINGS)
    assert found.reason is ReasonCode.MAP_NO_OVERLAP
    assert "covers 0 % of the body" in found.sentence


def test_empty_series_is_left_out():
    image = patient()
    empty = image.with_data(np.zeros(image.grid.shape))
    found = register_series(image, SeriesMap("fa", empty), None, SETTINGS)
    assert found.reason is ReasonCode.PIXEL_CONSTANT


def test_values_are_sampled_in_the_grid_of_the_series():
    image = patient()
    series = moved(image, np.zeros(3))
    found = register_series(image, SeriesMap("t1", series), None, SETTINGS)
    inside = series.grid.to_world([[24.0, 20.0, 24.0]])
    # 3 grey values: a registration off by a tenth of a voxel.
    assert found.sample(inside) == pytest.approx(series.data[24, 20, 24], abs=15.0)


def alike_in_the_large():
    """A body whose halves differ in detail of a voxel or two alone, as a neck's nearly do."""
    rng = np.random.default_rng(4)
    shape, spacing = (64, 52, 64), 2.0
    large, small = (ndimage.gaussian_filter(rng.normal(size=shape), s) for s in (3.0, 0.4))
    large = large + large[::-1]
    body = np.linalg.norm((np.indices(shape).T / (np.array(shape) - 1) - 0.5).T, axis=0) < 0.42
    data = np.where(body, 150 + 30 * large / large.std() + 4 * small / small.std(), 0.0)
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = -spacing * (np.array(shape) - 1) / 2
    return Volume(np.maximum(data, 0), Grid(shape, affine))


def test_a_patient_whose_sides_differ_in_detail_alone_is_told_from_the_mirror_image():
    image = alike_in_the_large()
    noise = 6 * np.random.default_rng(9).normal(size=image.data.shape)
    own = moved(image, SHIFT_MM)
    own = own.with_data(np.where(own.data > 0, own.data + noise, 0))
    mirrored = own.with_data(own.data[::-1].copy())
    assert register_series(image, SeriesMap("t1", own), None, SETTINGS).reason is None
    found = register_series(image, SeriesMap("t1", mirrored), None, SETTINGS)
    assert found.agreement.handedness < 0


def test_what_both_headers_say_of_the_scanner_changes_no_pose():
    image = patient()
    series = moved(image, SHIFT_MM)
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("xz", [12, 15], degrees=True).as_matrix()
    there = [Volume(v.data, Grid(v.grid.shape, turn @ v.grid.affine)) for v in (image, series)]
    straight, turned = (_world_pose(*two) for two in ((image, series), there))
    points = np.array([[0.0, 0.0, 0.0], [30.0, 10.0, -20.0], [-25.0, -15.0, 30.0]])
    back = AffineTransform(np.linalg.inv(turn) @ turned.target_from_source @ turn)
    # 0.01 mm: rounding moves where the optimiser stops.
    assert back.apply(points) == pytest.approx(straight.apply(points), abs=0.01)


def _world_pose(image, series):
    pair = pair_of(image, series, None)
    return pair.to_world(best_pose(pair, affine=False))
