"""Bones, muscles, vessels and organs of an upright right side: courses and half-sizes in mm.

Template frame of ``posture``. Drawn by eye from cross-sectional anatomy at the sizes a coronal
STIR of an adult shows; only what lies in or near the field of view. Later rows cover earlier ones.

A row of the tables is a name, the direction of the long half-size (U up, F forward, L lateral,
D up and outward like the slope of the neck), the long and the short half-sizes (one for all or
evenly spread along the course), and the course as x,y,z waypoints.
"""

from dataclasses import dataclass, replace

from plexus_mri.synthetic.spec import MuscleGroup
from plexus_mri.synthetic.template import Point
from plexus_mri.synthetic.tissue import Tissue

UP: Point = (0.0, 0.0, 1.0)
FORWARD: Point = (0.0, 1.0, 0.0)
LATERAL: Point = (1.0, 0.0, 0.0)
SLOPE: Point = (0.6, 0.3, 0.7)
AXES = {"U": UP, "F": FORWARD, "L": LATERAL, "D": SLOPE}


@dataclass(frozen=True)
class Part:
    """One structure: waypoints, half-sizes at them, and how it looks.

    ``long`` and ``short`` are the half-sizes (a single value holds throughout), ``axis`` the
    direction the long one points to. ``rim_mm`` is the thickness of a coat of ``coat``;
    ``core`` how much of its signal fast flow takes from the middle, ``share`` scales its water.
    """

    name: str
    tissue: Tissue
    course: tuple[Point, ...]
    long: tuple[float, ...]
    short: tuple[float, ...]
    axis: Point = FORWARD
    rim_mm: float = 0.0
    coat: Tissue = Tissue.FAT
    group: MuscleGroup | None = None
    core: float = 0.0
    share: float = 1.0


def parts_table(text: str, like: Part) -> tuple[Part, ...]:
    """Parts of a table's rows; an indented line goes on with the row before it."""
    rows = text.strip().replace("\n ", " ").splitlines()
    return tuple(_row(row.split(), like) for row in rows)


def _row(cells: list[str], like: Part) -> Part:
    name, axis, long, short, *course = cells
    points = [_numbers(cell) for cell in course]
    return replace(
        like,
        name=name,
        course=tuple((x, y, z) for x, y, z in points),
        long=_numbers(long),
        short=_numbers(short),
        axis=AXES[axis],
    )


def _numbers(cell: str) -> tuple[float, ...]:
    return tuple(float(number) for number in cell.split(","))


_PLAIN = Part("", Tissue.MUSCLE, (), (), ())

# What lies between the named muscles: deep neck and shoulder are muscle, the fossa above the
# clavicle, the axilla and the space around the carotid are fat.
COMPARTMENTS = parts_table(
    """
deep_neck L 43,41,42,46 22,24,24,22 0,-26,125 0,-27,60 0,-31,0 0,-36,-110
deep_shoulder U 10,20,32,36 10,20,24,22 44,-34,2 80,-36,-38 115,-30,-58 160,-14,-68
deep_chest U 26,26,20,12 12,15,14,10 10,56,-75 60,50,-72 110,36,-68 170,14,-72
prevertebral L 13,13,15 7,7,8 0,24,120 0,26,40 0,26,-40
""",
    replace(_PLAIN, rim_mm=0.8),
) + parts_table(
    """
fossa_fat F 7,14,19,20,16,15 9,15,17,16,17,20
 46,14,64 56,15,32 66,15,6 78,14,-16 104,9,-44 138,2,-86
carotid_fat F 9,9,9 9,10,8 31,30,125 29,32,50 22,35,-20
thoracic_inlet_fat F 18,20 10,16 24,24,-18 22,30,-50
""",
    replace(_PLAIN, tissue=Tissue.FAT),
)

_MUSCLE = replace(_PLAIN, rim_mm=0.7)
MUSCLES = (
    *parts_table(
        """
levator_scapulae F 9,11,11,10 7,8,9,8 32,-8,105 40,-15,60 53,-29,16 65,-40,-16
trapezius D 9,13,18,17,9 5,8,9,8,6 18,-50,120 40,-48,58 66,-38,20 106,-26,-4 150,-10,-14
serratus U 26,26,22 7,7,6 72,-36,-60 92,-10,-85 98,20,-115
subclavius F 4,5.5,3 4,4.5,3 30,40,-30 62,35,-26 100,21,-19
longus_colli F 4,4.5,5,4 6,6.5,6,4 6,21,110 9,26,55 10,28,10 7,25,-50
longus_capitis F 4,4.5,2.5 6,6,3 12,23,115 15,24,80 18,21,48
posterior_scalene F 7,10,7 7,9,6 30,-7,52 45,-9,20 60,-14,-22
middle_scalene F 6,7,8,8.5,5 6,8,10,10,6 25,2,90 31,3.5,55 40,4,28 51,3,-2 61,2,-22
anterior_scalene F 3,5.5,6.5,6,4 3,5.5,8,8,6 22,17,70 26,19.5,45 32.5,23.5,18 41,27.5,-12 45,30,-24
omohyoid U 3,3,2.5,3 5,4.5,3,4 12,48,45 34,44,15 62,25,2 82,-10,-8
strap F 3,3.5,3 8,9,8 9,52,60 9,52,15 10,52,-30
sternocleidomastoid F 14,17,16,12,7 8,9,9,7,6 50,2,125 46,22,75 37,40,30 23,53,-8 12,56,-28
masseter F 10,6 8,5 50,35,130 48,42,105
tongue_floor F 16,12 10,9 10,58,130 9,58,95
biceps F 8,11 8,10 134,26,-40 160,22,-110
triceps F 6,12 8,14 142,-14,-55 165,-16,-120
""",
        _MUSCLE,
    ),
    *parts_table(
        """
multifidus F 12,12,14,14 8,9,10,10 8,-21,120 10,-22,40 12,-26,-30 13,-30,-110
semispinalis F 10,10,8,7 12,12,10,9 12,-38,120 13,-39,50 16,-40,-20 18,-41,-110
longissimus F 10,10,10,10 6,8,9,10 26,-14,110 26,-17,40 28,-27,-20 31,-36,-110
splenius F 10,11,6 6,7,6 31,-29,115 28,-35,60 14,-46,0
rhomboid U 20,26,24 5,5,5 10,-47,5 35,-52,-30 60,-52,-70
""",
        replace(_MUSCLE, group=MuscleGroup.PARASPINALS),
    ),
    *parts_table(
        """
supraspinatus F 13,16,13,7 12,13,11,6 70,-34,-22 95,-27,-23 125,-12,-20 150,0,-17
infraspinatus U 30,28,16 11,12,9 80,-50,-75 110,-44,-60 145,-26,-35
subscapularis U 30,30,18 10,12,9 78,-30,-75 110,-21,-58 145,-2,-38
teres U 12,12,8 10,10,8 95,-42,-110 135,-28,-75 155,-15,-55
""",
        replace(_MUSCLE, group=MuscleGroup.SPINATI),
    ),
    *parts_table(
        """
deltoid_back F 18,20,14 11,13,11 146,-22,-24 176,-26,-46 188,-12,-105
deltoid_middle F 16,24,18 9,13,11 164,-2,-14 194,-4,-44 192,0,-110
deltoid_front F 14,20,14 10,13,11 130,24,-22 168,24,-42 185,12,-105
""",
        replace(_MUSCLE, group=MuscleGroup.DELTOID),
    ),
    *parts_table(
        """
pectoralis_major U 40,36,26,16 8,10,10,8 18,62,-75 70,58,-62 115,44,-58 165,20,-75
pectoralis_minor U 16,13,6 6,7,5 66,44,-115 90,40,-75 116,26,-36
""",
        replace(_MUSCLE, group=MuscleGroup.PECTORALS),
    ),
)

BONES = parts_table(
    """
rib1 L 4.5,4.5,5,5,6 2.6,2.4,2.4,2.4,3
 22,-10,-13 44,-14,-20 62,4,-30 60,26,-36 38,44,-42
rib2 U 4,4,4.5,4.5,4 2.6,2.6,2.6,2.6,3
 22,-14,-34 60,-34,-48 86,-6,-66 78,34,-78 36,56,-84
rib3 U 4.5 2.8 22,-16,-57 66,-42,-74 98,-8,-96 92,34,-108
clavicle F 7,5,4.5,5,7 6,5,4.5,4,4 12,50,-34 40,49,-24 76,37,-11 112,17,-6 142,3,-9
scapula_blade L 5,7,7 1.5 70,-42,-20 86,-40,-60 104,-36,-115
scapula_spine F 6,7,8,8 3,4,4,4 76,-46,-38 110,-42,-28 142,-24,-14 158,-8,-12
scapula_neck U 8,9,14 5,6,8 112,-26,-42 128,-16,-43 140,-8,-46
coracoid U 6,6,5 5,5,5 128,-6,-33 124,14,-27 130,26,-34
humerus F 12,22,19,13,11 12,21,18,13,11 160,-4,-30 163,-3,-42 166,-2,-54 174,-2,-74 180,0,-120
mandible F 6,9,8 3,4,4 46,22,125 44,40,108 22,70,100
""",
    replace(_PLAIN, tissue=Tissue.MARROW, rim_mm=1.0, coat=Tissue.CORTEX),
)

ARTERIES = parts_table(
    """
vertebral F 1.8 1.8 16,13.6,110 16,13.6,40 17,15.5,20 22,24,-14 25,26,-24
carotid F 3.2,4,3.3,3.4,3.8,4 3.2,4,3.3,3.4,3.8,4
 27,30,125 26,32,70 21,34,25 16,32,-15 12,30,-50 9,30,-90
subclavian F 4,4,3.7,3.6,3.5,3.4,3.3,3.2,3,2.8 4,4,3.7,3.6,3.5,3.4,3.3,3.2,3,2.8
 12,26,-48 24,25,-27 42,19.5,-15 60,17.5,-19 72,15.5,-25 84,13.3,-30 103,12,-41 122,10.2,-56
 137,4,-75 150,0,-100
thyrocervical F 1.2,1.1,1.0,1.0,0.8 1.2,1.1,1.0,1.0,0.8
 36,22,-15 40,31,2 58,29,4 84,8,-4 100,-18,-6
dorsal_scapular_artery F 0.9 0.9 52,18,-17 58,10,-6 66,-10,2 72,-34,-8
thoracoacromial F 1.1,0.9 1.1,0.9 100,14,-41 108,26,-38 124,34,-42
""",
    replace(_PLAIN, tissue=Tissue.VOID),
)

# Wide veins: fast in the middle, slow and bright at the wall.
LARGE_VEINS = parts_table(
    """
jugular F 5.5,6,6.5,6,5.5 4,4,4.5,5,5 34,26,125 34,30,70 30,36,25 24,38,-12 16,38,-38
subclavian_vein F 6,5.5,5,5,4.5,4,3.5 5,4.5,4,4,4,3.5,3
 14,40,-46 34,40,-33 60,32,-33 84,22,-41 106,15,-54 126,9,-70 146,0,-105
""",
    replace(_PLAIN, tissue=Tissue.BLOOD, core=0.8),
)
VEINS = parts_table(
    """
external_jugular F 2.0 1.6 47,14,100 46,22,60 45,32,22 45,34,-10 44,36,-30
transverse_cervical_vein F 1.5 1.2 46,33,-8 56,27,0 74,14,0 92,-10,-6 104,-26,-8
suprascapular_vein F 1.3 1.1 46,35,-16 62,26,-8 84,6,-6 108,-16,-10
cephalic F 1.6 1.4 92,24,-42 112,38,-34 136,38,-50 150,34,-90
vertebral_vein F 1.1 0.9 18.8,12.2,100 19,12.2,40 20,14,20 26,28,-12 24,34,-32
deep_cervical_vein F 1.2 1.0 20,-22,90 21,-20,40 25,-8,-4 26,14,-16
epidural_vein F 0.9 1.2 8,7,100 8.6,7,40 8.4,7.5,-10 8,7.5,-80
brachial_vein F 1.6 1.4 112,7,-55 126,3,-70 142,-4,-100
subscapular_vein F 1.4 1.2 118,5,-63 112,-6,-80 106,-12,-105
anterior_jugular F 1.2 1.0 12,52,90 12,50,20 16,50,-20
""",
    replace(_PLAIN, tissue=Tissue.BLOOD),
)

ORGANS = (
    *parts_table(
        """
submandibular F 10,6 7,5 34,46,100 30,50,84
parotid F 14,6 8,4 54,18,130 54,16,106
thyroid F 6,9,6 5,7,5 17,40,30 17,42,14 14,42,-4
""",
        replace(_PLAIN, tissue=Tissue.GLAND, rim_mm=0.6),
    ),
    *parts_table(
        "lung F 12,34,48,60 12,31,40,46 42,0,-38 47,2,-62 52,4,-92 54,6,-170",
        replace(_PLAIN, tissue=Tissue.AIR, rim_mm=1.6, coat=Tissue.MUSCLE),
    ),
)

MIDLINE = (
    *parts_table(
        """
mediastinum F 14,26 24,40 0,34,-62 0,26,-150
""",
        replace(_PLAIN, tissue=Tissue.FAT),
    ),
    *parts_table(
        """
pharynx_wall F 7,6,5 16,14,10 0,35,130 0,38,75 0,39,40
larynx F 11,10 16,12 0,48,62 0,48,30
""",
        replace(_PLAIN, rim_mm=0.8, coat=Tissue.MUCOSA),
    ),
    *parts_table("esophagus F 3.5 7 2,34,25 3,33,-20 2,28,-110", _MUSCLE),
    *parts_table(
        """
pharynx F 4,4,3 12,9,4 0,37,130 0,40,75 0,42,45
trachea F 6,8,8.5,8.5,8.5 4,8,9,9,9 0,46,62 0,47,25 0,44,-20 0,34,-80 0,28,-130
""",
        replace(_PLAIN, tissue=Tissue.AIR, rim_mm=1.2, coat=Tissue.MUCOSA),
    ),
    *parts_table(
        "aortic_arch U 11 11 8,40,-88 -6,22,-84 -14,2,-96", replace(_PLAIN, tissue=Tissue.VOID)
    ),
    *parts_table(
        "sternum F 6 24,18 0,58,-40 0,66,-120",
        replace(_PLAIN, tissue=Tissue.MARROW, rim_mm=1.2, coat=Tissue.CORTEX),
    ),
)
