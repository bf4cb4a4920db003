"""What the scanner adds: fat suppression, shading, texture, blur, motion and noise."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.synthetic.canvas import Canvas
from plexus_mri.synthetic.posture import Posture
from plexus_mri.synthetic.skin import upsampled
from plexus_mri.synthetic.spec import AcquisitionSpec, Plane
from plexus_mri.synthetic.tissue import SignalScale

Image = npt.NDArray[np.float32]

# World axis of the echo train for each plane of the slices.
PHASE_AXIS = {Plane.CORONAL: 2, Plane.AXIAL: 1, Plane.SAGITTAL: 2}
SLOPE_SPAN_MM = 200.0
SHADING_MODES = 4
PATCH_WAVES, PATCH_MM = 24, 30.0


def acquire(
    canvas: Canvas, posture: Posture, acquisition: AcquisitionSpec, scale: SignalScale, seed: int
) -> Image:
    """Image of a painted canvas."""
    grid = canvas.grid
    texture = _texture(grid, acquisition, np.random.default_rng([seed, 10]))
    fat_level = upsampled(grid, lambda points: _fat_level(points, posture, acquisition, scale))
    image = (canvas.water + canvas.fat * fat_level) * texture
    bias = upsampled(grid, lambda points: shading(points, acquisition, seed))
    blurred = _blurred(image * bias, grid, acquisition)
    return rician(
        _ghosted(blurred, acquisition), scale.noise_sigma, np.random.default_rng([seed, 12])
    )


def shading(points_mm: FloatArray, acquisition: AcquisitionSpec, seed: int) -> FloatArray:
    """Receive-coil sensitivity (n,) at world points (n, 3), about 1."""
    rng = np.random.default_rng([seed, 11])
    waves = rng.normal(size=(SHADING_MODES, 3))
    waves *= (2 * np.pi / rng.uniform(180, 360, SHADING_MODES) / np.linalg.norm(waves, axis=1))[
        :, None
    ]
    bumps = np.cos(points_mm @ waves.T + rng.uniform(0, 2 * np.pi, SHADING_MODES)).mean(axis=1)
    slope = acquisition.bias_gradient_percent / 100 * points_mm[:, 0] / SLOPE_SPAN_MM
    out: FloatArray = np.exp(slope + acquisition.bias_percent / 100 * bumps)
    return out


def rician(image: Image, sigma: float, rng: np.random.Generator) -> Image:
    """Magnitude of the image with Gaussian noise of ``sigma`` in real and imaginary part."""
    if sigma == 0:
        return image
    real = image + np.float32(sigma) * rng.standard_normal(image.shape, dtype=np.float32)
    imaginary = np.float32(sigma) * rng.standard_normal(image.shape, dtype=np.float32)
    out: Image = np.hypot(real, imaginary)
    return out


def _fat_level(
    points_mm: FloatArray, posture: Posture, acquisition: AcquisitionSpec, scale: SignalScale
) -> FloatArray:
    """Intensity (n,) of pure fat: suppression fails towards the tips of the shoulders."""
    patient = posture.world_from_patient.inverse().apply(points_mm)
    left, right = acquisition.fat_failure
    share = np.where(patient[:, 0] < 0, left, right)
    reach = np.clip((np.abs(patient[:, 0]) - 70.0) / 90.0, 0.0, 1.0) ** 2
    low = np.clip((20.0 - patient[:, 2]) / 100.0, 0.0, 1.0)
    out: FloatArray = scale.fat + (scale.fat_failed - scale.fat) * share * reach * (
        0.4 + 0.6 * low
    )
    return out


def _texture(grid: Grid, acquisition: AcquisitionSpec, rng: np.random.Generator) -> Image:
    """Relative unevenness of tissue, about 1: grains of about 2 mm on patches of about 15 mm."""
    if acquisition.texture == 0:
        return np.ones(grid.shape, dtype=np.float32)
    grains = rng.standard_normal(grid.shape, dtype=np.float32)
    grains = ndimage.gaussian_filter(grains, 1.1 / grid.spacing, mode="wrap")
    grains *= np.float32(0.7 * acquisition.texture / grains.std())
    waves = rng.normal(size=(PATCH_WAVES, 3)) * 2 * np.pi / PATCH_MM / 3**0.5
    phases = rng.uniform(0, 2 * np.pi, PATCH_WAVES)
    height = 0.7 * acquisition.texture * (2 / PATCH_WAVES) ** 0.5
    patches = upsampled(
        grid, lambda points: height * np.cos(points @ waves.T + phases).sum(axis=1)
    )
    out: Image = 1 + grains + patches
    return out


def _blurred(image: Image, grid: Grid, acquisition: AcquisitionSpec) -> Image:
    """Blur of the echo train along its axis and of motion along z."""
    sigma = np.zeros(3)
    sigma[PHASE_AXIS[acquisition.plane]] = acquisition.blur_voxels
    sigma[2] = np.hypot(sigma[2], acquisition.motion_mm / grid.spacing[2])
    if not sigma.any():
        return image
    out: Image = ndimage.gaussian_filter(image, sigma, mode="nearest")
    return out


def _ghosted(image: Image, acquisition: AcquisitionSpec) -> Image:
    """Add a faint copy, shifted by a third of the field along the echo train."""
    if acquisition.ghost == 0:
        return image
    axis = PHASE_AXIS[acquisition.plane]
    copy = np.roll(image, image.shape[axis] // 3, axis=axis)
    return image + np.float32(acquisition.ghost) * copy
