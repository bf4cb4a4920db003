"""Between what a population's cases are drawn; validation reaches wider than development."""

from dataclasses import dataclass

from plexus_mri.synthetic.spec import Population

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
    axial_share: float


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
    axial_share=0.05,
)
HARD_RANGES = Ranges(
    size=(0.87, 1.11),
    fat_mm=(1.5, 17.0),
    caliber=(0.86, 1.19),
    level_shift_mm=(-5.5, 5.5),
    turn_deg=(-14.0, 14.0),
    tilt_deg=(-7.5, 7.5),
    nod_deg=(-7.5, 7.5),
    twist_deg=(-9.5, 9.5),
    bend_deg=(-8.5, 8.5),
    lordosis_mm=(-3.5, 9.5),
    offset_x_mm=(-38.0, 38.0),
    wander_mm=(1.1, 3.1),
    nodes=(1, 17),
    veins=(4, 21),
    slow_flow=(0.12, 0.85),
    nerve_t2_ms=(57.0, 75.0),
    muscle_t2_ms=(34.0, 45.0),
    te_ms=(52.0, 93.0),
    ti_ms=(207.0, 268.0),
    cnr=(6.5, 25.0),
    nerve_signal=(160.0, 590.0),
    bias_percent=(10.0, 29.0),
    bias_gradient_percent=(-21.0, 21.0),
    fat_failure=(0.0, 0.75),
    blur_voxels=(0.3, 0.62),
    ghost=(0.0, 0.045),
    motion_mm=(0.0, 0.55),
    texture=(0.025, 0.095),
    diameter_factor=(1.15, 1.85),
    t2_factor=(1.05, 1.85),
    slice_mm=(0.9, 1.1, 1.6, 2.2, 2.8),
    in_plane_mm=(0.85, 0.95, 1.05),
    dixon_share=0.25,
    variant_share=0.2,
    axial_share=0.1,
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
    axial_share=0.1,
)
RANGES = {
    Population.DEVELOPMENT: DEVELOPMENT_RANGES,
    Population.HARD: HARD_RANGES,
    Population.VALIDATION: VALIDATION_RANGES,
}
