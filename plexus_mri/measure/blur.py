"""The image's own blur along each axis, estimated from nerves that stand alone and clear."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numba
import numpy as np

from plexus_mri.core.anatomy import NerveKey
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.volume import Volume
from plexus_mri.measure.nerve_state import NerveStates
from plexus_mri.measure.point_spread import PointSpread
from plexus_mri.measure.section_fit import fit_section
from plexus_mri.measure.section_fits import SectionFits
from plexus_mri.measure.section_problem import Section, section_at
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.measure.untraced import no_objects, with_untraced

logger = logging.getLogger(__name__)

Place = tuple[NerveKey, int]
_FEWEST_SECTIONS = 12
_ROUNDS = 2


def point_spread(image: Volume, blur_voxels: FloatArray, settings: MeasureSettings) -> PointSpread:
    """Point spread of an image blurred by ``blur_voxels`` (3,) along its array axes."""
    return PointSpread.of_grid(
        image.grid, blur_voxels * image.grid.spacing, settings.longest_voxel_part_mm
    )


def default_blur(settings: MeasureSettings) -> FloatArray:
    """Blur (3,) in voxels before anything is known of the image."""
    return np.full(3, settings.blur_expected_voxels)


def estimate_blur(
    image: Volume,
    states: NerveStates,
    fits: Mapping[NerveKey, SectionFits],
    noise: float,
    settings: MeasureSettings,
) -> FloatArray:
    """Blur (3,) in voxels along the array axes that fits the clearest sections best.

    The sections, with what stands beside them, are refitted at trial blurs; their summed cost
    and a weak prior are brought to a minimum, axis after axis, by parabolas in the variance.
    With too few clear sections the default is kept.
    """
    places = _clear_places(fits, settings)
    if len(places) < _FEWEST_SECTIONS:
        logger.info("blur: only %d clear sections, the default is kept", len(places))
        return default_blur(settings)
    start = default_blur(settings)
    spread = point_spread(image, start, settings)
    variance = start**2
    steps = np.array(settings.blur_trial_voxels) ** 2
    with ThreadPoolExecutor(numba.get_num_threads()) as pool:
        sections = pool.map(
            lambda place: _prepared(image, spread, states, place, noise, settings), places
        )
        pairs = [(p, s) for p, s in zip(places, sections, strict=True) if s is not None]
        bench = _Bench(image, states, pairs, noise, settings)
        for _ in range(_ROUNDS):
            for axis in range(3):
                costs = [bench.cost(_with(variance, axis, v), pool) for v in steps]
                variance = _with(variance, axis, lowest(steps, np.array(costs)))
    return np.sqrt(variance)


def lowest(places: FloatArray, costs: FloatArray) -> float:
    """Place (n,) of the lowest cost (n,), refined by a parabola through it and its neighbours.

    >>> x = np.array([0.0, 1.0, 3.0, 4.0])
    >>> round(lowest(x, (x - 2.0) ** 2), 6)
    2.0
    """
    k = min(max(int(np.argmin(costs)), 1), len(places) - 2)
    near = slice(k - 1, k + 2)
    curve = np.polynomial.Polynomial.fit(places[near], costs[near], 2).convert()
    if curve.coef[2] <= 0.0:
        return float(places[np.argmin(costs)])
    best = -curve.coef[1] / (2.0 * curve.coef[2])
    return float(np.clip(best, places[k - 1], places[k + 1]))


class _Bench:
    """Sections refitted at any blur."""

    def __init__(
        self,
        image: Volume,
        states: NerveStates,
        pairs: Sequence[tuple[Place, Section]],
        noise: float,
        settings: MeasureSettings,
    ) -> None:
        self._image, self._states, self._pairs = image, states, pairs
        self._settings = settings
        self._robust = (settings.loss_turn_noise_units, noise, noise)

    def cost(self, variance: FloatArray, pool: Executor) -> float:
        """Cost of all sections at a blur variance (3,) in voxels², with its prior."""
        spread = point_spread(self._image, np.sqrt(variance), self._settings)
        expected = self._settings.blur_expected_voxels**2
        prior = float(((variance - expected) ** 2).sum()) / expected**2
        return prior + sum(pool.map(partial(self._cost_of, spread), self._pairs))

    def _cost_of(self, spread: PointSpread, pair: tuple[Place, Section]) -> float:
        """Cost of one section's best fit."""
        seen = _rewhitened(pair[1], self._states, pair[0], spread)
        return float(
            fit_section(seen.start, seen.prior, seen.data, seen.scene, self._robust)[2][1]
        )


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
