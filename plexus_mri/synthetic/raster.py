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
    nodes, affine, offsets, soft_mm = kernel_arguments(grid, tube, samples)
    for offset in offsets:
        best = np.zeros_like(share)
        _cover(best, low, boxes, nodes, affine, offset, soft_mm, tube.rounded)
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
    """What the kernels need: nodes (n, 11), affine (3, 4), sample offsets (s, 3) mm, softness mm."""
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
    a2, b2, cap2 = 1.0 / (a * a), 1.0 / (b * b), 1.0 / (cap * cap)
    over2 = over * over
    rho2 = pu2 * a2 + pv2 * b2 + over2 * cap2
    # rho grows by at most 1/cap per mm, so these are surely outside and inside.
    if rho2 > (1.0 + soft_mm / cap) ** 2:
        return 0.0
    if soft_mm < cap and rho2 < (1.0 - soft_mm / cap) ** 2:
        return 1.0
    slope2 = pu2 * a2 * a2 + pv2 * b2 * b2 + over2 * cap2 * cap2
    if slope2 <= 0.0:
        return 1.0
    # First-order distance to the ellipse: value over slope of rho.
    distance = (rho2 - np.sqrt(rho2)) / np.sqrt(slope2)
    return min(max(0.5 - distance / soft_mm, 0.0), 1.0)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _cover(best, low, boxes, nodes, affine, offset, soft_mm, rounded):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0913
    """Write each voxel's share at one sample; where two segments meet the larger stays."""
    for k in range(nodes.shape[0] - 1):
        for i in range(boxes[k, 0, 0], boxes[k, 1, 0]):
            for j in range(boxes[k, 0, 1], boxes[k, 1, 1]):
                for m in range(boxes[k, 0, 2], boxes[k, 1, 2]):
                    x, y, z = voxel_center(i, j, m, affine)
                    x, y, z = x + offset[0], y + offset[1], z + offset[2]
                    value, _ = segment_share(x, y, z, nodes, k, soft_mm, rounded)
                    cell = (i - low[0], j - low[1], m - low[2])
                    best[cell] = max(best[cell], value)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def voxel_center(i, j, m, affine):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """World point of a voxel's centre."""
    return (
        affine[0, 0] * i + affine[0, 1] * j + affine[0, 2] * m + affine[0, 3],
        affine[1, 0] * i + affine[1, 1] * j + affine[1, 2] * m + affine[1, 3],
        affine[2, 0] * i + affine[2, 1] * j + affine[2, 2] * m + affine[2, 3],
    )


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def near_segment(x, y, z, nodes, k, margin_mm):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, PLR0913
    """Whether a point may be within ``margin_mm`` of segment k, by a ball around it."""
    dx = x - 0.5 * (nodes[k, 0] + nodes[k + 1, 0])
    dy = y - 0.5 * (nodes[k, 1] + nodes[k + 1, 1])
    dz = z - 0.5 * (nodes[k, 2] + nodes[k + 1, 2])
    ex = nodes[k, 0] - nodes[k + 1, 0]
    ey = nodes[k, 1] - nodes[k + 1, 1]
    ez = nodes[k, 2] - nodes[k + 1, 2]
    widest = max(max(nodes[k, 6], nodes[k + 1, 6]), max(nodes[k, 7], nodes[k + 1, 7]))
    reach = widest + 0.5 * np.sqrt(ex * ex + ey * ey + ez * ez) + margin_mm
    if k == 0 or k == nodes.shape[0] - 2:
        reach += widest
    return dx * dx + dy * dy + dz * dz < reach * reach
