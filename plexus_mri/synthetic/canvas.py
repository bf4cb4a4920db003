"""The picture before the scanner's flaws: water and fat of every voxel, painted part by part."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from plexus_mri.core.grid import Grid
from plexus_mri.synthetic.raster import tube_coverage
from plexus_mri.synthetic.shapes import Tube

# Samples per voxel edge: thin vessels need more of them than muscles in thick slices.
SAMPLE_MM, THIN_SAMPLE_MM = 1.6, 0.8
THIN_MM = 2.5
MOST_SAMPLES = 4


@dataclass(frozen=True)
class Paint:
    """What a solid is made of: intensity of its water, proton density of its fat."""

    water: float
    fat: float


class Canvas:
    """Water and fat images that solids are painted on, later ones over earlier ones.

    The one place in the package that changes arrays in place: hundreds of solids on millions of
    voxels would cost a copy each.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.water = np.zeros(grid.shape, dtype=np.float32)
        self.fat = np.zeros(grid.shape, dtype=np.float32)

    def solid(self, tube: Tube, paint: Paint) -> None:
        """Paint a solid; voxels it fills in part keep the rest of what they were."""
        thin = tube.semi_short_mm.max() < THIN_MM
        step_mm = THIN_SAMPLE_MM if thin else SAMPLE_MM
        counts = np.clip(np.ceil(self.grid.spacing / step_mm), 1, MOST_SAMPLES).astype(int)
        samples = (int(counts[0]), int(counts[1]), int(counts[2]))
        coverage = tube_coverage(self.grid, tube, samples=samples)
        if coverage is not None:
            self._over(coverage.box, coverage.share, paint)

    def everywhere(self, share: npt.NDArray[np.float32] | np.float32, paint: Paint) -> None:
        """Paint with a share (0-1) of each voxel of the grid."""
        self._over((slice(None), slice(None), slice(None)), share, paint)

    def nerves(self, share: npt.NDArray[np.float32], signal: npt.NDArray[np.float32]) -> None:
        """Paint nerves with an intensity for each voxel; nerves hold no fat."""
        self.water += share * (signal - self.water)
        self.fat *= 1 - share

    def _over(
        self,
        box: tuple[slice, slice, slice],
        share: npt.NDArray[np.float32] | np.float32,
        paint: Paint,
    ) -> None:
        water, fat = self.water[box], self.fat[box]
        water += share * (np.float32(paint.water) - water)
        fat += share * (np.float32(paint.fat) - fat)
