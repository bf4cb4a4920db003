"""The spinal canal: the brightest large tube that runs from head to foot."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.interpolate import UnivariateSpline

from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import BoolArray, FloatArray
from plexus_mri.core.volume import Volume
from plexus_mri.registration.settings import RegistrationSettings


@dataclass(frozen=True, eq=False)
class Canal:
    """Centre of the spinal canal, cranial to caudal, and its contrast.

    ``contrast`` is the share by which the canal is brighter than its surroundings, 0-1;
    ``scatter_mm`` the standard deviation of single slices' centres about the line, sideways.
    """

    line: Centerline
    contrast: float
    scatter_mm: float


def find_canal(work: Volume, settings: RegistrationSettings) -> Canal | None:
    """Centre of the spinal canal, or None when nothing in the image looks like one.

    Per axial slice every point is scored by how much brighter a canal-sized disc is than the
    ring around it; dynamic programming then finds the best smooth path from top to bottom.

    Parameters
    ----------
    work
        Isotropic copy of a T2-weighted image (bright cerebrospinal fluid), RAS axis order.
    """
    if min(work.data.shape[:2]) * settings.work_spacing_mm < 4 * settings.canal_radius_mm:
        return None
    score, contrast = _disc_scores(work, settings.canal_radius_mm, settings.least_canal_depth_mm)
    path = _best_path(score)
    along = contrast[path[:, 0], path[:, 1], np.arange(len(path))]
    run = _longest_run(along >= settings.canal_contrast_share * np.median(along))
    long_enough = (run[1] - run[0]) * settings.work_spacing_mm >= settings.shortest_canal_mm
    if not long_enough or np.median(along[run[0] : run[1]]) < settings.least_canal_contrast:
        return None
    line, scatter_mm = _smooth_line(work, path, run, settings)
    return Canal(line, float(np.median(along[run[0] : run[1]])), scatter_mm)


def _disc_scores(
    work: Volume, radius_mm: float, least_depth_mm: float
) -> tuple[FloatArray, FloatArray]:
    """Disc minus brightest quadrant of the ring around it.

    Once in robust SDs of the whole body, to compare places, and once as a share of the disc's
    own brightness, to tell a canal from noise.

    The brightest quadrant, because a canal is bright against every neighbour while the edge of
    a bright organ is not.
    """
    spacing_mm = float(work.grid.spacing[0])
    limit = float(np.percentile(work.data, 99.5))
    data = np.minimum(work.data, limit).astype(float)
    body = data > 0.1 * limit
    spread = 1.4826 * float(np.median(np.abs(data[body] - np.median(data[body])))) + 1e-9
    reach = int(np.ceil(2.2 * radius_mm / spacing_mm))
    x, y = np.meshgrid(*[np.arange(-reach, reach + 1) * spacing_mm] * 2, indexing="ij")
    distance, angle = np.hypot(x, y), np.arctan2(y, x)
    disc = _mean_of(data, distance <= radius_mm)
    ring = (distance > 1.4 * radius_mm) & (distance <= 2.1 * radius_mm)
    quadrants = [
        _mean_of(data, ring & (np.abs(np.angle(np.exp(1j * (angle - a)))) <= np.pi / 4))
        for a in (0.0, np.pi / 2, np.pi, -np.pi / 2)
    ]
    step: FloatArray = disc - np.max(quadrants, axis=0)
    step = np.where(_depth_mm(body, spacing_mm) >= least_depth_mm, step, np.minimum(step, 0.0))
    return step / spread, step / np.maximum(disc, 0.05 * limit)


def _depth_mm(bright: BoolArray, spacing_mm: float) -> FloatArray:
    """Depth below the skin in each axial slice; what lies beyond the field of view is body."""
    around = ndimage.generate_binary_structure(2, 1)[:, :, None]
    closed = ndimage.binary_closing(np.pad(bright, ((6, 6), (6, 6), (0, 0))), around, iterations=5)
    body = ndimage.binary_dilation(closed[6:-6, 6:-6], around)
    slices = [ndimage.binary_fill_holes(body[:, :, k]) for k in range(body.shape[2])]
    # Slices are far apart to the transform, so that each is measured by itself.
    depth: FloatArray = ndimage.distance_transform_edt(
        np.stack(slices, axis=-1), sampling=(spacing_mm, spacing_mm, 1e6)
    )
    return depth


def _mean_of(data: FloatArray, footprint: FloatArray) -> FloatArray:
    """Mean over a footprint in each axial slice."""
    kernel = footprint[:, :, None].astype(float)
    mean: FloatArray = ndimage.correlate(data, kernel / kernel.sum(), mode="nearest")
    return mean


def _best_path(score: FloatArray) -> FloatArray:
    """In-plane indices (n_z, 2) of the path of highest total score, one voxel aside per slice."""
    # Beyond a strong contrast more brightness is no more canal: saturate, so that one bright
    # vessel slice cannot outweigh many canal slices.
    # Smoothly, because places of equal gain would be told apart by the order of storage.
    limit = max(float(np.percentile(score.max(axis=(0, 1)), 60)), 1e-6)
    gain = np.where(score > 0, limit * np.tanh(score / limit), np.maximum(score, -1.0))
    total = gain[:, :, 0]
    back = []
    for k in range(1, score.shape[2]):
        padded = np.pad(total, 1, constant_values=-np.inf)
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).reshape(*total.shape, 9)
        # A straight step wins over a slanted one of equal score.
        windows = windows - 0.02 * np.array([2, 1, 2, 1, 0, 1, 2, 1, 2])
        choice = windows.argmax(axis=-1)
        back.append(choice)
        total = gain[:, :, k] + np.take_along_axis(windows, choice[..., None], -1)[..., 0]
    i, j = np.unravel_index(int(total.argmax()), total.shape)
    path = [(int(i), int(j))]
    for choice in reversed(back):
        step = int(choice[path[-1]])
        path.append((path[-1][0] + step // 3 - 1, path[-1][1] + step % 3 - 1))
    return np.array(path[::-1])


def _longest_run(flags: FloatArray) -> tuple[int, int]:
    """Start and end (exclusive) of the longest run of true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    starts, ends = edges[::2], edges[1::2]
    longest = int(np.argmax(ends - starts)) if len(starts) else 0
    return (int(starts[longest]), int(ends[longest])) if len(starts) else (0, 0)


def _smooth_line(
    work: Volume, path: FloatArray, run: tuple[int, int], settings: RegistrationSettings
) -> tuple[Centerline, float]:
    """Sub-voxel centre of the bright disc per slice, then a smoothing spline along the slices.

    Also gives the standard deviation of the centres about it, sideways.
    """
    centres = np.array([_bright_centre(work, path[k], k, settings) for k in range(*run)])
    slices = np.arange(run[0], run[1], dtype=float)
    # 1.5 mm: the spread of single-slice centres seen on synthetic cases (ADR-20).
    weights = np.full(len(slices), work.grid.spacing[0] / 1.5)
    smooth = [UnivariateSpline(slices, centre, w=weights)(slices) for centre in centres.T]
    line = work.grid.to_world(np.column_stack([*smooth, slices]))
    off_mm = (centres[:, 0] - smooth[0]) * work.grid.spacing[0]
    return Centerline(line[::-1]), 1.4826 * float(np.median(np.abs(off_mm)))


def _bright_centre(
    work: Volume, start: FloatArray, k: int, settings: RegistrationSettings
) -> FloatArray:
    """Centroid of what is bright within a canal radius of the path in one slice."""
    reach = int(np.ceil(1.3 * settings.canal_radius_mm / work.grid.spacing[0]))
    centre = np.asarray(start, dtype=float)
    for _ in range(3):
        low = np.maximum(np.rint(centre).astype(int) - reach, 0)
        window = work.data[low[0] : low[0] + 2 * reach + 1, low[1] : low[1] + 2 * reach + 1, k]
        x, y = np.indices(window.shape)
        weight = np.maximum(window - np.percentile(window, 50), 0.0)
        near = np.hypot(x + low[0] - centre[0], y + low[1] - centre[1]) <= reach
        weight = weight * near
        if weight.sum() <= 0:
            return centre
        centre = low + np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()
    return centre
