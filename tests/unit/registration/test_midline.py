import numpy as np
import pytest

from plexus_mri.core.volume import Volume
from plexus_mri.registration.frame import find_patient_frame
from plexus_mri.registration.settings import RegistrationSettings
from tests.unit.registration.test_frame import canal_image
from tests.unit.shapes import grid_of, tube_volume

SETTINGS = RegistrationSettings()
TWIST_DEG = 12.0


def twisted_neck():
    """A canal with two muscles and a vertebral column that turn about it from bottom to top."""
    z = np.linspace(-70, 70, 60)
    turn = np.deg2rad(TWIST_DEG) * (z + 70) / 140
    canal = np.stack([0 * z, 0 * z - 5, z], axis=1)
    right = np.stack([np.cos(turn), np.sin(turn), 0 * z], axis=1)
    forward = np.stack([-np.sin(turn), np.cos(turn), 0 * z], axis=1)
    tubes = [(canal, 8.0, 500.0), (canal + 20 * forward, 9.0, 20.0)]
    for side in (-1, 1):
        tubes.append((canal + side * 35 * right + 8 * forward, 10.0, 60.0))
        tubes.append((canal + side * 28 * right - 18 * forward, 7.0, 250.0))
    return tube_volume(grid_of((76, 46, 76), 2.0), tubes, background=120.0)


def test_lateral_axis_turns_with_a_twisted_neck():
    frame = find_patient_frame(twisted_neck(), "x", SETTINGS)
    ends = frame.right_at(np.array([[0.0, 0.0, -50.0], [0.0, 0.0, 50.0]]))
    found = np.rad2deg(np.arctan2(ends[:, 1], ends[:, 0]))
    true = TWIST_DEG * (np.array([-50.0, 50.0]) + 70) / 140
    # 2 degrees: the step of the search.
    assert found == pytest.approx(true, abs=2.0)


def test_mirrored_image_gives_the_mirrored_frame():
    image, _ = canal_image(25.0, 0.1)
    frame = find_patient_frame(image, "x", SETTINGS)
    mirrored = find_patient_frame(image.mirrored().to_ras(), "x", SETTINGS)
    flip = np.array([-1.0, 1.0, 1.0])
    # Sums of the mirrored image run in another order: rounding only.
    assert mirrored.canal.points_mm == pytest.approx(frame.canal.points_mm * flip, abs=1e-4)
    there = np.array([[10.0, 5.0, 20.0], [60.0, -5.0, -30.0]])
    assert mirrored.lateral_mm(there * flip) == pytest.approx(-frame.lateral_mm(there), abs=1e-4)


def test_every_estimate_is_reported_with_its_error():
    image, _ = canal_image()
    proof = find_patient_frame(image, "x", SETTINGS).proof
    assert [e.source for e in proof.estimates] == [
        "spinal canal",
        "vertebral bodies",
        "mirror plane of neck and shoulders",
    ]
    known = [e for e in proof.estimates if e.offset_mm is not None]
    assert len(known) >= 2
    assert all(e.uncertainty_mm > 0 for e in known)


def test_image_that_is_not_symmetric_about_its_bright_tube_has_no_midline():
    image, _ = canal_image(40.0)
    rng = np.random.default_rng(0)
    noise = Volume(image.data + rng.normal(0, 200, image.data.shape), image.grid)
    speckled = noise.with_data(np.where(image.data > 400, 500, np.abs(noise.data)))
    assert find_patient_frame(speckled, "x", SETTINGS) is None
