"""Cords: three separate tubes of the bundle, each fed by one trunk."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from scipy import ndimage
from skimage.graph import MCP_Geometric

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
# A place counts as a tube of its own above this tubularity; a cord is followed with this
# support: on slices of 2.2 mm right ones had 0.4 at their far end (ADR-22).
LEAST_TUBULARITY, LEAST_SUPPORT = 0.5, 0.3
# Spread of where the cords are some 27 mm farther out about where they are expected: arms lie
# differently (chosen wide; no source read), and the step in which the common run is sought.
RUN_SPREAD_MM, RUN_STEP_MM = 10.0, 2.5
# Spread of a cord about the common run: half the distance of two cords. Beyond so many spreads
# nothing is sought.
ASIDE_MM, WIDEST = 3.5, 2.5
# Ways of one side that are weighed against those of the other.
MOST_WAYS = 40
# Tubes at most: three cords, and veins, divisions and branches beside them.
MOST_TUBES = 9
# Cords are named by their place about the axillary artery, here forward and up of its middle:
# lateral before and above it, posterior behind, medial below. The distances let cords of 4-5 mm
# touch an artery of 6-7 mm (chosen so; no source read).
ARRANGEMENT_MM = {
    Nerve.LATERAL_CORD: np.array([5.0, 4.0]),
    Nerve.POSTERIOR_CORD: np.array([-3.0, 4.0]),
    Nerve.MEDIAL_CORD: np.array([-2.0, -7.0]),
}
# The bundle's own radius and half its distance from the medial cord, which lies apart.
SEARCH_RADIUS_MM = 18.0


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
        Of the tubes along the axes of the working grid, the first turned to grow outward, so that
        both sides compare.
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
    tubes = _tubes(field, settings.gather_lateral_mm, bundle_mm)
    if not len(tubes):
        return None
    cost = _travel_costs(field, trunk_ends_mm, tubes)
    place = tubes * field.spacing_mm
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
    """How far in mm the cords lie from where their names say, summed."""
    found = _arrangement(option, tubes)
    middle = np.mean([ARRANGEMENT_MM[cord] for cord in found], axis=0)
    away = [place[1:] - ARRANGEMENT_MM[cord] + middle for cord, place in found.items()]
    return float(sum(np.linalg.norm(step) for step in away))


def _arrangement(option: CordOptions, tubes: Mapping[Nerve, int]) -> dict[Nerve, FloatArray]:
    """Place (3,) in mm of each cord relative to the middle of them all."""
    middle = option.place_mm[list(tubes.values())].mean(axis=0)
    return {cord: option.place_mm[tube] - middle for cord, tube in tubes.items()}


def trace_cords(
    option: CordOptions, tubes: Mapping[Nerve, int], settings: TracingSettings
) -> dict[Nerve, FloatArray]:
    """Voxel paths (n, 3) in mm of the cords of one side, from the gathering distance outward.

    Cords run side by side: the course that is brightest for all of them together guides each,
    so that none changes over to its neighbour.
    """
    if not tubes:
        return {}
    field = option.field
    far = min(settings.farthest_lateral_mm, field.reach_mm)
    run = _common_run(option, option.tubes[list(tubes.values())])
    cords = {}
    for cord, tube in tubes.items():
        way = _along(field, option.tubes[tube], run, far)
        if way is not None and way.support(settings.support_window_mm) >= LEAST_SUPPORT:
            cords[cord] = way.points_mm
    return cords


def _common_run(option: CordOptions, starts: IndexArray) -> FloatArray:
    """Run (3,) in voxels to the far end along which the cords (m, 3) are brightest together."""
    field = option.field
    smooth = ndimage.gaussian_filter(field.tubularity, 1.0 / field.spacing_mm)
    expected = (field.to_own(field.to_world(starts[:1]) + option.run_mm)[0] - starts[0]).astype(
        float
    )
    reach = np.arange(-WIDEST * RUN_SPREAD_MM, WIDEST * RUN_SPREAD_MM + 1e-9, RUN_STEP_MM)
    aside = np.stack(np.meshgrid([0.0], reach, reach, indexing="ij"), axis=-1).reshape(-1, 3)
    runs = expected + aside / field.spacing_mm
    along = np.linspace(0.0, 1.0, 15)
    points = starts[:, None, :] + along[:, None] * runs[:, None, None, :]
    bright = ndimage.map_coordinates(smooth, np.moveaxis(points, -1, 0), order=1, mode="nearest")
    likely = np.exp(-0.5 * np.sum(aside**2, axis=1) / RUN_SPREAD_MM**2)
    best: FloatArray = runs[int(np.argmax(bright.mean(axis=(1, 2)) * likely))]
    return best


def _tubes(field: SideField, lateral_mm: float, bundle_mm: FloatArray) -> IndexArray:
    """Voxels (m, 3) of the separate tubes that cross the gathering distance in the bundle."""
    centre = field.to_own(bundle_mm[None])[0].astype(float)
    shell = field.near(field.shell(lateral_mm), centre, SEARCH_RADIUS_MM)
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


def _along(field: SideField, tube: IndexArray, run: FloatArray, far_mm: float) -> RootPath | None:
    """Cheapest way from a tube to a farther distance near a straight run (3,) in voxels."""
    reach = WIDEST * ASIDE_MM / field.spacing_mm
    corners = np.stack([tube, tube + run])
    first = np.maximum(np.floor(corners.min(axis=0) - reach), 0).astype(int)
    last = np.minimum(np.ceil(corners.max(axis=0) + reach), np.array(field.cost.shape) - 1)
    if (last < tube).any():
        return None
    box = tuple(slice(a, int(b) + 1) for a, b in zip(first.tolist(), last, strict=True))
    away = _from_segment(np.indices(field.cost[box].shape), tube - first, run)
    away = away * field.spacing_mm / ASIDE_MM
    cost = np.where(away <= WIDEST, field.cost[box] * (1.0 + away**2), np.inf)
    lateral = field.lateral[box]
    edge = (lateral >= far_mm - field.spacing_mm) & (lateral < far_mm) & np.isfinite(cost)
    ends = np.argwhere(edge)
    if not len(ends):
        return None
    search = MCP_Geometric(cost)
    costs, _ = search.find_costs([tuple(tube - first)], [tuple(e) for e in ends])
    reached = costs[tuple(ends.T)]
    if not np.isfinite(reached.min()):
        return None
    way = np.array(search.traceback(tuple(ends[int(np.argmin(reached))]))) + first
    return RootPath(field.to_world(way), field.tubularity[tuple(way.T)])


def _from_segment(places: IndexArray, start: IndexArray, run: FloatArray) -> FloatArray:
    """Distance in voxels of places (3, …) from the segment that runs from a start (3,)."""
    offset = np.moveaxis(places, 0, -1) - start
    share = np.clip(offset @ run / (run @ run), 0.0, 1.0)
    distance: FloatArray = np.linalg.norm(offset - share[..., None] * run, axis=-1)
    return distance
