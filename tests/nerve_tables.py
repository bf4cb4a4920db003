"""Measurement tables with known truth, for tests of what comes after measuring."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.measurement import Measurement, MeasurementTable, Profile, Quality, Quantity

Shape = Callable[[FloatArray], FloatArray]


def arc(length_mm: float = 40.0, step_mm: float = 1.0) -> FloatArray:
    """Nodes from 0 to ``length_mm``."""
    return np.arange(round(length_mm / step_mm) + 1) * step_mm


def flat(arc_mm: FloatArray) -> FloatArray:
    """No difference anywhere."""
    return np.ones_like(arc_mm)


def swelling(from_mm: float, to_mm: float, percent: float) -> Shape:
    """A stretch that is larger by ``percent``; each end rises over 2 mm about its place."""

    def shape(arc_mm: FloatArray) -> FloatArray:
        inside = np.minimum(arc_mm - from_mm, to_mm - arc_mm)
        return 1.0 + percent / 100.0 * np.clip((inside + 1.0) / 2.0, 0.0, 1.0)

    return shape


def spike(at_mm: float, percent: float) -> Shape:
    """A single node that is larger by ``percent``."""
    return lambda a: 1.0 + percent / 100.0 * (a == at_mm)


def ar1(rng: np.random.Generator, count: int, lag_one: float) -> FloatArray:
    """Noise (count,) of unit variance whose neighbours correlate by ``lag_one``."""
    fresh = rng.standard_normal(count)
    noise = np.empty(count)
    noise[0] = fresh[0]
    for k in range(1, count):
        noise[k] = lag_one * noise[k - 1] + np.sqrt(1.0 - lag_one**2) * fresh[k]
    return noise


def profile(  # noqa: PLR0913 - a profile has many columns, each with a plain default
    nerve: Nerve,
    side: Side,
    *,
    arc_mm: FloatArray | None = None,
    csa_mm2: FloatArray | float = 9.0,
    signal: FloatArray | float = 200.0,
    reference: FloatArray | float = 100.0,
    se_percent: float = 2.0,
    common_error_percent: float = 0.0,
    quality: Sequence[Quality] | None = None,
) -> Profile:
    """One profile; errors are ``se_percent`` of area and of signal."""
    nodes = arc() if arc_mm is None else arc_mm
    csa, light, muscle = (np.broadcast_to(v, nodes.shape) for v in (csa_mm2, signal, reference))
    diameter = 2.0 * np.sqrt(csa / np.pi)
    x_mm = side.sign * (15.0 + nodes)
    z_mm = np.full_like(nodes, -10.0 * list(Nerve).index(nerve))
    return Profile(
        nerve=nerve,
        side=side,
        arc_length_mm=nodes,
        points_mm=np.stack([x_mm, np.zeros_like(nodes), z_mm], axis=1),
        csa_mm2=csa,
        csa_se_mm2=csa * se_percent / 100.0,
        long_mm=diameter,
        short_mm=diameter,
        angle_deg=np.zeros_like(nodes),
        signal=light,
        signal_se=light * se_percent / 100.0,
        reference=muscle,
        common_error=np.full(nodes.shape, common_error_percent / 100.0),
        quality=tuple(quality) if quality is not None else (Quality.GOOD,) * len(nodes),
    )


def measurements_of(of: Profile, *, se_percent: float = 2.0) -> tuple[Measurement, ...]:
    """Measurements of one profile, with errors of ``se_percent``."""
    diameter = of.diameter_mm
    values = {
        Quantity.LENGTH: float(of.arc_length_mm[-1]),
        Quantity.CSA_MEAN: float(np.nanmean(of.csa_mm2)),
        Quantity.CSA_MAX: float(np.nanmax(of.csa_mm2)),
        Quantity.DIAMETER_MEAN: float(np.nanmean(diameter)),
        Quantity.DIAMETER_AT_0: float(diameter[np.isfinite(diameter)][0]),
        Quantity.DIAMETER_AT_10: float(diameter[np.isfinite(diameter)][-1]),
        Quantity.SIGNAL_MEAN: float(np.nanmean(of.signal)),
        Quantity.SIGNAL_RATIO_MEAN: float(np.nanmean(of.signal / of.reference)),
        Quantity.SIGNAL_RATIO_MAX: float(np.nanmax(of.signal / of.reference)),
    }
    return tuple(
        Measurement(of.nerve, of.side, q, v, standard_error=v * se_percent / 100.0)
        for q, v in values.items()
    )


def table_of(*profiles: Profile) -> MeasurementTable:
    """Table of profiles and the measurements that follow from them."""
    numbers = tuple(m for p in profiles for m in measurements_of(p))
    return MeasurementTable(numbers, {(p.side, p.nerve): p for p in profiles})


def both_sides(
    nerve: Nerve, *, left_shape: Shape = flat, length_mm: float = 40.0, se_percent: float = 2.0
) -> tuple[Profile, Profile]:
    """A noiseless nerve of 9 mm², the left one's area shaped."""
    nodes = arc(length_mm)
    left = profile(
        nerve,
        Side.LEFT,
        arc_mm=nodes,
        csa_mm2=9.0 * left_shape(nodes),
        se_percent=se_percent,
    )
    return left, profile(nerve, Side.RIGHT, arc_mm=nodes, se_percent=se_percent)


def noisy_case(
    rng: np.random.Generator,
    *,
    lag_one: float,
    se_percent: float,
    left_shapes: Mapping[Nerve, Shape] | None = None,
) -> MeasurementTable:
    """All nerves, with noise of exactly the stated errors; tapering as roots do."""
    shapes = left_shapes or {}
    profiles, points = [], []
    for nerve in Nerve:
        for side in Side:
            nodes = arc()
            truth = 9.0 * (1.0 - nodes / 400.0)
            if side is Side.LEFT:
                truth = truth * shapes.get(nerve, flat)(nodes)
            noise = [ar1(rng, len(nodes), lag_one) * se_percent / 100.0 for _ in range(2)]
            made = profile(
                nerve,
                side,
                csa_mm2=truth * (1.0 + noise[0]),
                signal=200.0 * (1.0 + noise[1]),
                se_percent=se_percent,
            )
            profiles.append(made)
            points.extend(_noisy_points(rng, nerve, side, se_percent))
    return MeasurementTable(tuple(points), {(made.side, made.nerve): made for made in profiles})


def _noisy_points(
    rng: np.random.Generator, nerve: Nerve, side: Side, se_percent: float
) -> list[Measurement]:
    """Measurements of 3.4 mm, each with an error of its own."""
    error = 3.4 * se_percent / 100.0
    return [
        Measurement(nerve, side, q, 3.4 + error * rng.standard_normal(), standard_error=error)
        for q in Quantity
    ]


def swapped(table: MeasurementTable) -> MeasurementTable:
    """The same table with left and right exchanged."""
    mirror = np.array([-1.0, 1.0, 1.0])
    return MeasurementTable(
        tuple(replace(m, side=m.side.opposite) for m in table.measurements),
        {
            (side.opposite, nerve): replace(p, side=side.opposite, points_mm=p.points_mm * mirror)
            for (side, nerve), p in table.profiles.items()
        },
    )
