"""Small volumes of known shape for tests."""

import numpy as np
from scipy.spatial import cKDTree

from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import Volume


def grid_of(shape=(60, 40, 60), spacing=1.0, centre_mm=(0.0, 0.0, 0.0)) -> Grid:
    """Isotropic RAS grid whose middle lies at ``centre_mm``."""
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = np.array(centre_mm) - spacing * (np.array(shape) - 1) / 2
    return Grid(shape, affine)


def tube_volume(grid: Grid, tubes, background=50.0) -> Volume:
    """Soft-edged tubes on a flat background.

    ``tubes`` holds (points_mm, radius_mm, amplitude); the edge is a logistic of 0.5 mm width,
    about what a 1 mm voxel does to a sharp one.
    """
    ijk = np.stack(np.indices(grid.shape), axis=-1).reshape(-1, 3).astype(float)
    world = grid.to_world(ijk)
    data = np.full(len(world), background)
    for points, radius, amplitude in tubes:
        dense = Centerline(np.asarray(points, float)).resampled_evenly(0.5).points_mm
        nearest, _ = cKDTree(dense).query(world)
        data = data + amplitude / (1 + np.exp((nearest - radius) / 0.25))
    return Volume(data.reshape(grid.shape), grid)
