"""Finding nerves without weights: ganglia beside the canal, and bright tubes."""

from dataclasses import replace

import numpy as np
from scipy import ndimage

from plexus_mri.core.anatomy import Side
from plexus_mri.core.evidence import Ganglion, NerveEvidence
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.resample import isotropic_copy
from plexus_mri.core.volume import Volume
from plexus_mri.segmentation.settings import SegmentationSettings
from plexus_mri.segmentation.tubularity import bright_tubes

# Nerves are looked for as far above and below the canal as the image goes.
REACH_ALONG_MM = 200.0


def find_nerves(
    image: Volume, frame: PatientFrame, settings: SegmentationSettings
) -> NerveEvidence:
    """Candidates for ganglia, and how much each place looks like a bright tube.

    Parameters
    ----------
    image
        Bias-corrected, nerves brighter than their surroundings, RAS axis order.
    """
    work = _work_image(image, frame, settings)
    ganglia, contrast = _seen_ganglia(work, frame, settings)
    # Cerebrospinal fluid and vessels far brighter than a ganglion would cast their halo over
    # the nerves beside them: what is brighter than three ganglia is cut there.
    middle = float(np.median(work.data[work.data > 0])) if (work.data > 0).any() else 0.0
    calm = np.minimum(work.data, middle + 3.0 * contrast)
    tubes = bright_tubes(calm, settings.tube_scales_mm, settings.work_spacing_mm)
    tubularity = np.clip(tubes / (settings.full_tube * contrast), 0.0, 1.0)
    return NerveEvidence(work.with_data(tubularity), ganglia, contrast)


def find_ganglia(
    image: Volume, frame: PatientFrame, settings: SegmentationSettings
) -> tuple[Ganglion, ...]:
    """Candidates for ganglia alone, the very ones of `find_nerves`, cranial to caudal.

    Parameters
    ----------
    image
        As `find_nerves` takes it.
    """
    return _seen_ganglia(_work_image(image, frame, settings), frame, settings)[0]


def _work_image(image: Volume, frame: PatientFrame, settings: SegmentationSettings) -> Volume:
    """Image on the grid of detection, where nerves are looked for."""
    reach = np.array([settings.reach_lateral_mm, settings.reach_depth_mm, REACH_ALONG_MM])
    about = frame.canal.points_mm, reach
    return isotropic_copy(image, settings.work_spacing_mm, about=about)


def _seen_ganglia(
    work: Volume, frame: PatientFrame, settings: SegmentationSettings
) -> tuple[tuple[Ganglion, ...], float]:
    """Candidates, with their strength in units of the typical ganglion's, and that contrast."""
    blobs = _blob_contrast(work, settings.ganglion_scale_mm)
    candidates = _candidates(work, blobs, frame, settings)
    contrast = _typical_contrast(candidates)
    ganglia = tuple(
        replace(g, strength=g.strength / contrast)
        for g in candidates
        if g.strength / contrast >= settings.ganglion_least_strength
    )
    return ganglia, contrast


def _blob_contrast(work: Volume, scale_mm: float) -> FloatArray:
    """Difference of Gaussians that answers most to balls of the ganglion's size."""
    sigma = scale_mm / float(work.grid.spacing[0])
    data = work.data.astype(np.float32)
    blobs: FloatArray = ndimage.gaussian_filter(data, sigma) - ndimage.gaussian_filter(
        data, 1.6 * sigma
    )
    return blobs


def _candidates(
    work: Volume, blobs: FloatArray, frame: PatientFrame, settings: SegmentationSettings
) -> list[Ganglion]:
    """Each local maximum beside the canal, cranial to caudal; strength in image units."""
    # Within 2 mm there is one: farther apart, a bright vein of the canal would hide a ganglion.
    reach = round(2.0 / settings.work_spacing_mm)
    peaks = (ndimage.maximum_filter(blobs, 2 * reach + 1) == blobs) & (blobs > 0)
    ijk = np.argwhere(peaks).astype(float)
    points = work.grid.to_world(ijk)
    lateral = frame.lateral_mm(points)
    depth = (points - frame.canal_at(points)) @ frame.forward
    height, seen = frame.height_mm(points), frame.height_mm(frame.canal.points_mm)
    near = (
        (np.abs(lateral) >= settings.ganglion_nearest_mm)
        & (np.abs(lateral) <= settings.ganglion_farthest_mm)
        & (depth >= -settings.ganglion_behind_mm)
        & (depth <= settings.ganglion_before_mm)
        & (height >= seen.min())
        & (height <= seen.max())
    )
    found = []
    for index, aside, ahead in zip(ijk[near], lateral[near], depth[near], strict=True):
        centre = _peak_centre(work, blobs, index)
        found.append(
            Ganglion(
                side=Side.RIGHT if aside > 0 else Side.LEFT,
                point_mm=centre,
                level_mm=frame.level_mm(centre),
                lateral_mm=abs(float(aside)),
                depth_mm=float(ahead),
                strength=float(blobs[tuple(index.astype(int))]),
            )
        )
    return sorted(found, key=lambda ganglion: ganglion.level_mm)


def _peak_centre(work: Volume, blobs: FloatArray, index: FloatArray) -> FloatArray:
    """Sub-voxel centre of a maximum, by a parabola along each axis: (3,) in RAS+ mm."""
    shift = np.zeros(3)
    whole = index.astype(int)
    for axis in range(3):
        step = np.eye(3, dtype=int)[axis]
        if not 0 < whole[axis] < blobs.shape[axis] - 1:
            continue
        before, top, after = (float(blobs[tuple(whole + k * step)]) for k in (-1, 0, 1))
        bend = before - 2 * top + after
        shift[axis] = 0.5 * (before - after) / bend if bend < 0 else 0.0
    centre: FloatArray = work.grid.to_world((index + np.clip(shift, -0.5, 0.5))[None])[0]
    return centre


def _typical_contrast(candidates: list[Ganglion]) -> float:
    """Median contrast of the strongest ten, about the number of plexus ganglia in view."""
    strongest = sorted((g.strength for g in candidates), reverse=True)[:10]
    return float(np.median(strongest)) if strongest else 1.0
