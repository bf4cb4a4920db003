import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.canal_space import CanalSpace
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.frame import PatientFrame, SideProof
from plexus_mri.core.grid import Grid
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.core.resample import isotropic_copy
from plexus_mri.core.volume import Volume
from plexus_mri.errors import RefusedError
from plexus_mri.registration.canal import find_canal
from plexus_mri.registration.frame import find_patient_frame, prove_sides
from plexus_mri.registration.settings import RegistrationSettings
from tests.unit.shapes import grid_of, tube_volume

SETTINGS = RegistrationSettings()


def canal_image(offset_mm=0.0, lean=0.0, turn_deg=0.0):
    """A bright canal from top to bottom, off centre and leaning, with two equal muscles."""
    grid = grid_of((100, 60, 100), 1.5)
    z = np.linspace(-70, 70, 30)
    canal = np.stack([offset_mm + lean * z, 0 * z - 5, z], axis=1)
    turn = Rotation.from_euler("z", turn_deg, degrees=True)
    right, left = turn.apply([[35.0, 5.0, 0.0], [-35.0, 5.0, 0.0]])
    tubes = [(canal, 8.0, 500.0), (canal + right, 10.0, 60.0), (canal + left, 10.0, 60.0)]
    return tube_volume(grid, tubes, background=120.0), canal


@pytest.mark.parametrize(("offset_mm", "lean"), [(0.0, 0.0), (25.0, 0.0), (-20.0, 0.15)])
def test_midline_follows_an_off_centre_leaning_canal(offset_mm, lean):
    image, canal = canal_image(offset_mm, lean)
    frame = find_patient_frame(image, "sform (code 1)", SETTINGS)
    middle = canal[8:22]
    # 1 mm: half of the 2 mm working voxel.
    assert np.abs(frame.lateral_mm(middle)).max() < 1.0
    assert (frame.lateral_mm(middle + np.array([10.0, 0, 0])) > 8).all()
    assert frame.proof.midline_uncertainty_mm < 1.5


def test_turned_shoulders_turn_the_lateral_axis():
    image, _ = canal_image(turn_deg=10.0)
    frame = find_patient_frame(image, "x", SETTINGS)
    found = np.rad2deg(np.arctan2(frame.right[1], frame.right[0]))
    assert found == pytest.approx(10.0, abs=1.5)  # the search steps by 2 degrees


def test_a_turned_header_turns_the_frame_and_nothing_else():
    image, canal = canal_image(offset_mm=8.0, lean=0.1)
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_rotvec([0.12, 0.15, -0.1]).as_matrix()
    turn[:3, 3] = 20.0, -30.0, 40.0
    turned = Volume(image.data, Grid(image.grid.shape, turn @ image.grid.affine))
    one, other = (find_patient_frame(i, "x", SETTINGS) for i in (image, turned))
    points = np.concatenate([canal, canal + 30.0, canal * 2.0])
    moved = points @ turn[:3, :3].T + turn[:3, 3]
    # Rounding alone: the same voxels are looked at.
    assert other.lateral_mm(moved) == pytest.approx(one.lateral_mm(points), abs=1e-6)
    assert other.anterior_mm(moved) == pytest.approx(one.anterior_mm(points), abs=1e-6)
    there, here = CanalSpace(other).from_world(moved), CanalSpace(one).from_world(points)
    assert there == pytest.approx(here, abs=1e-3)  # a level settles to 1e-4 mm


def test_image_without_a_canal_has_no_midline():
    rng = np.random.default_rng(1)
    noise = Volume(rng.normal(100, 10, (60, 40, 60)), grid_of())
    assert find_canal(isotropic_copy(noise, SETTINGS.work_spacing_mm), SETTINGS) is None


def frame_and_nerve(x_mm):
    z = np.linspace(40, -40, 20)
    canal = Centerline(np.stack([0 * z, 0 * z, z], axis=1))
    proof = SideProof("x", "x", 0.5, None, proven=True)
    frame = PatientFrame(canal, np.array([1.0, 0, 0]), proof)
    line = Centerline(np.array([[x_mm, 0, 0], [x_mm + 20, 0, -10]]))
    traced = TracedNerve(line, 1.0, {"support": 1.0}, np.full(2, 2.0))
    return frame, NerveTree({(Side.RIGHT, Nerve.C5): traced})


def test_margin_to_the_midline_is_the_smallest_distance_of_any_nerve():
    frame, tree = frame_and_nerve(12.0)
    proven = prove_sides(frame, tree, SETTINGS)
    assert proven.proof.smallest_margin_mm == pytest.approx(12.0)


def test_nerve_on_the_other_side_is_refused():
    frame, tree = frame_and_nerve(-12.0)
    with pytest.raises(RefusedError, match=r"within -12.0 mm of the midline"):
        prove_sides(frame, tree, SETTINGS)
