"""random_spec: varied synthetic cases from a seed."""

from dataclasses import replace

import numpy as np

from plexus_mri.core.anatomy import CORDS, ROOTS, TRUNKS, Nerve, Side
from plexus_mri.core.comparison import Pattern
from plexus_mri.core.simulated import CaseKind
from plexus_mri.synthetic.ranges import RANGES, Range, Ranges
from plexus_mri.synthetic.spec import (
    AcquisitionSpec,
    AnatomySpec,
    Lesion,
    MuscleGroup,
    PhantomSpec,
    Plane,
    Population,
    Sequence,
    SideAnatomy,
    Variant,
)

FIELD_MM = (300.0, 100.0, 190.0)
# Prefixed to postfixed about 11:1, one side alone in a third of carriers [Benes 2021; Jordan MJ].
PREFIXED_SHARE = 0.9
ONE_SIDED_SHARE = 1 / 3
DENERVATED_SHARE = 0.3
# Stream of random numbers of each population.
STREAMS = {Population.DEVELOPMENT: 0, Population.VALIDATION: 1, Population.HARD: 2}
STORED_ORDERS = ("RAS", "LAS", "LPS", "LSA", "RIP")


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
        DEVELOPMENT and HARD for building and choosing constants; VALIDATION, wider in every
        range and with spacings the others never show, for reporting alone.
    """
    stream = STREAMS[population]
    rng = np.random.default_rng([seed, 20, stream, list(CaseKind).index(kind)])
    ranges = RANGES[population]
    anatomy = _anatomy(rng, ranges, kind)
    acquisition = _acquisition(rng, ranges)
    if kind is CaseKind.CUT:
        x_mm, y_mm, z_mm = acquisition.center_mm
        shift = float(rng.choice([-1, 1]) * rng.uniform(60, 100))
        acquisition = replace(acquisition, center_mm=(x_mm + shift, y_mm, z_mm))
    lesions = _lesions(rng, ranges) if kind is CaseKind.LESIONS else ()
    anatomy = _denervated(rng, anatomy, lesions)
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
    alone, first = rng.uniform() < ONE_SIDED_SHARE, bool(rng.integers(2))
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
    """Draw sequence, grid and flaws over the standard field of view, coronal but for a few."""
    dixon = rng.uniform() < ranges.dixon_share
    in_plane = float(rng.choice(ranges.in_plane_mm))
    slice_mm = float(rng.choice(ranges.slice_mm))
    axial = rng.uniform() < ranges.axial_share
    spacing = (in_plane, in_plane, slice_mm) if axial else (in_plane, slice_mm, in_plane)
    shape = tuple(round(field / step) for field, step in zip(FIELD_MM, spacing, strict=True))
    return AcquisitionSpec(
        sequence=Sequence.T2_DIXON_WATER if dixon else Sequence.STIR,
        te_ms=_within(rng, ranges.te_ms),
        ti_ms=_within(rng, ranges.ti_ms),
        plane=Plane.AXIAL if axial else Plane.CORONAL,
        axis_codes=str(rng.choice(STORED_ORDERS)),
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


def _denervated(
    rng: np.random.Generator, anatomy: AnatomySpec, lesions: tuple[Lesion, ...]
) -> AnatomySpec:
    """Give one muscle group the longer T2 of denervation, on a lesion's side, now and then."""
    group = MuscleGroup(str(rng.choice(list(MuscleGroup))))
    if not lesions or rng.uniform() > DENERVATED_SHARE:
        return anatomy
    if lesions[0].side is Side.LEFT:
        return replace(anatomy, left=replace(anatomy.left, denervated=(group,)))
    return replace(anatomy, right=replace(anatomy.right, denervated=(group,)))


def _lesion(rng: np.random.Generator, ranges: Ranges, side: Side, nerve: Nerve) -> Lesion:
    pattern = Pattern(
        str(rng.choice([Pattern.DIFFUSE, Pattern.FOCAL, Pattern.MULTIFOCAL], p=[0.45, 0.4, 0.15]))
    )
    spread = rng.uniform(5, 16), rng.uniform(18, 24)
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
