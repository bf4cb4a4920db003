"""A small sound DICOM series, and ways to break it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import Volume
from plexus_mri.io.dicom_write import SyntheticSeries, in_plane, write_single_frames

SERIES = SyntheticSeries("07", seed=3)
SLICES = 10


def truth(plane: str = "coronal", slices: int = SLICES) -> Volume:
    """Every voxel has its own value; axes are columns, rows and slices."""
    affine = np.diag([1.5, 2.5, 1.25, 1.0])
    affine[:3, 3] = [-40.1, 7.7, 3.3]
    shape = (12, slices, 9)
    values = np.arange(np.prod(shape)).reshape(shape)
    return in_plane(Volume(values, Grid(shape, affine)), plane)


def write(folder: Path, volume: Volume | None = None, *, number: int = 1) -> list[Path]:
    """Single-frame files of a volume in the order of their positions."""
    series = SyntheticSeries("07", seed=3, series_number=number)
    return list(write_single_frames(volume or truth(), folder, series))


def edit(paths: list[Path], change: Callable[[Dataset, int], None]) -> None:
    """Change the headers of files in place."""
    for k, path in enumerate(paths):
        dataset = pydicom.dcmread(path)
        change(dataset, k)
        dataset.save_as(path)


def put(**values: object) -> Callable[[Dataset, int], None]:
    """A change that sets attributes; None removes them."""

    def change(dataset: Dataset, _: int) -> None:
        for keyword, value in values.items():
            if value is None:
                if keyword in dataset:
                    delattr(dataset, keyword)
            else:
                setattr(dataset, keyword, value)

    return change


def moved(dataset: Dataset, by_mm: tuple[float, float, float]) -> None:
    """Shift a slice in the patient (LPS)."""
    at = [float(x) + d for x, d in zip(dataset.ImagePositionPatient, by_mm, strict=True)]
    dataset.ImagePositionPatient = [f"{x:.6f}" for x in at]
