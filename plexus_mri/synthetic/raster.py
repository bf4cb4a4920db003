"""Tubes to voxels: which share of each voxel a tube fills.

Local by construction: each segment of a tube visits only the voxels of its own bounding box.
Single-threaded, so that sums have one order and the same tube gives the same bytes.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.synthetic.kernels import cover
from plexus_mri.synthetic.shapes import Tube

IntArray = npt.NDArray[np.integer]
Box = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False)
class Coverage:
    """Share of each voxel (0-1) in a box of the grid."""

    box: Box
    share: npt.NDArray[np.float32]


def tube_coverage(grid: Grid, tube: Tube, *, samples: tuple[int, int, int]) -> Coverage | None:
    """Share of each voxel that a tube fills; None when it lies outside the grid.

    Edges are softened over one sub-voxel at each sample, so a smooth surface integrates to its
    volume to second order in the sub-voxel size.
    """
    boxes = segment_boxes(grid, tube)
    low, high = boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)
    if (high <= low).any():
        return None
    box = (slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2]))
    share = np.zeros(tuple(high - low), dtype=np.float32)
    nodes, affine, offsets, soft_mm = kernel_arguments(grid, tube, samples)
    for offset in offsets:
        best = np.zeros_like(share)
        cover(best, low, boxes, nodes, affine, offset, soft_mm, tube.rounded)
        share += best
    share /= len(offsets)
    return Coverage(box, share)


def segment_boxes(grid: Grid, tube: Tube) -> IntArray:
    """Voxel boxes (n-1, 2, 3), low and exclusive high, that hold each segment of a tube.

    A segment spans the discs at its two nodes: a disc of radius r with normal t reaches
    r·sqrt(|w|² - (w·t)²) along the array axis whose row of voxel_from_world is w.
    """
    rows = np.linalg.inv(grid.affine)[:3, :3]
    radius = np.maximum(tube.semi_long_mm, tube.semi_short_mm)[:, None]
    lean = tube.tangents @ rows.T
    reach = np.sqrt(np.maximum((rows**2).sum(axis=1) - lean**2, 0.0))
    if tube.rounded:
        reach[[0, -1]] = np.linalg.norm(rows, axis=1)
    span = radius * reach + 1.0
    ijk = grid.to_voxel(tube.points_mm)
    low, high = ijk - span, ijk + span
    low = np.floor(np.minimum(low[:-1], low[1:]))
    high = np.ceil(np.maximum(high[:-1], high[1:])) + 1
    shape = np.array(grid.shape)
    return np.stack([np.clip(low, 0, shape), np.clip(high, 0, shape)], axis=1).astype(np.int64)


def kernel_arguments(
    grid: Grid, tube: Tube, samples: tuple[int, int, int]
) -> tuple[FloatArray, FloatArray, FloatArray, float]:
    """What the kernels need: nodes (n, 11), affine (3, 4), sample offsets (s, 3) and softness."""
    sections = [tube.long_axis, tube.semi_long_mm, tube.semi_short_mm]
    nodes = np.column_stack([tube.points_mm, *sections, tube.tangents])
    places = np.indices(samples).reshape(3, -1).T
    offsets = ((places + 0.5) / samples - 0.5) @ grid.affine[:3, :3].T
    soft_mm = float(grid.voxel_volume_mm3 / len(offsets)) ** (1 / 3)
    return (
        np.ascontiguousarray(nodes, dtype=np.float64),
        np.ascontiguousarray(grid.affine[:3], dtype=np.float64),
        np.ascontiguousarray(offsets, dtype=np.float64),
        soft_mm,
    )
