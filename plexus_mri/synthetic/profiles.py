"""Noisy nerve profiles of known truth, without an image: thousands of cases in a minute.

Symbols: ``n`` nodes of a profile.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.measurement import COMPARED, Measurement, MeasurementTable, Profile, Quality

Shape = Callable[[FloatArray], FloatArray]
# A root a few millimetres beyond its ganglion: 3.4 mm wide.
AREA_MM2, SIGNAL, MUSCLE, POINT_MM = 9.0, 200.0, 100.0, 3.4
# Length over which a root would taper to nothing: 2.5 % of its first area per 10 mm.
TAPER_MM = 400.0


@dataclass(frozen=True)
class ProfileErrors:
    """What is wrong with a simulated profile: one standard deviation, in percent of the value.

    Parameters
    ----------
    node, shared_mm
        Own error of area at one node, as the profile states it, and the length over which
        neighbouring nodes err alike. A diameter errs by half as much.
    signal_node
        The same of signal; None: as that of area.
    common
        Error that all nodes of a nerve have in common, as the profile states it; drawn for area
        and for signal apart.
    area_model, signal_model, point_model
        Errors of a whole side that no profile states, of areas, signals and diameters at a place.
    start_mm
        Error of the place of node 0 along the nerve, which no profile states either.
    quality
        Flag of every node.
    """

    node: float = 2.0
    shared_mm: float = 1.0
    common: float = 0.0
    area_model: float = 0.0
    signal_model: float = 0.0
    point_model: float = 0.0
    start_mm: float = 0.0
    signal_node: float | None = None
    quality: Quality = Quality.GOOD

    @property
    def of_signal(self) -> float:
        """Own error of signal at one node."""
        return self.node if self.signal_node is None else self.signal_node


def arc(length_mm: float = 40.0, step_mm: float = 1.0) -> FloatArray:
    """Nodes from 0 to ``length_mm``."""
    nodes: FloatArray = np.arange(round(length_mm / step_mm) + 1) * step_mm
    return nodes


def flat(arc_mm: FloatArray) -> FloatArray:
    """No difference anywhere."""
    return np.ones_like(arc_mm)


def swelling(from_mm: float, to_mm: float, percent: float) -> Shape:
    """A stretch that is larger by ``percent``; each end rises over 2 mm about its place."""

    def shape(arc_mm: FloatArray) -> FloatArray:
        inside = np.minimum(arc_mm - from_mm, to_mm - arc_mm)
        factor: FloatArray = 1.0 + percent / 100.0 * np.clip((inside + 1.0) / 2.0, 0.0, 1.0)
        return factor

    return shape


def slab_noise(rng: np.random.Generator, arc_mm: FloatArray, shared_mm: float) -> FloatArray:
    """Noise (n,) of unit variance as of sections that average slabs of ``shared_mm``.

    The correlation falls in a straight line from 1 to 0 over that length.
    """
    apart = np.abs(arc_mm[:, None] - arc_mm[None, :])
    shared = np.maximum(1.0 - apart / shared_mm, 0.0)
    spread = np.linalg.cholesky(shared + 1e-9 * np.eye(len(arc_mm)))
    noise: FloatArray = spread @ rng.standard_normal(len(arc_mm))
    return noise


def plain_profile(
    nerve: Nerve,
    side: Side,
    arc_mm: FloatArray,
    csa_mm2: FloatArray,
    signal: FloatArray,
    errors: ProfileErrors,
) -> Profile:
    """Round sections (n,) on a straight nerve beside even muscle, with the errors they state."""
    nodes = arc_mm
    diameter = 2.0 * np.sqrt(csa_mm2 / np.pi)
    x_mm = side.sign * (15.0 + nodes)
    z_mm = np.full_like(nodes, -10.0 * list(Nerve).index(nerve))
    return Profile(
        nerve=nerve,
        side=side,
        arc_length_mm=nodes,
        points_mm=np.stack([x_mm, np.zeros_like(nodes), z_mm], axis=1),
        csa_mm2=csa_mm2,
        csa_se_mm2=csa_mm2 * errors.node / 100.0,
        long_mm=diameter,
        short_mm=diameter,
        angle_deg=np.zeros_like(nodes),
        signal=signal,
        signal_se=signal * errors.of_signal / 100.0,
        reference=np.full_like(nodes, MUSCLE),
        common_error=np.full_like(nodes, errors.common / 100.0),
        quality=(errors.quality,) * len(nodes),
    )


def noisy_case(
    rng: np.random.Generator,
    errors: ProfileErrors,
    *,
    left_shapes: Mapping[Nerve, Shape] | None = None,
    length_mm: float = 40.0,
) -> MeasurementTable:
    """All nerves of both sides, equal but for ``left_shapes``; areas taper as roots do.

    Parameters
    ----------
    left_shapes
        Factor on the area of the left nerve, by arc length.
    length_mm
        Length of every nerve, ganglion included.
    """
    shapes = left_shapes or {}
    profiles: list[Profile] = []
    points: list[Measurement] = []
    for nerve in Nerve:
        for side in Side:
            shape = shapes.get(nerve, flat) if side is Side.LEFT else flat
            profiles.append(_noisy_profile(rng, (nerve, side), errors, shape, arc(length_mm)))
            points.extend(_noisy_points(rng, nerve, side, errors))
    return MeasurementTable(tuple(points), {(made.side, made.nerve): made for made in profiles})


def _noisy_profile(
    rng: np.random.Generator,
    name: tuple[Nerve, Side],
    errors: ProfileErrors,
    shape: Shape,
    nodes: FloatArray,
) -> Profile:
    """One nerve of a side with every error drawn."""
    place = nodes + errors.start_mm * rng.standard_normal()
    truth = AREA_MM2 * (1.0 - place / TAPER_MM) * shape(place)
    area, signal = (
        1.0
        + (
            node * slab_noise(rng, nodes, errors.shared_mm)
            + errors.common * rng.standard_normal()
            + model * rng.standard_normal()
        )
        / 100.0
        for node, model in (
            (errors.node, errors.area_model),
            (errors.of_signal, errors.signal_model),
        )
    )
    return plain_profile(*name, nodes, truth * area, SIGNAL * signal, errors)


def _noisy_points(
    rng: np.random.Generator, nerve: Nerve, side: Side, errors: ProfileErrors
) -> list[Measurement]:
    """Measurements of 3.4 mm, each with an error of its own."""
    stated = POINT_MM * float(np.hypot(errors.node, errors.common)) / 2.0 / 100.0
    drawn = float(np.hypot(stated, POINT_MM * errors.point_model / 100.0))
    return [
        Measurement(
            nerve,
            side,
            quantity,
            POINT_MM + drawn * rng.standard_normal(),
            standard_error=stated,
            quality=errors.quality,
        )
        for quantity in COMPARED
    ]
