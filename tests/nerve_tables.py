"""Measurement tables with known truth, for tests of what comes after measuring."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.measurement import Measurement, MeasurementTable, Profile, Quality, Quantity
from plexus_mri.synthetic.profiles import ProfileErrors, Shape, arc, flat, plain_profile


def spike(at_mm: float, percent: float) -> Shape:
    """A single node that is larger by ``percent``."""
    return lambda a: 1.0 + percent / 100.0 * (a == at_mm)


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
    errors = ProfileErrors(node=se_percent, common=common_error_percent)
    made = plain_profile(nerve, side, nodes, csa, light, errors)
    flags = made.quality if quality is None else tuple(quality)
    return replace(made, reference=muscle, quality=flags)


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
