"""template_from_subject: a patient placed in the template, by canal, affine and smooth steps.

Shapes: ``n`` points.
"""

from dataclasses import replace

import numpy as np
import SimpleITK as sitk  # noqa: N813 - the library's own short name

from plexus_mri.core.anatomy import NerveKey
from plexus_mri.core.canal_space import CanalSpace
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.template import PlaceInTemplate, Template, TemplateMatch
from plexus_mri.core.template_transform import Deformation, TemplateTransform, voxel_points
from plexus_mri.core.transform import AffineTransform
from plexus_mri.core.volume import Volume
from plexus_mri.errors import StageError
from plexus_mri.reasons import ReasonCode
from plexus_mri.registration.agreement import BodySamples, ranks, similarity
from plexus_mri.registration.itk_image import itk_image
from plexus_mri.registration.settings import RegistrationSettings

# Straightened patients: as fine as a template, and larger than the largest field of view.
SPACING_MM, REACH_MM = 3.0, (150.0, 75.0, 120.0)
# Air, and what no case shows, says nothing: less than this share of muscle (ADR-53).
BODY_SHARE = 0.2
# Levels that are tried first: the middle of a canal may lie half a field of view from the
# template's; and sizes of adults of 1.5 to 2 m.
LEVEL_REACH_MM, LEVEL_STEP_MM, SIZES = 75.0, 3.0, (0.92, 1.0, 1.08)
LEVEL_STRIDE, LEAST_SEEN = 3, 0.4
BINS, SEED = 32, 1
# Control points of the deformation: neck and shoulder bend, single nerves do not (ADR-53).
CONTROL_MM, ROUNDS = 45.0, 20
AFFINE_SHARES, SMOOTH_SHARE = (0.5, 0.3), 0.15


def place_in_template(
    template: Template,
    image: Volume,
    frame: PatientFrame,
    nerves: NerveTree,
    settings: RegistrationSettings,
) -> TemplateMatch:
    """A case against the template, and how far each of its nerves lies from its mean course.

    Parameters
    ----------
    image
        Bias-corrected, RAS axis order.
    frame
        Its canal and midline.
    """
    match = template_from_subject(template, image, frame, settings)
    return with_places(match, nerves, settings.farthest_from_template_mm)


def with_places(match: TemplateMatch, nerves: NerveTree, limit_mm: float) -> TemplateMatch:
    """The match with the place of each traced nerve; beyond the limit it is called far."""
    places = {
        key: _place(match.template, key, line.points_mm, limit_mm)
        for key, line in match.centerlines(nerves).items()
        if key in match.template.courses
    }
    return replace(match, places=places)


def _place(
    template: Template, key: NerveKey, points_mm: FloatArray, limit_mm: float
) -> PlaceInTemplate:
    return PlaceInTemplate(
        distance_mm=float(template.courses[key].distance_mm(points_mm).mean()),
        limit_mm=limit_mm,
        probability=float(template.probability_at(key, points_mm).mean()),
        nearest=template.nearest(key[0], points_mm),
    )


def template_from_subject(
    template: Template, image: Volume, frame: PatientFrame, settings: RegistrationSettings
) -> TemplateMatch:
    """Where a patient lies against the template; one that cannot be trusted says why.

    No nerve is looked at: the levels follow from the image alone.

    Parameters
    ----------
    image
        Bias-corrected, RAS axis order.
    frame
        Its canal and midline, which take the posture out before anything is compared.
    """
    canal = CanalSpace(frame)
    straight, seen = straightened(image, canal)
    # An optimiser visits voxels in their order, so a case and its mirror image would differ: both
    # are put the same way round first. The template is its own mirror image.
    turned = _is_brighter_left(straight)
    if turned:
        straight, seen = (volume.with_data(volume.data[::-1]) for volume in (straight, seen))
    found = _steps(template.image, straight, seen)
    if found is None:
        return _failed(template, None, "the image shows too little of it, or no place was found")
    affine, moved = found
    reached, overlap = _likeness(template.image, straight, seen, found)
    if overlap < LEAST_SEEN:
        why = f"{overlap:.0%} of the template's body lies in the image, limit {LEAST_SEEN:.0%}"
        return _failed(template, reached, why)
    least = settings.least_template_similarity
    if reached < least:
        return _failed(template, reached, f"similarity {reached:.3f}, limit {least:g}")
    if turned:
        affine, moved = affine.mirrored(), moved.mirrored()
    try:
        return TemplateMatch(template, TemplateTransform(canal, affine, moved), reached)
    except StageError as error:
        return _failed(template, reached, str(error))


def _is_brighter_left(straight: Volume) -> bool:
    half = straight.data.shape[0] // 2
    left, right = straight.data[:half], straight.data[-half:][::-1]
    return bool((left.astype(float) - right).sum() > 0)


def _steps(
    fixed: Volume, moving: Volume, seen: Volume
) -> tuple[AffineTransform, Deformation] | None:
    """Affine, then smooth; None when too little is seen or an optimiser gives up."""
    affine = _affine(fixed, moving, seen)
    moved = None if affine is None else _smooth(fixed, moving, seen, affine)
    return None if affine is None or moved is None else (affine, moved)


def _likeness(
    fixed: Volume, moving: Volume, seen: Volume, found: tuple[AffineTransform, Deformation]
) -> tuple[float, float]:
    """Similarity over the template's body after both steps, and the share of it that is seen.

    Few points are always alike: without the share, noise can look like a neck.
    """
    body = _body_samples(fixed)
    places = found[0].apply(found[1].apply(body.points_mm))
    return similarity(body, _known(moving, seen), places)


def straightened(image: Volume, canal: CanalSpace) -> tuple[Volume, Volume]:
    """The patient's image in canal space, and 1 where it was seen, else 0."""
    half = np.round(np.array(REACH_MM) / SPACING_MM).astype(int)
    affine = np.diag([SPACING_MM, SPACING_MM, SPACING_MM, 1.0])
    affine[:3, 3] = -half * SPACING_MM
    shape = tuple((2 * half + 1).tolist())
    grid = Grid((shape[0], shape[1], shape[2]), affine)
    places = canal.to_world(voxel_points(grid))
    values = image.sample(places).reshape(grid.shape)
    known = np.isfinite(values)
    return Volume(np.where(known, values, 0.0), grid), Volume(known, grid)


def _affine(fixed: Volume, moving: Volume, seen: Volume) -> AffineTransform | None:
    start = _level_and_size(fixed, moving, seen)
    if start is None:
        return None
    transform = sitk.AffineTransform(3)
    centre = fixed.grid.corners_mm.mean(axis=0)
    transform.SetCenter(centre.tolist())
    matrix = start.target_from_source
    transform.SetMatrix(matrix[:3, :3].ravel().tolist())
    transform.SetTranslation((start.apply(centre[None])[0] - centre).tolist())
    method = _method(fixed, seen)
    method.SetMetricSamplingPercentagePerLevel(AFFINE_SHARES, SEED)
    method.SetOptimizerAsRegularStepGradientDescent(2.0, 0.02, 100, 0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel((2, 1))
    method.SetSmoothingSigmasPerLevel((6.0, 3.0))
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetInitialTransform(transform, inPlace=True)
    try:
        method.Execute(itk_image(fixed), itk_image(moving))
    except RuntimeError:  # what SimpleITK raises when no sample maps into the moving image
        return None
    found = np.eye(4)
    found[:3, :3] = np.reshape(transform.GetMatrix(), (3, 3))
    found[:3, 3] = transform.TransformPoint((0.0, 0.0, 0.0))
    return AffineTransform(found) if np.linalg.det(found[:3, :3]) > 0 else None


def _level_and_size(fixed: Volume, moving: Volume, seen: Volume) -> AffineTransform | None:
    """Best of all levels and sizes; None where none shows enough of the template's body."""
    body = _body_samples(fixed)
    best, chosen = -1.0, None
    known = _known(moving, seen)
    for size in SIZES:
        for level_mm in np.arange(-LEVEL_REACH_MM, LEVEL_REACH_MM + 1, LEVEL_STEP_MM):
            matrix = np.diag([size, size, size, 1.0])
            matrix[2, 3] = level_mm
            places = AffineTransform(matrix).apply(body.points_mm)
            found, overlap = similarity(body, known, places)
            if overlap >= LEAST_SEEN and found > best:
                best, chosen = found, AffineTransform(matrix)
    return chosen


def _known(image: Volume, seen: Volume) -> Volume:
    """The image with NaN where it was not seen."""
    return image.with_data(np.where(seen.data > 0, image.data, np.nan))


def _body_samples(fixed: Volume) -> BodySamples:
    voxels = np.argwhere(fixed.data > BODY_SHARE)
    voxels = voxels[(voxels % LEVEL_STRIDE == 0).all(axis=1)]
    values = ranks(fixed.data[tuple(voxels.T)].astype(float))
    return BodySamples(fixed.grid.to_world(voxels), values)


def _smooth(
    fixed: Volume, moving: Volume, seen: Volume, affine: AffineTransform
) -> Deformation | None:
    still = itk_image(fixed)
    extent = np.array(fixed.grid.shape) * fixed.grid.spacing
    mesh = np.maximum(np.round(extent / CONTROL_MM), 1).astype(int).tolist()
    spline = sitk.BSplineTransformInitializer(still, mesh, 3)
    first = sitk.AffineTransform(3)
    first.SetMatrix(affine.target_from_source[:3, :3].ravel().tolist())
    first.SetTranslation(affine.target_from_source[:3, 3].tolist())
    method = _method(fixed, seen)
    method.SetMetricSamplingPercentage(SMOOTH_SHARE, SEED)
    method.SetOptimizerAsLBFGS2(numberOfIterations=ROUNDS, solutionAccuracy=1e-3)
    method.SetShrinkFactorsPerLevel((1,))
    method.SetSmoothingSigmasPerLevel((3.0,))
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetMovingInitialTransform(first)
    method.SetInitialTransform(spline, inPlace=True)
    try:
        method.Execute(still, itk_image(moving))
    except RuntimeError:
        return None
    field = sitk.TransformToDisplacementField(
        spline,
        sitk.sitkVectorFloat64,
        still.GetSize(),
        still.GetOrigin(),
        still.GetSpacing(),
        still.GetDirection(),
    )
    return Deformation(sitk.GetArrayFromImage(field).transpose(3, 2, 1, 0), fixed.grid)


def _method(fixed: Volume, seen: Volume) -> sitk.ImageRegistrationMethod:
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricFixedMask(
        sitk.Cast(itk_image(fixed.with_data(fixed.data > BODY_SHARE)), sitk.sitkUInt8)
    )
    method.SetMetricMovingMask(sitk.Cast(itk_image(seen), sitk.sitkUInt8))
    method.SetInterpolator(sitk.sitkLinear)
    return method


def _failed(template: Template, reached: float | None, why: str) -> TemplateMatch:
    reason = ReasonCode.TEMPLATE_NOT_REGISTERED
    sentence = f"{reason.text} Why: {why}."
    return TemplateMatch(template, None, reached, reason=reason, sentence=sentence)
