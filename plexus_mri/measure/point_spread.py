"""The point spread of an image: the voxel's box and the blur, seen along a nerve."""

from dataclasses import dataclass

import numpy as np

from plexus_mri.core.grid import FloatArray, Grid


@dataclass(frozen=True, eq=False)
class PointSpread:
    """How one point of the body is spread over the image.

    A voxel is cut into parts no longer than ``longest_part_mm``; the box of a part is then close
    to a Gaussian of variance edge²/12, and the parts together are the exact box of the voxel.

    Parameters
    ----------
    part_offsets_mm : (p, 3)
        Centres of the parts of a voxel from the voxel's centre.
    covariance_mm2 : (3, 3)
        Of one part: its box and the image's blur.
    """

    part_offsets_mm: FloatArray
    covariance_mm2: FloatArray

    @classmethod
    def of_grid(cls, grid: Grid, blur_mm: FloatArray, longest_part_mm: float) -> "PointSpread":
        """Point spread of a grid whose image is blurred by ``blur_mm`` (3,), per array axis."""
        axes = grid.affine[:3, :3]
        counts = np.ceil(grid.spacing / longest_part_mm - 1e-9).astype(int)
        places = [(np.arange(n) + 0.5) / n - 0.5 for n in counts]
        mesh = np.stack(np.meshgrid(*places, indexing="ij"), axis=-1).reshape(-1, 3)
        variance = (grid.spacing / counts) ** 2 / 12.0 + np.asarray(blur_mm) ** 2
        directions = axes / grid.spacing
        return cls(mesh @ axes.T, (directions * variance) @ directions.T)

    def whitening(self, first: FloatArray, second: FloatArray) -> FloatArray:
        """Matrix (2, 2) from section millimetres to units of the blur.

        Along a straight tube nothing changes, so only the spread inside the plane spanned by the
        unit vectors ``first`` and ``second`` (3,) counts.
        """
        plane = np.stack([first, second])
        return np.linalg.inv(np.linalg.cholesky(plane @ self.covariance_mm2 @ plane.T))
