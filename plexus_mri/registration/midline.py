"""The midline as a curved surface: canal, vertebral bodies and mirror plane, combined.

Shapes: ``n`` nodes of the line, ``h`` heights along it, ``t`` turns, ``o`` sideways offsets.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from plexus_mri.core.centerline import Centerline
from plexus_mri.core.frame import MidlineEstimate
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.volume import Volume
from plexus_mri.registration.canal import Canal
from plexus_mri.registration.mirror import (
    BODY_WINDOW,
    HEIGHT_STEP_MM,
    WIDE_WINDOW,
    MirrorSums,
    evened,
    mirror_sums,
    right_axes,
)
from plexus_mri.registration.settings import RegistrationSettings

IndexArray = npt.NDArray[np.integer]

CANAL_SOURCE = "spinal canal"
BODY_SOURCE = "vertebral bodies"
MIRROR_SOURCE = "mirror plane of neck and shoulders"
TURN_STEP_DEG = 2.0
# Fewer independent slabs than this tell no offset.
LEAST_SLABS = 1.5
# Heights taken together for one turn: about a vertebra to either side.
SLAB_SIGMA_MM = 12.0
# Correlation that a change of turn between neighbouring heights costs, per square degree: 2
# degrees in 6 mm, as much as a twisted neck shows, cost 0.016.
TURN_COST = 0.004
# Error that a place itself may have, whatever its scatter (ADR-50).
CANAL_FLOOR_MM, BODY_FLOOR_MM, MIRROR_FLOOR_MM = 0.4, 1.0, 1.5


@dataclass(frozen=True, eq=False)
class Midline:
    """Midline and lateral axes along the canal, and the estimates they come from.

    Parameters
    ----------
    line
        The combined midline, cranial to caudal.
    rights : (n, 3)
        Unit normals of the surface at each node of the line, to the patient's right.
    estimates
        Each independent midline against the combined one, the canal first.
    """

    line: Centerline
    rights: FloatArray
    estimates: tuple[MidlineEstimate, ...]


def find_midline(work: Volume, canal: Canal, settings: RegistrationSettings) -> Midline | None:
    """Midline surface about a canal.

    Parameters
    ----------
    work
        Isotropic copy of the T2-weighted image, RAS axis order.

    Returns
    -------
    Midline or None
        None when the image shows both sides and is not symmetric about what looked like a canal.
    """
    even, axes = evened(work), work.grid.directions
    count = round(settings.largest_turn_deg / TURN_STEP_DEG)
    turns = np.arange(-count, count + 1) * TURN_STEP_DEG
    wide = mirror_sums(even, canal.line, turns, WIDE_WINDOW)
    body = mirror_sums(even, canal.line, turns, BODY_WINDOW)
    likeness = _likeness(wide, body)
    if not np.isfinite(likeness).any():
        return _combined(canal, right_axes(np.zeros(len(canal.line.points_mm)), axes), axes, [])
    path = _smooth_path(likeness)
    level = float(np.mean(np.take_along_axis(np.nan_to_num(likeness), path[:, None], 1)))
    if level < settings.least_mirror_correlation or _at_border(path, len(turns)):
        return None
    turn = np.interp(
        -canal.line.points_mm @ axes[:, 2],
        -wide.heights_mm,
        _refined_turns(turns, likeness, path),
    )
    found = [
        _found(BODY_SOURCE, body, path, BODY_FLOOR_MM),
        _found(MIRROR_SOURCE, wide, path, MIRROR_FLOOR_MM),
    ]
    return _combined(canal, right_axes(turn, axes), axes, found)


@dataclass(frozen=True)
class _Found:
    """One estimate against the canal: offset to the right, its scatter's error and its floor."""

    source: str
    offset_mm: float | None
    error_mm: float
    floor_mm: float

    @property
    def sigma_mm(self) -> float:
        """Standard error with what no scatter shows."""
        return float(np.hypot(self.error_mm, self.floor_mm))


def _likeness(wide: MirrorSums, body: MirrorSums) -> FloatArray:
    """Mean correlation (h, t) of both windows about the canal; NaN where neither is seen."""
    middle = len(wide.offsets_mm) // 2
    both = np.stack([sums.correlation(SLAB_SIGMA_MM)[:, :, middle] for sums in (wide, body)])
    seen = np.isfinite(both)
    total = np.where(seen, both, 0.0).sum(axis=0)
    return np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.nan)


def _smooth_path(likeness: FloatArray) -> IndexArray:
    """Index of the turn (h,) at each height of the best smooth course [Viterbi 1967]."""
    gain = np.nan_to_num(likeness, nan=0.0)
    steps = np.arange(gain.shape[1])
    cost = TURN_COST * (TURN_STEP_DEG * (steps[:, None] - steps[None, :])) ** 2
    total, back = gain[0], []
    for row in gain[1:]:
        options = total[None, :] - cost
        back.append(options.argmax(axis=1))
        total = row + options.max(axis=1)
    path = [int(total.argmax())]
    for choice in reversed(back):
        path.append(int(choice[path[-1]]))
    return np.array(path[::-1])


def _at_border(path: IndexArray, turns: int) -> bool:
    """Whether the turn lies at the limit of the search over most of the height."""
    return bool(np.mean((path == 0) | (path == turns - 1)) > 0.5)  # noqa: PLR2004 - most


def _refined_turns(turns_deg: FloatArray, likeness: FloatArray, path: IndexArray) -> FloatArray:
    """Turns (h,) between the grid's, smoothed along the canal as the slabs are."""
    fine = np.array(
        [_peak(turns_deg, row, k) for row, k in zip(likeness, path.tolist(), strict=True)]
    )
    sigma = SLAB_SIGMA_MM / HEIGHT_STEP_MM / 2
    return np.asarray(ndimage.gaussian_filter1d(fine, sigma, mode="nearest"))


def _peak(positions: FloatArray, scores: FloatArray, k: int) -> float:
    """Place of the peak next to index ``k``, by a parabola through its neighbours."""
    if not 0 < k < len(scores) - 1 or not np.isfinite(scores[k - 1 : k + 2]).all():
        return float(positions[k])
    before, top, after = (float(s) for s in scores[k - 1 : k + 2])
    bend = before - 2 * top + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(positions[k] + np.clip(shift, -0.5, 0.5) * (positions[1] - positions[0]))


def _found(source: str, sums: MirrorSums, path: IndexArray, floor_mm: float) -> _Found:
    """Median offset of the best mirror plane over the heights that show both sides."""
    scores = sums.correlation(SLAB_SIGMA_MM)[np.arange(len(path)), path]
    seen = scores[np.isfinite(scores).all(axis=1)]
    slabs = len(seen) * HEIGHT_STEP_MM / (2 * SLAB_SIGMA_MM)
    if slabs < LEAST_SLABS:
        return _Found(source, None, 0.0, floor_mm)
    best = np.array([_peak(sums.offsets_mm, row, int(row.argmax())) for row in seen])
    middle = float(np.median(best))
    spread = 1.4826 * float(np.median(np.abs(best - middle)))
    return _Found(source, middle, spread / np.sqrt(slabs), floor_mm)


def _combined(canal: Canal, rights: FloatArray, axes: FloatArray, found: list[_Found]) -> Midline:
    """Line shifted to the weighted mean of the estimates [inverse variances].

    ``rights`` (n, 3) are the turned lateral axes, ``axes`` (3, 3) the image's own.
    """
    height_mm = float(np.ptp(canal.line.points_mm @ axes[:, 2]))
    slabs = max(1.0, height_mm / (2 * SLAB_SIGMA_MM))
    own = _Found(CANAL_SOURCE, 0.0, canal.scatter_mm / np.sqrt(slabs), CANAL_FLOOR_MM)
    usable = [(f.offset_mm, f.sigma_mm) for f in (own, *found) if f.offset_mm is not None]
    offsets, sigmas = np.array(usable).T
    shift = float(np.average(offsets, weights=sigmas**-2))
    line = Centerline(canal.line.points_mm + shift * rights)
    estimates = tuple(
        MidlineEstimate(
            f.source,
            None if f.offset_mm is None else f.offset_mm - shift,
            None if f.offset_mm is None else f.sigma_mm,
        )
        for f in (own, *found)
    )
    return Midline(line, _normals(line, rights, axes[:, 2]), estimates)


def _normals(line: Centerline, rights: FloatArray, up: FloatArray) -> FloatArray:
    """Normals (n, 3) of the surface: the turned lateral axes, tilted as the canal leans."""
    chord = line.points_mm[0] - line.points_mm[-1]
    slope = rights @ chord / max(float(chord @ up), 1e-6)
    tilted = rights - slope[:, None] * up
    normals: FloatArray = tilted / np.linalg.norm(tilted, axis=1, keepdims=True)
    return normals
