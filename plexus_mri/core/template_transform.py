"""TemplateTransform: where one patient lies against a template, both ways.

Shapes: ``n`` points; ``a``, ``b``, ``c`` voxels of the template. Template space is that of
`core.template`.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from plexus_mri.core.canal_space import CanalSpace
from plexus_mri.core.grid import FloatArray, Grid, frozen
from plexus_mri.core.transform import AffineTransform
from plexus_mri.core.volume import Volume
from plexus_mri.errors import StageError
from plexus_mri.reasons import ReasonCode

# The inverse of the deformation settles to 1e-4 mm well within these rounds.
MOST_ROUNDS, SETTLED_MM = 50, 1e-4


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
