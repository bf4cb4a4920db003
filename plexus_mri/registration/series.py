"""Series to series: where a further series lies against the main image, and whether it fits."""

from dataclasses import replace

import numpy as np

from plexus_mri.core.frame import PatientFrame
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
from plexus_mri.registration.pose import MIRROR, Pair, best_pose, mirrored_pose, pair_of
from plexus_mri.registration.settings import RegistrationSettings


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
    pair = pair_of(image, moving, frame)
    samples = body_samples(pair.fixed)
    stated = _judge(samples, pair, AffineTransform.identity())
    if stated.overlap < settings.least_overlap:
        return _no_overlap(series, stated, settings)
    found = best_pose(pair, affine=settings.map_affine)
    if found is None:
        return _failed(series, None, stated, settings)
    reached = _judge(samples, pair, found)
    if reached.similarity < stated.similarity:
        found, reached = AffineTransform.identity(), stated
    if _trusted(replace(reached, handedness=1.0), settings):
        reached = _handed(reached, samples, pair, found, settings)
    if not _trusted(reached, settings):
        return _failed(series, reached, stated, settings)
    return RegisteredMap(series, pair.to_world(found), reached, stated, limits=_limits(settings))


def _judge(samples: BodySamples, pair: Pair, moving_from_fixed: AffineTransform) -> Agreement:
    return agreement(samples, pair.moving, moving_from_fixed, pair.mirrored_mm)


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
            f": similarity {reached.similarity:.3f} (limit {settings.least_similarity}), of which "
            f"{100 * reached.sharpness:.0f} % are lost 12 mm out of place "
            f"(limit {100 * settings.least_sharpness:.0f} %) and "
            f"{100 * reached.handedness:.0f} % in the mirror image "
            f"(limit {100 * settings.least_handedness:.0f} %)"
        )
    text += "; check that it shows the same patient and region, and its orientation"
    return RegisteredMap(
        series, None, reached, stated, ReasonCode.MAP_NOT_REGISTERED, text, _limits(settings)
    )


def _handed(
    reached: Agreement,
    samples: BodySamples,
    pair: Pair,
    found: AffineTransform,
    settings: RegistrationSettings,
) -> Agreement:
    """Agreement at a pose, its handedness against the best mirrored pose that a search finds."""
    mirror = mirrored_pose(pair, found, affine=settings.map_affine)
    if mirror is None:
        return reached
    places = mirror.apply(samples.points_mm * MIRROR)
    return against_mirror(reached, samples, pair.moving, places)
