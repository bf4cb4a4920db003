"""Voxel paths to smooth, sub-voxel curves: recentred on cross-sections of the grey image."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial.distance import cdist

from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.volume import Volume

# Half-width and pitch of the sampled section: wide enough for a nerve of 10 mm, finer than the
# finest usual voxel.
SECTION_REACH_MM = 4.5
SECTION_PITCH_MM = 0.5
LARGEST_SHIFT_MM = 0.8  # per pass: below half a healthy root's width, so no jump to a neighbour


@dataclass(frozen=True, eq=False)
class RefinedCurve:
    """A recentred curve and the rough radius (n,) in mm at each of its nodes."""

    line: Centerline
    radius_mm: FloatArray


def smooth_curve(points_mm: FloatArray, step_mm: float, smooth_mm: float) -> Centerline:
    """Curve through a voxel path, smoothed along its length, ends kept, nodes every step."""
    fine = Centerline(_distinct(points_mm)).resampled_evenly(0.5)
    sigma = smooth_mm / 0.5
    smooth = ndimage.gaussian_filter1d(_mirrored_ends(fine.points_mm, sigma), sigma, axis=0)
    pad = (len(smooth) - len(fine.points_mm)) // 2
    return Centerline(smooth[pad : len(smooth) - pad]).resampled_evenly(step_mm)


def _distinct(points_mm: FloatArray) -> FloatArray:
    """Points without consecutive repeats."""
    moved = np.linalg.norm(np.diff(points_mm, axis=0), axis=1) > 0
    distinct: FloatArray = points_mm[np.concatenate([[True], moved])]
    return distinct


def _mirrored_ends(points_mm: FloatArray, sigma: float) -> FloatArray:
    """Points prolonged by their point-mirrored ends, so that smoothing keeps the end points."""
    count = min(len(points_mm) - 1, int(np.ceil(4 * sigma)))
    head = 2 * points_mm[0] - points_mm[count:0:-1]
    tail = 2 * points_mm[-1] - points_mm[-2 : -count - 2 : -1]
    return np.concatenate([head, points_mm, tail])


def recentre(
    image: Volume, line: Centerline, others: tuple[Centerline, ...], *, smooth_mm: float
) -> RefinedCurve:
    """Curve moved onto the bright centre of its own cross-sections.

    Each section is weighted towards the present centre and away from neighbouring curves, so
    that a nerve is not drawn to a brighter neighbour.

    Parameters
    ----------
    others
        Curves of neighbouring nerves that may touch this one.
    """
    radius = np.full(len(line.points_mm), 2.0)
    for _ in range(3):
        shift, radius = _section_shifts(image, line, others)
        sigma = smooth_mm / max(line.length_mm / (len(line.points_mm) - 1), 1e-6)
        shift = ndimage.gaussian_filter1d(shift, sigma, axis=0, mode="nearest")
        line = smooth_curve(line.points_mm + shift, _step(line), smooth_mm / 2)
    radius = np.interp(
        np.linspace(0, 1, len(line.points_mm)), np.linspace(0, 1, len(radius)), radius
    )
    return RefinedCurve(line, ndimage.gaussian_filter1d(radius, 2.0, mode="nearest"))


def _step(line: Centerline) -> float:
    """Mean node distance."""
    return line.length_mm / (len(line.points_mm) - 1)


def _section_shifts(
    image: Volume, line: Centerline, others: tuple[Centerline, ...]
) -> tuple[FloatArray, FloatArray]:
    """Shift (n, 3) to the bright centre of each section, and rough radius (n,) in mm."""
    offsets = np.arange(-SECTION_REACH_MM, SECTION_REACH_MM + 1e-9, SECTION_PITCH_MM)
    u, v = np.meshgrid(offsets, offsets, indexing="ij")
    first, second = line.normals(image.grid.directions)
    plane = (
        line.points_mm[:, None, None]
        + u[None, :, :, None] * first[:, None, None]
        + v[None, :, :, None] * second[:, None, None]
    )
    values = image.sample(plane, order=1)
    values = np.where(np.isfinite(values), values, np.nanmin(values))
    background = np.percentile(values, 35, axis=(1, 2), keepdims=True)
    centre = values[:, len(offsets) // 2, len(offsets) // 2][:, None, None]
    contrast = np.maximum(centre - background, 1e-6)
    bright = np.clip((values - background) / contrast - 0.5, 0.0, 1.0)
    near = np.exp(-0.5 * (u**2 + v**2) / 1.8**2)[None]
    share = _own_share(plane, line, others)
    weight = bright * near * share
    total = weight.sum(axis=(1, 2)) + 1e-9
    along_u = (weight * u).sum(axis=(1, 2)) / total
    along_v = (weight * v).sum(axis=(1, 2)) / total
    size = np.hypot(along_u, along_v)
    keep = np.minimum(1.0, LARGEST_SHIFT_MM / np.maximum(size, 1e-9))
    shift = (along_u * keep)[:, None] * first + (along_v * keep)[:, None] * second
    inner = (values > background + 0.5 * contrast) & (np.hypot(u, v) <= SECTION_REACH_MM)[None]
    own = inner * share
    radius = np.sqrt(own.sum(axis=(1, 2)) * SECTION_PITCH_MM**2 / np.pi)
    return shift, np.clip(radius, 0.8, SECTION_REACH_MM)


def _own_share(
    plane_mm: FloatArray, line: Centerline, others: tuple[Centerline, ...]
) -> FloatArray:
    """1 where a point of the sections is nearer to its own centre than to any other curve."""
    share = np.ones(plane_mm.shape[:3])
    own = np.linalg.norm(plane_mm - line.points_mm[:, None, None], axis=-1)
    for other in others:
        gap = cdist(line.points_mm, other.points_mm)
        for k in np.flatnonzero(gap.min(axis=1) < 2 * SECTION_REACH_MM):
            close = other.points_mm[gap[k] < gap[k].min() + SECTION_REACH_MM]
            # Inside a junction the two curves coincide and cannot share: leave it whole.
            if gap[k].min() > 1.0:
                distance = cdist(plane_mm[k].reshape(-1, 3), close).min(axis=1)
                share[k] *= own[k] <= distance.reshape(own[k].shape)
    return share
