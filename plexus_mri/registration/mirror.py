"""The mirror plane of an image as a curved surface: a turn and an offset at every height.

Shapes: ``h`` heights along the canal, ``t`` turns, ``o`` sideways offsets, ``w`` places aside,
``d`` depths.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.volume import Volume

HEIGHT_STEP_MM, ASIDE_STEP_MM, DEPTH_STEP_MM = 6.0, 2.0, 4.0
REACH_MM = 70.0  # neck and medial shoulder: what both sides of a usual image cover
LARGEST_OFFSET_MM = 8.0
# Sums over pairs of mirrored places, from which a correlation follows.
_PAIRS, _LEFT, _RIGHT, _LEFT2, _RIGHT2, _BOTH = range(6)


@dataclass(frozen=True)
class Window:
    """Which part of an axial plane is compared with its mirror image, in mm from the canal."""

    aside_mm: tuple[float, float]
    depth_mm: tuple[float, float]


# Vertebral bodies lie 8-30 mm before the canal's centre and are 22-36 mm wide (PAM50 and the
# domain waypoints); the wide window is the neck with the medial shoulder.
BODY_WINDOW = Window((4.0, 26.0), (8.0, 36.0))
WIDE_WINDOW = Window((8.0, REACH_MM), (-44.0, 60.0))


@dataclass(frozen=True, eq=False)
class MirrorSums:
    """Sums over pairs of mirrored places, for every height, turn and offset.

    Parameters
    ----------
    heights_mm : (h,)
        Heights of the axial planes along the image's own axis, cranial to caudal.
    turns_deg : (t,)
        Turns of the lateral axis about that axis.
    offsets_mm : (o,)
        Sideways offsets of the mirror plane from the canal.
    sums : (6, h, t, o)
        Pairs, left, right, left², right², left × right.
    places
        Pairs that a plane would have with both sides in the field of view.
    """

    heights_mm: FloatArray
    turns_deg: FloatArray
    offsets_mm: FloatArray
    sums: FloatArray
    places: int

    def correlation(self, spread_mm: float | None) -> FloatArray:
        """Correlation with the mirror image.

        Parameters
        ----------
        spread_mm
            Sigma of the heights taken together; None takes all of them.

        Returns
        -------
        (h, t, o), or (1, t, o) when all heights are taken together
            NaN where less than a tenth of the window is covered on both sides.
        """
        if spread_mm is None:
            sums, planes = self.sums.sum(axis=1, keepdims=True), float(len(self.heights_mm))
        else:
            kernel = _kernel(spread_mm / HEIGHT_STEP_MM)
            sums = ndimage.correlate1d(self.sums, kernel, axis=1, mode="constant")
            planes = float(kernel.sum())
        return _correlation(sums, 0.1 * self.places * planes)


def mirror_sums(
    work: Volume, canal: Centerline, turns_deg: FloatArray, window: Window
) -> MirrorSums:
    """Compare every axial plane along the canal with its mirror image.

    Parameters
    ----------
    work
        Isotropic, evened by `evened`.
    """
    axes = work.grid.directions
    heights = _heights(canal.points_mm @ axes[:, 2])
    base = _canal_at(canal, heights, axes[:, 2])
    steps = round(LARGEST_OFFSET_MM / ASIDE_STEP_MM)
    near, far = (round(a / ASIDE_STEP_MM) for a in window.aside_mm)
    depth = np.arange(window.depth_mm[0], window.depth_mm[1] + 1e-9, DEPTH_STEP_MM)
    aside = np.arange(-far - steps, far + steps + 1) * ASIDE_STEP_MM
    centre, distance = far + steps, np.arange(near, far + 1)
    offsets = np.arange(-steps, steps + 1)
    sums = np.empty((6, len(heights), len(turns_deg), len(offsets)))
    for k, right_axis in enumerate(right_axes(turns_deg, axes)):
        plane = work.sample(_places(base, right_axis, axes[:, 2], (aside, depth)))
        for m, offset in enumerate(offsets.tolist()):
            right = plane[:, centre + offset + distance]
            left = plane[:, centre + offset - distance]
            sums[:, :, k, m] = _pair_sums(left, right)
    places = len(distance) * len(depth)
    return MirrorSums(heights, turns_deg, offsets * ASIDE_STEP_MM, sums, places)


def evened(work: Volume, scale_mm: float = 12.0) -> Volume:
    """Intensities about their local mean, in local SDs: shading and one bright side vanish.

    Parameters
    ----------
    work
        Isotropic copy.
    scale_mm
        Sigma of the neighbourhood: half the width of a muscle.
    """
    sigma = scale_mm / work.grid.spacing
    data = np.sqrt(np.abs(work.data))
    centred = data - ndimage.gaussian_filter(data, sigma, mode="nearest")
    spread = np.sqrt(ndimage.gaussian_filter(centred**2, sigma, mode="nearest"))
    floor = 0.25 * float(np.median(spread)) + 1e-9
    return work.with_data(np.clip(centred / (spread + floor), -2.5, 2.5))


def right_axes(turns_deg: FloatArray, axes: FloatArray) -> FloatArray:
    """Unit vectors (n, 3) to the patient's right for turns (n,) about the last axis of an image.

    Parameters
    ----------
    axes : (3, 3)
        The image's own directions, one a column, in RAS order.
    """
    turns = np.deg2rad(turns_deg)
    right: FloatArray = np.stack([np.cos(turns), np.sin(turns)], axis=1) @ axes[:, :2].T
    return right


def _heights(canal_mm: FloatArray) -> FloatArray:
    """Heights every few mm about the middle of those of the canal (n,)."""
    low, high = canal_mm.min(), canal_mm.max()
    half = int((high - low) / 2 / HEIGHT_STEP_MM)
    heights: FloatArray = (high + low) / 2 - np.arange(-half, half + 1) * HEIGHT_STEP_MM
    return heights


def _canal_at(canal: Centerline, heights_mm: FloatArray, up: FloatArray) -> FloatArray:
    line = canal.points_mm[::-1]
    columns = [np.interp(heights_mm, line @ up, line[:, k]) for k in range(3)]
    return np.stack(columns, axis=1)


def _places(
    base_mm: FloatArray, right: FloatArray, up: FloatArray, mesh_mm: tuple[FloatArray, FloatArray]
) -> FloatArray:
    """World points (h, w, d, 3) of turned axial planes about the canal.

    ``mesh_mm`` holds the places aside (w,) and the depths (d,).
    """
    aside, depth = mesh_mm[0][:, None, None], mesh_mm[1][None, :, None]
    across = aside * right + depth * np.cross(up, right)
    places: FloatArray = base_mm[:, None, None, :] + across
    return places


def _pair_sums(left: FloatArray, right: FloatArray) -> FloatArray:
    """Sums (6, h) over pairs (h, w, d) with both sides in the field of view."""
    both = np.isfinite(left) & np.isfinite(right)
    left, right = np.where(both, left, 0.0), np.where(both, right, 0.0)
    parts = (both, left, right, left**2, right**2, left * right)
    return np.stack([np.sum(part, axis=(1, 2), dtype=float) for part in parts])


def _correlation(sums: FloatArray, least_pairs: float) -> FloatArray:
    """Correlation of pairs taken in both orders, so that a mirrored image gives the same."""
    pairs = np.where(sums[_PAIRS] >= np.maximum(least_pairs, 1.0), sums[_PAIRS], np.nan)
    mean = (sums[_LEFT] + sums[_RIGHT]) / (2 * pairs)
    variance = (sums[_LEFT2] + sums[_RIGHT2]) / (2 * pairs) - mean**2
    return np.asarray((sums[_BOTH] / pairs - mean**2) / (variance + 1e-9))


def _kernel(sigma: float) -> FloatArray:
    """Gaussian weights of neighbouring heights, 1 at the centre."""
    reach = int(np.ceil(2.5 * sigma))
    kernel: FloatArray = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return kernel
