"""Further series of the user, each read by itself: one that cannot be read says why."""

from pathlib import Path

from plexus_mri.core.series_map import SeriesMap
from plexus_mri.errors import InputError, RefusedError
from plexus_mri.io.nifti import nifti_grid, read_nifti
from plexus_mri.io.source_hash import source_sha256


def read_series_map(name: str, path: Path, *, assert_orientation: bool) -> SeriesMap:
    """Map in its own grid, or the reason why it cannot be used; never an error.

    Parameters
    ----------
    path
        NIfTI of one finite number per voxel.
    """
    try:
        volume, _ = read_nifti(path, assert_orientation=assert_orientation)
    except (InputError, RefusedError) as error:
        why = str(error).replace(f"'{path.name}'", "its file")  # file names may name people
        return SeriesMap(name, None, error.reason, f"the map '{name}' was left out: {why}")
    return SeriesMap(name, volume, source_sha256=source_sha256(volume))


def why_no_map(path: Path, *, assert_orientation: bool) -> str:
    """Why a file cannot be a map, as far as its header tells; empty when nothing is seen."""
    try:
        nifti_grid(path, assert_orientation=assert_orientation)
    except (InputError, RefusedError) as error:
        return f"{error.reason}: {error}"
    return ""
