"""Traced nerves painted as labels on a grid, as wide as they were measured."""

import numpy as np
from scipy.spatial import cKDTree

from plexus_mri.core.anatomy import NERVE_KEYS, NerveKey, label_index
from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.core.measurement import MeasurementTable
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.volume import LabelMap


def paint_labels(nerves: NerveTree, table: MeasurementTable, grid: Grid) -> LabelMap:
    """Label map whose voxels lie within a nerve's measured radius of its centerline.

    A voxel that two nerves could claim goes to the one on whose axis it lies deeper.
    """
    labels = np.zeros(grid.shape, dtype=np.int16)
    depth = np.zeros(grid.shape, dtype=np.float32)
    for key in NERVE_KEYS:
        if key not in nerves:
            continue
        line = nerves[key].centerline.resampled_evenly(0.5)
        radius = _radius_along(nerves, table, key, line.arc_length_mm)
        ijk = grid.to_voxel(line.points_mm)
        margin = radius.max() / grid.spacing + 1
        low = np.maximum(np.floor(ijk.min(axis=0) - margin).astype(int), 0)
        high = np.minimum(np.ceil(ijk.max(axis=0) + margin).astype(int) + 1, grid.shape)
        if (high <= low).any():
            continue
        window = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        voxels = np.moveaxis(np.indices(tuple(high - low)), 0, -1) + low
        distance, nearest = cKDTree(line.points_mm).query(grid.to_world(voxels.astype(float)))
        inside = 1.0 - distance / radius[nearest]
        deeper = inside > depth[window]
        labels[window] = np.where(deeper, label_index(*key), labels[window])
        depth[window] = np.where(deeper, inside, depth[window])
    return LabelMap(labels, grid)


def _radius_along(
    nerves: NerveTree,
    table: MeasurementTable,
    key: NerveKey,
    arc_length_mm: FloatArray,
) -> FloatArray:
    """Radius at arc lengths (n,): measured where it could be, else the tracing's rough one."""
    traced = nerves.nerves[key]
    rough: FloatArray = np.interp(arc_length_mm, traced.centerline.arc_length_mm, traced.radius_mm)
    profile = table.profiles.get(key)
    if profile is None:
        return rough
    known = np.isfinite(profile.csa_mm2)
    if known.sum() < 2:
        return rough
    arc, half = profile.arc_length_mm[known], profile.diameter_mm[known] / 2
    measured: FloatArray = np.interp(arc_length_mm, arc, half)
    return measured
