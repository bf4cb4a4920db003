"""Nerves that are not what their name says: exchanged, two names for one nerve, or no nerve.

A name exchanged on one side makes two nerves differ that are equal. The bundle is built alike on
both sides: from one nerve of a group to another, the way on the left is the mirror image of the
way on the right, up to the patient's posture. And a cord is made of trunks: what is far wider
than all that could run into it is a vessel or a node.
"""

from itertools import combinations

import numpy as np

from plexus_mri.core.anatomy import CORDS, ROOTS, TRUNKS, TRUNKS_OF_CORD, Nerve, Side
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.measurement import MeasurementTable, Profile

# Nearer than this, the way from one nerve to the other has no direction to speak of.
LEAST_DISTANCE_MM = 3.0
# Two nerves side by side are half the sum of their diameters apart. Nearer than this part of it
# over this share of a nerve they are one; on synthetic cases sound pairs stay below a share of
# 0.2, where two curves share one nerve it is 0.8 and more (ADR-0015).
TOO_NEAR = 0.9
MOST_MERGED = 0.4
# A cord of more than so many times the area of its trunks is none: one swollen to 1.8 times its
# diameter from end to end has 3.2 times; sound ones on synthetic cases have 0.2-1.3 (ADR-48).
LARGEST_CORD = 4.0
MIRROR = np.array([-1.0, 1.0, 1.0])


def doubtful_names(table: MeasurementTable) -> frozenset[Nerve]:
    """Nerves that lie to each other on the left against the mirror image of the right.

    The angle between the ways is over 90 degrees; two shoulders tilted by 15 degrees each make 30.
    """
    doubtful: set[Nerve] = set()
    for group in (ROOTS, TRUNKS, CORDS):
        for pair in combinations(group, 2):
            left, right = (_way_mm(table, side, *pair) for side in (Side.LEFT, Side.RIGHT))
            if left is not None and right is not None and float((left * MIRROR) @ right) < 0.0:
                doubtful.update(pair)
    return frozenset(doubtful)


def outgrown_cords(table: MeasurementTable) -> frozenset[Nerve]:
    """Cords that on a side are far wider than the trunks they come from."""
    return frozenset(
        cord
        for cord, trunks in TRUNKS_OF_CORD.items()
        for side in Side
        if _area_mm2(table, side, cord)
        > LARGEST_CORD * sum(_area_mm2(table, side, trunk) for trunk in trunks)
    )


def _area_mm2(table: MeasurementTable, side: Side, nerve: Nerve) -> float:
    """Middle area of a nerve; NaN, which compares with nothing, where there is none."""
    profile = table.profiles.get((side, nerve))
    known = profile.csa_mm2[np.isfinite(profile.csa_mm2)] if profile is not None else np.empty(0)
    return float(np.median(known)) if len(known) else float("nan")


def merged_nerves(table: MeasurementTable) -> frozenset[Nerve]:
    """Nerves of one group that are measured within each other on a side.

    Two curves followed along one nerve, or two fits that share a swollen one.
    """
    merged: set[Nerve] = set()
    for group in (ROOTS, TRUNKS, CORDS):
        for side in Side:
            for pair in combinations(group, 2):
                profiles = [table.profiles.get((side, nerve)) for nerve in pair]
                known = [profile for profile in profiles if profile is not None]
                if len(known) == len(pair) and _merged_share(*known) > MOST_MERGED:
                    merged.update(pair)
    return frozenset(merged)


def _merged_share(one: Profile, other: Profile) -> float:
    """Largest share (0-1) of either nerve's nodes whose circle reaches into the other's."""
    apart_mm = np.linalg.norm(one.points_mm[:, None] - other.points_mm[None], axis=2)
    beside_mm = (one.diameter_mm[:, None] + other.diameter_mm[None]) / 2.0
    within = apart_mm < TOO_NEAR * beside_mm  # False where either is NaN
    return max(float(within.any(axis=axis).mean()) for axis in (0, 1))


def _way_mm(table: MeasurementTable, side: Side, one: Nerve, other: Nerve) -> FloatArray | None:
    """Mean way (3,) from one nerve to the other at equal arc length; None where there is none."""
    first, second = (table.profiles.get((side, nerve)) for nerve in (one, other))
    if first is None or second is None:
        return None
    arc_mm = np.intersect1d(_known(first).round(3), _known(second).round(3))
    if len(arc_mm) == 0:
        return None
    way: FloatArray = (_at(second, arc_mm) - _at(first, arc_mm)).mean(axis=0)
    return way if float(np.linalg.norm(way)) >= LEAST_DISTANCE_MM else None


def _known(profile: Profile) -> FloatArray:
    """Arc lengths at which the nerve has a place."""
    return profile.arc_length_mm[np.isfinite(profile.points_mm).all(axis=1)]


def _at(profile: Profile, arc_length_mm: FloatArray) -> FloatArray:
    """Places (n, 3) at arc lengths (n,)."""
    known = np.isfinite(profile.points_mm).all(axis=1)
    columns = profile.points_mm[known].T
    return np.stack([np.interp(arc_length_mm, _known(profile), c) for c in columns], axis=1)
