"""Bias field: the slow change of muscle's intensity over the image.

The field is fitted on a coarse grid that shares its centre with the image, so that a mirrored
image gives the mirrored field.

Symbols: a, b, c counts of the coarse grid along its axes.
"""

from dataclasses import replace

import numpy as np
from scipy import ndimage
from scipy.interpolate import CubicSpline

from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import BoolArray, FloatArray, Grid
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.volume import EvenImage, Volume
from plexus_mri.errors import InputError
from plexus_mri.preprocess.muscle_field import muscle_log_field
from plexus_mri.preprocess.muscle_fit import Tissue, spans_of_axis
from plexus_mri.preprocess.settings import PreprocessSettings
from plexus_mri.preprocess.wave_field import wave_log_field
from plexus_mri.reasons import ReasonCode

# An edge of this change of the logarithm from one coarse voxel to the next halves its weight:
# voxels of two tissues are neither.
_EDGE = 0.15
_FEWEST_SHARE = 50
# Control points of a field: a matrix of its equations then takes half a gigabyte. The largest
# field of view that is read, a cubic metre, has as many at the default spacing.
_MOST_POINTS = 8000
# Beyond the medial border of the shoulder blade, which lies about this far from the midline, and
# behind the plexus muscle is the plexus's own: spinati, teres, back of the deltoid. The figure has
# no source but the phantom's body (ADR-135).
_SHOULDER_BLADE_MM = 60.0
# With less than this share of muscle left beside them the field stays as it is; a judgement.
_LEAST_LEFT = 0.2
# Where shading bends this strongly (standard deviation of its logarithm over the body, its slope
# taken off), the field between less muscle errs by more than denervated muscle draws it; little
# muscle tells a slope. Found on phantoms with shading of one to four times what they are drawn
# with (ADR-135).
_STRONG_BEND = (0.12, 0.16)


def correct_bias(image: Volume, settings: PreprocessSettings) -> Volume:
    """Image divided by its slowly varying bias field; see `remove_shading`."""
    return remove_shading(image, settings).image


def remove_shading(image: Volume, settings: PreprocessSettings) -> EvenImage:
    """Image divided by its slowly varying bias field; the body's median intensity is kept.

    Parameters
    ----------
    image
        Intensities ≥ 0 in any unit.

    Raises
    ------
    InputError
        When the settings give the field too many control points in this image.
    """
    if not settings.correct_bias:
        return EvenImage(image)
    axes, tissue = _tissue(image, settings)
    if min(tissue.log.shape) < 4 or tissue.body.sum() < tissue.body.size // _FEWEST_SHARE:
        return EvenImage(image)  # nothing to fit a field to
    log_field, error = muscle_log_field(tissue, settings)
    return _freed(image, axes, _about_body(log_field, tissue, settings), error)


def even_at_nerves(
    even: EvenImage,
    nerves: NerveTree,
    frame: PatientFrame | None,
    settings: PreprocessSettings,
) -> EvenImage:
    """The acquired image divided by a field through muscle that is not the plexus's own.

    Denervated muscle is bright, and where it is a shoulder's whole muscle nothing tells it from
    shading. So what lies behind the plexus and lateral of the medial border of the shoulder
    blade counts on neither side. The stronger the shading bends, the more of the field through
    all muscle is kept. Where the two fields differ at the nerves by more than either one's error,
    that is the error (ADR-135). Without nerves, or with too little other muscle, the image stays
    as it is.

    Parameters
    ----------
    even
        As `remove_shading` gave it.
    nerves, frame
        Traced nerves and midline, in world space (RAS+ mm).
    """
    image, all_muscle = even.acquired, even.log_field
    if image is None or all_muscle is None or frame is None or not nerves.nerves:
        return even
    axes, tissue = _tissue(image, settings)
    traced = np.concatenate([nerve.centerline.points_mm for nerve in nerves.nerves.values()])
    seen = traced[all_muscle.grid.contains(traced)]
    shared = tissue.weights * ~_own_muscle(all_muscle.grid, traced, frame)
    if not len(seen) or shared.sum() < _LEAST_LEFT * tissue.weights.sum():
        return even
    waves, error = wave_log_field(
        replace(tissue, weights=shared), all_muscle.data.astype(float), settings
    )
    change = all_muscle.with_data(_about_body(waves, tissue, settings) - all_muscle.data)
    apart = float(np.std(change.sample(seen)))
    taken = 1.0 - np.interp(_bend(all_muscle.data, tissue.body), _STRONG_BEND, (0.0, 1.0))
    log_field = all_muscle.data + taken * change.data
    freed = _freed(image, axes, log_field, max(even.shading_error, error, apart))
    return replace(freed, anew=float(taken))


def _own_muscle(grid: Grid, traced: FloatArray, frame: PatientFrame) -> BoolArray:
    """Voxels (a, b, c) of which muscle is supplied by the plexus, traced through points (n, 3)."""
    points = grid.to_world(np.indices(grid.shape).reshape(3, -1).T.astype(float))
    behind = points @ frame.forward < np.median(traced @ frame.forward)
    lateral = np.abs(frame.lateral_mm(points)) > _SHOULDER_BLADE_MM
    own: BoolArray = (behind & lateral).reshape(grid.shape)
    return own


def _bend(field: FloatArray, body: BoolArray) -> float:
    """Standard deviation of a field (a, b, c) over the body about its plane."""
    places = np.argwhere(body)
    plane = np.column_stack([places - places.mean(axis=0), np.ones(len(places))])
    values = field[body].astype(float)
    slopes = np.linalg.lstsq(plane, values, rcond=None)[0]
    return float(np.std(values - plane @ slopes))


def _tissue(image: Volume, settings: PreprocessSettings) -> tuple[list[FloatArray], Tissue]:
    """Axes of the coarse grid, as voxel indices, and what is on it."""
    axes = [
        _coarse_axis(count, spacing, settings.fit_spacing_mm)
        for count, spacing in zip(image.grid.shape, image.grid.spacing, strict=True)
    ]
    _check_size(axes, settings)
    return axes, _coarse(image, axes, settings.fit_spacing_mm)


def _about_body(log_field: FloatArray, tissue: Tissue, settings: PreprocessSettings) -> FloatArray:
    """Logarithm of the field (a, b, c), 0 in the middle of the body and within its limits."""
    limit = np.log(settings.largest_factor)
    about = log_field - float(np.median(log_field[tissue.body]))
    within: FloatArray = np.clip(about, -limit, limit)
    return within


def _freed(
    image: Volume, axes: list[FloatArray], log_field: FloatArray, error: float
) -> EvenImage:
    """Image divided by the exponential of a field (a, b, c) at the places ``axes``."""
    field = np.exp(_upsampled(log_field, axes, image.grid.shape)).astype(np.float32)
    coarse = Volume(log_field, _coarse_grid(image.grid, axes))
    return EvenImage(image.with_data(image.data / field), image, error, coarse)


def _coarse_grid(grid: Grid, axes: list[FloatArray]) -> Grid:
    """Grid of the places ``axes``, which are voxel indices of ``grid``."""
    affine = grid.affine.copy()
    affine[:3, :3] *= [axis[1] - axis[0] for axis in axes]
    affine[:3, 3] = grid.to_world([[axis[0] for axis in axes]])[0]
    return Grid((len(axes[0]), len(axes[1]), len(axes[2])), affine)


def _check_size(axes: list[FloatArray], settings: PreprocessSettings) -> None:
    """Refuse a field whose equations would not fit in memory."""
    spans = [
        spans_of_axis(len(axis), settings.fit_spacing_mm, settings.control_spacing_mm)
        for axis in axes
    ]
    points = int(np.prod([span + 3 for span in spans]))
    if points > _MOST_POINTS:
        msg = (
            f"preprocess.control_spacing_mm = {settings.control_spacing_mm:g}: the bias field "
            f"would have {points} control points in this image, {_MOST_POINTS} is the most; "
            "choose a larger spacing (the default is 60)"
        )
        raise InputError(msg, ReasonCode.SETTINGS_BAD)


def _coarse_axis(count: int, spacing_mm: float, step_mm: float) -> FloatArray:
    """Coarse sample positions along one axis, as fractional voxel indices about its middle."""
    half = int(np.floor((count - 1) * spacing_mm / 2 / step_mm))
    positions: FloatArray = (count - 1) / 2 + np.arange(-half, half + 1) * step_mm / spacing_mm
    return positions


def _coarse(image: Volume, axes: list[FloatArray], step_mm: float) -> Tissue:
    """Smoothed intensities on the centred coarse grid, and what they are worth.

    Weights grow with the square of intensity, since muscle is brighter than suppressed fat, and
    fall at edges.
    """
    smooth = ndimage.gaussian_filter(
        image.data, 0.4 * step_mm / image.grid.spacing, mode="nearest"
    )
    ijk = np.stack(np.meshgrid(*axes, indexing="ij"))
    values = ndimage.map_coordinates(smooth, ijk, order=1, mode="nearest").astype(float)
    bright = float(np.percentile(values, 95))
    log = np.log(np.maximum(values, max(1e-6 * bright, 1e-300)))
    body = values > 0.1 * bright
    if min(values.shape) < 2:
        return Tissue(log, body, body.astype(float))
    edge = np.sqrt(sum(np.gradient(log, axis=k) ** 2 for k in range(3)))
    weights = body * np.minimum(values / max(bright, 1e-300), 1.0) ** 2
    return Tissue(log, body, weights / (1.0 + (edge / _EDGE) ** 2))


def _upsampled(
    coarse: FloatArray, axes: list[FloatArray], shape: tuple[int, int, int]
) -> FloatArray:
    """Coarse values on every voxel: cubic splines along each axis, ends held constant."""
    fine = coarse
    for axis, (positions, count) in enumerate(zip(axes, shape, strict=True)):
        inside = np.clip(np.arange(count), positions[0], positions[-1])
        fine = CubicSpline(positions, fine, axis=axis)(inside)
    return fine
