"""Volume and LabelMap: an array on a Grid. Reorienting permutes and flips, nothing else."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from plexus_mri.core.grid import BoolArray, FloatArray, Grid, axis_of_letter, frozen
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode


@dataclass(frozen=True, eq=False)
class _GridArray:
    """An array of one number per voxel of a Grid."""

    data: npt.NDArray[np.generic]
    grid: Grid

    def __post_init__(self) -> None:
        if self.data.shape != self.grid.shape:
            msg = f"array of shape {self.data.shape} does not fit a grid of {self.grid.shape}"
            raise InputError(msg, ReasonCode.GEO_BAD_AFFINE)
        object.__setattr__(self, "data", frozen(self.data))

    def to_ras(self) -> Self:
        """Permute and flip the axes to the nearest of x right, y anterior, z superior.

        No world point changes its value, so every storage order gives the same result.
        """
        return self.reoriented("RAS")

    def reoriented(self, orientation: str) -> Self:
        """Permute and flip the axes so that they run nearest to the named directions.

        Parameters
        ----------
        orientation
            One letter per array axis, as nibabel's axis codes: ``RAS`` grows to the patient's
            right, front and head; ``SAR`` has the slices of a transverse image first.
        """
        axes = self.grid.nearest_world_axes()
        wanted = [axis_of_letter(letter) for letter in orientation]
        order = [[w for w, _ in axes].index(world) for world, _ in wanted]
        flips = [axes[k][1] != sign for k, (_, sign) in zip(order, wanted, strict=True)]
        voxel_from_new = np.zeros((4, 4))
        voxel_from_new[3, 3] = 1.0
        for new_axis, (old_axis, flip) in enumerate(zip(order, flips, strict=True)):
            voxel_from_new[old_axis, new_axis] = -1.0 if flip else 1.0
            voxel_from_new[old_axis, 3] = self.grid.shape[old_axis] - 1 if flip else 0.0
        data = np.transpose(self.data, order)
        data = data[tuple(slice(None, None, -1 if f else 1) for f in flips)]
        shape = (data.shape[0], data.shape[1], data.shape[2])
        grid = Grid(shape, self.grid.affine @ voxel_from_new)
        return type(self)(np.ascontiguousarray(data), grid)

    def mirrored(self) -> Self:
        """Mirror the anatomy: the value at (x, y, z) moves to (-x, y, z)."""
        mirror = np.diag([-1.0, 1.0, 1.0, 1.0])
        return type(self)(self.data, Grid(self.grid.shape, mirror @ self.grid.affine))


@dataclass(frozen=True, eq=False)
class Volume(_GridArray):
    """Image intensities (float32) on a grid."""

    data: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", np.asarray(self.data, dtype=np.float32))
        super().__post_init__()

    def with_data(self, data: npt.NDArray[np.generic]) -> "Volume":
        """Give the same grid with other intensities."""
        return Volume(np.asarray(data, dtype=np.float32), self.grid)

    @cached_property
    def _spline(self) -> npt.NDArray[np.float32]:
        """Cubic B-spline coefficients of the intensities, computed once."""
        out: npt.NDArray[np.float32] = ndimage.spline_filter(
            self.data, order=3, output=np.float32, mode="nearest"
        )
        return out

    def sample(
        self, points_mm: FloatArray, *, order: int = 1, outside: float = np.nan
    ) -> FloatArray:
        """Interpolated intensities at world points.

        Parameters
        ----------
        points_mm : (..., 3)
            World points, RAS+ mm.
        order
            1 trilinear, 3 cubic B-spline.
        outside
            Value for points outside the field of view.

        Returns
        -------
        (...)
            Intensities.
        """
        shape = points_mm.shape[:-1]
        flat = points_mm.reshape(-1, 3)
        ijk = self.grid.to_voxel(flat)
        source = self.data if order == 1 else self._spline
        values: FloatArray = ndimage.map_coordinates(
            source, ijk.T, order=order, mode="nearest", prefilter=False, output=np.float64
        )
        return np.where(self.grid.contains(flat), values, outside).reshape(shape)


@dataclass(frozen=True, eq=False)
class EvenImage:
    """Image freed of shading, RAS axis order.

    Parameters
    ----------
    image
        Bias-corrected.
    acquired
        As it came, on the same grid; None when nothing was taken off.
    shading_error
        Relative standard error of the shading that was taken off, at places where no muscle
        told it; 0 when unknown.
    log_field
        Natural logarithm of the shading that was taken off, on a coarse grid of its own; None
        when nothing was.
    anew
        Share (0-1) of the field fitted anew, without the plexus's own muscle, in it; None when it
        was not fitted anew.
    """

    image: Volume
    acquired: Volume | None = None
    shading_error: float = 0.0
    log_field: Volume | None = None
    anew: float | None = None


@dataclass(frozen=True, eq=False)
class LabelMap(_GridArray):
    """Integer labels (int16) on a grid; 0 is background."""

    data: npt.NDArray[np.int16]

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", np.asarray(self.data, dtype=np.int16))
        super().__post_init__()

    def mask(self, index: int) -> BoolArray:
        """Voxels of one label."""
        out: BoolArray = self.data == index
        return out
