"""Further series along the nerves, each sampled in its own grid."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from plexus_mri.core.anatomy import NerveKey
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.measurement import Profile
from plexus_mri.core.series_map import RegisteredMap

# Places of one cross-section in radii: the centre and two rings well inside the rim, whose
# partial volume would pull the mean towards the neighbours; equal areas per place.
RINGS = ((0.0, 1), (0.35, 6), (0.6, 12))
# Of a section's weight in zeros, what is told: less is the rim of a neighbouring voxel.
_ZERO_SHARE = 0.05


def map_profiles(
    maps: Sequence[RegisteredMap], profiles: Mapping[NerveKey, Profile]
) -> dict[str, dict[NerveKey, FloatArray]]:
    """Mean of each registered map over the inner cross-section at every node of every nerve.

    Returns
    -------
    dict
        Name of the map to nerve to (n,), in the map's own unit; NaN where the map does not
        reach or the nerve's caliber is not known. Maps that were left out are not in it.
    """
    return {
        item.series.name: {key: _along(item, profile) for key, profile in profiles.items()}
        for item in maps
        if item.map_from_image is not None
    }


def zero_nodes(
    maps: Sequence[RegisteredMap], profiles: Mapping[NerveKey, Profile]
) -> dict[str, dict[NerveKey, int]]:
    """Nodes of every nerve in whose sections a map holds voxels that are exactly 0.

    Returns
    -------
    dict
        Name of the map to nerve to a count, where it is not 0.
    """
    shares = map_profiles([_where_zero(item) for item in maps], profiles)
    counts = {
        name: {k: n for k, v in nerves.items() if (n := int(np.count_nonzero(v > _ZERO_SHARE)))}
        for name, nerves in shares.items()
    }
    return {name: nodes for name, nodes in counts.items() if nodes}


def _where_zero(item: RegisteredMap) -> RegisteredMap:
    """The map with 1 where it is exactly 0, and 0 elsewhere."""
    image = item.series.image
    if image is None:
        return item
    zeros = image.with_data((image.data == 0).astype(np.float32))
    return replace(item, series=replace(item.series, image=zeros))


def _along(item: RegisteredMap, profile: Profile) -> FloatArray:
    """Mean (n,) of the map over the places of each cross-section."""
    places = _places(profile)
    values = item.sample(places.reshape(-1, 3)).reshape(places.shape[:2])
    return np.asarray(values.mean(axis=1))


def _places(profile: Profile) -> FloatArray:
    """World points (n, p, 3) of the places of every cross-section."""
    # Places go all around, so where the first of them lies is free.
    first, second = Centerline(profile.points_mm).normals(np.eye(3))
    offsets = [
        (radius * np.cos(turn), radius * np.sin(turn))
        for radius, count in RINGS
        for turn in 2 * np.pi * np.arange(count) / count
    ]
    along = np.array(offsets) * 0.5
    diameter = profile.diameter_mm[:, None, None]
    across = along[None, :, :1] * first[:, None] + along[None, :, 1:] * second[:, None]
    places: FloatArray = profile.points_mm[:, None] + diameter * across
    return places
