"""Bias field: N4 on a coarse grid that is centred on the image.

The coarse grid shares its centre with the image, so a mirrored image gives the mirrored field.
"""

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk  # noqa: N813 - the library's own short name
from scipy import ndimage
from scipy.interpolate import CubicSpline

from plexus_mri.core.grid import FloatArray
from plexus_mri.core.volume import Volume
from plexus_mri.preprocess.settings import PreprocessSettings


def correct_bias(image: Volume, settings: PreprocessSettings) -> Volume:
    """Image divided by its slowly varying bias field; the body's median intensity is kept.

    Parameters
    ----------
    image
        Intensities ≥ 0 in any unit.

    References
    ----------
    Tustison et al. 2010, IEEE Trans Med Imaging 29:1310 (N4).
    """
    if not settings.correct_bias:
        return image
    axes = [
        _coarse_axis(count, spacing, settings.fit_spacing_mm)
        for count, spacing in zip(image.grid.shape, image.grid.spacing, strict=True)
    ]
    coarse = _coarse(image, axes, settings.fit_spacing_mm)
    body = _body_mask(coarse)
    if min(coarse.shape) < 4 or body.sum() < body.size // 50:  # nothing to fit a field to
        return image
    # N4's histogram step rounds differently on a mirrored copy: the mean of both is symmetric.
    mirrored = _n4_log_field(coarse[::-1], body[::-1], settings)[::-1]
    log_field = (_n4_log_field(coarse, body, settings) + mirrored) / 2
    log_field = log_field - float(np.median(log_field[body]))
    limit = np.log(settings.largest_factor)
    field = np.exp(_upsampled(np.clip(log_field, -limit, limit), axes, image.grid.shape))
    return image.with_data(image.data / field.astype(np.float32))


def _coarse_axis(count: int, spacing_mm: float, step_mm: float) -> FloatArray:
    """Coarse sample positions along one axis, as fractional voxel indices about its middle."""
    half = int(np.floor((count - 1) * spacing_mm / 2 / step_mm))
    positions: FloatArray = (count - 1) / 2 + np.arange(-half, half + 1) * step_mm / spacing_mm
    return positions


def _coarse(image: Volume, axes: list[FloatArray], step_mm: float) -> FloatArray:
    """Smoothed intensities on the centred coarse grid."""
    smooth = ndimage.gaussian_filter(
        image.data, 0.5 * step_mm / image.grid.spacing, mode="nearest"
    )
    ijk = np.stack(np.meshgrid(*axes, indexing="ij"))
    coarse: FloatArray = ndimage.map_coordinates(smooth, ijk, order=1, mode="nearest")
    return coarse


def _body_mask(coarse: FloatArray) -> npt.NDArray[np.bool_]:
    """Voxels with signal: above a tenth of the 95th percentile."""
    mask: npt.NDArray[np.bool_] = coarse > 0.1 * np.percentile(coarse, 95)
    return mask


def _n4_log_field(
    coarse: FloatArray, body: npt.NDArray[np.bool_], settings: PreprocessSettings
) -> FloatArray:
    """Natural logarithm of the bias field on the coarse grid."""
    n4 = sitk.N4BiasFieldCorrectionImageFilter()
    n4.SetMaximumNumberOfIterations([settings.iterations] * 3)
    extent = np.array(coarse.shape) * settings.fit_spacing_mm
    n4.SetNumberOfControlPoints([int(4 + e // settings.control_spacing_mm) for e in extent[::-1]])
    source = sitk.GetImageFromArray(np.maximum(coarse, 1e-3).astype(np.float32))
    mask = sitk.GetImageFromArray(body.astype(np.uint8))
    n4.Execute(source, mask)
    log_field: FloatArray = sitk.GetArrayFromImage(n4.GetLogBiasFieldAsImage(source)).astype(float)
    return log_field


def _upsampled(
    coarse: FloatArray, axes: list[FloatArray], shape: tuple[int, int, int]
) -> FloatArray:
    """Coarse values on every voxel: cubic splines along each axis, ends held constant."""
    fine = coarse
    for axis, (positions, count) in enumerate(zip(axes, shape, strict=True)):
        inside = np.clip(np.arange(count), positions[0], positions[-1])
        fine = CubicSpline(positions, fine, axis=axis)(inside)
    return fine
