"""Template: the mean plexus of several cases, and where one patient's lies against it.

Shapes: ``n`` points, ``k`` nodes of a mean course. Template space is RAS+ mm about the canal: to
the right of the midline, before the canal, above the mean level of the ganglia of C7
(`core.canal_space`), in a body of mean size.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from plexus_mri.core.anatomy import Nerve, NerveKey, Side
from plexus_mri.core.canal_space import CanalSpace
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import FloatArray, Grid, frozen
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.transform import AffineTransform
from plexus_mri.core.volume import Volume
from plexus_mri.errors import InputError, StageError
from plexus_mri.reasons import ReasonCode

Percents = npt.NDArray[np.uint8]

# The inverse of the deformation settles to 1e-4 mm well within these rounds.
MOST_ROUNDS, SETTLED_MM = 50, 1e-4
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


@dataclass(frozen=True, eq=False)
class Deformation:
    """Smooth displacement of template points, one vector a voxel.

    Parameters
    ----------
    displacement_mm : (3, a, b, c)
        Added to the points; constant beyond the grid.
    grid
        Of shape (a, b, c), in template space.
    """

    displacement_mm: npt.NDArray[np.float32]
    grid: Grid

    def __post_init__(self) -> None:
        data = np.asarray(self.displacement_mm, dtype=np.float32)
        object.__setattr__(self, "displacement_mm", frozen(data))

    @classmethod
    def none(cls, grid: Grid) -> "Deformation":
        """Give the deformation that moves nothing."""
        return cls(np.zeros((3, *grid.shape), dtype=np.float32), grid)

    def mirrored(self) -> "Deformation":
        """Mirror the anatomy; the grid must be its own mirror image, as a template's is."""
        flipped = self.displacement_mm[:, ::-1] * np.array([-1, 1, 1]).reshape(3, 1, 1, 1)
        return Deformation(flipped, self.grid)

    def apply(self, points_mm: FloatArray) -> FloatArray:
        """Points (n, 3) after the displacement."""
        return points_mm + self._at(points_mm)

    def undo(self, points_mm: FloatArray) -> FloatArray:
        """Points (n, 3) before the displacement: a fixed point, found by repetition."""
        found = points_mm
        for _ in range(MOST_ROUNDS):
            off = points_mm - self.apply(found)
            found = found + off
            if np.abs(off).max(initial=0.0) < SETTLED_MM:
                break
        return found

    def _at(self, points_mm: FloatArray) -> FloatArray:
        ijk = self.grid.to_voxel(points_mm).T
        columns = [
            ndimage.map_coordinates(c, ijk, order=1, mode="nearest", output=np.float64)
            for c in self.displacement_mm
        ]
        return np.stack(columns, axis=1)


@dataclass(frozen=True, eq=False)
class TemplateTransform:
    """Takes points between template space and one patient's world, both ways.

    Parameters
    ----------
    canal
        The patient's canal space.
    canal_from_template
        Scaling, shear and level that lead from the deformed template to canal space.
    deformation
        What is left, smooth and small.

    Raises
    ------
    StageError
        When space would fold: the smallest Jacobian determinant is not positive.
    """

    canal: CanalSpace
    canal_from_template: AffineTransform
    deformation: Deformation
    least_jacobian: float = field(init=False)

    def __post_init__(self) -> None:
        grid = self.deformation.grid
        places = self.to_world(voxel_points(grid)).reshape(*grid.shape, 3)
        least = least_jacobian(places) / grid.voxel_volume_mm3
        object.__setattr__(self, "least_jacobian", least)
        if least <= 0:
            msg = f"the template would fold in this patient: smallest Jacobian {least:.3g}"
            raise StageError(msg, ReasonCode.TEMPLATE_NOT_REGISTERED)

    def to_world(self, template_mm: FloatArray) -> FloatArray:
        """World points (n, 3) of the patient of points (n, 3) in template space."""
        deformed = self.deformation.apply(template_mm)
        return self.canal.to_world(self.canal_from_template.apply(deformed))

    def from_world(self, points_mm: FloatArray) -> FloatArray:
        """Points (n, 3) in template space of world points (n, 3) of the patient."""
        deformed = self.canal_from_template.inverse().apply(self.canal.from_world(points_mm))
        return self.deformation.undo(deformed)

    def image_in_template(self, image: Volume) -> Volume:
        """The patient's image on the template's grid; 0 outside the field of view."""
        grid = self.deformation.grid
        places = self.to_world(voxel_points(grid))
        return Volume(image.sample(places, outside=0.0).reshape(grid.shape), grid)


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


def least_jacobian(places: FloatArray) -> float:
    """Smallest Jacobian determinant of a map known at voxels (a, b, c, 3), per voxel.

    All eight ways to take one neighbour along each axis are tried, which are the determinants
    of the trilinear map at the corners of its cells.
    """
    cells = (slice(None, -1), slice(1, None))
    least = np.inf
    steps = [np.diff(places, axis=axis) for axis in range(3)]
    for i in cells:
        for j in cells:
            for k in cells:
                along = (steps[0][:, j, k], steps[1][i, :, k], steps[2][i, j, :])
                matrix = np.stack(along, axis=-1)
                least = min(least, float(np.linalg.det(matrix).min()))
    return least


def voxel_points(grid: Grid) -> FloatArray:
    """World points (n, 3) of all voxels, the last axis fastest."""
    return grid.to_world(np.indices(grid.shape).reshape(3, -1).T.astype(float))
