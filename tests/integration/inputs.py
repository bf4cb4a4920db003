"""Input files, and a listener, for the tests of study and command line."""

from pathlib import Path

import nibabel as nib
import numpy as np

from plexus_mri.batch.study import Listener

SPACING_MM = 2.0


def write_nifti(path: Path, data: np.ndarray, *, affine=None, codes=(1, 1)) -> Path:
    """NIfTI with the given orientation codes of sform and qform."""
    affine = np.diag([SPACING_MM, SPACING_MM, SPACING_MM, 1.0]) if affine is None else affine
    image = nib.Nifti1Image(data, None)  # or nibabel would write a better header than asked for
    image.header["pixdim"][1:4] = SPACING_MM
    image.header.set_xyzt_units("mm")
    for row, name in zip(affine, ("srow_x", "srow_y", "srow_z"), strict=False):
        image.header[name] = row
    image.header["sform_code"], image.header["qform_code"] = codes
    path.parent.mkdir(parents=True, exist_ok=True)
    image.to_filename(path)
    return path


def noise(shape=(24, 20, 22), dtype=np.int16, seed: int = 0) -> np.ndarray:
    return (100 + 20 * np.random.default_rng(seed).standard_normal(shape)).astype(dtype)


def image_path(study: Path, subject: str) -> Path:
    stem = f"sub-{subject}"
    return study / stem / "anat" / f"{stem}_acq-stir_T2w.nii.gz"


def write_study(study: Path) -> Path:
    """Two subjects whose images are noise: sound files that hold no spinal canal.

    They are measured in seconds and end as "not comparable".
    """
    for seed, subject in enumerate(("01", "02")):
        write_nifti(image_path(study, subject), noise(seed=seed))
    return study


class SilentListener(Listener):
    """Keeps what it is told."""

    def __init__(self):
        self.steps, self.sentences = [], []

    def planned(self, to_measure, done):
        self.counts = (to_measure, done)

    def step(self, name, step):
        self.steps.append((name, step))

    def ended(self, row, sentence):
        self.sentences.append((row.name, sentence))
