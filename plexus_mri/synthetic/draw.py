"""random_spec: varied synthetic cases from a seed."""

from dataclasses import dataclass, replace

import numpy as np

from plexus_mri.core.anatomy import CORDS, ROOTS, TRUNKS, Nerve, Side
from plexus_mri.core.comparison import Pattern
from plexus_mri.synthetic.spec import (
    AcquisitionSpec,
    AnatomySpec,
    CaseKind,
    Lesion,
    PhantomSpec,
    Population,
    Sequence,
    SideAnatomy,
    Variant,
)

Range = tuple[float, float]


@dataclass(frozen=True)
class Ranges:
    """Between what a population's numbers are drawn (uniformly); see the fields of the specs."""

    size: Range
    fat_mm: Range
    caliber: Range
    level_shift_mm: Range
    turn_deg: Range
    tilt_deg: Range
    nod_deg: Range
    twist_deg: Range
    bend_deg: Range
    lordosis_mm: Range
    offset_x_mm: Range
    wander_mm: Range
    nodes: tuple[int, int]
    veins: tuple[int, int]
    slow_flow: Range
    nerve_t2_ms: Range
    muscle_t2_ms: Range
    te_ms: Range
    ti_ms: Range
    cnr: Range
    nerve_signal: Range
    bias_percent: Range
    bias_gradient_percent: Range
    fat_failure: Range
    blur_voxels: Range
    ghost: Range
    motion_mm: Range
    texture: Range
    diameter_factor: Range
    t2_factor: Range
    slice_mm: tuple[float, ...]
    in_plane_mm: tuple[float, ...]
    dixon_share: float
    variant_share: float


DEVELOPMENT_RANGES = Ranges(
    size=(0.92, 1.06),
    fat_mm=(3.0, 10.0),
    caliber=(0.92, 1.10),
    level_shift_mm=(-3.0, 3.0),
    turn_deg=(-8.0, 8.0),
    tilt_deg=(-4.0, 4.0),
    nod_deg=(-4.0, 4.0),
    twist_deg=(-6.0, 6.0),
    bend_deg=(-5.0, 5.0),
    lordosis_mm=(0.0, 7.0),
    offset_x_mm=(-20.0, 20.0),
    wander_mm=(1.2, 2.4),
    nodes=(4, 12),
    veins=(6, 14),
    slow_flow=(0.2, 0.6),
    nerve_t2_ms=(61.0, 69.0),
    muscle_t2_ms=(37.0, 42.0),
    te_ms=(60.0, 80.0),
    ti_ms=(225.0, 255.0),
    cnr=(9.0, 25.0),
    nerve_signal=(200.0, 550.0),
    bias_percent=(8.0, 22.0),
    bias_gradient_percent=(-12.0, 12.0),
    fat_failure=(0.0, 0.4),
    blur_voxels=(0.3, 0.5),
    ghost=(0.0, 0.02),
    motion_mm=(0.0, 0.3),
    texture=(0.03, 0.07),
    diameter_factor=(1.2, 1.6),
    t2_factor=(1.2, 1.6),
    slice_mm=(1.0, 1.0, 1.2, 2.0),
    in_plane_mm=(1.0,),
    dixon_share=0.15,
    variant_share=0.12,
)
VALIDATION_RANGES = Ranges(
    size=(0.86, 1.12),
    fat_mm=(1.0, 18.0),
    caliber=(0.85, 1.20),
    level_shift_mm=(-6.0, 6.0),
    turn_deg=(-15.0, 15.0),
    tilt_deg=(-8.0, 8.0),
    nod_deg=(-8.0, 8.0),
    twist_deg=(-10.0, 10.0),
    bend_deg=(-9.0, 9.0),
    lordosis_mm=(-4.0, 10.0),
    offset_x_mm=(-40.0, 40.0),
    wander_mm=(1.0, 3.2),
    nodes=(0, 18),
    veins=(3, 22),
    slow_flow=(0.1, 0.9),
    nerve_t2_ms=(56.0, 76.0),
    muscle_t2_ms=(33.0, 46.0),
    te_ms=(50.0, 95.0),
    ti_ms=(205.0, 270.0),
    cnr=(6.0, 25.0),
    nerve_signal=(150.0, 600.0),
    bias_percent=(10.0, 30.0),
    bias_gradient_percent=(-22.0, 22.0),
    fat_failure=(0.0, 0.8),
    blur_voxels=(0.3, 0.65),
    ghost=(0.0, 0.05),
    motion_mm=(0.0, 0.6),
    texture=(0.02, 0.10),
    diameter_factor=(1.12, 1.9),
    t2_factor=(1.0, 1.9),
    slice_mm=(0.8, 1.0, 1.5, 2.0, 2.5, 3.0),
    in_plane_mm=(0.8, 0.9, 1.0, 1.1),
    dixon_share=0.25,
    variant_share=0.2,
)
RANGES = {
    Population.DEVELOPMENT: DEVELOPMENT_RANGES,
    Population.VALIDATION: VALIDATION_RANGES,
}
FIELD_MM = (300.0, 100.0, 190.0)
# Prefixed to postfixed about 11:1, one side alone in a third of carriers [Benes 2021; Jordan MJ].
PREFIXED_SHARE = 0.9
ONE_SIDED_SHARE = 1 / 3


def random_spec(
    seed: int,
    *,
    kind: CaseKind = CaseKind.LESIONS,
    population: Population = Population.DEVELOPMENT,
) -> PhantomSpec:
    """A varied case drawn from a seed.

    Parameters
    ----------
    seed
        The same seed, kind and population give the same spec; no seed of one population meets
        a draw of the other.
    kind
        SYMMETRIC has no lesion; LESIONS one to three lesioned nerves; VARIANT a prefixed or
        postfixed plexus on one or both sides, no lesion; CUT a field of view that misses part
        of the plexus on one side.
    population
        DEVELOPMENT for building and choosing constants; VALIDATION, wider in every range and
        with spacings development never sees, for reporting alone.
    """
    stream = 0 if population is Population.DEVELOPMENT else 1
    rng = np.random.default_rng([seed, 20, stream, list(CaseKind).index(kind)])
    ranges = RANGES[population]
    anatomy = _anatomy(rng, ranges, kind)
    acquisition = _acquisition(rng, ranges)
    if kind is CaseKind.CUT:
        x_mm, y_mm, z_mm = acquisition.center_mm
        shift = float(rng.choice([-1, 1]) * rng.uniform(60, 100))
        acquisition = replace(acquisition, center_mm=(x_mm + shift, y_mm, z_mm))
    lesions = _lesions(rng, ranges) if kind is CaseKind.LESIONS else ()
    return PhantomSpec(int(rng.integers(2**31)), anatomy, acquisition, lesions)


def _within(rng: np.random.Generator, low_high: Range) -> float:
    return round(float(rng.uniform(*low_high)), 4)


def _anatomy(rng: np.random.Generator, ranges: Ranges, kind: CaseKind) -> AnatomySpec:
    """Draw body and posture."""
    left, right = _variants(rng, ranges, always=kind is CaseKind.VARIANT)
    return AnatomySpec(
        left=_side(rng, ranges, left),
        right=_side(rng, ranges, right),
        size=_within(rng, ranges.size),
        fat_mm=_within(rng, ranges.fat_mm),
        caliber=_within(rng, ranges.caliber),
        level_shift_mm=_within(rng, ranges.level_shift_mm),
        turn_deg=_within(rng, ranges.turn_deg),
        tilt_deg=_within(rng, ranges.tilt_deg),
        nod_deg=_within(rng, ranges.nod_deg),
        twist_deg=_within(rng, ranges.twist_deg),
        bend_deg=_within(rng, ranges.bend_deg),
        lordosis_mm=_within(rng, ranges.lordosis_mm),
        offset_mm=(
            _within(rng, ranges.offset_x_mm),
            _within(rng, (-8, 8)),
            _within(rng, (-10, 10)),
        ),
        nerve_t2_ms=_within(rng, ranges.nerve_t2_ms),
        muscle_t2_ms=_within(rng, ranges.muscle_t2_ms),
    )


def _variants(
    rng: np.random.Generator, ranges: Ranges, *, always: bool
) -> tuple[Variant, Variant]:
    """Draw the variant of each side; alike unless the case is a VARIANT one."""
    carrier = rng.uniform() < ranges.variant_share
    prefixed = rng.uniform() < PREFIXED_SHARE
    alone, first = rng.uniform() < ONE_SIDED_SHARE, rng.uniform() < 0.5
    if not (carrier or always):
        return Variant.REGULAR, Variant.REGULAR
    variant = Variant.PREFIXED if prefixed else Variant.POSTFIXED
    # A one-sided variant makes calibers differ, so only cases asked for may have one.
    if not (alone and always):
        return variant, variant
    return (variant, Variant.REGULAR) if first else (Variant.REGULAR, variant)


def _side(rng: np.random.Generator, ranges: Ranges, variant: Variant) -> SideAnatomy:
    return SideAnatomy(
        seed=int(rng.integers(2**31)),
        variant=variant,
        wander_mm=_within(rng, ranges.wander_mm),
        lymph_nodes=int(rng.integers(*ranges.nodes, endpoint=True)),
        small_veins=int(rng.integers(*ranges.veins, endpoint=True)),
        slow_flow=_within(rng, ranges.slow_flow),
    )


def _acquisition(rng: np.random.Generator, ranges: Ranges) -> AcquisitionSpec:
    """Draw sequence, grid and flaws; coronal, over the standard field of view."""
    dixon = rng.uniform() < ranges.dixon_share
    in_plane = float(rng.choice(ranges.in_plane_mm))
    spacing = (in_plane, float(rng.choice(ranges.slice_mm)), in_plane)
    shape = tuple(round(field / step) for field, step in zip(FIELD_MM, spacing, strict=True))
    return AcquisitionSpec(
        sequence=Sequence.T2_DIXON_WATER if dixon else Sequence.STIR,
        te_ms=_within(rng, ranges.te_ms),
        ti_ms=_within(rng, ranges.ti_ms),
        shape=(shape[0], shape[1], shape[2]),
        spacing_mm=spacing,
        grid_tilt_deg=_within(rng, ranges.nod_deg),
        cnr=_within(rng, ranges.cnr),
        nerve_signal=_within(rng, ranges.nerve_signal),
        bias_percent=_within(rng, ranges.bias_percent),
        bias_gradient_percent=_within(rng, ranges.bias_gradient_percent),
        fat_failure=(_within(rng, ranges.fat_failure), _within(rng, ranges.fat_failure)),
        blur_voxels=_within(rng, ranges.blur_voxels),
        ghost=_within(rng, ranges.ghost),
        motion_mm=_within(rng, ranges.motion_mm),
        texture=_within(rng, ranges.texture),
    )


def _lesions(rng: np.random.Generator, ranges: Ranges) -> tuple[Lesion, ...]:
    """Draw one to three lesions on different nerves, mostly roots and trunks."""
    nerves = [*ROOTS, *TRUNKS, *CORDS]
    weights = np.array([2.0] * len(ROOTS) + [1.5] * len(TRUNKS) + [1.0] * len(CORDS))
    keys = [(side, nerve) for nerve in nerves for side in Side]
    odds = np.repeat(weights, 2) / (2 * weights.sum())
    count = int(rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1]))
    picks = rng.choice(len(keys), size=count, replace=False, p=odds)
    return tuple(_lesion(rng, ranges, *keys[int(pick)]) for pick in np.sort(picks))


def _lesion(rng: np.random.Generator, ranges: Ranges, side: Side, nerve: Nerve) -> Lesion:
    pattern = Pattern(
        str(rng.choice([Pattern.DIFFUSE, Pattern.FOCAL, Pattern.MULTIFOCAL], p=[0.45, 0.4, 0.15]))
    )
    spread = rng.uniform(6, 18), rng.uniform(20, 28)
    centers = {Pattern.DIFFUSE: (), Pattern.FOCAL: spread[:1]}.get(pattern, spread)
    return Lesion(
        side,
        nerve,
        pattern,
        diameter_factor=_within(rng, ranges.diameter_factor),
        t2_factor=_within(rng, ranges.t2_factor),
        centers_mm=tuple(round(float(center), 2) for center in centers),
        half_length_mm=_within(rng, (6, 12)),
    )
