"""Cross-sections of traced nerves: caliber and signal with their errors."""

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numba
import numpy as np

from plexus_mri.core.anatomy import NERVE_KEYS, NerveKey
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.label_voxels import NerveLabels
from plexus_mri.core.measurement import Measurement, MeasurementTable, Profile, Quantity
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.reference import ReferenceTissue
from plexus_mri.core.volume import EvenImage, Volume
from plexus_mri.measure.averaging_error import averaging_error
from plexus_mri.measure.bias_field import field_at
from plexus_mri.measure.blur import blurrier, default_blur, estimate_blur, point_spread
from plexus_mri.measure.marrow import vertebral_marrow
from plexus_mri.measure.mask_area import with_mask_area
from plexus_mri.measure.nerve_state import NerveState, NerveStates, traced_states
from plexus_mri.measure.node_quality import coarseness, node_quality
from plexus_mri.measure.point_spread import PointSpread
from plexus_mri.measure.reference_muscle import reference_muscle
from plexus_mri.measure.refine_state import refined_state
from plexus_mri.measure.section_core import voxels_alike
from plexus_mri.measure.section_fits import (
    BLUR_CHANGE,
    Look,
    SectionFits,
    fit_nerve,
    fitted_points,
)
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.measure.summary import summarize
from plexus_mri.measure.tissue_samples import around_canal
from plexus_mri.reasons import ReasonCode

logger = logging.getLogger(__name__)

# Of voxel over diameter, in the error that few voxels across a nerve make (ADR-124).
COARSE_POWER = 4
_QUIET_SHARE = 0.3


def measure_nerves(
    even: EvenImage,
    nerves: NerveTree,
    frame: PatientFrame | None,
    settings: MeasureSettings,
    labels: NerveLabels | None = None,
) -> MeasurementTable:
    """Profile and numbers of every nerve; each (nerve, side, quantity) has its row.

    Three passes over native voxels: recentre on the traced course and estimate the image's blur;
    fit freely on the recentred course; fit again with the signal held near its smooth course
    along the nerve, which takes most of the bias and spread off thin nerves.

    Parameters
    ----------
    even
        The image freed of shading, any spacing, and as it was acquired.
    frame
        None when there is no midline; then no nerve can have been traced either.
    labels
        Voxels of the mask that nerves were traced in, for those that were.
    """
    if frame is None or not nerves.nerves:
        return MeasurementTable.unmeasured(nerves.missing)
    image = even.image
    scale = float(np.mean(np.abs(image.data))) or 1.0
    unit = image.with_data(image.data / np.float32(scale))
    states, fits = fit_nerves(unit, nerves, settings)
    noise = scale * image_noise(fits)
    samples = around_canal(image, frame, settings)
    muscle = reference_muscle(samples, nerves, settings).without_noise_floor(noise)
    reference = muscle.at_least_as_uneven(even.shading_error)
    marrow = vertebral_marrow(samples, frame, settings).without_noise_floor(noise)
    fitted = {
        key: _profile(image, nerves, (key, states[key], fits[key], scale), reference, settings)
        for key in states
    }
    beside = _beside(even, fitted, fits, scale)
    profiles = {
        key: with_mask_area(
            replace(profile, marrow=marrow.at(profile.points_mm), noise=noise),
            states[key].curve,
            None if labels is None else labels.get(key),
            settings,
        )
        for key, profile in beside.items()
    }
    rows = [row for key in NERVE_KEYS for row in _rows(key, nerves, profiles, reference, settings)]
    return MeasurementTable(tuple(rows), profiles, reference, marrow)


def fit_nerves(
    image: Volume, nerves: NerveTree, settings: MeasureSettings
) -> tuple[dict[NerveKey, NerveState], dict[NerveKey, SectionFits]]:
    """States and fits of every nerve after the last pass."""
    states = traced_states(nerves, image.grid.directions, settings)
    spread = point_spread(image, default_blur(settings), settings)
    fits = _pass(image, spread, states, Look(settings.every_in_first_passes), settings)
    states = _refined(states, fits, _before_blur(settings))
    noise = image_noise(fits)
    blur = estimate_blur(image, states, fits, noise, settings)
    logger.info("blur of the image along its axes: %s voxels", np.round(blur.voxels, 2).tolist())
    spread = point_spread(image, blur.voxels, settings)
    look = Look(settings.every_in_first_passes, noise)
    states = _refined(states, _pass(image, spread, states, look, settings), settings)
    last = Look(
        noise=noise,
        coats=True,
        alike=voxels_alike(blur.voxels),
        blurrier=blurrier(image, blur.voxels, BLUR_CHANGE, settings),
    )
    fits = _pass(image, spread, states, last, settings)
    return states, {key: blur.known(found) for key, found in fits.items()}


def _before_blur(settings: MeasureSettings) -> MeasureSettings:
    """Settings while the blur is unknown, with which signals trade against width."""
    return replace(settings, signal_change_percent=settings.signal_change_before_blur_percent)


def image_noise(fits: Mapping[NerveKey, SectionFits]) -> float:
    """Noise of the image: what the fits of its quieter half leave over."""
    noises = np.concatenate([f.noise[np.isfinite(f.noise)] for f in fits.values()])
    return float(np.quantile(noises, _QUIET_SHARE))


def _noise_as_acquired(
    fits: Mapping[NerveKey, SectionFits], fields: Mapping[NerveKey, FloatArray]
) -> float:
    """Noise of the image before its bias was corrected, where it is the same all over.

    The median and not the quieter half: what is taken off a spread had better be too much.
    """
    return float(np.nanmedian(np.concatenate([fits[key].noise * fields[key] for key in fits])))


def _beside(
    even: EvenImage,
    profiles: Mapping[NerveKey, Profile],
    fits: Mapping[NerveKey, SectionFits],
    scale: float,
) -> dict[NerveKey, Profile]:
    """Profiles with the bias field at their nodes, and the spread within their sections."""
    points = np.concatenate([profile.points_mm for profile in profiles.values()])
    field = field_at(even.acquired or even.image, even.image, points)
    ends = np.cumsum([len(profile.points_mm) for profile in profiles.values()])
    fields = dict(zip(profiles, np.split(field, ends[:-1]), strict=True))
    noise = scale * _noise_as_acquired(fits, fields)
    return {
        key: _with_spread(
            replace(profile, bias_field=fields[key]), fits[key], scale, noise / fields[key]
        )
        for key, profile in profiles.items()
    }


def _with_spread(profile: Profile, fits: SectionFits, scale: float, noise: FloatArray) -> Profile:
    """Profile with the variance inside its sections, without that of the noise (n,) there."""
    kept = np.where(np.isfinite(profile.csa_mm2), 1.0, np.nan)
    return replace(
        profile,
        spread_square=kept * (fits.core_variance * scale**2 - noise**2),
        spread_square_se=kept * fits.core_variance_se * scale**2,
    )


def _pass(
    image: Volume,
    spread: PointSpread,
    states: NerveStates,
    look: Look,
    settings: MeasureSettings,
) -> dict[NerveKey, SectionFits]:
    """Fits of every nerve; nerves do not wait for each other, so the order of work is free."""
    with ThreadPoolExecutor(numba.get_num_threads()) as pool:
        fits = pool.map(lambda key: fit_nerve(image, spread, states, key, look, settings), states)
        return dict(zip(states, fits, strict=True))


def _refined(
    states: NerveStates, fits: Mapping[NerveKey, SectionFits], settings: MeasureSettings
) -> dict[NerveKey, NerveState]:
    """States after a pass."""
    return {key: refined_state(states[key], fits[key], settings) for key in states}


def _profile(
    image: Volume,
    nerves: NerveTree,
    fitted: tuple[NerveKey, NerveState, SectionFits, float],
    reference: ReferenceTissue,
    settings: MeasureSettings,
) -> Profile:
    """Profile of one nerve in image units; NaN where the fit cannot be trusted."""
    (side, nerve), state, fits, scale = fitted
    points = fitted_points(state, fits)
    muscle = reference.at(points)
    kept = np.where(fits.trusted(settings), 1.0, np.nan)
    radius = np.exp(fits.log_radius) * kept
    area = np.pi * radius**2
    stretch = np.exp(np.linalg.norm(fits.stretch, axis=1))
    turn = 0.5 * np.arctan2(fits.stretch[:, 1], fits.stretch[:, 0])[:, None]
    long_axis = np.cos(turn) * state.curve.first + np.sin(turn) * state.curve.second
    return Profile(
        nerve=nerve,
        side=side,
        arc_length_mm=state.curve.arc_length_mm,
        points_mm=points,
        csa_mm2=area,
        csa_se_mm2=_area_error(state.curve.arc_length_mm, area, fits, settings),
        long_mm=2.0 * radius * stretch,
        short_mm=2.0 * radius / stretch,
        angle_deg=np.rad2deg(np.arccos(np.clip(np.abs(long_axis @ reference.up), 0.0, 1.0))),
        long_axis=long_axis,
        signal=fits.signal * kept * scale,
        signal_se=np.hypot(fits.signal_se, reference.unevenness * fits.signal) * kept * scale,
        reference=muscle,
        common_error=settings.coarse_error_percent
        / 100.0
        * coarseness(image, state.curve, fits) ** COARSE_POWER,
        contrast_share=np.clip(fits.contrast / np.maximum(fits.signal, 1e-9), 0.0, 1.0),
        quality=node_quality(image, nerves[side, nerve], state.curve, fits, muscle, settings),
        blur_error=None if fits.blur_se is None else 2.0 * fits.blur_se,
        noise_covariance=None if fits.noise_covariance is None else 4.0 * fits.noise_covariance,
        begins_anywhere=ReasonCode.LANDMARK_DOUBT in nerves[side, nerve].reasons,
    )


def _area_error(
    arc_mm: FloatArray, area_mm2: FloatArray, fits: SectionFits, settings: MeasureSettings
) -> FloatArray:
    """Standard errors (n,) of areas: of the fit, of its model, of averaging along the nerve."""
    model = settings.section_model_error_percent / 100.0
    own = area_mm2 * np.hypot(2.0 * fits.log_radius_se, model)
    lost = averaging_error(arc_mm, area_mm2, settings.slab_half_length_mm)
    whole: FloatArray = np.hypot(own, lost)
    return whole


def _rows(
    key: NerveKey,
    nerves: NerveTree,
    profiles: Mapping[NerveKey, Profile],
    reference: ReferenceTissue,
    settings: MeasureSettings,
) -> tuple[Measurement, ...]:
    """Rows of one nerve; a reason in each when it was not measured."""
    if key in profiles:
        return summarize(profiles[key], nerves[key].centerline.length_mm, reference, settings)
    reason = nerves.missing.get(key, ReasonCode.NERVE_NOT_FOUND)
    reason = ReasonCode.TOO_SHORT if key in nerves else reason
    return tuple(Measurement(key[1], key[0], q, None, reason=reason) for q in Quantity)
