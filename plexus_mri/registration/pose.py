"""Pose of a series against the main image: the search, on copies in the main image's own axes.

The optimiser is SimpleITK's (ADR-2): Mattes mutual information from coarse to fine. Its points
are called LPS there; ours are RAS on both sides, which it never notices.
"""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk  # noqa: N813 - the library's own short name

from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.core.resample import isotropic_copy
from plexus_mri.core.transform import AffineTransform, RigidTransform
from plexus_mri.core.volume import Volume
from plexus_mri.registration.itk_image import itk_image

# Of the working copies, in search and judging alike: coarse enough for 20 mm and 15 degrees with
# what the first levels smooth, fine enough for half a voxel and for what parts a series from its
# mirror image (ADR-125).
COPY_MM = 2.0
SHRINK, SMOOTH_MM = (3, 2, 1), (6.0, 3.0, 0.0)
# The finest level has 27 times the voxels of the coarsest.
SAMPLED_SHARES, BINS, SEED = (0.5, 0.2, 0.06), 32, 1
MIRROR = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Pair:
    """Copies of the main image and a series, in the main image's own axes (ADR-126).

    So what the headers say about the scanner's axes changes neither search nor judging. All
    points of a pair are mm along those axes, from the middle of the main image.

    Parameters
    ----------
    own_from_world
        From RAS+ mm.
    frame
        Midline of the main image, in RAS+ mm.
    """

    fixed: Volume
    moving: Volume
    own_from_world: RigidTransform
    frame: PatientFrame | None

    def mirrored_mm(self, points_mm: FloatArray) -> FloatArray:
        """Mirror image (n, 3) of points (n, 3) in the midline; in the image's middle without."""
        if self.frame is None:
            in_middle: FloatArray = points_mm * MIRROR
            return in_middle
        world_mm = self.own_from_world.inverse().apply(points_mm)
        aside = self.frame.lateral_mm(world_mm)[:, None]
        return self.own_from_world.apply(world_mm - 2 * aside * self.frame.right_at(world_mm))

    def plane(self) -> tuple[FloatArray, FloatArray]:
        """Normal (3,) and a point (3,) of the plane that comes nearest to the midline."""
        if self.frame is None:
            return np.array([1.0, 0.0, 0.0]), np.zeros(3)
        middle = self.frame.canal.points_mm.mean(axis=0)
        ends = self.own_from_world.apply(np.stack([middle, middle + self.frame.right]))
        return ends[1] - ends[0], ends[0]

    def to_world(self, pose: AffineTransform) -> AffineTransform:
        """The pose between the worlds of both headers of a pose between the own axes."""
        own = self.own_from_world
        back = own.inverse().target_from_source
        return AffineTransform(back @ pose.target_from_source @ own.target_from_source)


def pair_of(image: Volume, moving: Volume, frame: PatientFrame | None) -> Pair:
    """Copies of both in the main image's own axes."""
    to_own = image.grid.directions.T
    own = RigidTransform.from_rotation(to_own, -to_own @ image.grid.corners_mm.mean(axis=0))
    fixed, series = (isotropic_copy(_placed(v, own), COPY_MM) for v in (image, moving))
    return Pair(fixed, series, own, frame)


def _placed(volume: Volume, own: RigidTransform) -> Volume:
    # To a nanometre: for a rounding error a copy may lack its last layer.
    affine = np.round(own.target_from_source @ volume.grid.affine, 6)
    return Volume(volume.data, Grid(volume.grid.shape, affine))


def best_pose(pair: Pair, *, affine: bool) -> AffineTransform | None:
    """Best transform from the main image to the series; None when the optimiser gives up.

    From where the headers state it; rigid, and affine on request.
    """
    centre = pair.fixed.grid.corners_mm.mean(axis=0)
    start: sitk.Transform = sitk.Euler3DTransform()
    found = _run(pair.fixed, pair.moving, _at(start, np.eye(4), centre))
    if affine and found is not None:
        start = _at(sitk.AffineTransform(3), found.target_from_source, centre)
        found = _run(pair.fixed, pair.moving, start)
    return found


def mirrored_pose(pair: Pair, found: AffineTransform, *, affine: bool) -> AffineTransform | None:
    """Best pose of the series against the mirrored main image, from the mirror image of a pose.

    A turned neck is not mirrored by a plane, so the mirror image must be searched, too (ADR-52).
    """
    normal, middle = pair.plane()
    plane = np.eye(4)
    plane[:3, :3] -= 2 * np.outer(normal, normal)
    plane[:3, 3] = 2 * float(middle @ normal) * normal
    matrix = found.target_from_source @ plane @ np.diag([*MIRROR, 1.0])
    start: sitk.Transform = sitk.AffineTransform(3) if affine else sitk.Euler3DTransform()
    mirrored = pair.fixed.mirrored().to_ras()
    return _run(mirrored, pair.moving, _at(start, matrix, middle * MIRROR))


def _at(start: sitk.Transform, matrix: FloatArray, centre: FloatArray) -> sitk.Transform:
    """The transform set to a matrix (4, 4), with turns about a centre (3,)."""
    start.SetCenter(centre.tolist())
    start.SetMatrix(matrix[:3, :3].ravel().tolist())
    start.SetTranslation((matrix[:3, 3] - centre + matrix[:3, :3] @ centre).tolist())
    return start


def _run(fixed: Volume, moving: Volume, start: sitk.Transform) -> AffineTransform | None:
    """Transform after optimisation from ``start``; None when the optimiser gives up."""
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
    try:
        method.Execute(itk_image(fixed), itk_image(moving))
    except RuntimeError:  # what SimpleITK raises when no sample maps into the moving image
        return None
    origin = np.array(start.TransformPoint((0.0, 0.0, 0.0)))
    columns = [np.array(start.TransformPoint(tuple(axis))) - origin for axis in np.eye(3).tolist()]
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = np.stack(columns, axis=1), origin
    return AffineTransform(matrix) if np.linalg.det(matrix[:3, :3]) > 0 else None
