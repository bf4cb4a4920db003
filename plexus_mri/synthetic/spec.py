"""What a synthetic case is made of: the anatomy, the acquisition and the lesions."""

from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.comparison import Pattern
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode


class Population(StrEnum):
    """Where a case is drawn from: validation reaches wider than development ever sees.

    HARD is development too, nearly as wide as validation but with other spacings.
    """

    DEVELOPMENT = "development"
    HARD = "hard"
    VALIDATION = "validation"


class Variant(StrEnum):
    """Which spinal nerves feed the plexus of one side [domain numbers: Benes 2021]."""

    REGULAR = "regular"
    PREFIXED = "prefixed"
    POSTFIXED = "postfixed"


class Sequence(StrEnum):
    """Contrast of the image."""

    STIR = "stir"
    T2_DIXON_WATER = "t2_dixon_water"
    T1 = "t1"


class Plane(StrEnum):
    """Plane of the slices."""

    CORONAL = "coronal"
    AXIAL = "axial"
    SAGITTAL = "sagittal"


class MuscleGroup(StrEnum):
    """Muscles that can be denervated, by the nerve that fails them."""

    SPINATI = "spinati"
    DELTOID = "deltoid"
    PECTORALS = "pectorals"
    PARASPINALS = "paraspinals"


@dataclass(frozen=True)
class Lesion:
    """Enlargement and brightening of one nerve.

    Parameters
    ----------
    side, nerve
        Where it lies.
    pattern
        FOCAL (one place), MULTIFOCAL (several) or DIFFUSE (the whole nerve).
    diameter_factor
        Diameter at the centre over the healthy one; the area grows by its square.
    t2_factor
        T2 at the centre over the healthy one; 1.46 is oedema, the mean of two measured ratios.
    centers_mm
        Arc lengths of the centres; empty when diffuse.
    half_length_mm
        From a centre to where the nerve is healthy again (raised cosine).
    """

    side: Side
    nerve: Nerve
    pattern: Pattern = Pattern.DIFFUSE
    diameter_factor: float = 1.4
    t2_factor: float = 1.46
    centers_mm: tuple[float, ...] = ()
    half_length_mm: float = 8.0

    def __post_init__(self) -> None:
        wanted = {Pattern.DIFFUSE: 0, Pattern.FOCAL: 1}.get(self.pattern)
        found = len(self.centers_mm)
        if self.pattern is Pattern.NONE or (wanted is not None and wanted != found):
            msg = f"a {self.pattern} lesion cannot have {found} centres"
            raise InputError(msg, ReasonCode.SETTINGS_BAD)
        if min(self.diameter_factor, self.t2_factor, self.half_length_mm) <= 0:
            msg = f"a lesion's factors and half length must be positive, got {self}"
            raise InputError(msg, ReasonCode.SETTINGS_BAD)


@dataclass(frozen=True)
class SideAnatomy:
    """What differs between the two sides of one patient.

    Parameters
    ----------
    seed
        Draws course, neighbours, vessels and nodes of this side.
    variant
        Levels that feed the plexus.
    wander_mm
        How far this side's structures stray from the template.
    lymph_nodes, small_veins
        How many of each lie near the plexus.
    slow_flow
        Signal of slowly flowing venous blood over its static value.
    denervated
        Muscles with the longer T2 of denervation.
    """

    seed: int
    variant: Variant = Variant.REGULAR
    wander_mm: float = 2.0
    lymph_nodes: int = 8
    small_veins: int = 10
    slow_flow: float = 0.5
    denervated: tuple[MuscleGroup, ...] = ()


@dataclass(frozen=True)
class AnatomySpec:
    """Body, posture and tissue of one patient.

    Parameters
    ----------
    left, right
        The two sides.
    size
        Scale of the skeleton and of the plexus' course; nerve calibers do not follow it.
    fat_mm
        Thickness of the subcutaneous fat of the neck.
    caliber
        Scale of all nerve diameters, both sides.
    level_shift_mm
        How much higher the whole plexus leaves the spine than the template.
    turn_deg, tilt_deg, nod_deg
        Rigid rotation of the patient about z (turned), y (tilted) and x (nodding).
    twist_deg, bend_deg
        Neck turned and bent sideways against the shoulders, at C3.
    lordosis_mm
        Forward bow of the neck.
    offset_mm
        Patient's place in world space.
    nerve_t2_ms, muscle_t2_ms
        Healthy relaxation times.
    nerves
        Whether any nerve is drawn. Without, the body is the same and holds none: not a plexus,
        not a root or ganglion of another level.
    """

    left: SideAnatomy
    right: SideAnatomy
    size: float = 1.0
    fat_mm: float = 6.0
    caliber: float = 1.0
    level_shift_mm: float = 0.0
    turn_deg: float = 0.0
    tilt_deg: float = 0.0
    nod_deg: float = 0.0
    twist_deg: float = 0.0
    bend_deg: float = 0.0
    lordosis_mm: float = 4.0
    offset_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    nerve_t2_ms: float = 65.0
    muscle_t2_ms: float = 40.0
    nerves: bool = True

    def side(self, side: Side) -> SideAnatomy:
        """Give the anatomy of one side."""
        return self.left if side is Side.LEFT else self.right

    def mirrored(self) -> "AnatomySpec":
        """Mirror the patient: the sides swap and every lateral lean changes its sign."""
        x_mm, y_mm, z_mm = self.offset_mm
        return replace(
            self,
            left=self.right,
            right=self.left,
            turn_deg=-self.turn_deg,
            tilt_deg=-self.tilt_deg,
            twist_deg=-self.twist_deg,
            bend_deg=-self.bend_deg,
            offset_mm=(-x_mm, y_mm, z_mm),
        )


@dataclass(frozen=True)
class AcquisitionSpec:
    """Sequence, grid and flaws of the image.

    Parameters
    ----------
    sequence, tr_ms, te_ms, ti_ms
        Contrast; ``te_ms`` is the effective one of the echo train.
    plane
        Plane of the slices; says which axis the echo train blurs.
    shape, spacing_mm
        Along x, y, z.
    center_mm
        World point at the centre of the field of view.
    grid_tilt_deg
        Rotation of the slices about the x axis (slices tilted along the neck).
    axis_codes
        Order and direction in which voxels are stored, e.g. ``"RAS"`` or ``"LSP"``.
    cnr
        (nerve - muscle) / noise; in T1 (fat - nerve) / noise. Infinite: no noise.
    nerve_signal
        Intensity of a healthy trunk.
    bias_percent, bias_gradient_percent
        Smooth receive-coil shading and its left-right slope over 200 mm (right brighter).
    fat_failure
        Share of fat left unsuppressed at the tips of the shoulders (left, right).
    blur_voxels
        Gaussian sigma of the long echo train along the phase-encoding axis.
    ghost, motion_mm
        Amplitude of a motion ghost and sigma of motion blur.
    texture
        Relative unevenness of muscle and fat.
    """

    sequence: Sequence = Sequence.STIR
    tr_ms: float = 3000.0
    te_ms: float = 70.0
    ti_ms: float = 240.0
    plane: Plane = Plane.CORONAL
    shape: tuple[int, int, int] = (300, 100, 190)
    spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0)
    center_mm: tuple[float, float, float] = (0.0, 8.0, 12.0)
    grid_tilt_deg: float = 0.0
    axis_codes: str = "RAS"
    cnr: float = 15.0
    nerve_signal: float = 350.0
    bias_percent: float = 15.0
    bias_gradient_percent: float = 8.0
    fat_failure: tuple[float, float] = (0.2, 0.2)
    blur_voxels: float = 0.45
    ghost: float = 0.01
    motion_mm: float = 0.0
    texture: float = 0.06

    def mirrored(self) -> "AcquisitionSpec":
        """Mirror what has a side: field of view, coil slope and fat failure."""
        x_mm, y_mm, z_mm = self.center_mm
        return replace(
            self,
            center_mm=(-x_mm, y_mm, z_mm),
            bias_gradient_percent=-self.bias_gradient_percent,
            fat_failure=self.fat_failure[::-1],
        )


def plain_anatomy(seed: int) -> AnatomySpec:
    """A regular patient lying straight, with sides drawn from the seed."""
    return AnatomySpec(SideAnatomy(2 * seed + 11), SideAnatomy(2 * seed + 12))


@dataclass(frozen=True)
class PhantomSpec:
    """One synthetic case; the same spec gives the same bytes.

    ``seed`` draws what belongs to the patient and not to a side (the natural unevenness of the
    calibers, shared by both sides), the texture and the noise.
    """

    seed: int
    anatomy: AnatomySpec
    acquisition: AcquisitionSpec = field(default_factory=AcquisitionSpec)
    lesions: tuple[Lesion, ...] = ()

    def mirrored(self) -> "PhantomSpec":
        """Mirror patient and coil; the true curves are mirrored exactly, noise is not."""
        lesions = tuple(replace(lesion, side=lesion.side.opposite) for lesion in self.lesions)
        return PhantomSpec(
            self.seed, self.anatomy.mirrored(), self.acquisition.mirrored(), lesions
        )

    def to_dict(self) -> dict[str, object]:
        """Give the spec as plain values for JSON."""
        return asdict(self)
