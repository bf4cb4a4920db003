"""One section made ready for the fit: voxels, neighbours, background, priors."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.distance import cdist

from plexus_mri.core.anatomy import NerveKey
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.volume import Volume
from plexus_mri.measure.nerve_state import NerveState, NerveStates
from plexus_mri.measure.point_spread import PointSpread
from plexus_mri.measure.section_fit import Scene
from plexus_mri.measure.section_window import Window, window_at
from plexus_mri.measure.settings import MeasureSettings

# Two sections whose centres are nearer than this share of the sum of their radii are one blob.
_COAXIAL_SHARE = 0.55
_LEAST_VIEW = 0.5
_MOST_NEIGHBORS = 4


@dataclass(frozen=True, eq=False)
class Section:
    """A section ready to fit; symbols as in `section_fit`.

    ``nearest_gap_mm`` is the free space to the nearest traced neighbour, ``merged`` whether a
    neighbour lies on the same axis.
    """

    start: FloatArray
    prior: FloatArray
    data: tuple[FloatArray, FloatArray]
    scene: Scene
    share_in_view: float
    nearest_gap_mm: float
    merged: bool
    least_noise: float
    voxels: np.ndarray[tuple[int], np.dtype[np.int64]]

    def with_objects(self, objects: FloatArray, spread: FloatArray) -> "Section":
        """Section with more objects behind the nerve, seen in its own section.

        Parameters
        ----------
        objects : (m, 6)
            Expected parameters.
        spread : (6,)
            Standard deviations of each.
        """
        points, whiten, inside, before, terms = self.scene
        split = len(self.start) - terms.shape[1]
        more = len(objects)
        extra = np.stack([objects.reshape(-1), np.tile(1.0 / spread**2, more)])
        prior = np.concatenate([self.prior[:, :split], extra, self.prior[:, split:]], axis=1)
        scene = (
            np.concatenate([points, np.repeat(points[:1], more, axis=0)]),
            np.concatenate([whiten, np.repeat(whiten[:1], more, axis=0)]),
            np.concatenate([inside, np.ones((more, inside.shape[1]))]),
            np.concatenate([before, np.ones(more)]),
            terms,
        )
        start = np.concatenate([self.start[:split], objects.reshape(-1), self.start[split:]])
        return replace(self, start=start, prior=prior, scene=scene)

    def started_at(self, theta: FloatArray) -> "Section":
        """Section with another first guess."""
        return replace(self, start=theta)


@dataclass(frozen=True, eq=False)
class _Neighbor:
    """Node of another nerve that reaches into the window."""

    state: NerveState
    node: int
    gap_mm: float
    merged: bool


def section_at(
    image: Volume,
    spread: PointSpread,
    states: NerveStates,
    place: tuple[NerveKey, int],
    settings: MeasureSettings,
) -> Section | None:
    """Section of a nerve at a node, or None when the image holds too little of it."""
    key, node = place
    own = states[key]
    reach = float(own.radius_mm[node]) + settings.window_margin_mm
    window = window_at(image, own.curve, node, reach, settings.slab_half_length_mm)
    near = _neighbors(states, place, reach)
    shown = [n for n in near if not n.merged]
    terms = background_terms(window.section_mm / reach)
    if len(window.values) < 4 * terms.shape[1] or window.share_in_view < _LEAST_VIEW:
        return None
    members = [(own, node), *((n.state, n.node) for n in shown)]
    scene = _scene(window, spread, members, reach, terms)
    start, prior = _start_and_prior(window, members, terms.shape[1], settings)
    gap = min((n.gap_mm for n in near), default=np.inf)
    merged = any(n.merged for n in near)
    least_noise = 1e-3 * float(np.ptp(window.values)) + 1e-12
    data = (window.values, window.weights)
    return Section(
        start, prior, data, scene, window.share_in_view, gap, merged, least_noise, window.voxels
    )


def background_terms(section: FloatArray) -> FloatArray:
    """Background terms (n, 6) of scaled section positions (n, 2): 1, u, v, u², uv, v²."""
    u, v = section[:, 0], section[:, 1]
    return np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=1)


def _neighbors(
    states: NerveStates, place: tuple[NerveKey, int], reach_mm: float
) -> list[_Neighbor]:
    """Other nerves that come within ``reach_mm`` of the node, nearest first."""
    key, node = place
    own = states[key]
    centre, radius = own.curve.points_mm[node], own.radius_mm[node]
    found = []
    for other_key, other in states.items():
        distances = cdist(other.curve.points_mm, centre[None])[:, 0]
        k = int(np.argmin(distances))
        if other_key == key or distances[k] > reach_mm + other.radius_mm[k]:
            continue
        apart = float(
            np.linalg.norm(own.curve.coordinates(node, other.curve.points_mm[k], 0.1)[:2])
        )
        touching = float(radius + other.radius_mm[k])
        found.append(_Neighbor(other, k, apart - touching, apart < _COAXIAL_SHARE * touching))
    return sorted(found, key=lambda n: n.gap_mm)[:_MOST_NEIGHBORS]


def _scene(
    window: Window,
    spread: PointSpread,
    members: list[tuple[NerveState, int]],
    reach_mm: float,
    terms: FloatArray,
) -> Scene:
    """Arrays of `model_and_slopes` for the voxels of a window."""
    parts = window.points_mm[:, None] + spread.part_offsets_mm
    points, whiten, inside = [], [], []
    for state, node in members:
        curve = state.curve
        matrix = spread.whitening(curve.first[node], curve.second[node])
        local = curve.coordinates(node, parts, 2.0 * reach_mm)
        arc = curve.arc_length_mm[node] + local[..., 2].mean(axis=1)
        low = curve.arc_length_mm[0] - state.extends_mm[0]
        high = curve.arc_length_mm[-1] + state.extends_mm[1]
        points.append(local[..., :2] @ matrix.T)
        whiten.append(matrix)
        inside.append(((arc >= low) & (arc <= high)).astype(float))
    inside[0] = np.ones(len(window.values))
    return (
        np.ascontiguousarray(np.stack(points)),
        np.ascontiguousarray(np.stack(whiten)),
        np.stack(inside),
        np.zeros(len(members)),
        terms,
    )


def _start_and_prior(
    window: Window, members: list[tuple[NerveState, int]], terms: int, settings: MeasureSettings
) -> tuple[FloatArray, FloatArray]:
    """First guess (p,) and prior mean and precision (2, p)."""
    distance = np.linalg.norm(window.section_mm, axis=1)
    radius = float(members[0][0].radius_mm[members[0][1]])
    core = window.values[distance <= max(0.6 * radius, np.partition(distance, 5)[5])]
    ground = float(np.median(window.values[distance > radius + 1.0]))
    peak = float(np.quantile(core, 0.75))
    mean, precision = [], []
    for k, (state, node) in enumerate(members):
        known = np.isfinite(state.signal[node])
        signal = float(state.signal[node]) if known else peak
        sd = float(state.signal_sd[node]) if known else (np.inf if k == 0 else abs(peak - ground))
        log_sd = (
            state.log_radius_sd
            if k == 0
            else min(
                state.log_radius_sd,
                settings.neighbor_radius_error_percent / 100 if known else np.inf,
            )
        )
        mean += [0.0, 0.0, np.log(state.radius_mm[node]), 0.0, 0.0, signal]
        spreads = np.array(
            [
                state.position_sd_mm,
                state.position_sd_mm,
                log_sd,
                settings.stretch_error,
                settings.stretch_error,
                sd,
            ]
        )
        precision += list(1.0 / spreads**2)
    mean += [ground] + [0.0] * (terms - 1)
    bend = (
        max(abs(peak - ground), 1e-9 * abs(peak), 1e-30) * settings.background_bend_percent / 100
    )
    precision += [0.0] * 3 + [1.0 / bend**2] * (terms - 3)
    return np.array(mean), np.stack([np.array(mean), np.array(precision)])
