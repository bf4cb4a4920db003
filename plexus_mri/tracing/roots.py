"""Roots of both sides: named together by what fits their expected courses, then traced."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from plexus_mri.core.anatomy import ROOTS, Nerve, Side
from plexus_mri.core.evidence import Ganglion
from plexus_mri.core.grid import FloatArray
from plexus_mri.tracing.expected import Anatomy
from plexus_mri.tracing.field import IndexArray, SideField
from plexus_mri.tracing.levels import Level, Naming, choose_run, runs
from plexus_mri.tracing.paths import LOST, GuidedPath, Outward, RootPath, own_ways
from plexus_mri.tracing.search import EndSearch
from plexus_mri.tracing.settings import TracingSettings

Chain = tuple[Level | None, ...]
NO_POINTS = np.empty((0, 3))
# Spread of where the plexus gathers about where it is expected: shoulders differ by a few
# centimetres (chosen wide; no source read).
GATHERING_SPREAD_MM = 15.0
# Ends of paths this close to one another leave together.
TOGETHER_MM = 10.0


@dataclass(frozen=True)
class Roots:
    """Names of the levels, and the roots of each side that have a way of their own."""

    naming: Naming
    paths: Mapping[Side, Mapping[Nerve, GuidedPath]]


@dataclass(frozen=True, eq=False)
class _SideView:
    """One side: its travel costs, ganglia by chain position, ways to where the plexus gathers.

    ``gathered_mm`` (3,) is the middle of the bundle at the gathering distance ``gather_mm``.
    """

    side: Side
    field: SideField
    ganglia: Mapping[int, Ganglion]
    outward: Outward
    gather_mm: float
    gathered_mm: FloatArray


@dataclass(frozen=True, eq=False)
class _Fit:
    """How well a run of levels fits one side: the strain of each root, and where it gathers.

    ``seen_strains`` are those of roots whose ganglion is in the chain.
    """

    strains: tuple[float, ...]
    seen_strains: tuple[float, ...]
    gathered_mm: FloatArray


def find_roots(
    fields: Mapping[Side, SideField],
    chain: Chain,
    anatomy: Anatomy,
    settings: TracingSettings,
    stated: int | None = None,
) -> Roots | None:
    """Name the levels of both sides together and trace each root; None when nothing gathers.

    A run of five levels is C5 to T1 when ways near the courses expected of them are bright and
    near. Each side is traced again once its roots are known, since they tell better than all
    ganglia together where the plexus gathers.

    Parameters
    ----------
    stated
        Chain position of C5 that the user stated: taken however well the others fit.
    """
    views = {
        side: view
        for side, field in fields.items()
        if (view := _first_view(field, side, chain, settings)) is not None
    }
    fits = {
        first: {side: _best_fit(view, anatomy, first, settings) for side, view in views.items()}
        for first in sorted({*runs(len(chain)), *(() if stated is None else (stated,))})
    }
    strains = {
        first: [s for fit in sides.values() for s in fit.strains] for first, sides in fits.items()
    }
    if stated is not None:
        # Levels beyond the chain cannot speak against what is certain.
        strains[stated] = [s for fit in fits[stated].values() for s in fit.seen_strains]
    naming = choose_run(strains, settings, stated)
    if naming is None:
        return None
    paths = {
        side: _named_paths(
            replace(views[side], gathered_mm=fit.gathered_mm), anatomy, naming.first, settings
        )
        for side, fit in fits[naming.first].items()
    }
    return Roots(naming, paths)


def _first_view(
    field: SideField, side: Side, chain: Chain, settings: TracingSettings
) -> _SideView | None:
    """Where most well-supported paths of a side leave, whatever the names; None without any."""
    ganglia = {
        k: ganglion
        for k, level in enumerate(chain)
        if level is not None and (ganglion := level.of(side)) is not None
    }
    gather_mm = min(settings.gather_lateral_mm, field.reach_mm)
    outward = Outward(field, field.shell(gather_mm), ganglia.values())
    free = {k: path for k, g in ganglia.items() if (path := outward.free(g)) is not None}
    if not free:
        return None
    own = own_ways(free, settings.own_stretch_mm, settings.own_distance_mm)
    weight = [p.support(settings.support_window_mm) * (own[k] + 0.01) for k, p in free.items()]
    gathered = _bundle(_ends(free.values()), np.array(weight))
    return _SideView(side, field, ganglia, outward, gather_mm, gathered)


def _best_fit(view: _SideView, anatomy: Anatomy, first: int, settings: TracingSettings) -> _Fit:
    """Fit of a run that gathers where ways led, or where the run makes it expected."""
    positions = _positions(view, first)
    places = [view.gathered_mm, *([_expected(view, anatomy, positions)] if positions else [])]
    fits = [_fit(replace(view, gathered_mm=p), anatomy, first, settings) for p in places]
    return min(fits, key=lambda fit: sum(fit.strains))


def _fit(view: _SideView, anatomy: Anatomy, first: int, settings: TracingSettings) -> _Fit:
    """Strain of each root of a run; that of a lost one where the chain has no ganglion."""
    seen = []
    for root, k in _positions(view, first).items():
        way = _way(view, anatomy, k, root, NO_POINTS, settings)
        seen.append(way.strain if way is not None else 2 * LOST)
    unseen = [LOST] * (len(ROOTS) - len(seen))
    return _Fit((*seen, *unseen), tuple(seen), view.gathered_mm)


def _way(
    view: _SideView,
    anatomy: Anatomy,
    position: int,
    root: Nerve,
    closed_mm: FloatArray,
    settings: TracingSettings,
) -> GuidedPath | None:
    ganglion = view.ganglia[position]
    course = anatomy.course(ganglion, root, view.gathered_mm)
    return view.outward.guided(ganglion, course, closed_mm, clear_mm=settings.own_distance_mm)


def _ways(
    view: _SideView, anatomy: Anatomy, positions: Mapping[Nerve, int], settings: TracingSettings
) -> dict[Nerve, GuidedPath]:
    """Way of each root that has one, the others' ways left open."""
    return {
        root: way
        for root, k in positions.items()
        if (way := _way(view, anatomy, k, root, NO_POINTS, settings)) is not None
    }


def _positions(view: _SideView, first: int) -> dict[Nerve, int]:
    """Chain position of each root of a run whose ganglion was seen on this side."""
    return {root: k for k, root in enumerate(ROOTS, start=first) if k in view.ganglia}


def _expected(view: _SideView, anatomy: Anatomy, positions: Mapping[Nerve, int]) -> FloatArray:
    """Where these roots make the plexus expected to gather: (3,) in RAS+ mm."""
    places = [anatomy.gathering(view.ganglia[k], r, view.gather_mm) for r, k in positions.items()]
    middle: FloatArray = np.mean(places, axis=0)
    return middle


def _named_paths(
    view: _SideView, anatomy: Anatomy, first: int, settings: TracingSettings
) -> dict[Nerve, GuidedPath]:
    """Roots of one side that have a way of their own, traced to beyond the gathering distance."""
    positions = _positions(view, first)
    view = _second_view(view, anatomy, positions, settings)
    ways = _ways(view, anatomy, positions, settings)
    own = _own(ways, settings)
    for root in [root for root in ways if not own[root]]:
        # Sought again with the first stretches of the others closed.
        closed = np.concatenate([_stretch(w.path, settings) for r, w in ways.items() if r != root])
        way = _way(view, anatomy, positions[root], root, closed, settings)
        if way is not None:
            ways[root] = way
    own = _own(ways, settings)
    return {
        root: way
        for root, way in ways.items()
        if own[root]
        and way.strain < LOST
        and way.own.support(settings.support_window_mm) >= settings.least_support
    }


def _second_view(
    view: _SideView, anatomy: Anatomy, positions: Mapping[Nerve, int], settings: TracingSettings
) -> _SideView:
    """The side again, with the bundle found by its named roots and followed farther out."""
    ways = _ways(view, anatomy, positions, settings)
    if not ways:
        return view
    expected = _expected(view, anatomy, {root: positions[root] for root in ways})
    ends = _ends(way.path for way in ways.values())
    astray = np.linalg.norm(ends - expected, axis=1) / GATHERING_SPREAD_MM
    strain = np.array([way.strain for way in ways.values()])
    gathered = _bundle(ends, np.exp(-strain - 0.5 * astray**2))
    last = _outer_ends(view, ends, gathered, anatomy, settings)
    outward = Outward(view.field, last, [view.ganglia[k] for k in positions.values()])
    return replace(view, outward=outward, gathered_mm=gathered)


def _outer_ends(
    view: _SideView,
    ends_mm: FloatArray,
    gathered_mm: FloatArray,
    anatomy: Anatomy,
    settings: TracingSettings,
) -> IndexArray:
    """Voxels (n, 3) where the bundle leaves the field of view, or where it gathers."""
    field, radius_mm = view.field, settings.bundle_radius_mm
    far = min(settings.farthest_lateral_mm, field.reach_mm)
    if far > view.gather_mm + settings.least_length_mm:
        shell = field.shell(far)
        expected = anatomy.beyond(view.side, gathered_mm, far)
        end = _outward_end(field, shell, field.to_own(ends_mm), field.to_own(expected[None])[0])
        if end is not None:
            return field.near(shell, end, radius_mm)
    centre = field.to_own(gathered_mm[None])[0].astype(float)
    return field.near(field.shell(view.gather_mm), centre, radius_mm)


def _outward_end(
    field: SideField, shell: IndexArray, seeds: IndexArray, expected: IndexArray
) -> FloatArray | None:
    """Voxel (3,) of a shell to which the cheapest way leads from any seed, near the expected."""
    if not len(shell):
        return None
    away = np.linalg.norm(shell - expected, axis=1) * field.spacing_mm / GATHERING_SPREAD_MM
    _, reached = EndSearch(field.cost).values(seeds, shell, 1.0 + away**2, np.zeros(len(shell)))
    best: FloatArray = shell[int(np.argmin(reached))].astype(float)
    return best if np.isfinite(reached.min()) else None


def _bundle(ends_mm: FloatArray, weight: FloatArray) -> FloatArray:
    """Middle (3,) of where most of the weight of path ends (n, 3) lies together."""
    distance = np.linalg.norm(ends_mm[:, None] - ends_mm[None], axis=-1)
    close = np.exp(-0.5 * (distance / TOGETHER_MM) ** 2) * weight[None]
    best = int(np.argmax(close.sum(axis=1)))
    middle: FloatArray = (close[best] / max(close[best].sum(), 1e-9)) @ ends_mm
    return middle


def _ends(paths: Iterable[RootPath]) -> FloatArray:
    """Last points (n, 3) of paths."""
    return np.array([path.points_mm[-1] for path in paths])


def _own(ways: Mapping[Nerve, GuidedPath], settings: TracingSettings) -> dict[Nerve, bool]:
    paths = {root: way.path for root, way in ways.items()}
    return own_ways(paths, settings.own_stretch_mm, settings.own_distance_mm)


def _stretch(path: RootPath, settings: TracingSettings) -> FloatArray:
    """First points (n, 3) of a root, which are its own."""
    first: FloatArray = path.points_mm[path.arc_length_mm <= settings.own_stretch_mm]
    return first
