"""A small case with further series, measured by the program itself."""

import os
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy.spatial.transform import Rotation

from plexus_mri.core.grid import Grid
from plexus_mri.core.resample import isotropic_copy
from plexus_mri.core.transform import AffineTransform
from plexus_mri.core.volume import Volume
from plexus_mri.io.nifti import read_nifti

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
IMAGE = SAMPLE / "study/sub-01/anat/sub-01_acq-stir_T2w.nii.gz"
TEMPLATE = SAMPLE / "template"
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


def measure(folder: Path, *options: object) -> subprocess.CompletedProcess[str]:
    """One run of the program on ``main.nii.gz`` of a folder, as a user types it."""
    command = ["run", folder / "main.nii.gz", "--subject", "01", "--out", folder / "out", *options]
    return subprocess.run(
        [sys.executable, "-m", "plexus_mri", *map(str, command)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PLEXUS_MRI_SALT": "salt of the tests"},
    )


def map_options(folder: Path) -> list[str]:
    """Options that name the three maps of a folder."""
    return [f"--map={name}={folder / f'{name}.nii.gz'}" for name in ("t2", "limb", "far")]


def measured_with_maps(folder: Path) -> subprocess.CompletedProcess[str]:
    """A part of the sample image, a template, one map that fits and two that do not: one run."""
    image = main_image()
    saved(image, folder / "main.nii.gz")
    saved(displaced_map(image), folder / "t2.nii.gz")
    saved(limb(image), folder / "limb.nii.gz")
    saved(elsewhere(image), folder / "far.nii.gz")
    return measure(folder, "--template", TEMPLATE, *map_options(folder))
