"""The patient frame: canal, mirror plane and the proof of sides."""

from dataclasses import replace

import numpy as np

from plexus_mri.core.centerline import Centerline
from plexus_mri.core.frame import PatientFrame, SideProof
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.resample import isotropic_copy
from plexus_mri.core.volume import Volume
from plexus_mri.errors import RefusedError
from plexus_mri.reasons import ReasonCode
from plexus_mri.registration.canal import find_canal
from plexus_mri.registration.settings import RegistrationSettings

MIRROR_REACH_MM = 70.0  # neck and medial shoulder: what both sides of a usual image cover


def find_patient_frame(
    image: Volume, orientation_source: str, settings: RegistrationSettings
) -> PatientFrame | None:
    """Midline of the patient from the canal, checked against the mirror plane of the image.

    Parameters
    ----------
    image
        T2-weighted, RAS axis order.
    orientation_source
        Where the image's orientation comes from; printed with the proof.

    Returns
    -------
    PatientFrame or None
        None when no canal is found, or the image is not symmetric about what looked like one:
        then no nerve can be given a side.
    """
    canal = find_canal(image, settings)
    if canal is None:
        return None
    work = isotropic_copy(image, settings.work_spacing_mm)
    plane = _mirror_plane(work, canal.line, settings)
    if plane is None:
        return None
    turn_deg, offset_mm = plane
    turn = np.deg2rad(turn_deg)
    proof = SideProof(
        orientation_source=orientation_source,
        method="spinal canal, checked against the best mirror plane of the image",
        midline_uncertainty_mm=None if offset_mm is None else abs(offset_mm),
        smallest_margin_mm=None,
        proven=True,
    )
    return PatientFrame(canal.line, np.array([np.cos(turn), np.sin(turn), 0.0]), proof)


def _mirror_plane(
    work: Volume, canal: Centerline, settings: RegistrationSettings
) -> tuple[float, float | None] | None:
    """Turn about the long axis (deg) and sideways offset (mm) of the best mirror plane.

    The offset is None when the field of view holds too little of both sides to tell; the result
    is None when it holds enough and is not symmetric about the canal.
    """
    turns = np.arange(-settings.largest_turn_deg, settings.largest_turn_deg + 1e-9, 1.0)
    offsets = np.arange(-8.0, 8.0 + 1e-9, 1.0)
    scores = np.array([_mirror_score(work, canal, t, 0.0) for t in turns.tolist()])
    if not np.isfinite(scores).any():
        return 0.0, None
    turn = _peak(turns, scores)
    along = np.array([_mirror_score(work, canal, turn, o) for o in offsets.tolist()])
    offset = _peak(offsets, along)
    at_border = abs(turn) >= turns[-1] or abs(offset) >= offsets[-1]
    if at_border or np.nanmax(along) < settings.least_mirror_correlation:
        return None
    return turn, offset


def _mirror_score(work: Volume, canal: Centerline, turn_deg: float, offset_mm: float) -> float:
    """Correlation of the image with its own mirror image; NaN where one side is not covered."""
    turn = np.deg2rad(turn_deg)
    right = np.array([np.cos(turn), np.sin(turn), 0.0])
    forward = np.array([-np.sin(turn), np.cos(turn), 0.0])
    lateral = np.arange(8.0, MIRROR_REACH_MM, 4.0)
    depth = np.arange(-44.0, 60.0, 4.0)
    base = canal.resampled(4.0).points_mm + offset_mm * right
    centre = base[:, None, None, :] + depth[None, None, :, None] * forward
    aside = lateral[None, :, None, None] * right
    one, other = work.sample(centre + aside), work.sample(centre - aside)
    both = np.isfinite(one) & np.isfinite(other)
    enough = both.mean() > 0.1  # noqa: PLR2004 - a tenth of the neck on both sides
    if not enough:
        return float("nan")
    # Both orders, so that the score of a mirrored image is the same to the last digit.
    left_right = np.concatenate([np.sqrt(np.abs(one[both])), np.sqrt(np.abs(other[both]))])
    right_left = np.concatenate([np.sqrt(np.abs(other[both])), np.sqrt(np.abs(one[both]))])
    return float(np.corrcoef(left_right, right_left)[0, 1])


def _peak(positions: FloatArray, scores: FloatArray) -> float:
    """Place of the highest score, refined by a parabola through its neighbours."""
    k = int(np.nanargmax(scores))
    if not 0 < k < len(scores) - 1 or not np.isfinite(scores[k - 1 : k + 2]).all():
        return float(positions[k])
    before, top, after = scores[k - 1 : k + 2]
    bend = before - 2 * top + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(positions[k] + shift * (positions[1] - positions[0]))


def prove_sides(
    frame: PatientFrame, nerves: NerveTree, settings: RegistrationSettings
) -> PatientFrame:
    """Give the frame with its proof completed by the nerves' distance from the midline.

    Raises
    ------
    RefusedError
        When a nerve lies on the other side than its name says, comes too close to the midline,
        or the two midline estimates disagree.
    """
    margins = [
        float((side.sign * frame.lateral_mm(nerves[side, nerve].centerline.points_mm)).min())
        for side, nerve in nerves
    ]
    margin = min(margins, default=None)
    if margin is not None and margin < settings.smallest_margin_mm:
        msg = (
            f"a traced nerve comes within {margin:.1f} mm of the midline "
            f"(limit {settings.smallest_margin_mm} mm), so its side cannot be proven"
        )
        raise RefusedError(msg, ReasonCode.SIDE_UNPROVEN)
    error = frame.proof.midline_uncertainty_mm
    if margin is not None and error is not None and error > settings.largest_midline_error_mm:
        msg = (
            f"canal and mirror plane disagree on the midline by {error:.1f} mm "
            f"(limit {settings.largest_midline_error_mm} mm), so sides cannot be proven"
        )
        raise RefusedError(msg, ReasonCode.SIDE_UNPROVEN)
    return replace(frame, proof=replace(frame.proof, smallest_margin_mm=margin))
