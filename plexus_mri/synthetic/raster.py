"""Tubes to voxels: which share of each voxel a tube fills.

Local by construction: each segment of a tube visits only the voxels of its own bounding box.
Single-threaded, so that sums have one order and the same tube gives the same bytes.
"""

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from plexus_mri.core.grid import FloatArray, Grid
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
    _cover(share, low, boxes, *kernel_arguments(grid, tube, samples))
    return Coverage(box, share)


def segment_boxes(grid: Grid, tube: Tube) -> IntArray:
    """Voxel boxes (n-1, 2, 3), low and exclusive high, that hold each segment of a tube."""
    reach = np.maximum(tube.semi_long_mm, tube.semi_short_mm)
    reach = np.maximum(reach[:-1], reach[1:])[:, None] + 0.5 * grid.spacing.max()
    voxel_from_world = np.linalg.inv(grid.affine)[:3, :3]
    # A sphere of radius r spans r·|row| voxels along each array axis.
    span = reach * np.linalg.norm(voxel_from_world, axis=1)
    ijk = grid.to_voxel(tube.points_mm)
    low = np.floor(np.minimum(ijk[:-1], ijk[1:]) - span)
    high = np.ceil(np.maximum(ijk[:-1], ijk[1:]) + span) + 1
    shape = np.array(grid.shape)
    return np.stack([np.clip(low, 0, shape), np.clip(high, 0, shape)], axis=1).astype(np.int64)


def kernel_arguments(
    grid: Grid, tube: Tube, samples: tuple[int, int, int]
) -> tuple[FloatArray, FloatArray, IntArray, bool]:
    """What the kernels need of a grid and a tube."""
    tangents = np.gradient(tube.points_mm, axis=0)
    tangents = tangents / np.linalg.norm(tangents, axis=1, keepdims=True)
    sections = [tube.long_axis, tube.semi_long_mm, tube.semi_short_mm]
    nodes = np.column_stack([tube.points_mm, *sections, tangents])
    return (
        np.ascontiguousarray(nodes, dtype=np.float64),
        np.ascontiguousarray(grid.affine, dtype=np.float64),
        np.asarray(samples, dtype=np.int64),
        tube.rounded,
    )


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def segment_share(p0, p1, p2, nodes, k, soft_mm, rounded):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0913
    """Share (0-1) of a sub-voxel at a point filled by segment k, and the place 0-1 along it.

    A segment lies between the planes perpendicular to the curve at its two nodes, so that
    neighbours neither overlap nor leave a gap.
    """
    before = _plane_distance(p0, p1, p2, nodes, k)
    beyond = _plane_distance(p0, p1, p2, nodes, k + 1)
    first, last = k == 0, k == nodes.shape[0] - 2
    if (before < 0 and not first) or (beyond > 0 and not last) or before <= beyond:
        return 0.0, 0.0
    t = min(max(before / (before - beyond), 0.0), 1.0)
    flat, over = 1.0, 0.0
    if rounded:
        over = min(before, 0.0) + max(beyond, 0.0)
    elif first or last:
        inside = min(before if first else np.inf, -beyond if last else np.inf)
        flat = min(max(0.5 + inside / soft_mm, 0.0), 1.0)
    return flat * _section_share(p0, p1, p2, nodes, k, t, over, soft_mm), t


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _plane_distance(p0, p1, p2, nodes, k):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Signed distance of a point along the curve from the plane at node k."""
    return (
        (p0 - nodes[k, 0]) * nodes[k, 8]
        + (p1 - nodes[k, 1]) * nodes[k, 9]
        + (p2 - nodes[k, 2]) * nodes[k, 10]
    )


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _section_share(p0, p1, p2, nodes, k, t, over, soft_mm):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0913
    """Share of a sub-voxel in the ellipse at place t of segment k, or in the cap past it."""
    w0 = p0 - (1 - t) * nodes[k, 0] - t * nodes[k + 1, 0]
    w1 = p1 - (1 - t) * nodes[k, 1] - t * nodes[k + 1, 1]
    w2 = p2 - (1 - t) * nodes[k, 2] - t * nodes[k + 1, 2]
    u0 = (1 - t) * nodes[k, 3] + t * nodes[k + 1, 3]
    u1 = (1 - t) * nodes[k, 4] + t * nodes[k + 1, 4]
    u2 = (1 - t) * nodes[k, 5] + t * nodes[k + 1, 5]
    a = (1 - t) * nodes[k, 6] + t * nodes[k + 1, 6]
    b = (1 - t) * nodes[k, 7] + t * nodes[k + 1, 7]
    pu = w0 * u0 + w1 * u1 + w2 * u2
    pu2 = pu * pu
    pv2 = max(w0 * w0 + w1 * w1 + w2 * w2 - pu2 - over * over, 0.0)
    cap = min(a, b)
    slope2 = pu2 / a**4 + pv2 / b**4 + over * over / cap**4
    if slope2 <= 0.0:
        return 1.0
    rho2 = pu2 / (a * a) + pv2 / (b * b) + over * over / (cap * cap)
    rho = np.sqrt(rho2)
    # First-order distance to the ellipse: value over slope of rho.
    distance = (rho - 1.0) * rho / np.sqrt(slope2)
    return min(max(0.5 - distance / soft_mm, 0.0), 1.0)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _cover(share, low, boxes, nodes, affine, samples, rounded):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0913
    """Write each voxel's share; a voxel of several segments takes the largest at each sample."""
    total = samples[0] * samples[1] * samples[2]
    volume = abs(np.linalg.det(np.ascontiguousarray(affine[:3, :3])))
    soft_mm = (volume / total) ** (1 / 3)
    best = np.zeros((*share.shape, total), dtype=np.float32)
    for k in range(nodes.shape[0] - 1):
        for i in range(boxes[k, 0, 0], boxes[k, 1, 0]):
            for j in range(boxes[k, 0, 1], boxes[k, 1, 1]):
                for m in range(boxes[k, 0, 2], boxes[k, 1, 2]):
                    cell = best[i - low[0], j - low[1], m - low[2]]
                    for s in range(total):
                        if cell[s] >= 1.0:
                            continue
                        p = sub_point(i, j, m, s, affine, samples)
                        value, _ = segment_share(p[0], p[1], p[2], nodes, k, soft_mm, rounded)
                        cell[s] = max(cell[s], value)
    for i in range(share.shape[0]):
        for j in range(share.shape[1]):
            for m in range(share.shape[2]):
                share[i, j, m] = best[i, j, m].mean()


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def sub_point(i, j, m, s, affine, samples):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0913
    """World point of sub-voxel number s of voxel (i, j, m)."""
    n1, n2 = samples[1], samples[2]
    v0 = i - 0.5 + (s // (n1 * n2) + 0.5) / samples[0]
    v1 = j - 0.5 + ((s // n2) % n1 + 0.5) / n1
    v2 = m - 0.5 + (s % n2 + 0.5) / n2
    return (
        affine[0, 0] * v0 + affine[0, 1] * v1 + affine[0, 2] * v2 + affine[0, 3],
        affine[1, 0] * v0 + affine[1, 1] * v1 + affine[1, 2] * v2 + affine[1, 3],
        affine[2, 0] * v0 + affine[2, 1] * v1 + affine[2, 2] * v2 + affine[2, 3],
    )
