"""Size and relaxation of each nerve along its arc length: one function for both sides.

Nothing here knows the side: equal arc length means equal section, unless a lesion says so.
"""

from dataclasses import dataclass

import numpy as np

from plexus_mri.core.anatomy import ROOTS, ROOTS_OF_TRUNK, Nerve
from plexus_mri.core.comparison import Pattern
from plexus_mri.core.grid import FloatArray
from plexus_mri.synthetic.spec import AnatomySpec, Lesion, PhantomSpec, SideAnatomy, Variant
from plexus_mri.synthetic.tissue import RELAXATION, Tissue

# Roots C5-C8 and trunks: ultrasound areas of 95 healthy people [Won 2012]. T1 has no published
# area: the cadaver diameter ratio T1/C8 of 0.94 [Torrez 2019] lies behind it. Cords: no published
# single-cord area; chosen so that three cords hold what three trunks hold.
AREA_MM2 = {
    Nerve.C5: 5.66,
    Nerve.C6: 8.98,
    Nerve.C7: 10.43,
    Nerve.C8: 10.76,
    Nerve.T1: 8.0,
    Nerve.UPPER_TRUNK: 16.70,
    Nerve.MIDDLE_TRUNK: 14.01,
    Nerve.LOWER_TRUNK: 13.75,
    Nerve.LATERAL_CORD: 13.0,
    Nerve.POSTERIOR_CORD: 16.0,
    Nerve.MEDIAL_CORD: 12.0,
}
# Widest diameter of the spinal nerve at its ganglion, cadavers [132 roots]; T1 as C8.
GANGLION_WIDTH_MM = {Nerve.C5: 6.4, Nerve.C6: 6.7, Nerve.C7: 6.3, Nerve.C8: 6.0, Nerve.T1: 6.0}
GANGLION_FLATNESS = 0.74
GANGLION_HALF_LENGTH_MM = 4.0
GANGLION_T2_FACTOR = 84.7 / 65.4  # lumbosacral ganglion over nerve [Sollmann 2019]
ROOT_TAPER = 0.10
THIN_ROOT_AREA = {Variant.PREFIXED: (Nerve.T1, 0.45), Variant.POSTFIXED: (Nerve.C5, 0.45)}
JUNCTION_MM = 10.0


@dataclass(frozen=True, eq=False)
class Section:
    """Cross-sections along a nerve, one row per node: full diameters, turn and relaxation.

    ``angle_deg`` is the turn of the long axis from the craniocaudal direction, towards anterior
    on either side.
    """

    long_mm: FloatArray
    short_mm: FloatArray
    angle_deg: FloatArray
    t1_ms: FloatArray
    t2_ms: FloatArray

    @property
    def csa_mm2(self) -> FloatArray:
        """Area (n,) of the ellipse."""
        area: FloatArray = np.pi / 4 * self.long_mm * self.short_mm
        return area


def healthy_section(
    nerve: Nerve, arc_mm: FloatArray, spec: PhantomSpec, side: SideAnatomy
) -> Section:
    """Section of a nerve without lesion at arc lengths (n,); negative ones are inside the canal.

    The natural unevenness is drawn from ``spec.seed`` and the nerve alone. ``side`` matters only
    by its variant: a root that gives way to a neighbouring level is thinner.
    """
    rng = np.random.default_rng([spec.seed, 2, list(Nerve).index(nerve)])
    wave_mm = rng.uniform(15, 30, 3)
    phase = rng.uniform(0, 2 * np.pi, 3)
    wobble = np.sin(2 * np.pi * arc_mm[:, None] / wave_mm + phase)
    area = _base_area(nerve, arc_mm, spec.anatomy, side) * (1 + 0.04 * wobble[:, 0])
    flatness = rng.uniform(1.1, 1.45) * (1 + 0.05 * wobble[:, 1])
    long_mm = 2 * np.sqrt(area * flatness / np.pi)
    short_mm = long_mm / flatness
    t2_ms = spec.anatomy.nerve_t2_ms * (1 + 0.02 * wobble[:, 2])
    if nerve in GANGLION_WIDTH_MM:
        here = _raised_cosine((np.abs(arc_mm) - 2.0) / GANGLION_HALF_LENGTH_MM)
        width_mm = GANGLION_WIDTH_MM[nerve] * spec.anatomy.caliber
        long_mm = long_mm + here * (np.maximum(width_mm, long_mm) - long_mm)
        thick_mm = np.maximum(width_mm * GANGLION_FLATNESS, short_mm)
        short_mm = short_mm + here * (thick_mm - short_mm)
        t2_ms = t2_ms * (1 + (GANGLION_T2_FACTOR - 1) * here)
    angle_deg = rng.uniform(-40, 40) + 15 * wobble[:, 1]
    t1_ms = np.full_like(t2_ms, RELAXATION[Tissue.NERVE].t1_ms)
    return Section(long_mm, short_mm, angle_deg, t1_ms, t2_ms)


def with_lesion(section: Section, arc_mm: FloatArray, lesion: Lesion) -> Section:
    """Section with one lesion; T1 follows T2 as in oedema (1083 to 1250 ms at 1.46)."""
    weight = lesion_weight(lesion, arc_mm)
    wider = 1 + (lesion.diameter_factor - 1) * weight
    wetter = (lesion.t2_factor - 1) * weight
    return Section(
        section.long_mm * wider,
        section.short_mm * wider,
        section.angle_deg,
        section.t1_ms * (1 + (1250 / 1083 - 1) * wetter / 0.46),
        section.t2_ms * (1 + wetter),
    )


def lesion_weight(lesion: Lesion, arc_mm: FloatArray) -> FloatArray:
    """How much of a lesion (0-1) is present at arc lengths (n,)."""
    if lesion.pattern is Pattern.DIFFUSE:
        return np.ones_like(arc_mm)
    distance = np.abs(arc_mm[:, None] - np.array(lesion.centers_mm)) / lesion.half_length_mm
    return np.asarray(_raised_cosine(distance).max(axis=1))


def _base_area(
    nerve: Nerve, arc_mm: FloatArray, anatomy: AnatomySpec, side: SideAnatomy
) -> FloatArray:
    """Area before natural unevenness: roots taper, trunks start as the sum of their roots."""
    thin, share = THIN_ROOT_AREA.get(side.variant, (None, 1.0))
    scale = anatomy.caliber**2
    area = np.full_like(arc_mm, AREA_MM2[nerve] * scale)
    if nerve in ROOTS:
        taper = 1 - ROOT_TAPER * np.clip(arc_mm / 40.0, 0.0, 1.0)
        return area * taper * (share if nerve is thin else 1.0)
    if nerve in ROOTS_OF_TRUNK:
        start = scale * (1 - ROOT_TAPER) * sum(AREA_MM2[root] for root in ROOTS_OF_TRUNK[nerve])
        return area + (start - area) * _raised_cosine(arc_mm / JUNCTION_MM)
    return area


def _raised_cosine(x: FloatArray) -> FloatArray:
    """1 up to x = 0, 0 from x = 1, smooth between."""
    value: FloatArray = 0.5 * (1 + np.cos(np.pi * np.clip(x, 0.0, 1.0)))
    return value
