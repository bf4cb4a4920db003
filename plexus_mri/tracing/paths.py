"""Minimal paths from ganglia to where the plexus has gathered, one side at a time."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.graph import MCP_Geometric

from plexus_mri.core.anatomy import Side
from plexus_mri.core.evidence import Ganglion, NerveEvidence
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.tracing.settings import TracingSettings

IndexArray = npt.NDArray[np.int_]

AT_MOST_HEIGHTS = 0.5  # share of the canal's heights at which a distance is in view


@dataclass(frozen=True, eq=False)
class RootPath:
    """Voxel path from a ganglion outward; paths of one side share voxels once they meet.

    Parameters
    ----------
    ijk : (n, 3)
        Voxels of the working grid, ganglion first.
    points_mm : (n, 3)
        Their world points.
    tubularity : (n,)
        Tubularity along the path, 0-1.
    """

    ijk: IndexArray
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


@dataclass(frozen=True, eq=False)
class _SideField:
    """Travel cost of one side, its first axis turned to grow outward on both sides.

    Turned, so that ties between equal ways are broken alike on the left and on the right.
    """

    cost: FloatArray
    lateral: FloatArray
    tubularity: FloatArray
    grid: Grid
    first: int
    step: int

    @property
    def spacing_mm(self) -> float:
        """Voxel edge."""
        return float(self.grid.spacing[0])

    def to_grid(self, own: IndexArray) -> IndexArray:
        """Voxels (n, 3) of the working grid from voxels of this field."""
        ijk: IndexArray = own * np.array([self.step, 1, 1]) + np.array([self.first, 0, 0])
        return ijk

    def from_grid(self, ijk: IndexArray) -> IndexArray:
        """Voxels (n, 3) of this field from voxels of the working grid."""
        own: IndexArray = (ijk - np.array([self.first, 0, 0])) * np.array([self.step, 1, 1])
        return own


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


def covered_lateral_mm(grid: Grid, frame: PatientFrame, side: Side) -> float:
    """How far out from the midline the field of view reaches on a side, at most heights."""
    distance = np.arange(0.0, 160.0, 2.0)
    heights = frame.canal.resampled(4.0).points_mm
    points = heights[:, None, :] + side.sign * distance[None, :, None] * frame.right
    inside = grid.contains(points.reshape(-1, 3)).reshape(points.shape[:2])
    covered = inside.mean(axis=0) > AT_MOST_HEIGHTS
    return float(distance[-1] if covered.all() else distance[np.argmin(covered)])


def trace_side(
    evidence: NerveEvidence,
    ganglia: Mapping[int, Ganglion],
    frame: PatientFrame,
    side: Side,
    settings: TracingSettings,
) -> dict[int, RootPath]:
    """Path of each ganglion of one side to the gathered plexus; empty when it is out of view.

    Parameters
    ----------
    ganglia
        By position in the chain of levels.
    """
    reach = covered_lateral_mm(evidence.tubularity.grid, frame, side) - 3.0
    if reach < settings.least_lateral_mm or not ganglia:
        return {}
    field = _side_field(evidence, frame, side, settings)
    gather = min(settings.gather_lateral_mm, reach)
    bundle = _bundle_centre(field, ganglia, gather, settings)
    if bundle is None:
        return {}
    far = min(settings.farthest_lateral_mm, reach)
    ends = _near(field, _shell(field, gather), bundle, settings.bundle_radius_mm)
    if far > gather + settings.least_length_mm:
        far_end = _outward_end(field, bundle, far)
        if far_end is not None:
            ends = _near(field, _shell(field, far), far_end, settings.bundle_radius_mm)
    return _paths(field, ends, ganglia)


def _side_field(
    evidence: NerveEvidence, frame: PatientFrame, side: Side, settings: TracingSettings
) -> _SideField:
    """Cost and distance from the midline on the half of the grid that a side can be in."""
    grid = evidence.tubularity.grid
    shape = np.array(grid.shape)
    columns = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), axis=-1)
    points = grid.to_world(columns.reshape(-1, 3).astype(float))
    lateral = side.sign * frame.lateral_mm(points)
    lateral = lateral.reshape(grid.shape)
    allowed = lateral >= settings.canal_half_width_mm
    along_x = np.flatnonzero(allowed.any(axis=(1, 2)))
    first, last = (along_x[0], along_x[-1]) if side is Side.RIGHT else (along_x[-1], along_x[0])
    pick = np.arange(first, last + side.sign, side.sign)
    tubularity = evidence.tubularity.data[pick].astype(float)
    bridge = ndimage.distance_transform_edt(tubularity < settings.least_tubularity)
    allowed = allowed[pick] & (bridge * grid.spacing[0] <= settings.bridge_mm / 2)
    allowed &= lateral[pick] <= settings.farthest_lateral_mm
    cost = np.where(allowed, 1.0 / (settings.cost_floor + tubularity**2), np.inf)
    return _SideField(cost, lateral[pick], tubularity, grid, int(first), side.sign)


def _shell(field: _SideField, lateral_mm: float) -> IndexArray:
    """Voxels (n, 3) one voxel thick at a distance from the midline."""
    shell = (field.lateral >= lateral_mm - field.spacing_mm) & (field.lateral < lateral_mm)
    return np.argwhere(shell & np.isfinite(field.cost))


def _near(
    field: _SideField, voxels: IndexArray, centre: FloatArray, radius_mm: float
) -> IndexArray:
    """Those voxels within a radius of a centre given in crop voxels."""
    distance = np.linalg.norm(voxels - centre, axis=1) * field.spacing_mm
    near: IndexArray = voxels[distance <= radius_mm]
    return near


def _bundle_centre(
    field: _SideField, ganglia: Mapping[int, Ganglion], gather_mm: float, settings: TracingSettings
) -> FloatArray | None:
    """Where most well-supported paths leave at the gathering distance, in crop voxels: (3,)."""
    paths = _paths(field, _shell(field, gather_mm), ganglia)
    if not paths:
        return None
    ends = field.from_grid(np.array([p.ijk[-1] for p in paths.values()])).astype(float)
    weight = np.array([p.support(settings.support_window_mm) for p in paths.values()])
    distance = np.linalg.norm(ends[:, None] - ends[None], axis=-1)
    distance = distance * field.spacing_mm
    close = np.exp(-0.5 * (distance / 10.0) ** 2) * weight[None]
    best = int(np.argmax(close.sum(axis=1)))
    shares = close[best] / max(close[best].sum(), 1e-9)
    centre: FloatArray = shares @ ends
    return centre


def _outward_end(field: _SideField, start: FloatArray, far_mm: float) -> FloatArray | None:
    """Where the cheapest way outward from the bundle meets a farther distance."""
    cost = np.where(field.lateral >= 0, field.cost, np.inf)
    mcp = MCP_Geometric(cost)
    ends = _shell(field, far_mm)
    if not len(ends):
        return None
    seed = np.clip(np.rint(start).astype(int), 0, np.array(cost.shape) - 1)
    costs, _ = mcp.find_costs([tuple(seed)], [tuple(e) for e in ends], find_all_ends=False)
    reached = costs[tuple(ends.T)]
    best: FloatArray = ends[int(np.argmin(reached))].astype(float)
    return best if np.isfinite(reached.min()) else None


def _paths(
    field: _SideField, ends: IndexArray, ganglia: Mapping[int, Ganglion]
) -> dict[int, RootPath]:
    """Cheapest way from each ganglion to any of the end voxels; one search serves all."""
    if not len(ends):
        return {}
    seeds = {}
    for k, ganglion in ganglia.items():
        voxel = np.rint(field.grid.to_voxel(ganglion.point_mm[None])).astype(int)
        voxel = field.from_grid(voxel)[0]
        if (voxel >= 0).all() and (voxel < field.cost.shape).all():
            seeds[k] = tuple(int(v) for v in voxel)
    cost = field.cost.copy()
    for seed in seeds.values():
        cost[seed] = min(cost[seed], 1.0)
    mcp = MCP_Geometric(cost)
    costs, _ = mcp.find_costs([tuple(e) for e in ends], list(seeds.values()))
    paths = {}
    for k, seed in seeds.items():
        if not np.isfinite(costs[seed]):
            continue
        own = np.array(mcp.traceback(seed))[::-1]
        ijk = field.to_grid(own)
        points = field.grid.to_world(ijk.astype(float))
        paths[k] = RootPath(ijk, points, field.tubularity[tuple(own.T)])
    return paths
