"""Minimal paths from ganglia to where the plexus has gathered, one side at a time."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from plexus_mri.core.evidence import Ganglion
from plexus_mri.core.grid import FloatArray
from plexus_mri.tracing.field import IndexArray, SideField
from plexus_mri.tracing.search import EndSearch

Key = TypeVar("Key", bound=Hashable)

# From here outward roots share their way: by then the trunks have formed (domain waypoints 7e).
SHARED_FROM_MM = 58.0
# How far a root runs beside its expected course: standard deviation at the ganglion and where
# the roots share their way. Wide, for the courses are a proposal (ADR-22).
NEAR_MM, FAR_MM = 5.0, 9.0
# Beyond this many standard deviations nothing is sought.
WIDEST = 2.0
# Strain of a root without a way: four times the cost of a clear nerve on its expected course.
LOST = float(np.log(4.0))


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


@dataclass(frozen=True, eq=False)
class GuidedPath:
    """Path of a ganglion along an expected course.

    Parameters
    ----------
    path
        All the way outward.
    own
        Its first part, up to where roots share their way.
    strain
        Logarithm of the mean cost of that part: near 0 for a clear nerve on its expected course;
        what is dark or far from the course costs more.
    """

    path: RootPath
    own: RootPath
    strain: float


class Outward:
    """Cheapest ways of one side outward to any of its end voxels; one search serves them all."""

    def __init__(self, field: SideField, ends: IndexArray, ganglia: Iterable[Ganglion]) -> None:
        self._field = field
        self._search = field.search()
        self._own_part = field.inner(SHARED_FROM_MM)
        self._costs = np.full(field.cost.shape, np.inf)
        seeds = [seed for g in ganglia if (seed := self._voxel(g)) is not None]
        if len(ends) and seeds:
            self._costs, _ = self._search.find_costs([tuple(e) for e in ends], seeds)

    def free(self, ganglion: Ganglion) -> RootPath | None:
        """Cheapest way of a ganglion wherever it leads."""
        seed = self._voxel(ganglion)
        if seed is None or not np.isfinite(self._costs[seed]):
            return None
        return self._path(self._rest(seed))

    def guided(
        self, ganglion: Ganglion, course_mm: FloatArray, closed_mm: FloatArray, *, clear_mm: float
    ) -> GuidedPath | None:
        """Cheapest way of a ganglion near an expected course.

        Only the part near the spine is guided; farther out roots share their way.

        Parameters
        ----------
        course_mm : (n, 3)
            Expected course.
        closed_mm : (m, 3)
            Points that other roots have taken, to be kept ``clear_mm`` away from.
        """
        seed = self._voxel(ganglion)
        if seed is None:
            return None
        corridor = _Corridor.about(self._field, course_mm, self._own_part)
        local = corridor.cost(closed_mm, clear_mm)
        start = np.array(seed) - corridor.first
        shell = corridor.shell(self._costs, local)
        if not (start >= 0).all() or not (start < local.shape).all() or not len(shell):
            return None
        search = EndSearch(local)
        onward = self._costs[tuple((shell + corridor.first).T)]
        near, total = search.values(start[None], shell, np.ones(len(shell)), onward)
        best = int(np.argmin(total))
        if not np.isfinite(total[best]):
            return None
        way = np.array(search.traceback(tuple(shell[best]))) + corridor.first
        rest = self._rest(tuple(way[-1]))
        own = self._path(way)
        cost = float(near[best]) * self._field.spacing_mm / float(own.arc_length_mm[-1])
        strain = min(float(np.log(max(1.0, cost))), 2 * LOST)
        return GuidedPath(self._path(np.concatenate([way, rest[1:]])), own, strain)

    def _voxel(self, ganglion: Ganglion) -> tuple[int, ...] | None:
        own = self._field.to_own(ganglion.point_mm[None])[0]
        return tuple(own) if self._field.holds(own) else None

    def _rest(self, voxel: tuple[int, ...]) -> IndexArray:
        """Voxels (n, 3) from one outward to the end."""
        return np.array(self._search.traceback(voxel))[::-1]

    def _path(self, way: IndexArray) -> RootPath:
        return RootPath(self._field.to_world(way), self._field.tubularity[tuple(way.T)])


@dataclass(frozen=True, eq=False)
class _Corridor:
    """Box of a side's field around an expected course, up to where roots share their way.

    ``first`` is the field's voxel at the box's corner, ``course`` the voxels of the course.
    """

    field: SideField
    first: IndexArray
    box: tuple[slice, ...]
    course: IndexArray

    @classmethod
    def about(cls, field: SideField, course_mm: FloatArray, length: int) -> "_Corridor":
        """Box that holds the corridor; empty when it lies outside the field.

        ``length`` is that of the field's first axis up to where roots share their way.
        """
        course = field.to_own(_dense(course_mm, field.spacing_mm))
        reach = int(np.ceil(WIDEST * NEAR_MM / field.spacing_mm)) + 1
        last = np.minimum(course.max(axis=0) + reach, np.array(field.cost.shape) - 1)
        last[0] = min(last[0], length)
        first = np.clip(course.min(axis=0) - reach, 0, last)
        box = tuple(slice(a, b + 1) for a, b in zip(first.tolist(), last.tolist(), strict=True))
        return cls(field, first, box, course)

    def cost(self, closed_mm: FloatArray, clear_mm: float) -> FloatArray:
        """Cost per mm in the box: grows with the distance from the course, endless beyond."""
        plain = self.field.cost[self.box]
        spread = np.interp(self.field.lateral[self.box], (14.0, SHARED_FROM_MM), (NEAR_MM, FAR_MM))
        away = self._distance_mm(self.course) / spread
        cost = np.where(away <= WIDEST, plain * (1.0 + away**2), np.inf)
        if len(closed_mm):
            cost[self._distance_mm(self.field.to_own(closed_mm)) <= clear_mm] = np.inf
        return cost

    def shell(self, onward: FloatArray, cost: FloatArray) -> IndexArray:
        """Voxels (n, 3) of the box from where the shared way leads on."""
        lateral = self.field.lateral[self.box]
        edge = (lateral >= SHARED_FROM_MM - self.field.spacing_mm) & (lateral < SHARED_FROM_MM)
        return np.argwhere(edge & np.isfinite(cost) & np.isfinite(onward[self.box]))

    def _distance_mm(self, voxels: IndexArray) -> FloatArray:
        """Distance of each voxel of the box to the nearest of some voxels (n, 3) of the field."""
        inside = voxels - self.first
        shape = self.field.cost[self.box].shape
        inside = inside[(inside >= 0).all(axis=1) & (inside < shape).all(axis=1)]
        away = np.ones(shape, dtype=bool)
        away[tuple(inside.T)] = False
        distance: FloatArray = ndimage.distance_transform_edt(away) * self.field.spacing_mm
        return distance if len(inside) else np.full(shape, np.inf)


def _dense(points_mm: FloatArray, step_mm: float) -> FloatArray:
    """Points (m, 3) along a polyline, about a step apart."""
    arc = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(points_mm, axis=0), axis=1)))
    places = np.arange(0.0, arc[-1] + step_mm, step_mm)
    return np.stack([np.interp(places, arc, column) for column in points_mm.T], axis=1)


def own_ways(paths: Mapping[Key, RootPath], own_mm: float, near_mm: float) -> dict[Key, bool]:
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
