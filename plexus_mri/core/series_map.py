"""Further series of the same patient (maps), and how each lies against the main image."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import TypeAlias

import numpy as np

from plexus_mri.core.anatomy import NerveKey
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.transform import AffineTransform
from plexus_mri.core.volume import Volume
from plexus_mri.reasons import ReasonCode

# Map name to nerve to one value per node (n,); NaN where the map does not reach.
MapProfiles: TypeAlias = Mapping[str, Mapping[NerveKey, FloatArray]]


@dataclass(frozen=True, eq=False)
class SeriesMap:
    """One further series: a map (T2, fat fraction, FA) or another contrast.

    Parameters
    ----------
    name
        Becomes the name of its column.
    image
        In its own grid and unit; None when it could not be read.
    reason, sentence
        Why it could not be read.
    source_sha256
        Of its values and its place, as the main image's; empty when it could not be read.
    """

    name: str
    image: Volume | None
    reason: ReasonCode | None = None
    sentence: str = ""
    source_sha256: str = ""


@dataclass(frozen=True)
class Agreement:
    """How well two series agree at a pose.

    Parameters
    ----------
    similarity
        Normalised mutual information (H(f) + H(m)) / H(f, m) - 1 inside the body, 0-1
        [Studholme 1999].
    sharpness
        Share of the similarity that is lost when the series is shifted out of place, 0-1.
    handedness
        Share by which the series agrees better than its own mirror image; negative when the
        mirror image agrees better.
    overlap
        Share of the body of the main image that the series covers, 0-1.
    """

    similarity: float
    sharpness: float
    handedness: float
    overlap: float

    def reaches(self, limits: "Agreement") -> bool:
        """Whether every number is at least its limit."""
        return all(own >= limit for own, limit in zip(astuple(self), astuple(limits), strict=True))


@dataclass(frozen=True, eq=False)
class RegisteredMap:
    """A series with its place against the main image, or the reason why it was left out.

    Parameters
    ----------
    map_from_image
        Takes world points of the main image to world points of the series; None when the
        series was left out.
    agreement, before
        At the pose found, and at the one the headers state; None when they cannot be compared.
    limits
        Least agreement that is taken for registered, number by number.
    reason, sentence
        Why the series was left out.
    """

    series: SeriesMap
    map_from_image: AffineTransform | None
    agreement: Agreement | None = None
    before: Agreement | None = None
    reason: ReasonCode | None = None
    sentence: str = ""
    limits: Agreement | None = None

    def sample(self, points_mm: FloatArray) -> FloatArray:
        """Values (n,) of the series, in its own grid, at points (n, 3) of the main image.

        NaN outside the series, and everywhere when it was left out.
        """
        if self.map_from_image is None or self.series.image is None:
            return np.full(len(points_mm), np.nan)
        return self.series.image.sample(self.map_from_image.apply(points_mm))
