"""Sharpness of an image: how wide the edges of the nerves are."""

import numpy as np

from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.measurement import MeasurementTable, Profile
from plexus_mri.core.volume import Volume

# Fewer edges than this give no stable middle.
LEAST_EDGES = 20
RAYS = 8
SAMPLES = 33
# Full width at half maximum of a normal curve over its standard deviation.
FWHM = 2.0 * np.sqrt(2.0 * np.log(2.0))


def edge_width_mm(image: Volume, table: MeasurementTable) -> float | None:
    """Full width at half maximum of the blur at the nerves' edges, in mm.

    An edge blurred by a normal point spread of width σ is steepest by height / (σ·sqrt(2π)).
    The upper quartile over rays from the centre of each node to twice its radius: motion and
    thick slices blur in one direction only.
    """
    widths = [_widths_mm(image, profile) for profile in table.profiles.values()]
    found = np.concatenate(widths) if widths else np.empty(0)
    return float(np.percentile(found, 75)) if len(found) >= LEAST_EDGES else None


def _widths_mm(image: Volume, profile: Profile) -> FloatArray:
    """Edge widths of one nerve, one per ray that falls off within the field of view."""
    sound = np.isfinite(profile.csa_mm2) & np.isfinite(profile.points_mm).all(axis=1)
    points, radius = profile.points_mm[sound], profile.diameter_mm[sound] / 2.0
    if len(points) < 2 or (np.diff(points, axis=0) == 0).all(axis=1).any():
        return np.empty(0)
    rays = _directions(Centerline(points), image.grid.directions)
    reach_mm = np.linspace(0.0, 2.0, SAMPLES) * radius[:, None]
    places = points[:, None, None] + reach_mm[:, None, :, None] * rays[:, :, None]
    values = image.sample(places, order=3).reshape(-1, SAMPLES)
    spacing_mm = np.repeat(reach_mm[:, 1], RAYS)
    inside = np.isfinite(values).all(axis=1)
    steepest = -np.diff(values[inside], axis=1).min(axis=1) / spacing_mm[inside]
    height = np.ptp(values[inside], axis=1)
    falls = steepest > 0
    sigma_mm: FloatArray = height[falls] / (steepest[falls] * np.sqrt(2.0 * np.pi))
    width_mm: FloatArray = sigma_mm * FWHM
    return width_mm


def _directions(course: Centerline, axes: FloatArray) -> FloatArray:
    """Unit vectors (n, RAYS, 3) across the nerve at each of its n nodes.

    ``axes`` (3, 3) are those of the image.
    """
    first, second = course.normals(axes)
    turn = 2.0 * np.pi * np.arange(RAYS) / RAYS
    across = np.cos(turn)[:, None] * first[:, None] + np.sin(turn)[:, None] * second[:, None]
    return np.asarray(across)
