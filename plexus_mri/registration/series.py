"""Series to series: where a further series lies against the main image, and whether it fits.

The optimiser is SimpleITK's (ADR-2): Mattes mutual information from coarse to fine. Its points
are called LPS there; ours are RAS on both sides, which it never notices.
"""

from dataclasses import replace

import numpy as np
import SimpleITK as sitk  # noqa: N813 - the library's own short name

from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.resample import isotropic_copy
from plexus_mri.core.series_map import Agreement, RegisteredMap, SeriesMap
from plexus_mri.core.transform import AffineTransform
from plexus_mri.core.volume import Volume
from plexus_mri.reasons import ReasonCode
from plexus_mri.registration.agreement import (
    BodySamples,
    against_mirror,
    agreement,
    body_samples,
)
from plexus_mri.registration.itk_image import itk_image
from plexus_mri.registration.settings import RegistrationSettings

# Of the working copies: coarse enough for 20 mm and 15 degrees, fine enough for half a voxel.
FINE_MM, COARSE_MM = 2.0, 4.0
SHRINK, SMOOTH_MM = (3, 2, 1), (6.0, 3.0, 0.0)
# The finest level has 27 times the voxels of the coarsest.
SAMPLED_SHARES, BINS, SEED = (0.5, 0.2, 0.06), 32, 1
_MIRROR = np.array([-1.0, 1.0, 1.0])


def register_series(
    image: Volume, series: SeriesMap, frame: PatientFrame | None, settings: RegistrationSettings
) -> RegisteredMap:
    """Place of a series against the main image; one that cannot be trusted says why.

    Parameters
    ----------
    image
        The main image, RAS axis order.
    frame
        Its midline, in which the mirror image is taken; x of the image's centre when None.
    """
    if series.image is None:
        return RegisteredMap(series, None, reason=series.reason, sentence=series.sentence)
    moving = series.image.to_ras()
    if float(np.ptp(moving.data)) <= 0:
        text = f"all voxels of the map '{series.name}' have the same value"
        return RegisteredMap(series, None, reason=ReasonCode.PIXEL_CONSTANT, sentence=text)
    samples = body_samples(isotropic_copy(image, COARSE_MM))
    copy = isotropic_copy(moving, COARSE_MM)
    stated = _judge(samples, copy, AffineTransform.identity(), image, frame)
    if stated.overlap < settings.least_overlap:
        return _no_overlap(series, stated, settings)
    found = best_pose(image, moving, affine=settings.map_affine)
    if found is None:
        return _failed(series, None, stated, settings)
    reached = _judge(samples, copy, found, image, frame)
    if reached.similarity < stated.similarity:
        found, reached = AffineTransform.identity(), stated
    if _trusted(replace(reached, handedness=1.0), settings):
        reached = _handed(reached, samples, (image, moving), found, frame, settings)
    if not _trusted(reached, settings):
        return _failed(series, reached, stated, settings)
    return RegisteredMap(series, found, reached, stated, limits=_limits(settings))


def _judge(
    samples: BodySamples,
    copy: Volume,
    map_from_image: AffineTransform,
    image: Volume,
    frame: PatientFrame | None,
) -> Agreement:
    middle = float(image.grid.corners_mm[:, 0].mean())

    def mirrored_mm(points_mm: FloatArray) -> FloatArray:
        if frame is None:
            return np.column_stack([2 * middle - points_mm[:, 0], points_mm[:, 1:]])
        aside = frame.lateral_mm(points_mm)[:, None]
        mirrored: FloatArray = points_mm - 2 * aside * frame.right_at(points_mm)
        return mirrored

    return agreement(samples, copy, map_from_image, mirrored_mm)


def _limits(settings: RegistrationSettings) -> Agreement:
    """Least agreement that is taken for registered."""
    return Agreement(
        settings.least_similarity,
        settings.least_sharpness,
        settings.least_handedness,
        settings.least_overlap,
    )


def _trusted(reached: Agreement, settings: RegistrationSettings) -> bool:
    """Whether a pose stands out from chance and from its mirror image."""
    return reached.reaches(_limits(settings))


def _no_overlap(
    series: SeriesMap, stated: Agreement, settings: RegistrationSettings
) -> RegisteredMap:
    text = (
        f"the map '{series.name}' covers {100 * stated.overlap:.0f} % of the body in the main "
        f"image (limit {100 * settings.least_overlap:.0f} %)"
    )
    return RegisteredMap(
        series, None, None, stated, ReasonCode.MAP_NO_OVERLAP, text, _limits(settings)
    )


def _failed(
    series: SeriesMap,
    reached: Agreement | None,
    stated: Agreement,
    settings: RegistrationSettings,
) -> RegisteredMap:
    text = f"the map '{series.name}' could not be registered to the main image"
    if reached is not None:
        text += (
            f": similarity {reached.similarity:.3f} (limit {settings.least_similarity}), "
            f"sharpness {reached.sharpness:.2f} (limit {settings.least_sharpness}), "
            f"handedness {reached.handedness:.2f} (limit {settings.least_handedness})"
        )
    return RegisteredMap(
        series, None, reached, stated, ReasonCode.MAP_NOT_REGISTERED, text, _limits(settings)
    )


def best_pose(image: Volume, moving: Volume, *, affine: bool) -> AffineTransform | None:
    """Best transform from the main image to the series; None when the optimiser gives up."""
    fixed_copy, moving_copy = (itk_image(isotropic_copy(v, FINE_MM)) for v in (image, moving))
    centre = image.grid.corners_mm.mean(axis=0).tolist()
    rigid = sitk.Euler3DTransform()
    rigid.SetCenter(centre)
    try:
        matrix = _run(fixed_copy, moving_copy, rigid)
        if affine:
            free = sitk.AffineTransform(3)
            free.SetCenter(centre)
            free.SetMatrix(matrix[:3, :3].ravel().tolist())
            shift = matrix[:3, 3] - np.array(centre) + matrix[:3, :3] @ np.array(centre)
            free.SetTranslation(shift.tolist())
            matrix = _run(fixed_copy, moving_copy, free)
    except RuntimeError:  # what SimpleITK raises when no sample maps into the moving image
        return None
    return AffineTransform(matrix) if np.linalg.det(matrix[:3, :3]) > 0 else None


def _handed(
    reached: Agreement,
    samples: BodySamples,
    pair: tuple[Volume, Volume],
    found: AffineTransform,
    frame: PatientFrame | None,
    settings: RegistrationSettings,
) -> Agreement:
    """Agreement at a pose, its handedness against the best mirrored pose that a search finds.

    Parameters
    ----------
    pair
        The main image and the series.
    """
    mirror = _mirrored_pose(*pair, found, frame, affine=settings.map_affine)
    if mirror is None:
        return reached
    places = mirror.apply(samples.points_mm * _MIRROR)
    return against_mirror(reached, samples, isotropic_copy(pair[1], COARSE_MM), places)


def _mirrored_pose(
    image: Volume,
    moving: Volume,
    found: AffineTransform,
    frame: PatientFrame | None,
    *,
    affine: bool,
) -> AffineTransform | None:
    """Best pose of the series against the mirrored main image, from the mirror image of a pose.

    A turned neck is not mirrored by a plane, so the mirror image must be searched, too (ADR-52).
    """
    normal, middle = np.array([1.0, 0.0, 0.0]), image.grid.corners_mm.mean(axis=0)
    if frame is not None:
        normal, middle = frame.right, frame.canal.points_mm.mean(axis=0)
    plane = np.eye(4)
    plane[:3, :3] -= 2 * np.outer(normal, normal)
    plane[:3, 3] = 2 * float(middle @ normal) * normal
    matrix = found.target_from_source @ plane @ np.diag([*_MIRROR, 1.0])
    start: sitk.Transform = sitk.AffineTransform(3) if affine else sitk.Euler3DTransform()
    centre = middle * _MIRROR
    start.SetCenter(centre.tolist())
    start.SetMatrix(matrix[:3, :3].ravel().tolist())
    start.SetTranslation((matrix[:3, 3] - centre + matrix[:3, :3] @ centre).tolist())
    mirrored = image.mirrored().to_ras()
    fixed_copy, moving_copy = (itk_image(isotropic_copy(v, FINE_MM)) for v in (mirrored, moving))
    try:
        matrix = _run(fixed_copy, moving_copy, start)
    except RuntimeError:
        return None
    return AffineTransform(matrix) if np.linalg.det(matrix[:3, :3]) > 0 else None


def _run(fixed: sitk.Image, moving: sitk.Image, start: sitk.Transform) -> FloatArray:
    """Matrix (4, 4) of the transform after optimisation from ``start``."""
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentagePerLevel(SAMPLED_SHARES, SEED)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(2.0, 0.01, 200, 0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel(SHRINK)
    method.SetSmoothingSigmasPerLevel(SMOOTH_MM)
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetInitialTransform(start, inPlace=True)
    method.Execute(fixed, moving)
    origin = np.array(start.TransformPoint((0.0, 0.0, 0.0)))
    columns = [np.array(start.TransformPoint(tuple(axis))) - origin for axis in np.eye(3).tolist()]
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = np.stack(columns, axis=1), origin
    return matrix
