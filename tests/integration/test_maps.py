"""Further series from the command line to the report: used where they fit, named where not."""

import os
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from plexus_mri.batch.stored import read_summary
from plexus_mri.core.grid import Grid
from plexus_mri.core.resample import isotropic_copy
from plexus_mri.core.transform import AffineTransform
from plexus_mri.core.volume import Volume
from plexus_mri.io.derivatives import case_paths
from plexus_mri.io.nifti import read_nifti
from plexus_mri.io.tables import read_table

pytestmark = pytest.mark.slow
SAMPLE = Path(__file__).resolve().parents[2] / "sample_data/study/sub-01/anat"
IMAGE = SAMPLE / "sub-01_acq-stir_T2w.nii.gz"
SHIFT_MM = (7.0, -9.0, 6.0)
TURN_DEG = (6.0, -5.0, 8.0)


def main_image() -> Volume:
    """The sample image between the shoulders: short nerves take little time."""
    whole = read_nifti(IMAGE)[0].to_ras()
    first = whole.grid.shape[0] // 4
    affine = np.array(whole.grid.affine)
    affine[:3, 3] += first * affine[:3, 0]
    part = whole.data[first:-first]
    return Volume(part, Grid(part.shape, affine))


def saved(volume: Volume, path: Path) -> Path:
    image = nib.Nifti1Image(volume.data, volume.grid.affine)
    image.set_qform(volume.grid.affine, code=1)
    image.set_sform(volume.grid.affine, code=1)
    image.header.set_xyzt_units("mm")
    image.to_filename(path)
    return path


def true_pose(image: Volume) -> AffineTransform:
    """Turn about the middle of the image, then a shift."""
    pose, middle = np.eye(4), image.grid.corners_mm.mean(axis=0)
    pose[:3, :3] = Rotation.from_euler("xyz", TURN_DEG, degrees=True).as_matrix()
    pose[:3, 3] = middle - pose[:3, :3] @ middle + SHIFT_MM
    return AffineTransform(pose)


def displaced_map(image: Volume) -> Volume:
    """A map in ms: another contrast on a coarser grid, its header turned and shifted."""
    copy = isotropic_copy(image, 2.0)
    share = np.clip(copy.data / np.percentile(copy.data, 99.5), 0.0, 1.0)
    noise = np.random.default_rng(3).normal(0.0, 1.5, copy.data.shape)
    values = np.where(share > 0.05, 90.0 - 60.0 * share, 0.0) + noise
    affine = true_pose(image).target_from_source @ copy.grid.affine
    return Volume(values, Grid(copy.grid.shape, affine))


def limb(image: Volume) -> Volume:
    """A thigh where the neck should be: muscle in fat about one bone."""
    copy = isotropic_copy(image, 3.0)
    off_mm = copy.grid.to_world(np.indices(copy.data.shape).reshape(3, -1).T)
    off_mm = off_mm - copy.grid.corners_mm.mean(axis=0)
    radius = np.hypot(off_mm[:, 0], off_mm[:, 1]).reshape(copy.data.shape)
    rings = [radius < edge for edge in (7.0, 13.0, 60.0, 75.0)]
    values = np.select(rings, [180.0, 10.0, 90.0, 250.0], 0.0)
    return copy.with_data(values + np.random.default_rng(4).normal(0.0, 5.0, values.shape))


def elsewhere(image: Volume) -> Volume:
    """The right neck, but its header puts it a metre away."""
    affine = np.array(image.grid.affine)
    affine[2, 3] += 1000.0
    return Volume(image.data, Grid(image.grid.shape, affine))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A part of the sample image, one map that fits and two that do not."""
    folder = tmp_path_factory.mktemp("maps")
    image = main_image()
    saved(image, folder / "main.nii.gz")
    saved(displaced_map(image), folder / "t2.nii.gz")
    saved(limb(image), folder / "limb.nii.gz")
    saved(elsewhere(image), folder / "far.nii.gz")
    return folder


@pytest.fixture(scope="module")
def ended(folder) -> subprocess.CompletedProcess[str]:
    """One run of the program with all three, as a user types it."""
    maps = [f"--map={name}={folder / f'{name}.nii.gz'}" for name in ("t2", "limb", "far")]
    command = ["run", folder / "main.nii.gz", "--subject", "01", "--out", folder / "out", *maps]
    return subprocess.run(
        [sys.executable, "-m", "plexus_mri", *map(str, command)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PLEXUS_MRI_SALT": "salt of the tests"},
    )


@pytest.fixture(scope="module")
def rows(ended, folder) -> dict:
    """What the summary says of each map, by its name."""
    assert ended.returncode == 0, ended.stderr
    summary = read_summary(case_paths(folder / "out", "01", None).summary)
    return {row["name"]: row for row in summary["registration"]["maps"]}


@pytest.fixture(scope="module")
def profiles(ended, folder) -> list[dict]:
    assert ended.returncode == 0, ended.stderr
    return read_table(case_paths(folder / "out", "01", None).profile_measures)


def test_bad_maps_do_not_stop_the_case(ended):
    assert ended.returncode == 0
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "exit code 0" in ended.stdout.rstrip().splitlines()[-1]


def test_a_displaced_map_is_put_in_its_place(rows):
    image = main_image()
    found = AffineTransform(np.array(rows["t2"]["map_from_image"]))
    corners = image.grid.corners_mm
    apart = found.apply(corners) - true_pose(image).apply(corners)
    # 0.6 mm: half a voxel, at the corners of the image, where a turn that is off weighs most.
    assert np.linalg.norm(apart, axis=1).max() < 0.6
    assert rows["t2"]["after"]["similarity"] > rows["t2"]["before"]["similarity"]


def test_every_nerve_has_the_values_of_the_map_at_its_own_places(profiles):
    image = main_image()
    t2 = displaced_map(image)
    known = [row for row in profiles if row["map_t2"] != "n/a"]
    assert {(row["side"], row["nerve"]) for row in known} == {
        (row["side"], row["nerve"]) for row in profiles
    }
    points = np.array([[float(row[f"{axis}_mm"]) for axis in "xyz"] for row in known])
    true = t2.sample(true_pose(image).apply(points))
    found = np.array([float(row["map_t2"]) for row in known])
    # 6 ms of 60: nerves are dark in this map, so the column, a mean over the inner cross-section,
    # lies above the value at the centre.
    assert np.median(np.abs(found - true)) < 6.0
    assert np.corrcoef(found, true)[0, 1] > 0.9
    # Where the header puts the map, other tissue lies: the comparison could fail.
    astray = t2.sample(points)
    seen = np.isfinite(astray)
    assert np.corrcoef(found[seen], astray[seen])[0, 1] < 0.5


def test_maps_that_do_not_fit_are_left_out_with_their_reason(rows, profiles):
    assert (rows["limb"]["used"], rows["limb"]["reason"]) == (False, "MAP_NOT_REGISTERED")
    assert (rows["far"]["used"], rows["far"]["reason"]) == (False, "MAP_NO_OVERLAP")
    assert "covers 0 % of the body in the main image" in rows["far"]["sentence"]
    assert not {"map_limb", "map_far"} & set(profiles[0])


def test_the_report_shows_each_registration_with_its_number_and_reason(ended, folder):
    assert ended.returncode == 0
    page = (folder / "out" / "sub-01.html").read_text(encoding="utf-8")
    assert "Checkerboard of the main image and the map t2, where it was registered." in page
    assert "Similarity 0." in page
    assert "could not be registered to the main image: similarity" in page
    assert "covers 0 % of the body in the main image" in page
