"""Tubes measured as a user measures them, and what is kept of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from shape_images import Picture, Pose, Solid, drawn, row_of_tubes
from shape_limit import radius_limits_mm

from plexus_mri.core.anatomy import NerveKey
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.measurement import Measurement, MeasurementTable, Profile, Quality, Quantity
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.volume import EvenImage, Volume
from plexus_mri.measure.measure import measure_nerves
from plexus_mri.measure.settings import MeasureSettings

SETTINGS = MeasureSettings()
Z95 = 1.959964
# Tubes further apart than this are alone.
ALONE_MM = 8.0


@dataclass(frozen=True, eq=False)
class Tube:
    """One tube: what is true, what its sections (n) gave, and what its row of the table says.

    Parameters
    ----------
    limit_mm
        Cramér-Rao bound of a section's diameter; NaN where it was not asked for.
    radius_mm : (n,)
        Radius of the disc of the fitted area.
    relative_error, noise_error : (n,)
        Printed standard error of the area over it; the same of noise alone.
    mean_mm2, interval_mm2, mean_noise_mm2
        Mean area along the nerve, its 95 % interval and its error by noise alone; NaN where none
        was given.
    """

    solid: Solid
    limit_mm: float
    radius_mm: FloatArray
    relative_error: FloatArray
    noise_error: FloatArray
    mean_mm2: float
    interval_mm2: tuple[float, float]
    mean_noise_mm2: float
    largest_mm2: float
    thin: bool
    swallowed: bool

    @property
    def area_mm2(self) -> float:
        """True area."""
        return float(np.pi * self.solid.radius_mm**2)

    @property
    def errors_mm(self) -> FloatArray:
        """Fitted minus true diameter, of the sections that were given."""
        known = self.radius_mm[np.isfinite(self.radius_mm)]
        return 2.0 * (known - self.solid.radius_mm)

    @property
    def holds_mean(self) -> bool:
        """Whether the interval of the mean area holds the truth."""
        low, high = self.interval_mm2
        return low <= self.area_mm2 <= high

    @property
    def held(self) -> FloatArray:
        """Whether the interval of each given section holds the truth."""
        areas = np.pi * self.radius_mm**2
        known = np.isfinite(areas)
        off = np.abs(areas - self.area_mm2)[known]
        return off <= Z95 * (self.relative_error * areas)[known]


# Voxel size in mm, and the nerve's signal over the SD of the noise.
Look = tuple[tuple[float, float, float], float]


@dataclass(frozen=True)
class Group:
    """Images of one kind: one a pose, looked at in turn in each way.

    ``gaps_mm`` is the free space between the tubes of an image, far apart where there is none.
    """

    name: str
    poses: Sequence[Pose]
    radii_mm: Sequence[float]
    looks: Sequence[Look]
    gaps_mm: Sequence[float] = ()


@dataclass(frozen=True, eq=False)
class Seen:
    """One image of a group, the traces given, and its tubes."""

    picture: Picture
    image: Volume
    nerves: NerveTree
    tubes: dict[NerveKey, Tube]


def seen(group: Group, first_seed: int) -> Iterator[Seen]:
    """Draw and measure every image of a group; seeds count up from the first."""
    for k, pose in enumerate(group.poses):
        look = group.looks[k % len(group.looks)]
        yield _seen(group, pose, look, np.random.default_rng([first_seed + k, 30]))


def _seen(group: Group, pose: Pose, look: Look, rng: np.random.Generator) -> Seen:
    spacing, signal_to_noise = look
    gaps = group.gaps_mm or [ALONE_MM] * (len(group.radii_mm) - 1)
    picture = drawn(row_of_tubes(pose, group.radii_mm, gaps, rng), spacing, rng)
    image = picture.noisy(signal_to_noise, rng)
    nerves = picture.traced(rng)
    table = measure_nerves(EvenImage(image), nerves, picture.frame, SETTINGS)
    limits = {} if group.gaps_mm else radius_limits_mm(picture, signal_to_noise, SETTINGS)
    tubes = {
        key: tube_of(table, key, picture, 2.0 * limits.get(key, np.nan)) for key in picture.solids
    }
    return Seen(picture, image, nerves, tubes)


def tube_of(table: MeasurementTable, key: NerveKey, picture: Picture, limit_mm: float) -> Tube:
    """What a table says of one tube."""
    side, nerve = key
    profile, mean = table.profiles[key], table.get(nerve, side, Quantity.CSA_MEAN)
    largest = table.get(nerve, side, Quantity.CSA_MAX)
    interval = (np.nan, np.nan)
    if mean is not None and mean.ci_low is not None and mean.ci_high is not None:
        interval = (mean.ci_low, mean.ci_high)
    return Tube(
        picture.solids[key],
        limit_mm,
        np.sqrt(profile.csa_mm2 / np.pi),
        profile.csa_error_mm2 / profile.csa_mm2,
        profile.csa_noise_se_mm2 / profile.csa_mm2,
        np.nan if mean is None or mean.value is None else mean.value,
        interval,
        _noise_of(mean),
        np.nan if largest is None or largest.value is None else largest.value,
        bool(profile.flagged(Quality.THIN).mean() > 0.5),  # noqa: PLR2004 - most of its sections
        _swallowed(profile, key, picture),
    )


def _noise_of(mean: Measurement | None) -> float:
    """Standard error of a number by noise alone, NaN where there is none."""
    if mean is None or mean.noise_standard_error is None:
        return float("nan")
    return mean.noise_standard_error


def _swallowed(profile: Profile, key: NerveKey, picture: Picture) -> bool:
    """Whether any section lies on another tube's axis rather than its own, or holds both."""
    own = picture.solids[key]
    known = np.isfinite(profile.csa_mm2)
    points = profile.points_mm[known]
    apart = _distance_mm(points, own)
    for other_key, other in picture.solids.items():
        if other_key == key:
            continue
        both_mm2 = np.pi * (own.radius_mm**2 + other.radius_mm**2)
        half_way_mm2 = (both_mm2 + np.pi * own.radius_mm**2) / 2
        near = _distance_mm(points, other)
        touching = near < own.radius_mm + other.radius_mm + 2.0
        if (near < apart).any() or (profile.csa_mm2[known][touching] > half_way_mm2).any():
            return True
    return False


def _distance_mm(points_mm: FloatArray, solid: Solid) -> FloatArray:
    apart = np.linalg.norm(points_mm[:, None] - solid.axis_mm[None], axis=2)
    return apart.min(axis=1)
