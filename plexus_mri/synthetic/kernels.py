"""Compiled inner loops of the drawing: numba infers their types from the arrays.

A node row is x, y, z, the unit vector of the long axis, the two semi-axes and the unit tangent.
"""
# ruff: noqa: ANN001, ANN201, ANN202, FBT003, PLR0913, PLR0917
# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators

import numba
import numpy as np


@numba.njit(cache=True)
def segment_share(p0, p1, p2, nodes, k, soft_mm, rounded):
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


@numba.njit(cache=True)
def _plane_distance(p0, p1, p2, nodes, k):
    """Signed distance of a point along the curve from the plane at node k."""
    return (
        (p0 - nodes[k, 0]) * nodes[k, 8]
        + (p1 - nodes[k, 1]) * nodes[k, 9]
        + (p2 - nodes[k, 2]) * nodes[k, 10]
    )


@numba.njit(cache=True)
def _section_share(p0, p1, p2, nodes, k, t, over, soft_mm):
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


@numba.njit(cache=True)
def cover(best, low, boxes, nodes, affine, offset, soft_mm, rounded):
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


@numba.njit(cache=True)
def voxel_center(i, j, m, affine):
    """World point of a voxel's centre."""
    return (
        affine[0, 0] * i + affine[0, 1] * j + affine[0, 2] * m + affine[0, 3],
        affine[1, 0] * i + affine[1, 1] * j + affine[1, 2] * m + affine[1, 3],
        affine[2, 0] * i + affine[2, 1] * j + affine[2, 2] * m + affine[2, 3],
    )


@numba.njit(cache=True)
def near_segment(x, y, z, nodes, k, margin_mm):
    """Whether a point may be within ``margin_mm`` of segment k, by a ball around it."""
    dx = x - 0.5 * (nodes[k, 0] + nodes[k + 1, 0])
    dy = y - 0.5 * (nodes[k, 1] + nodes[k + 1, 1])
    dz = z - 0.5 * (nodes[k, 2] + nodes[k + 1, 2])
    ex = nodes[k, 0] - nodes[k + 1, 0]
    ey = nodes[k, 1] - nodes[k + 1, 1]
    ez = nodes[k, 2] - nodes[k + 1, 2]
    widest = max(nodes[k, 6], nodes[k + 1, 6], nodes[k, 7], nodes[k + 1, 7])
    reach = widest + 0.5 * np.sqrt(ex * ex + ey * ey + ez * ez) + margin_mm
    if k == 0 or k == nodes.shape[0] - 2:
        reach += widest
    return dx * dx + dy * dy + dz * dz < reach * reach


@numba.njit(cache=True)
def paint(share, signal, owner, row, boxes, levels, label, nodes, affine, offsets, soft_mm):
    """Write one nerve into the sub-voxels it fills more of than any nerve before it."""
    margin_mm = np.sqrt((offsets**2).sum(axis=1)).max() + soft_mm
    for k in range(nodes.shape[0] - 1):
        for i in range(boxes[k, 0, 0], boxes[k, 1, 0]):
            for j in range(boxes[k, 0, 1], boxes[k, 1, 1]):
                for m in range(boxes[k, 0, 2], boxes[k, 1, 2]):
                    x, y, z = voxel_center(i, j, m, affine)
                    if not near_segment(x, y, z, nodes, k, margin_mm):
                        continue
                    r = row[i, j, m]
                    for s in range(offsets.shape[0]):
                        px, py, pz = x + offsets[s, 0], y + offsets[s, 1], z + offsets[s, 2]
                        value, t = segment_share(px, py, pz, nodes, k, soft_mm, True)
                        if value > share[r, s]:
                            share[r, s] = value
                            signal[r, s] = (1 - t) * levels[k] + t * levels[k + 1]
                            owner[r, s] = label
