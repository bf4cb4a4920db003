import numpy as np
import pytest

from plexus_mri.core.canal_space import CanalSpace
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.frame import PatientFrame, SideProof

PROOF = SideProof("x", "canal", None, None, proven=True)


def frame_of(bend_mm=0.0, lean=0.0, twist_deg=0.0):
    """Canal of 120 mm that is bowed forward, leans aside and turns from bottom to top."""
    z = np.linspace(60, -60, 61)
    points = np.stack([5 + lean * z, bend_mm * (1 - (z / 60) ** 2), z], axis=1)
    turn = np.deg2rad(twist_deg) * z / 60
    rights = np.stack([np.cos(turn), np.sin(turn), 0 * z - lean], axis=1)
    return PatientFrame(Centerline(points), np.array([1.0, 0, 0]), PROOF, rights)


def places(seed=1, count=500):
    return np.random.default_rng(seed).uniform([-120, -50, -90], [120, 50, 90], (count, 3))


def test_coordinates_of_a_straight_canal_are_world_offsets_from_its_middle():
    canal = CanalSpace(frame_of())
    points = places()
    assert canal.from_world(points) == pytest.approx(points - np.array([5.0, 0, 0]), abs=1e-3)


@pytest.mark.parametrize(
    "posture", [{"bend_mm": 9.0}, {"lean": 0.15}, {"bend_mm": 8.0, "lean": -0.1, "twist_deg": 10}]
)
def test_there_and_back_gives_the_same_place(posture):
    canal = CanalSpace(frame_of(**posture))
    # The repetition stops when the level changes by less than 1e-4 mm.
    assert canal.to_world(canal.from_world(places())) == pytest.approx(places(), abs=2e-3)
    assert canal.from_world(canal.to_world(places())) == pytest.approx(places(), abs=2e-3)


def test_the_midline_is_where_the_first_coordinate_is_zero():
    frame = frame_of(bend_mm=8.0, lean=0.1, twist_deg=8.0)
    on_midline = CanalSpace(frame).to_world(places() * np.array([0.0, 1.0, 1.0]))
    assert np.abs(frame.lateral_mm(on_midline)).max() < 0.2  # canal's nodes are 2 mm apart


def test_a_mirrored_patient_has_mirrored_coordinates():
    frame = frame_of(bend_mm=8.0, lean=0.1, twist_deg=8.0)
    mirror = np.array([-1.0, 1.0, 1.0])
    mirrored = PatientFrame(frame.canal.mirrored(), frame.right, PROOF, -(frame.rights * mirror))
    found = CanalSpace(mirrored).from_world(places() * mirror)
    assert found == pytest.approx(CanalSpace(frame).from_world(places()) * mirror, abs=1e-3)


def test_level_is_measured_along_the_canal():
    canal = CanalSpace(frame_of(lean=0.5))
    level = canal.from_world(frame_of(lean=0.5).canal.points_mm)[:, 2]
    assert np.ptp(level) == pytest.approx(120 * np.hypot(1, 0.5), rel=1e-3)
