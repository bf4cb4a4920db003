"""Untraced neighbours of a nerve: muscle edges, veins, arteries, lymph nodes.

What a section's fit leaves over is searched for the disc that would explain most of it; the disc
joins the fit when it lowers the cost by more than its parameters are worth [Schwarz 1978, Ann.
Stat. 6:461]. A muscle edge is a large disc, a vein a small one; both lie behind the nerve. From
node to node the discs are carried along, so that a vessel seen alone is still known for what it
is where it touches the nerve.
"""

import math

import numpy as np

from plexus_mri.core.grid import FloatArray
from plexus_mri.measure.compiled import compiled
from plexus_mri.measure.section_fit import PER_NERVE, Scene, fit_section, model_and_slopes
from plexus_mri.measure.section_problem import Section
from plexus_mri.measure.settings import MeasureSettings

_TRIAL_DIRECTIONS = 12
_CLOSEST_LOOKS = 10
# A disc of less than this many nerve radii, centred within this share of both radii, is not
# another object but the nerve's own rim.
_RIM_RADII = 1.8
_RIM_SHARE = 0.5
_TRIES = 2
# Half the width of a trial disc's edge in units of the blur: its slope has the blur's variance.
_EDGE = math.sqrt(7.0)
_LEAST_SIGNIFICANCE = 5.0
_LEAST_SHARE = 0.1
# How well a disc's log radius, its stretches and its signal (in units of the image's mean) are
# known: newly found, and carried from the node before.
_NEW_SPREAD = (0.5, 0.25, 0.25, 1e3)
_CARRIED_SPREAD = (0.2, 0.1, 0.1, 1e3)
# Radii and places of vessels, then of muscles: the arguments of `best_trials`.
Discs = tuple[FloatArray, FloatArray, FloatArray, FloatArray]


def no_objects() -> FloatArray:
    """Give no objects: (0, 6)."""
    return np.empty((0, PER_NERVE))


def with_untraced(
    section: Section, carried: FloatArray, noise: float, settings: MeasureSettings
) -> tuple[Section, FloatArray]:
    """Section, started at its best fit, with what stands beside the nerve and was not traced.

    Parameters
    ----------
    carried : (m, 6)
        Objects found at the node before.
    noise
        Noise of the image, in its units.

    Returns
    -------
    section
        With the objects in it.
    carried : (m, 6)
        The objects that matter here.
    """
    robust = (settings.loss_turn_noise_units, noise, noise)
    traced = len(section.scene[3])
    if len(carried):
        carried_mm = settings.carried_untraced_error_mm
        spread = np.array([carried_mm, carried_mm, *_CARRIED_SPREAD])
        section = section.with_objects(carried, spread)
    section, cost = _refitted(section, robust)
    while len(section.scene[3]) - traced < settings.most_untraced:
        wider = _widened(section, cost, robust, settings)
        if wider is None:
            break
        section, cost = wider
    return section, _worth_carrying(section, traced, noise)


def _refitted(section: Section, robust: tuple[float, float, float]) -> tuple[Section, float]:
    """Section started at its best fit, and the cost of it."""
    theta, _, facts, _ = fit_section(
        section.start, section.prior, section.data, section.scene, robust
    )
    return section.started_at(theta), float(facts[1])


def _widened(
    section: Section, cost: float, robust: tuple[float, float, float], settings: MeasureSettings
) -> tuple[Section, float] | None:
    """Section with one more object and its cost, or None when none is worth its parameters."""
    discs = trial_discs(settings)
    trials = best_trials(
        section.start, section.prior, section.data, section.scene, (robust[2], discs)
    )
    new_mm = settings.new_untraced_error_mm
    spread = np.array([new_mm, new_mm, *_NEW_SPREAD])
    worth = PER_NERVE * math.log(max(float(section.data[1].sum()), 2.0))
    for trial in trials[:_TRIES]:
        if trial[6] < 0.5 * worth:
            break
        wider, wider_cost = _refitted(
            section.with_objects(trial[None, :PER_NERVE], spread), robust
        )
        if cost - wider_cost >= worth and not _is_rim(wider):
            return wider, wider_cost
    return None


def trial_discs(settings: MeasureSettings) -> Discs:
    """Radii and places of trial discs."""
    return (
        np.array(settings.vessel_radii_mm),
        np.array(settings.vessel_gaps_mm),
        np.array(settings.muscle_radii_mm),
        np.array(settings.muscle_places_mm),
    )


def _is_rim(section: Section) -> bool:
    """Whether the last object is the nerve's own rim."""
    theta, last = section.start, PER_NERVE * (len(section.scene[3]) - 1)
    radius, other = math.exp(theta[2]), math.exp(theta[last + 2])
    apart = math.hypot(theta[last] - theta[0], theta[last + 1] - theta[1])
    return other < _RIM_RADII * radius and apart < _RIM_SHARE * (radius + other)


def _worth_carrying(section: Section, traced: int, noise: float) -> FloatArray:
    """Objects (m, 6) that still matter in this section."""
    theta = section.start
    slopes = model_and_slopes(theta, section.scene)[1]
    ground = theta[len(theta) - section.scene[4].shape[1]]
    kept = []
    for k in range(traced, len(section.scene[3])):
        found = theta[PER_NERVE * k : PER_NERVE * (k + 1)]
        share = slopes[:, PER_NERVE * k + 5]
        size = math.sqrt(float((section.data[1] * share * share).sum()))
        if (
            share.max() > _LEAST_SHARE
            and abs(found[5] - ground) * size > _LEAST_SIGNIFICANCE * noise
        ):
            kept.append(found)
    return np.array(kept).reshape(-1, PER_NERVE)


@compiled
def best_trials(
    theta: FloatArray,
    prior: FloatArray,
    data: tuple[FloatArray, FloatArray],
    scene: Scene,
    tried: tuple[float, Discs],
) -> FloatArray:
    """Trial objects, best first: their six parameters and the cost each would save: (t, 7).

    ``tried`` holds the noise of the image and the discs.

    Each trial is freed of what the parameters already in the model could explain, as far as
    their priors let them.
    """
    values, weights = data
    noise, discs = tried
    model, slopes = model_and_slopes(theta, scene)
    points, whiten = scene[0], scene[1]
    root = np.sqrt(weights) / noise
    basis, left = _freed(root, root * (values - model), slopes, prior[1], prior[0] - theta)
    places = _middles(points[0]) @ np.ascontiguousarray(np.linalg.inv(whiten[0]).T)
    steep = math.sqrt(np.linalg.det(whiten[0]))
    trials = _trials(theta, discs)
    scores = np.empty(len(trials))
    for k in range(len(trials)):
        along, power = 0.0, 1.0
        for n in range(len(places)):
            share = root[n] * _soft_share(places[n], trials[k], steep)
            along += share * left[n]
            power += share * share
        scores[k] = along * along / power
    best = np.zeros((_CLOSEST_LOOKS, 7))
    for row, k in enumerate(np.argsort(-scores)[:_CLOSEST_LOOKS]):
        share = _soft_disc(places, trials[k], steep)
        column = root * share
        power = (column * column).sum() - ((basis @ column) ** 2).sum()
        if power < 1.0:
            continue
        height = (column @ left) / power
        ground = (share @ model) / share.sum()
        best[row, 0], best[row, 1] = trials[k, 0], trials[k, 1]
        best[row, 2] = math.log(trials[k, 2])
        best[row, 5], best[row, 6] = ground + height, height * height * power
    return best[np.argsort(-best[:, 6])]


@compiled
def _middles(parts: FloatArray) -> FloatArray:
    """Middle (n, 2) of the parts (n, p, 2) of each voxel."""
    out = np.zeros((len(parts), 2))
    for n in range(len(parts)):
        for k in range(parts.shape[1]):
            out[n, 0] += parts[n, k, 0] / parts.shape[1]
            out[n, 1] += parts[n, k, 1] / parts.shape[1]
    return out


@compiled
def _freed(
    root: FloatArray,
    residual: FloatArray,
    slopes: FloatArray,
    precision: FloatArray,
    off: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """What the parameters can explain, as an orthonormal basis (p, n), and the rest (n,)."""
    count = len(residual)
    firm = np.sqrt(precision)
    system = np.empty((count + len(off), len(off)))
    system[:count] = slopes * root.reshape(-1, 1)
    system[count:] = np.diag(firm)
    whole = np.concatenate((residual, firm * off))
    full = np.ascontiguousarray(np.linalg.qr(system)[0].T)
    rest = whole - (full @ whole) @ full
    return np.ascontiguousarray(full[:, :count]), rest[:count]


@compiled
def _trials(theta: FloatArray, discs: Discs) -> FloatArray:
    """Trial discs (m, 3): x, y, radius.

    The rim nearest to the nerve lies at a place measured from the nerve's rim for vessels and
    from its centre for muscles, whose edge may run under it.
    """
    vessels, gaps, muscles, places = discs
    each = len(vessels) * len(gaps) + len(muscles) * len(places)
    out = np.empty((_TRIAL_DIRECTIONS * each, 3))
    row = 0
    for k in range(_TRIAL_DIRECTIONS):
        angle = 2.0 * math.pi * k / _TRIAL_DIRECTIONS
        for kind in range(2):
            from_mm = math.exp(theta[2]) if kind == 0 else 0.0
            for radius in vessels if kind == 0 else muscles:
                for place in gaps if kind == 0 else places:
                    away = from_mm + place + radius
                    out[row, 0] = theta[0] + away * math.cos(angle)
                    out[row, 1] = theta[1] + away * math.sin(angle)
                    out[row, 2] = radius
                    row += 1
    return out


@compiled
def _soft_disc(places: FloatArray, disc: FloatArray, steep: float) -> FloatArray:
    """Roughly blurred disc (n,) at points (n, 2)."""
    out = np.empty(len(places))
    for n in range(len(places)):
        out[n] = _soft_share(places[n], disc, steep)
    return out


@compiled
def _soft_share(place: FloatArray, disc: FloatArray, steep: float) -> float:
    """Share of a disc at a point (2,): a smooth step of the distance to its rim.

    A quintic, within 2 % of the blurred straight edge and without an exponential.
    """
    x, y = place[0] - disc[0], place[1] - disc[1]
    inward = (disc[2] - math.sqrt(x * x + y * y)) * steep / _EDGE
    if inward <= -1.0:
        return 0.0
    if inward >= 1.0:
        return 1.0
    square = inward * inward
    step: float = 0.5 + inward * (15.0 - square * (10.0 - 3.0 * square)) / 16.0
    return step
