"""Where muscles are looked for: places of a mean body, laid onto the nerves that were traced.

Half-space coordinates: mm lateral of the midline (positive on either side), before the canal, and
along the canal towards the head. Shapes: k places of a muscle, n landmarks.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.canal_space import CanalSpace
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.muscle import Muscle
from plexus_mri.core.nerve_tree import NerveTree

# Node 0 of each nerve in the mean body, from the ganglion of C7 (ADR-96).
_LANDMARKS_MM: Mapping[Nerve, tuple[float, float, float]] = {
    Nerve.C5: (14, 7, 34),
    Nerve.C6: (14, 7, 16),
    Nerve.C7: (14, 7, 0),
    Nerve.C8: (14, 6, -18),
    Nerve.T1: (13, 5, -36),
    Nerve.UPPER_TRUNK: (42, 18, 1),
    Nerve.MIDDLE_TRUNK: (44, 16, -9),
    Nerve.LOWER_TRUNK: (40, 12, -25),
    Nerve.LATERAL_CORD: (84, 17, -42),
    Nerve.POSTERIOR_CORD: (84, 10, -40),
    Nerve.MEDIAL_CORD: (84, 10, -53),
}
# Middles of what a ball is laid into: the middle scalene behind roots and trunks, multifidus
# beside the spinous processes, supraspinatus above the scapula, the front of the deltoid (ADR-96).
_PLACES_MM: Mapping[Muscle, tuple[tuple[float, float, float], ...]] = {
    Muscle.SCALENES: ((32, 4, 32), (38, 4, 18), (43, 4, 4), (48, 3, -10)),
    Muscle.PARASPINALS: (
        (12, -27, 40),
        (12, -27, 25),
        (12, -27, 10),
        (12, -29, -5),
        (13, -31, -20),
        (13, -33, -35),
    ),
    Muscle.SUPRASPINATUS: ((85, -30, -40), (97, -26, -40), (109, -20, -38)),
    Muscle.DELTOID: ((138, 23, -42), (148, 24, -47), (160, 22, -53)),
}
_LEAST_LANDMARKS = 3
_SIZES = (0.75, 1.3)


def expected_places(space: CanalSpace, nerves: NerveTree) -> Mapping[Muscle, FloatArray]:
    """Places (k, 3) of each muscle in half-space coordinates; none with under three nerves.

    The mean body is scaled and moved, alike for both sides, so that its landmarks meet node 0 of
    the traced nerves.
    """
    pairs = list(_landmarks(space, nerves))
    if len(pairs) < _LEAST_LANDMARKS:
        return {}
    mean_body, found = (np.array(points) for points in zip(*pairs, strict=True))
    centres = [points.mean(axis=0) * (0.0, 1.0, 1.0) for points in (mean_body, found)]
    about = mean_body - centres[0]
    size = float(np.sum(about * (found - centres[1])) / np.sum(about**2))
    size = float(np.clip(size, *_SIZES))
    return {
        muscle: centres[1] + size * (np.array(places) - centres[0])
        for muscle, places in _PLACES_MM.items()
    }


def _landmarks(space: CanalSpace, nerves: NerveTree) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Node 0 in the mean body and in the patient, of every traced nerve of both sides."""
    for side, nerve in nerves:
        start = space.from_world(nerves[side, nerve].centerline.points_mm[:1])[0]
        yield np.array(_LANDMARKS_MM[nerve], dtype=float), half_space(start, side)


def half_space(canal_mm: FloatArray, side: Side) -> FloatArray:
    """Half-space coordinates (..., 3) of canal coordinates (..., 3) of a side, and back again."""
    mirrored: FloatArray = canal_mm * (side.sign, 1.0, 1.0)
    return mirrored
