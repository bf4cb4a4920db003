"""The patient frame: the midline as a curved surface, and the proof of sides."""

from collections.abc import Sequence
from dataclasses import replace

from plexus_mri.core.frame import MidlineEstimate, PatientFrame, SideProof
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.resample import isotropic_copy
from plexus_mri.core.volume import Volume
from plexus_mri.errors import RefusedError
from plexus_mri.reasons import ReasonCode
from plexus_mri.registration.canal import find_canal
from plexus_mri.registration.midline import find_midline
from plexus_mri.registration.settings import RegistrationSettings


def find_patient_frame(
    image: Volume, orientation_source: str, settings: RegistrationSettings
) -> PatientFrame | None:
    """Midline of the patient from canal, vertebral bodies and mirror plane of the image.

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
    work = isotropic_copy(image, settings.work_spacing_mm)
    canal = find_canal(work, settings)
    midline = find_midline(work, canal, settings) if canal is not None else None
    if midline is None:
        return None
    proof = SideProof(
        orientation_source=orientation_source,
        method="spinal canal, vertebral bodies and best mirror plane of the image, combined",
        midline_uncertainty_mm=_disagreement_mm(midline.estimates),
        smallest_margin_mm=None,
        proven=True,
        estimates=midline.estimates,
    )
    right, up = midline.rights.mean(axis=0), work.grid.directions[:, 2]
    return PatientFrame(midline.line, right, proof, midline.rights, up)


def _disagreement_mm(estimates: Sequence[MidlineEstimate]) -> float | None:
    """Largest difference between two midline estimates; None with fewer than two."""
    offsets = [e.offset_mm for e in estimates if e.offset_mm is not None]
    return max(offsets) - min(offsets) if len(offsets) > 1 else None


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
            f"canal, vertebral bodies and mirror plane disagree on the midline by {error:.1f} mm "
            f"(limit {settings.largest_midline_error_mm} mm), so sides cannot be proven"
        )
        raise RefusedError(msg, ReasonCode.SIDE_UNPROVEN)
    return replace(frame, proof=replace(frame.proof, smallest_margin_mm=margin))
