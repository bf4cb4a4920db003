"""Untraced neighbours of a nerve: muscle edges, veins, arteries, lymph nodes.

What a section's fit leaves over is searched for the disc that would explain most of it; the disc
joins the fit when it lowers the cost by more than its parameters are worth [Schwarz 1978, Ann.
Stat. 6:461]. A muscle edge is a large disc behind the nerve, a vein a small one beside it. From
node to node the discs are carried along, so that a vessel seen alone is still known for what it
is where it touches the nerve.
"""

import math
from dataclasses import dataclass

import numpy as np

from plexus_mri.core.grid import FloatArray
from plexus_mri.measure.compiled import compiled
from plexus_mri.measure.section_fit import PER_NERVE, Scene, fit_section, model_and_slopes
from plexus_mri.measure.section_problem import Section
from plexus_mri.measure.settings import MeasureSettings

# Trial discs: radius, and where the rim nearest to the nerve lies from the nerve's centre in
# nerve radii (edges behind it) or from its rim in mm (vessels beside it).
_VESSEL_RADII_MM = np.array([1.2, 2.2])
_VESSEL_GAPS_MM = np.array([-0.6, 0.4, 1.5, 3.0])
_EDGE_RADIUS_MM = 9.0
_EDGE_PLACES_MM = np.array([-1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 4.5])
_TRIAL_DIRECTIONS = 12
_CLOSEST_LOOKS = 10
_MOST_OVERLAP = 0.6
_LEAST_SIGNIFICANCE = 5.0
_LEAST_SHARE = 0.1
# How well a disc is known: newly found, and carried from the node before (x, y, log radius,
# stretches, signal in units of the image's mean).
_NEW_SPREAD = np.array([1.0, 1.0, 0.5, 0.25, 0.25, 1e3])
_CARRIED_SPREAD = np.array([0.7, 0.7, 0.2, 0.1, 0.1, 1e3])


@dataclass(frozen=True, eq=False)
class Untraced:
    """Objects beside a nerve, m of them: parameters (m, 6) and 1 for those behind it (m,)."""

    objects: FloatArray
    behind: FloatArray

    @classmethod
    def none(cls) -> "Untraced":
        """Give no objects."""
        return cls(np.empty((0, PER_NERVE)), np.empty(0))


def with_untraced(
    section: Section, carried: Untraced, noise: float, settings: MeasureSettings
) -> tuple[Section, Untraced]:
    """Section, started at its best fit, with what stands beside the nerve and was not traced.

    Parameters
    ----------
    carried
        What was found at the node before.
    noise
        Noise of the image, in its units.
    """
    robust = (settings.loss_turn_noise_units, noise, noise)
    traced = len(section.scene[3])
    if len(carried.behind):
        spread = np.repeat(_CARRIED_SPREAD[None], len(carried.behind), axis=0)
        section = section.with_objects(carried.objects, spread, carried.behind)
    theta, _, facts = fit_section(
        section.start, section.prior, section.data, section.scene, robust
    )
    while len(section.scene[3]) - traced < settings.most_untraced:
        trial = best_trial(theta, section.data, section.scene, noise)
        if trial[7] < PER_NERVE:
            break
        wider = section.started_at(theta).with_objects(
            trial[None, :PER_NERVE], _NEW_SPREAD[None], trial[6:7]
        )
        found, _, wider_facts = fit_section(
            wider.start, wider.prior, wider.data, wider.scene, robust
        )
        worth = PER_NERVE * math.log(max(facts[2], 2.0))
        if facts[1] - wider_facts[1] < worth or _on_nerve(found, wider):
            break
        section, theta, facts = wider, found, wider_facts
    return section.started_at(theta), _worth_carrying(section, theta, traced, noise)


def _on_nerve(theta: FloatArray, section: Section) -> bool:
    """Whether the last object, if not behind, lies on the nerve itself."""
    last = PER_NERVE * (len(section.scene[3]) - 1)
    apart = math.hypot(theta[last] - theta[0], theta[last + 1] - theta[1])
    near = _MOST_OVERLAP * (math.exp(theta[2]) + math.exp(theta[last + 2]))
    return bool(section.scene[3][-1] < 1.0 and apart < near)


def _worth_carrying(section: Section, theta: FloatArray, traced: int, noise: float) -> Untraced:
    """Objects that still matter in this section."""
    slopes = model_and_slopes(theta, section.scene)[1]
    weights = section.data[1]
    kept = []
    for k in range(traced, len(section.scene[3])):
        start = PER_NERVE * k
        share = slopes[:, start + 5]
        total = float((weights * share * share).sum())
        ground = theta[len(theta) - section.scene[4].shape[1]]
        height = abs(theta[start + 5] - ground)
        if share.max() > _LEAST_SHARE and height * math.sqrt(total) > _LEAST_SIGNIFICANCE * noise:
            kept.append(k)
    rows = [theta[PER_NERVE * k : PER_NERVE * (k + 1)] for k in kept]
    return Untraced(np.array(rows).reshape(-1, PER_NERVE), section.scene[3][kept])


@compiled
def best_trial(
    theta: FloatArray, data: tuple[FloatArray, FloatArray], scene: Scene, noise: float
) -> FloatArray:
    """Trial object (6 parameters), whether it is behind, and the cost it would save: (8,).

    Each trial is freed of what the parameters already in the model could explain.
    """
    values, weights = data
    model, slopes = model_and_slopes(theta, scene)
    points, whiten, terms = scene[0], scene[1], scene[4]
    root = np.sqrt(weights) / noise
    basis = np.ascontiguousarray(np.linalg.qr(slopes * root.reshape(-1, 1))[0].T)
    left = root * (values - model)
    left = left - (basis @ left) @ basis
    flat = np.ascontiguousarray(points[0, :, points.shape[2] // 2])
    places = flat @ np.ascontiguousarray(np.linalg.inv(whiten[0]).T)
    steep = math.sqrt(np.linalg.det(whiten[0]))
    trials = _trials(theta)
    scores = np.empty(len(trials))
    for k in range(len(trials)):
        column = root * _soft_disc(places, trials[k], steep)
        scores[k] = (column @ left) ** 2 / ((column * column).sum() + 1.0)
    best = np.zeros(8)
    for k in np.argsort(-scores)[:_CLOSEST_LOOKS]:
        share = _soft_disc(places, trials[k], steep)
        column = root * share
        column = column - (basis @ column) @ basis
        power = (column * column).sum()
        if power < 1.0:
            continue
        height = (column @ left) / power
        if height * height * power > best[7]:
            ground = (share @ terms) @ theta[-terms.shape[1] :] / share.sum()
            best[:2], best[2] = trials[k, :2], math.log(trials[k, 2])
            best[5], best[6], best[7] = ground + height, trials[k, 3], height * height * power
    return best


@compiled
def _trials(theta: FloatArray) -> FloatArray:
    """Trial discs (m, 4): x, y, radius, behind."""
    vessels = len(_VESSEL_RADII_MM) * len(_VESSEL_GAPS_MM)
    per_direction = vessels + len(_EDGE_PLACES_MM)
    out = np.empty((_TRIAL_DIRECTIONS * per_direction, 4))
    for k in range(_TRIAL_DIRECTIONS):
        angle = 2.0 * math.pi * k / _TRIAL_DIRECTIONS
        row = k * per_direction
        for place in _EDGE_PLACES_MM:
            away = place + _EDGE_RADIUS_MM
            out[row, 0], out[row, 1] = away * math.cos(angle), away * math.sin(angle)
            out[row, 2], out[row, 3] = _EDGE_RADIUS_MM, 1.0
            row += 1
        for radius in _VESSEL_RADII_MM:
            for gap in _VESSEL_GAPS_MM:
                away = math.exp(theta[2]) + gap + radius
                out[row, 0], out[row, 1] = away * math.cos(angle), away * math.sin(angle)
                out[row, 2], out[row, 3] = radius, 0.0
                row += 1
    out[:, 0] += theta[0]
    out[:, 1] += theta[1]
    return out


@compiled
def _soft_disc(places: FloatArray, disc: FloatArray, steep: float) -> FloatArray:
    """Roughly blurred disc (n,) at points (n, 2): a logistic of the distance to its rim."""
    out = np.empty(len(places))
    for n in range(len(places)):
        inward = disc[2] - math.hypot(places[n, 0] - disc[0], places[n, 1] - disc[1])
        out[n] = 1.0 / (1.0 + math.exp(-1.7 * steep * inward))
    return out
