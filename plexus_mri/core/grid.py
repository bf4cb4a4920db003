"""Grid: where voxels lie in the patient. World space is RAS+ millimetres."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import numpy.typing as npt

from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode

FloatArray = npt.NDArray[np.floating]
BoolArray = npt.NDArray[np.bool_]


def frozen(array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Give a read-only view, so that a value cannot be changed behind its owner's back."""
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, eq=False)
class Grid:
    """Shape and affine of an image.

    Parameters
    ----------
    shape
        Voxels along the three array axes.
    affine : (4, 4)
        Voxel index to RAS+ mm, as in NIfTI; voxel centres are at whole indices.

    Raises
    ------
    InputError
        When the affine is not (4, 4), not finite or cannot be inverted.
    """

    shape: tuple[int, int, int]
    affine: FloatArray

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=float)
        if affine.shape != (4, 4) or not np.isfinite(affine).all():
            msg = f"affine must be a finite (4, 4) matrix, got {affine.tolist()}"
            raise InputError(msg, ReasonCode.GEO_BAD_AFFINE)
        if abs(np.linalg.det(affine[:3, :3])) < 1e-9:  # noqa: PLR2004 - a cube of 1 µm
            msg = f"affine cannot be inverted (a spacing is zero): {affine[:3, :3].tolist()}"
            raise InputError(msg, ReasonCode.GEO_BAD_AFFINE)
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))
        object.__setattr__(self, "affine", frozen(affine))

    @property
    def spacing(self) -> FloatArray:
        """Voxel edge lengths in mm, in array-axis order: (3,)."""
        spacing: FloatArray = np.linalg.norm(self.affine[:3, :3], axis=0)
        return spacing

    @property
    def directions(self) -> FloatArray:
        """Unit vectors along the array axes, one a column: (3, 3), at right angles.

        The rotation nearest to the affine [Schönemann 1966, Psychometrika 31:1].
        """
        left, _, right = np.linalg.svd(self.affine[:3, :3] / self.spacing)
        directions: FloatArray = left @ right
        return directions

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    def to_world(self, ijk: FloatArray | Sequence[Sequence[float]]) -> FloatArray:
        """World points (n, 3) in RAS+ mm of voxel indices (n, 3)."""
        world: FloatArray = np.asarray(ijk, dtype=float) @ self.affine[:3, :3].T
        return world + self.affine[:3, 3]

    def to_voxel(self, points_mm: FloatArray | Sequence[Sequence[float]]) -> FloatArray:
        """Fractional voxel indices (n, 3) of world points (n, 3) in RAS+ mm."""
        centred = np.asarray(points_mm, dtype=float) - self.affine[:3, 3]
        return centred @ np.linalg.inv(self.affine[:3, :3]).T

    def contains(self, points_mm: FloatArray, *, margin_mm: float = 0.0) -> npt.NDArray[np.bool_]:
        """Whether points (n, 3) lie inside the voxels, at least ``margin_mm`` from the rim."""
        ijk = self.to_voxel(points_mm)
        margin = margin_mm / self.spacing
        upper = np.array(self.shape) - 0.5
        inside = (ijk >= -0.5 + margin) & (ijk <= upper - margin)
        return np.asarray(np.all(inside, axis=-1))

    @property
    def corners_mm(self) -> FloatArray:
        """Outer corners of the field of view: (8, 3)."""
        high = np.array(self.shape) - 0.5
        picks = np.array(np.meshgrid([0, 1], [0, 1], [0, 1], indexing="ij")).reshape(3, -1).T
        return self.to_world(np.where(picks == 1, high, -0.5))

    def nearest_world_axes(self) -> tuple[tuple[int, int], ...]:
        """Per array axis, the world axis (0 x, 1 y, 2 z) it runs along and its sign.

        The assignment maximises the sum of absolute direction cosines over all permutations,
        so it is unique except at exact ties.
        """
        cosines = self.affine[:3, :3] / self.spacing
        best = max(
            permutations(range(3)), key=lambda p: sum(abs(cosines[p[k], k]) for k in range(3))
        )
        return tuple((w, 1 if cosines[w, k] >= 0 else -1) for k, w in enumerate(best))


def axis_of_letter(letter: str) -> tuple[int, int]:
    """World axis (0 x, 1 y, 2 z) and sign of the direction that a letter of ``RLAPSI`` names.

    >>> axis_of_letter("R"), axis_of_letter("P")
    ((0, 1), (1, -1))
    """
    index = "RLAPSI".index(letter)
    return index // 2, -1 if index % 2 else 1


def same_grid(one: Grid, other: Grid, *, tolerance_mm: float = 1e-3) -> bool:
    """Whether two grids put every voxel at the same place, within ``tolerance_mm``."""
    return one.shape == other.shape and bool(
        np.abs(one.corners_mm - other.corners_mm).max() <= tolerance_mm
    )
