"""The image's own blur, estimated from nerves that stand alone and clear."""

import logging

import numpy as np

from plexus_mri.core.anatomy import NerveKey
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.volume import Volume
from plexus_mri.measure.nerve_state import NerveStates
from plexus_mri.measure.point_spread import PointSpread
from plexus_mri.measure.section_fit import fit_section
from plexus_mri.measure.section_fits import SectionFits
from plexus_mri.measure.section_problem import section_at
from plexus_mri.measure.settings import MeasureSettings

logger = logging.getLogger(__name__)

_FEWEST_SECTIONS = 12


def point_spread(
    image: Volume, blur_voxels: FloatArray | float, settings: MeasureSettings
) -> PointSpread:
    """Point spread of an image blurred by ``blur_voxels`` (per array axis, in voxels)."""
    blur_mm = np.broadcast_to(np.asarray(blur_voxels, dtype=float), 3) * image.grid.spacing
    return PointSpread.of_grid(image.grid, blur_mm, settings.longest_voxel_part_mm)


def estimate_blur(
    image: Volume,
    states: NerveStates,
    fits: dict[NerveKey, SectionFits],
    settings: MeasureSettings,
) -> float:
    """Blur in voxels that fits the clearest sections best, all of them together.

    The cost of refitting the sections is computed for each candidate; a parabola through the
    lowest three gives the optimum. With too few clear sections the starting value is kept.
    """
    places = _clear_places(fits, settings)
    if len(places) < _FEWEST_SECTIONS:
        logger.info("blur: only %d clear sections, the default is kept", len(places))
        return settings.blur_start_voxels
    candidates = np.array(settings.blur_candidates_voxels)
    costs = np.array([_costs(image, states, places, float(b), settings) for b in candidates])
    return _lowest(candidates, costs.sum(axis=1))


def _clear_places(
    fits: dict[NerveKey, SectionFits], settings: MeasureSettings
) -> list[tuple[tuple[NerveKey, int], float]]:
    """Nodes far from neighbours, best contrast-to-noise first, with their noise."""
    found = []
    for key, fit in fits.items():
        alone = fit.trusted(settings) & (fit.gap_mm > 2.0 * settings.touching_gap_mm)
        ratio = fit.contrast / np.maximum(fit.noise, 1e-12)
        found += [
            ((key, int(n)), float(fit.noise[n]), float(ratio[n])) for n in np.flatnonzero(alone)
        ]
    found.sort(key=lambda item: (-item[2], str(item[0])))
    return [(place, noise) for place, noise, _ in found[: settings.blur_sections]]


def _costs(
    image: Volume,
    states: NerveStates,
    places: list[tuple[tuple[NerveKey, int], float]],
    blur_voxels: float,
    settings: MeasureSettings,
) -> FloatArray:
    """Cost (s,) of refitting each section at a blur."""
    spread = point_spread(image, blur_voxels, settings)
    costs = []
    for place, noise in places:
        section = section_at(image, spread, states, place, settings)
        if section is None:
            costs.append(0.0)
            continue
        robust = (settings.loss_turn_noise_units, section.least_noise, noise)
        costs.append(
            float(fit_section(section.start, section.prior, section.voxels, robust)[2][1])
        )
    return np.array(costs)


def _lowest(places: FloatArray, costs: FloatArray) -> float:
    """Place of the lowest cost, refined by a parabola through it and its neighbours."""
    k = int(np.argmin(costs))
    if k in (0, len(places) - 1):
        return float(places[k])
    near = slice(k - 1, k + 2)
    # The blur enters as a variance, so the parabola is taken in it.
    curve = np.polynomial.Polynomial.fit(places[near] ** 2, costs[near], 2).convert()
    variance = -curve.coef[1] / (2.0 * curve.coef[2])
    return float(np.sqrt(np.clip(variance, places[k - 1] ** 2, places[k + 1] ** 2)))
