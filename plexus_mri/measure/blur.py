"""The image's own blur along each axis, estimated from nerves that stand alone and clear."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numba
import numpy as np
from scipy.optimize import lsq_linear

from plexus_mri.core.anatomy import NerveKey
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.volume import Volume
from plexus_mri.measure.nerve_state import NerveStates
from plexus_mri.measure.point_spread import PointSpread
from plexus_mri.measure.section_fit import fit_section, model_and_slopes
from plexus_mri.measure.section_fits import SectionFits
from plexus_mri.measure.section_problem import Section, section_at
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.measure.untraced import no_objects, with_untraced

logger = logging.getLogger(__name__)

Place = tuple[NerveKey, int]


@dataclass(frozen=True, eq=False)
class Blur:
    """The image's own blur along its axes and how well it is known.

    Parameters
    ----------
    voxels : (3,)
        Its standard deviation along each axis, in voxels.
    covariance, noise_covariance : (3, 3)
        Of the error of its variance (voxels²): the whole, and what noise alone makes of it.
    """

    voxels: FloatArray
    covariance: FloatArray
    noise_covariance: FloatArray

    def known(self, fits: SectionFits) -> SectionFits:
        """Fits of a last pass with what the blur's error does to them."""
        slopes, covariance = fits.by_blur, fits.noise_covariance
        if slopes is None or covariance is None:
            return fits
        return replace(
            fits,
            noise_covariance=covariance + slopes @ self.noise_covariance @ slopes.T,
            blur_se=np.sqrt(np.einsum("ij,jk,ik->i", slopes, self.covariance, slopes)),
        )


Seen = Sequence[tuple[Place, Section]]
_FEWEST_SECTIONS = 12
# Steps of the descent; the longest, one that is at rest, and that of the derivative: voxels².
_STEPS = 6
_LONGEST_STEP, _SETTLED, _TRIAL = 0.2, 2e-3, 0.01
# The variance is told to this, a tenth of a voxel's own: a section more or less, which rounding
# can make, must not move every number of a case.
_TOLD = 0.01


def point_spread(image: Volume, blur_voxels: FloatArray, settings: MeasureSettings) -> PointSpread:
    """Point spread of an image blurred by ``blur_voxels`` (3,) along its array axes."""
    return PointSpread.of_grid(
        image.grid, blur_voxels * image.grid.spacing, settings.longest_voxel_part_mm
    )


def blurrier(
    image: Volume, blur_voxels: FloatArray, change: float, settings: MeasureSettings
) -> list[PointSpread]:
    """Point spreads whose blur has a variance larger by ``change`` (voxels²) along each axis."""
    variance = blur_voxels**2
    return [
        point_spread(image, np.sqrt(_with(variance, axis, variance[axis] + change)), settings)
        for axis in range(3)
    ]


def default_blur(settings: MeasureSettings) -> FloatArray:
    """Blur (3,) in voxels before anything is known of the image."""
    return np.full(3, settings.blur_expected_voxels)


def _unknown_blur(settings: MeasureSettings) -> Blur:
    """What is known before an image is looked at."""
    expected = settings.blur_expected_voxels**2
    return Blur(default_blur(settings), expected**2 * np.eye(3), np.zeros((3, 3)))


def estimate_blur(
    image: Volume,
    states: NerveStates,
    fits: Mapping[NerveKey, SectionFits],
    noise: float,
    settings: MeasureSettings,
) -> Blur:
    """Blur along the array axes that fits the clearest sections best.

    The variance of the blur is one more parameter of all these sections together: Gauss-Newton
    steps on it, freed of what each section's own parameters can make up for, with a weak prior,
    between refits of the sections. With too few clear sections the default is kept.
    """
    places = _clear_places(fits, settings)
    if len(places) < _FEWEST_SECTIONS:
        logger.info("blur: only %d clear sections, the default is kept", len(places))
        return _unknown_blur(settings)
    spread = point_spread(image, default_blur(settings), settings)
    with ThreadPoolExecutor(numba.get_num_threads()) as pool:
        prepared = pool.map(
            lambda place: _prepared(image, spread, states, place, noise, settings), places
        )
        seen = [(p, s) for p, s in zip(places, prepared, strict=True) if s is not None]
        return _descended(_Bench(image, states, noise, settings), seen, pool, settings)


def _descended(bench: "_Bench", seen: Seen, pool: Executor, settings: MeasureSettings) -> Blur:
    """Blur at the least cost of all sections."""
    expected = settings.blur_expected_voxels**2
    variance = default_blur(settings) ** 2
    for _ in range(_STEPS):
        looks = list(pool.map(partial(bench.look, variance), seen))
        seen = [(place, look.section) for (place, _), look in zip(seen, looks, strict=True)]
        seen_curvature = np.sum([look.curvature for look in looks], axis=0)
        curvature = seen_curvature + np.eye(3) / expected**2
        slope = np.sum([look.slope for look in looks], axis=0)
        slope = slope + (expected - variance) / expected**2
        step = _step(variance, curvature, slope, settings)
        variance = variance + step
        if np.abs(step).max() < _SETTLED:
            break
    told = np.sqrt(np.maximum(np.round(variance / _TOLD) * _TOLD, 0.0))
    covariance = np.linalg.inv(curvature)
    return Blur(told, covariance, covariance @ seen_curvature @ covariance)


def _step(
    variance: FloatArray, curvature: FloatArray, slope: FloatArray, settings: MeasureSettings
) -> FloatArray:
    """Step (3,) to the minimum of a parabola, within what blurs there are and not too far."""
    root = np.linalg.cholesky(curvature)
    low = np.maximum(-variance, -_LONGEST_STEP)
    high = np.minimum(settings.blur_largest_voxels**2 - variance, _LONGEST_STEP)
    found = lsq_linear(root.T, np.linalg.solve(root, slope), (low - 1e-9, high + 1e-9))
    step: FloatArray = np.clip(found.x, low, high)
    return step


@dataclass(frozen=True, eq=False)
class _Look:
    """A section refitted at a blur, and the cost's slope (3,) and curvature (3, 3) there.

    Both are halved and along the variance of the blur: a step is ``curvature⁻¹ · slope``.
    """

    section: Section
    slope: FloatArray
    curvature: FloatArray


class _Bench:
    """Sections refitted at any blur."""

    def __init__(
        self, image: Volume, states: NerveStates, noise: float, settings: MeasureSettings
    ) -> None:
        self._image, self._states, self._noise = image, states, noise
        self._settings = settings

    def look(self, variance: FloatArray, seen: tuple[Place, Section]) -> _Look:
        """What one section says of the blur at a variance (3,) in voxels²."""
        place, turn = seen[0], self._settings.loss_turn_noise_units
        section = self._at(variance, seen[1], place)
        robust = (turn, self._noise, self._noise)
        theta = fit_section(section.start, section.prior, section.data, section.scene, robust)[0]
        model, slopes = model_and_slopes(theta, section.scene)
        values, weights = section.data
        off = (values - model) / self._noise
        root = np.sqrt(weights / np.sqrt(1.0 + (off / turn) ** 2))
        firm = np.sqrt(section.prior[1])
        own = np.concatenate([slopes * (root / self._noise)[:, None], np.diag(firm)])
        rest = np.concatenate([root * off, firm * (section.prior[0] - theta)])
        blurs = np.zeros((len(rest), 3))
        for axis in range(3):
            wider = self._at(_with(variance, axis, variance[axis] + _TRIAL), section, place)
            change = (model_and_slopes(theta, wider.scene)[0] - model) / _TRIAL
            blurs[: len(root), axis] = root * change / self._noise
        basis = np.linalg.qr(own)[0]
        free = blurs - basis @ (basis.T @ blurs)
        return _Look(section.started_at(theta), free.T @ rest, free.T @ free)

    def _at(self, variance: FloatArray, section: Section, place: Place) -> Section:
        """Section seen at another blur."""
        spread = point_spread(self._image, np.sqrt(variance), self._settings)
        return _rewhitened(section, self._states, place, spread)


def _clear_places(fits: Mapping[NerveKey, SectionFits], settings: MeasureSettings) -> list[Place]:
    """Nodes far from neighbours, best contrast-to-noise first."""
    found = []
    for key, fit in fits.items():
        alone = fit.trusted(settings) & (fit.gap_mm > 2.0 * settings.touching_gap_mm)
        ratio = fit.contrast / np.maximum(fit.noise, 1e-12)
        # Every third node: neighbouring sections share their voxels.
        found += [((key, int(n)), float(ratio[n])) for n in np.flatnonzero(alone)[::3]]
    found.sort(key=lambda item: (-item[1], str(item[0])))
    return [place for place, _ in found[: settings.blur_sections]]


def _prepared(
    image: Volume,
    spread: PointSpread,
    states: NerveStates,
    place: Place,
    noise: float,
    settings: MeasureSettings,
) -> Section | None:
    """Section with its untraced neighbours, started at its best fit."""
    section = section_at(image, spread, states, place, settings)
    if section is None:
        return None
    return with_untraced(section, no_objects(), noise, settings)[0]


def _rewhitened(
    section: Section, states: NerveStates, place: Place, spread: PointSpread
) -> Section:
    """Section seen through another point spread; no traced neighbour is in it."""
    curve = states[place[0]].curve
    matrix = spread.whitening(curve.first[place[1]], curve.second[place[1]])
    points, whiten, inside, behind, terms = section.scene
    turn = np.ascontiguousarray((matrix @ np.linalg.inv(whiten[0])).T)
    matrices = np.repeat(matrix[None], len(whiten), axis=0)
    return replace(section, scene=(points @ turn, matrices, inside, behind, terms))


def _with(variance: FloatArray, axis: int, value: float) -> FloatArray:
    """Variance (3,) with one axis replaced."""
    out = variance.copy()
    out[axis] = value
    return out
