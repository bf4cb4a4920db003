"""Area of a mask's own label in the planes across a nerve, and where the fit disagrees with it.

The label's voxels are 0 or 1. Their trilinear interpolation, integrated over a plane, is taken for
the area: over all planes of any direction it adds up to the volume of the voxels, so on average it
is right whatever the tilt, while counting what lies above one half takes off convex corners.

Symbols: n nodes, m samples along an edge of the square that is sampled around each.
"""

from dataclasses import replace

import numpy as np
from scipy import ndimage

from plexus_mri.core.grid import BoolArray, FloatArray
from plexus_mri.core.label_voxels import LabelVoxels
from plexus_mri.core.measurement import Profile, Quality
from plexus_mri.measure.nerve_curve import NerveCurve
from plexus_mri.measure.settings import MeasureSettings

_TOUCHING = np.ones((3, 3))


def with_mask_area(
    profile: Profile, curve: NerveCurve, label: LabelVoxels | None, settings: MeasureSettings
) -> Profile:
    """Profile with the area of its label, and a flag where the fit disagrees; as is without one.

    A mask is drawn by people: the flag makes no nerve incomparable.
    """
    if label is None:
        return profile
    areas_mm2 = mask_areas(label, curve, profile.points_mm, settings)
    off = disagrees(label, curve, profile, areas_mm2, settings)
    flagged = zip(profile.quality, off, strict=True)
    quality = tuple(q | Quality.MASK_DISAGREES if wrong else q for q, wrong in flagged)
    return replace(profile, csa_mask_mm2=areas_mm2, quality=quality)


def mask_areas(
    label: LabelVoxels, curve: NerveCurve, points_mm: FloatArray, settings: MeasureSettings
) -> FloatArray:
    """Area (n,) of the label's piece at each fitted centre (n, 3), in mm².

    NaN where no piece comes near the centre or where it leaves the square that is sampled.
    """
    # A sample every shortest voxel edge: 2 % of a thin nerve's area at most, where the voxels
    # themselves scatter it by 5-10 % (ADR-107).
    step = float(label.grid.spacing.min())
    half = int(np.ceil(settings.mask_reach_mm / step))
    places_mm = np.arange(-half, half + 1) * step
    u, v = np.meshgrid(places_mm, places_mm, indexing="ij")
    near = np.hypot(u, v) <= settings.largest_shift_mm
    low = label.ijk.min(axis=0) - 1
    box = np.zeros(label.ijk.max(axis=0) - low + 2, np.float32)
    box[tuple((label.ijk - low).T)] = 1.0
    areas = np.full(len(points_mm), np.nan)
    for node, centre_mm in enumerate(points_mm):
        plane = centre_mm + u[..., None] * curve.first[node] + v[..., None] * curve.second[node]
        ijk = label.grid.to_voxel(plane.reshape(-1, 3)) - low
        inside = ndimage.map_coordinates(box, ijk.T, order=1, prefilter=False).reshape(u.shape)
        areas[node] = _piece_area(inside, near) * step**2
    return areas


def _piece_area(inside: FloatArray, near: BoolArray) -> float:
    """Sum of the pieces (m, m) that come near the centre, in samples; NaN without a whole one."""
    if not inside[near].any():
        return np.nan
    pieces, _ = ndimage.label(inside > 0.0, _TOUCHING)
    centre = np.unique(pieces[near & (pieces > 0)])
    piece = np.isin(pieces, centre)
    if piece[[0, -1]].any() or piece[:, [0, -1]].any():
        return np.nan
    return float(inside[piece].sum())


def disagrees(
    label: LabelVoxels,
    curve: NerveCurve,
    profile: Profile,
    mask_mm2: FloatArray,
    settings: MeasureSettings,
) -> BoolArray:
    """Whether fit and mask differ (n,) beyond what hand and voxels explain.

    All of: more than so many standard errors of the fit, more than the stated ratio, and
    diameters that differ by more than so many of the mask's longest voxel edge across the nerve.
    Never at the ends of the trace, where planes leave the label.
    """
    area, error = profile.csa_mm2, profile.csa_error_mm2
    plane = np.stack([curve.first, curve.second], axis=1) @ label.grid.affine[:3, :3]
    edge_mm = np.linalg.norm(plane, axis=1).max(axis=1)
    diameters_mm = 2.0 * np.sqrt(np.stack([area, mask_mm2]) / np.pi)
    arc = curve.arc_length_mm
    end_mm = settings.trace_end_mm
    inner = (arc >= arc[0] + end_mm) & (arc <= arc[-1] - end_mm)
    ratio = np.log1p(settings.mask_difference_percent / 100.0)
    with np.errstate(divide="ignore"):
        off = np.abs(np.log(area) - np.log(mask_mm2))
    return np.asarray(
        inner
        & (np.abs(area - mask_mm2) > settings.mask_standard_errors * error)
        & (off > ratio)
        & (np.abs(np.diff(diameters_mm, axis=0)[0]) > settings.mask_voxels * edge_mm)
    )
