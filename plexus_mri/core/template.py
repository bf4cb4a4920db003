"""Template: the mean plexus of several cases, and where one patient's lies against it.

Shapes: ``n`` points, ``k`` nodes of a mean course. Template space is RAS+ mm about the canal: to
the right of the midline, before the canal, above the mean level of the ganglia of C7
(`core.canal_space`), in a body of mean size.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from plexus_mri.core.anatomy import Nerve, NerveKey, Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import FloatArray, Grid, frozen
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.template_transform import TemplateTransform
from plexus_mri.core.volume import Volume
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode

Percents = npt.NDArray[np.uint8]

# Points between the nodes of a mean course, so that its nearest point is found to 0.2 mm.
COURSE_STEP_MM = 0.4
SAME_MM = 1e-3


@dataclass(frozen=True, eq=False)
class MeanCourse:
    """Where a nerve runs on average.

    Parameters
    ----------
    centerline
        Proximal to distal, in template space.
    spread_mm : (k,)
        Root mean square distance of the single courses from each node.
    curves
        How many courses it is the mean of; the two sides of a case count as two.
    """

    centerline: Centerline
    spread_mm: FloatArray
    curves: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "spread_mm", frozen(np.array(self.spread_mm, dtype=float)))

    def distance_mm(self, points_mm: FloatArray) -> FloatArray:
        """Distance (n,) of points (n, 3) in template space from the course."""
        line = self.centerline.resampled_evenly(COURSE_STEP_MM).points_mm
        apart: FloatArray = np.linalg.norm(points_mm[:, None] - line[None], axis=2).min(axis=1)
        return apart


@dataclass(frozen=True, eq=False)
class Template:
    """Mean anatomy of a population in a frame of the canal; it is its own mirror image.

    Parameters
    ----------
    image
        Mean intensity over that of muscle, in template space; 0 where no case reached.
    probability
        Percent of the cases (uint8, shape of the image) whose nerve holds each voxel.
    courses
        Mean course of each nerve.
    cases, source
        How many cases it is made of, and which, in words.
    digest
        Of the files it was read from; empty when it was just built.

    Raises
    ------
    InputError
        When the image is not its own mirror image about x = 0: it would favour a side.
    """

    image: Volume
    probability: Mapping[NerveKey, Percents]
    courses: Mapping[NerveKey, MeanCourse]
    cases: int
    source: str
    digest: str = ""

    def __post_init__(self) -> None:
        off_mm = float(
            np.abs(self.image.mirrored().to_ras().grid.corners_mm - self.grid.corners_mm).max()
        )
        if off_mm > SAME_MM or not np.array_equal(self.image.data, self.image.data[::-1]):
            msg = "the mean image is not its own mirror image about x = 0, so it favours a side"
            raise InputError(msg, ReasonCode.INPUT_UNREADABLE)

    @property
    def grid(self) -> Grid:
        """Voxels of image and probabilities."""
        return self.image.grid

    def nearest(self, side: Side, points_mm: FloatArray) -> Nerve:
        """Nerve of a side whose mean course has the least mean distance from points (n, 3)."""
        apart = {
            nerve: float(course.distance_mm(points_mm).mean())
            for (own, nerve), course in self.courses.items()
            if own is side
        }
        return min(apart, key=lambda nerve: apart[nerve])

    def probability_at(self, key: NerveKey, points_mm: FloatArray) -> FloatArray:
        """Probability (n,) of a nerve at points (n, 3) in template space, 0-1; 0 outside."""
        percents = self.probability.get(key)
        if percents is None:
            return np.zeros(len(points_mm))
        volume = Volume(percents.astype(np.float32) / 100.0, self.grid)
        return volume.sample(points_mm, outside=0.0)


@dataclass(frozen=True)
class PlaceInTemplate:
    """How far a traced nerve lies from where the template expects it.

    Parameters
    ----------
    distance_mm
        Mean over the nerve's nodes, in template space.
    limit_mm
        Largest distance that is not remarked on.
    probability
        Mean share of the template's cases whose nerve of this name holds the node, 0-1.
    nearest
        Nerve of this side whose mean course is nearest.
    """

    distance_mm: float
    limit_mm: float
    probability: float
    nearest: Nerve

    @property
    def is_far(self) -> bool:
        """Whether the nerve lies farther off than the limit."""
        return self.distance_mm > self.limit_mm

    @property
    def sentence(self) -> str:
        """Distance and limit in words."""
        return (
            f"{self.distance_mm:.1f} mm from where the template expects it "
            f"(limit {self.limit_mm:g} mm), nearest to its {self.nearest.value.replace('_', ' ')}."
        )


@dataclass(frozen=True, eq=False)
class TemplateMatch:
    """A case against the template, or the reason why it could not be placed.

    Parameters
    ----------
    transform
        None when the case was not placed.
    similarity
        Of the template's image and the case's, where both reach; None without a transform.
    places
        Every traced nerve that the template knows.
    """

    template: Template
    transform: TemplateTransform | None
    similarity: float | None = None
    places: Mapping[NerveKey, PlaceInTemplate] = field(default_factory=dict)
    reason: ReasonCode | None = None
    sentence: str = ""

    def centerlines(self, nerves: NerveTree) -> Mapping[NerveKey, Centerline]:
        """Traced nerves in template space; none when the case was not placed."""
        if self.transform is None:
            return {}
        return {
            key: Centerline(self.transform.from_world(nerves[key].centerline.points_mm))
            for key in nerves
        }
