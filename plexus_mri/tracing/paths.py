"""Minimal paths from ganglia to where the plexus has gathered, one side at a time."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from plexus_mri.core.evidence import Ganglion
from plexus_mri.core.grid import FloatArray
from plexus_mri.tracing.field import IndexArray, SideField
from plexus_mri.tracing.settings import TracingSettings


@dataclass(frozen=True, eq=False)
class RootPath:
    """Voxel path from a ganglion outward.

    Parameters
    ----------
    points_mm : (n, 3)
        World points, ganglion first.
    tubularity : (n,)
        Along the path, 0-1.
    """

    points_mm: FloatArray
    tubularity: FloatArray

    @property
    def arc_length_mm(self) -> FloatArray:
        """Length from the ganglion to each node: (n,)."""
        steps = np.linalg.norm(np.diff(self.points_mm, axis=0), axis=1)
        return np.concatenate([[0.0], np.cumsum(steps)])

    def support(self, window_mm: float) -> float:
        """Lowest mean tubularity over any stretch of ``window_mm``."""
        arc = self.arc_length_mm
        count = max(1, round(window_mm / max(arc[-1] / max(1, len(arc) - 1), 1e-6)))
        if len(arc) <= count:
            return float(self.tubularity.mean())
        means = np.convolve(self.tubularity, np.ones(count) / count, mode="valid")
        return float(means.min())


def own_ways(paths: Mapping[int, RootPath], own_mm: float, near_mm: float) -> dict[int, bool]:
    """Whether each path of a side is a root's own, not one that runs into another root.

    Roots join one another in trunks, far from their ganglia. A path that comes close to the
    first stretch of another root, after having left its own ganglion, borrows that root.

    Parameters
    ----------
    own_mm
        Length of the first stretch that belongs to a root alone.
    near_mm
        How close is on the other root.
    """
    arcs = {k: path.arc_length_mm for k, path in paths.items()}
    first = {k: cKDTree(p.points_mm[arcs[k] <= own_mm]) for k, p in paths.items()}
    away = {k: p.points_mm[arcs[k] > own_mm] for k, p in paths.items()}
    return {
        k: all(
            len(away[k]) == 0 or float(first[j].query(away[k])[0].min()) > near_mm
            for j in paths
            if j != k
        )
        for k in paths
    }


def trace_side(
    field: SideField, ganglia: Mapping[int, Ganglion], settings: TracingSettings
) -> dict[int, RootPath]:
    """Path of each ganglion of one side to the gathered plexus and on; empty without one.

    Parameters
    ----------
    ganglia
        By position in the chain of levels.
    """
    gather = min(settings.gather_lateral_mm, field.reach_mm)
    bundle = _bundle_centre(field, ganglia, gather, settings)
    if bundle is None:
        return {}
    ends = field.near(field.shell(gather), bundle, settings.bundle_radius_mm)
    far = min(settings.farthest_lateral_mm, field.reach_mm)
    if far > gather + settings.least_length_mm:
        far_end = _outward_end(field, bundle, far)
        if far_end is not None:
            ends = field.near(field.shell(far), far_end, settings.bundle_radius_mm)
    return _paths(field, ends, ganglia)


def _bundle_centre(
    field: SideField, ganglia: Mapping[int, Ganglion], gather_mm: float, settings: TracingSettings
) -> FloatArray | None:
    """Where most well-supported paths leave at the gathering distance, in voxels: (3,)."""
    paths = _paths(field, field.shell(gather_mm), ganglia)
    if not paths:
        return None
    ends = field.to_own(np.array([p.points_mm[-1] for p in paths.values()])).astype(float)
    own = own_ways(paths, settings.own_stretch_mm, settings.own_distance_mm)
    weight = np.array(
        [p.support(settings.support_window_mm) * (own[k] + 0.01) for k, p in paths.items()]
    )
    distance = np.linalg.norm(ends[:, None] - ends[None], axis=-1) * field.spacing_mm
    close = np.exp(-0.5 * (distance / 10.0) ** 2) * weight[None]
    best = int(np.argmax(close.sum(axis=1)))
    centre: FloatArray = (close[best] / max(close[best].sum(), 1e-9)) @ ends
    return centre


def _outward_end(field: SideField, start: FloatArray, far_mm: float) -> FloatArray | None:
    """Where the cheapest way outward from the bundle meets a farther distance."""
    ends = field.shell(far_mm)
    seed = np.clip(np.rint(start).astype(int), 0, np.array(field.cost.shape) - 1)
    if not len(ends):
        return None
    costs, _ = field.search().find_costs(
        [tuple(seed)], [tuple(e) for e in ends], find_all_ends=False
    )
    reached = costs[tuple(ends.T)]
    best: FloatArray = ends[int(np.argmin(reached))].astype(float)
    return best if np.isfinite(reached.min()) else None


def _paths(
    field: SideField, ends: IndexArray, ganglia: Mapping[int, Ganglion]
) -> dict[int, RootPath]:
    """Cheapest way from each ganglion to any of the end voxels; one search serves all."""
    own = {k: field.to_own(g.point_mm[None])[0] for k, g in ganglia.items()}
    seeds = {k: tuple(v) for k, v in own.items() if field.holds(v)}
    if not len(ends) or not seeds:
        return {}
    search = field.search()
    costs, _ = search.find_costs([tuple(e) for e in ends], list(seeds.values()))
    paths = {}
    for k, seed in seeds.items():
        if np.isfinite(costs[seed]):
            way = np.array(search.traceback(seed))[::-1]
            paths[k] = RootPath(field.to_world(way), field.tubularity[tuple(way.T)])
    return paths
