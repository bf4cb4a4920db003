"""Field through muscle as waves of a coil, each patch of muscle counted once.

Where little muscle may count, what is known of coils has to carry the field between it. So the
bending penalty is replaced by the covariance of slow waves (a Gaussian process [Rasmussen &
Williams 2006, Gaussian Processes for Machine Learning, ch. 2], on the same splines), and voxels
of one patch of texture, which err together, share their weight (ADR-135).
"""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from plexus_mri.core.grid import FloatArray
from plexus_mri.preprocess.left_out import SplineFit
from plexus_mri.preprocess.muscle_fit import Tissue, muscle_fit
from plexus_mri.preprocess.settings import PreprocessSettings
from plexus_mri.preprocess.stiff_field import stiff_field

# Waves of shading: their length (mm) and height (logarithm of intensity), and the slope over 10 cm
# that lies under them. Chosen on development images (ADR-135).
_WAVE_MM, _WAVE_HEIGHT, _SLOPE = 75.0, 0.15, 0.5
# Unevenness of a patch of muscle (logarithm), its radius (standard deviation of a Gaussian) and
# its volume. Chosen on development images (ADR-135).
_UNEVEN, _PATCH_MM, _PATCH_MM3 = 0.03, 8.0, 9000.0
# A patch of which less than this share is muscle counts for its muscle alone.
_SCARCE = 0.1
# Rounds from the settled stiff field, and their tolerance about muscle: paraspinals that are
# bright on one side weigh more among less muscle, so less is tolerated. Chosen on phantoms
# (ADR-135).
_ROUNDS, _TOLERANCE = 4, 0.07


def wave_log_field(
    tissue: Tissue, other: FloatArray, settings: PreprocessSettings
) -> tuple[FloatArray, float]:
    """Logarithm (a, b, c) of the bias field, up to a constant, and its relative error.

    It starts from the stiff field and keeps that one's error, which is not known to be smaller.
    ``other`` (a, b, c) is the field through all muscle.
    """
    field, left_out, way = stiff_field(tissue, settings, other)
    for _ in range(_ROUNDS):
        muscle = muscle_fit(tissue, field, _TOLERANCE, 1.0, settings)
        field = _waves(muscle, settings.fit_spacing_mm)
    return field, float(np.hypot(left_out, way))


def _waves(muscle: SplineFit, step_mm: float) -> FloatArray:
    """Waves (a, b, c) through what was told as muscle on a grid of ``step_mm``."""
    density = ndimage.gaussian_filter(muscle.weights, _PATCH_MM / step_mm, mode="constant")
    weights = muscle.weights * (1.0 + _SCARCE) / (density + _SCARCE)
    if weights.sum() <= 0.0:
        return muscle.field()
    voxels = _PATCH_MM3 / step_mm**3
    penalty = voxels * _UNEVEN**2 * np.linalg.inv(_covariance(muscle, step_mm))
    values = muscle.values - np.average(muscle.values, weights=weights)
    return SplineFit(values, weights, muscle.bases, penalty).field()


def _covariance(muscle: SplineFit, step_mm: float) -> FloatArray:
    """Covariance (n, n) of the control points: waves on a slope, of any mean."""
    axes = [_places(basis.shape, step_mm) for basis in muscle.bases]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    squares = np.sum((points[:, None] - points[None]) ** 2, axis=-1)
    waves = _WAVE_HEIGHT**2 * np.exp(-0.5 * squares / _WAVE_MM**2)
    slopes = (_SLOPE / 100.0) ** 2 * points @ points.T
    whole: FloatArray = waves + slopes + 1.0 + 1e-6 * np.eye(len(points))
    return whole


def _places(shape: Sequence[int], step_mm: float) -> FloatArray:
    """Places (k,) of an axis's control points about its middle, in mm."""
    count, points = shape
    extent = (count - 1) * step_mm
    places: FloatArray = (np.arange(points) - 1) * extent / (points - 3) - extent / 2
    return places
