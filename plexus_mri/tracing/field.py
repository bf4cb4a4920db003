"""Travel cost on one side of the patient, and what of that side is in view."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.graph import MCP_Geometric

from plexus_mri.core.anatomy import Side
from plexus_mri.core.evidence import NerveEvidence
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.tracing.settings import TracingSettings

IndexArray = npt.NDArray[np.int_]

AT_MOST_HEIGHTS = 0.5  # share of the canal's heights at which a distance is in view
RIM_MM = 3.0  # nothing is followed closer than this to the edge of the field of view


@dataclass(frozen=True, eq=False)
class SideField:
    """Travel cost of one side, its first axis turned to grow outward on both sides.

    Turned, so that ties between equal ways are broken alike on the left and on the right.

    Parameters
    ----------
    cost : (nx, ny, nz)
        Cost per mm; infinite where no way leads.
    lateral : (nx, ny, nz)
        Distance outward from the midline in mm.
    tubularity : (nx, ny, nz)
        0-1.
    grid, first, step
        Working grid, and how this field's first axis runs on it.
    reach_mm
        How far out the field of view goes.
    """

    cost: FloatArray
    lateral: FloatArray
    tubularity: FloatArray
    grid: Grid
    first: int
    step: int
    reach_mm: float

    @property
    def spacing_mm(self) -> float:
        """Voxel edge."""
        return float(self.grid.spacing[0])

    def to_world(self, own: IndexArray) -> FloatArray:
        """World points (n, 3) of voxels (n, 3) of this field."""
        ijk = own * np.array([self.step, 1, 1]) + np.array([self.first, 0, 0])
        return self.grid.to_world(ijk.astype(float))

    def to_own(self, points_mm: FloatArray) -> IndexArray:
        """Nearest voxels (n, 3) of this field to world points (n, 3)."""
        ijk = np.rint(self.grid.to_voxel(points_mm)).astype(int)
        own: IndexArray = (ijk - np.array([self.first, 0, 0])) * np.array([self.step, 1, 1])
        return own

    def holds(self, own: IndexArray) -> bool:
        """Whether one voxel (3,) lies in this field."""
        return bool((own >= 0).all() and (own < self.cost.shape).all())

    def inner(self, lateral_mm: float) -> int:
        """Length of the first axis that holds all voxels nearer to the midline than this."""
        return int(np.flatnonzero((self.lateral < lateral_mm).any(axis=(1, 2)))[-1]) + 1

    def shell(self, lateral_mm: float) -> IndexArray:
        """Passable voxels (n, 3) one voxel thick at a distance from the midline."""
        shell = (self.lateral >= lateral_mm - self.spacing_mm) & (self.lateral < lateral_mm)
        return np.argwhere(shell & np.isfinite(self.cost))

    def near(self, voxels: IndexArray, centre: FloatArray, radius_mm: float) -> IndexArray:
        """Those of the voxels (n, 3) within a radius of a centre (3,) in voxels."""
        distance = np.linalg.norm(voxels - centre, axis=1) * self.spacing_mm
        near: IndexArray = voxels[distance <= radius_mm]
        return near

    def search(self, *, least_lateral_mm: float = 0.0) -> MCP_Geometric:
        """Search for cheapest ways, kept beyond a distance from the midline."""
        return MCP_Geometric(np.where(self.lateral >= least_lateral_mm, self.cost, np.inf))


def covered_lateral_mm(grid: Grid, frame: PatientFrame, side: Side) -> float:
    """How far out from the midline the field of view reaches on a side, at most heights."""
    distance = np.arange(0.0, 160.0, 2.0)
    heights = frame.canal.resampled(4.0).points_mm
    points = heights[:, None, :] + side.sign * distance[None, :, None] * frame.right
    inside = grid.contains(points.reshape(-1, 3)).reshape(points.shape[:2])
    covered = inside.mean(axis=0) > AT_MOST_HEIGHTS
    return float(distance[-1] if covered.all() else distance[np.argmin(covered)]) - RIM_MM


def side_fields(
    evidence: NerveEvidence, frame: PatientFrame, settings: TracingSettings
) -> dict[Side, SideField]:
    """Cost and distance from the midline on each side of which enough is in view."""
    grid = evidence.tubularity.grid
    voxels = np.moveaxis(np.indices(grid.shape), 0, -1).reshape(-1, 3)
    right_mm = frame.lateral_mm(grid.to_world(voxels.astype(float))).reshape(grid.shape)
    reaches = {side: covered_lateral_mm(grid, frame, side) for side in Side}
    return {
        side: _side_field(evidence, side, side.sign * right_mm, reach_mm, settings)
        for side, reach_mm in reaches.items()
        if reach_mm >= settings.least_lateral_mm
    }


def _side_field(
    evidence: NerveEvidence,
    side: Side,
    lateral: FloatArray,
    reach_mm: float,
    settings: TracingSettings,
) -> SideField:
    """Field of one side; ``lateral`` (nx, ny, nz) grows outward there."""
    grid = evidence.tubularity.grid
    beside = lateral >= settings.canal_half_width_mm
    along_x = np.flatnonzero(beside.any(axis=(1, 2)))
    first, last = (along_x[0], along_x[-1]) if side is Side.RIGHT else (along_x[-1], along_x[0])
    pick = np.arange(first, last + side.sign, side.sign)
    tubularity = evidence.tubularity.data[pick].astype(float)
    gap = ndimage.distance_transform_edt(tubularity < settings.least_tubularity)
    passable = beside[pick] & (gap * float(grid.spacing[0]) <= settings.bridge_mm / 2)
    passable &= lateral[pick] <= settings.farthest_lateral_mm
    # Above the tubularity of a thin root all nerves cost the same: else the path of a thin root
    # would change over to its thicker neighbour as early as it can.
    ease = np.minimum(tubularity / settings.easy_tubularity, 1.0) ** 2
    cost = np.where(passable, 1.0 / (settings.cost_floor + ease), np.inf)
    return SideField(cost, lateral[pick], tubularity, grid, int(first), side.sign, reach_mm)
