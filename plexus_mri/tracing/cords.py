"""Cords: three separate tubes of the bundle, each fed by one trunk."""

from collections.abc import Mapping

import numpy as np
from scipy import ndimage
from scipy.optimize import linear_sum_assignment

from plexus_mri.core.anatomy import Nerve
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


def trace_cords(
    field: SideField,
    trunk_ends_mm: Mapping[Nerve, FloatArray],
    bundle_mm: FloatArray,
    settings: TracingSettings,
) -> dict[Nerve, FloatArray]:
    """Voxel paths (n, 3) in mm of the cords, from the gathering distance outward.

    Each trunk is given the tube that makes the summed travel cost of all three smallest: the
    upper trunk feeds the lateral cord, the middle one the posterior, the lower one the medial.
    A trunk without a tube of its own has no cord.

    Parameters
    ----------
    trunk_ends_mm
        Where each trunk was last seen, (3,) each.
    bundle_mm : (3,)
        Middle of the bundle at the gathering distance.
    """
    far = min(settings.farthest_lateral_mm, field.reach_mm)
    start = settings.gather_lateral_mm
    if far - start < settings.least_length_mm or not trunk_ends_mm:
        return {}
    tubes = _tubes(field, start, bundle_mm, settings)
    if not len(tubes):
        return {}
    cost, trunks = _travel_costs(field, trunk_ends_mm, tubes), list(trunk_ends_mm)
    usable = np.where(np.isfinite(cost), cost, 1e9)
    cords = {}
    for row, column in zip(*linear_sum_assignment(usable), strict=True):
        if np.isfinite(cost[row, column]):
            way = _outward(field, tubes[column], start, far)
            if way is not None and way.support(settings.support_window_mm) >= LEAST_TUBULARITY:
                cords[CORD_OF_TRUNK[trunks[row]]] = way.points_mm
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
    return shell[kept]


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
    field: SideField, tube: IndexArray, start_mm: float, far_mm: float
) -> RootPath | None:
    """Cheapest way along one tube from the gathering distance to the far one."""
    ends = field.near(field.shell(far_mm), tube.astype(float), 2.5 * (far_mm - start_mm))
    if not len(ends):
        return None
    search = field.search(least_lateral_mm=start_mm - field.spacing_mm)
    costs, _ = search.find_costs([tuple(tube)], [tuple(e) for e in ends], find_all_ends=False)
    reached = costs[tuple(ends.T)]
    if not np.isfinite(reached.min()):
        return None
    way = np.array(search.traceback(tuple(ends[int(np.argmin(reached))])))
    return RootPath(field.to_world(way), field.tubularity[tuple(way.T)])
