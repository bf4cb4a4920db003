"""Cords: three separate tubes of the bundle, each fed by one trunk."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from scipy import ndimage

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.grid import FloatArray
from plexus_mri.tracing.field import IndexArray, SideField
from plexus_mri.tracing.paths import RootPath
from plexus_mri.tracing.settings import TracingSettings

CORD_OF_TRUNK = {
    Nerve.UPPER_TRUNK: Nerve.LATERAL_CORD,
    Nerve.MIDDLE_TRUNK: Nerve.POSTERIOR_CORD,
    Nerve.LOWER_TRUNK: Nerve.MEDIAL_CORD,
}
# Axes of two touching cords of 4 mm lie 4 mm apart (domain table 1a: trunks 4.2-4.6 mm).
LEAST_DISTANCE_MM = 3.5
# A place counts as a tube of its own above this tubularity.
LEAST_TUBULARITY = 0.5
# Spread of a cord's far end about where it is expected, some 27 mm farther out: arms lie
# differently (chosen wide; no source read). Beyond so many spreads it is not sought.
RUN_SPREAD_MM, WIDEST = 10.0, 2.5
# Ways of one side that are weighed against those of the other.
MOST_WAYS = 40
# Tubes at most: three cords, and a few veins and branches beside them.
MOST_TUBES = 6


@dataclass(frozen=True, eq=False)
class CordOptions:
    """What the cords of one side may be.

    Parameters
    ----------
    field
        The side's travel costs.
    trunks
        Trunks that were followed, in order.
    tubes : (m, 3)
        Voxels of the separate tubes at the gathering distance.
    cost : (trunks, m)
        Travel cost from each trunk's end to each tube.
    place_mm : (m, 3)
        World points of the tubes, x turned to grow outward, so that both sides compare.
    run_mm : (3,)
        From a tube to where it is expected at the far end.
    """

    field: SideField
    trunks: tuple[Nerve, ...]
    tubes: IndexArray
    cost: FloatArray
    place_mm: FloatArray
    run_mm: FloatArray


def cord_options(
    field: SideField,
    trunk_ends_mm: Mapping[Nerve, FloatArray],
    bundle_mm: FloatArray,
    run_mm: FloatArray,
    settings: TracingSettings,
) -> CordOptions | None:
    """Tubes of one side and what it costs each trunk to reach them; None without any.

    Parameters
    ----------
    trunk_ends_mm
        Where each trunk was last seen, (3,) each.
    bundle_mm : (3,)
        Middle of the bundle at the gathering distance.
    run_mm : (3,)
        From there to where the bundle is expected at the far end.
    """
    far = min(settings.farthest_lateral_mm, field.reach_mm)
    if far - settings.gather_lateral_mm < settings.least_length_mm or not trunk_ends_mm:
        return None
    tubes = _tubes(field, settings.gather_lateral_mm, bundle_mm, settings)
    if not len(tubes):
        return None
    cost = _travel_costs(field, trunk_ends_mm, tubes)
    place = field.to_world(tubes) * np.array([field.step, 1, 1])
    return CordOptions(field, tuple(trunk_ends_mm), tubes, cost, place, run_mm)


def name_cords(options: Mapping[Side, CordOptions]) -> dict[Side, dict[Nerve, int]]:
    """Tube of each cord, on both sides together.

    The upper trunk feeds the lateral cord, the middle one the posterior, the lower one the
    medial. Every way of giving each trunk a tube of its own is weighed by its travel cost and by
    how unlike the arrangement of the cords is on the two sides, so that names are not exchanged
    on one side only.
    """
    ways = {side: _ways(option) for side, option in options.items()}
    sides = [side for side in options if ways[side]]
    best: dict[Side, dict[Nerve, int]] = {}
    least = np.inf
    for pick in product(*(ways[side] for side in sides)):
        cost = sum(way_cost for way_cost, _ in pick)
        if len(pick) == len(Side):
            one, two = (_arrangement(options[s], p[1]) for s, p in zip(sides, pick, strict=True))
            both = [cord for cord in one if cord in two]
            cost += sum(float(np.linalg.norm(one[c] - two[c])) for c in both)
        if cost < least:
            least, best = cost, {s: p[1] for s, p in zip(sides, pick, strict=True)}
    return best


def _ways(option: CordOptions) -> list[tuple[float, dict[Nerve, int]]]:
    """Cost and tubes of the cheapest ways to give every trunk that can have one its own tube."""
    able = [row for row in range(len(option.trunks)) if np.isfinite(option.cost[row]).any()]
    able = able[: len(option.tubes)]
    ways = [
        (
            float(sum(option.cost[row, tube] for row, tube in zip(able, tubes, strict=True))),
            {CORD_OF_TRUNK[option.trunks[r]]: int(t) for r, t in zip(able, tubes, strict=True)},
        )
        for tubes in permutations(range(len(option.tubes)), len(able))
    ]
    finite = [(cost + _out_of_place(option, way), way) for cost, way in ways if np.isfinite(cost)]
    return sorted(finite, key=lambda way: way[0])[:MOST_WAYS]


def _out_of_place(option: CordOptions, tubes: Mapping[Nerve, int]) -> float:
    """How far in mm the posterior cord lies before the lateral one, which it should not."""
    if not {Nerve.POSTERIOR_CORD, Nerve.LATERAL_CORD} <= set(tubes):
        return 0.0
    anterior = option.place_mm[:, 1]
    ahead = anterior[tubes[Nerve.POSTERIOR_CORD]] - anterior[tubes[Nerve.LATERAL_CORD]]
    return max(0.0, float(ahead))


def _arrangement(option: CordOptions, tubes: Mapping[Nerve, int]) -> dict[Nerve, FloatArray]:
    """Place (3,) in mm of each cord relative to the middle of them all."""
    middle = option.place_mm[list(tubes.values())].mean(axis=0)
    return {cord: option.place_mm[tube] - middle for cord, tube in tubes.items()}


def trace_cords(
    option: CordOptions, tubes: Mapping[Nerve, int], settings: TracingSettings
) -> dict[Nerve, FloatArray]:
    """Voxel paths (n, 3) in mm of the cords of one side, from the gathering distance outward."""
    field = option.field
    far = min(settings.farthest_lateral_mm, field.reach_mm)
    cords = {}
    for cord, tube in tubes.items():
        way = _outward(option, option.tubes[tube], settings.gather_lateral_mm, far)
        if way is not None and way.support(settings.support_window_mm) >= LEAST_TUBULARITY:
            cords[cord] = way.points_mm
    return cords


def _tubes(
    field: SideField, lateral_mm: float, bundle_mm: FloatArray, settings: TracingSettings
) -> IndexArray:
    """Voxels (m, 3) of the separate tubes that cross the gathering distance in the bundle."""
    centre = field.to_own(bundle_mm[None])[0].astype(float)
    shell = field.near(field.shell(lateral_mm), centre, settings.bundle_radius_mm)
    smooth = ndimage.gaussian_filter(field.tubularity, 0.7 / field.spacing_mm)
    value = smooth[tuple(shell.T)]
    kept: list[int] = []
    for k in np.argsort(-value, kind="stable"):
        gaps = np.linalg.norm(shell[kept] - shell[k], axis=1) * field.spacing_mm
        if value[k] >= LEAST_TUBULARITY and (gaps >= LEAST_DISTANCE_MM).all():
            kept.append(int(k))
    return shell[kept[:MOST_TUBES]]


def _travel_costs(
    field: SideField, trunk_ends_mm: Mapping[Nerve, FloatArray], tubes: IndexArray
) -> FloatArray:
    """Cost (trunks, tubes) of the cheapest way from each trunk's end to each tube."""
    rows = []
    for end_mm in trunk_ends_mm.values():
        seed = field.to_own(end_mm[None])[0]
        nearest = max(0.0, float(field.lateral[tuple(seed)]) - 10.0) if field.holds(seed) else 0.0
        search = field.search(least_lateral_mm=nearest)
        costs, _ = search.find_costs([tuple(seed)], [tuple(t) for t in tubes])
        rows.append(costs[tuple(tubes.T)])
    return np.array(rows)


def _outward(
    option: CordOptions, tube: IndexArray, start_mm: float, far_mm: float
) -> RootPath | None:
    """Cheapest way along one tube from the gathering distance to near its expected far end."""
    field = option.field
    shell = field.shell(far_mm)
    if not len(shell):
        return None
    expected = field.to_own(field.to_world(tube[None]) + option.run_mm)[0]
    away = np.linalg.norm(shell - expected, axis=1) * field.spacing_mm / RUN_SPREAD_MM
    search = field.search(least_lateral_mm=start_mm - field.spacing_mm)
    costs, _ = search.find_costs([tuple(tube)], [tuple(e) for e in shell[away <= WIDEST]])
    reached = costs[tuple(shell.T)] * (1.0 + away**2)
    if not np.isfinite(reached.min()):
        return None
    way = np.array(search.traceback(tuple(shell[int(np.argmin(reached))])))
    return RootPath(field.to_world(way), field.tubularity[tuple(way.T)])
