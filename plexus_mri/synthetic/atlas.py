"""Bones, muscles, vessels and organs of an upright right side: courses and half-sizes in mm.

Template frame of ``posture``. Drawn by eye from cross-sectional anatomy at the sizes a coronal
STIR of an adult shows; only what lies in or near the field of view. Later rows cover earlier ones.
"""

from dataclasses import dataclass

from plexus_mri.synthetic.spec import MuscleGroup
from plexus_mri.synthetic.template import Point
from plexus_mri.synthetic.tissue import Tissue

UP: Point = (0.0, 0.0, 1.0)
FORWARD: Point = (0.0, 1.0, 0.0)
LATERAL: Point = (1.0, 0.0, 0.0)


@dataclass(frozen=True)
class Part:
    """One structure: waypoints, half-sizes at them, and how it looks.

    ``long`` and ``short`` are the half-sizes at each waypoint (a single value holds throughout),
    ``axis`` the direction the long one points to. ``rim_mm`` is a coat of ``coat`` around it.
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


def muscle(
    name: str,
    course: tuple[Point, ...],
    long: tuple[float, ...],
    short: tuple[float, ...],
    axis: Point = FORWARD,
    group: MuscleGroup | None = None,
) -> Part:
    """A muscle with its thin coat of fat."""
    return Part(name, Tissue.MUSCLE, course, long, short, axis, 0.8, Tissue.FAT, group)


SPINATI, DELTOID = MuscleGroup.SPINATI, MuscleGroup.DELTOID
PECTORALS, PARASPINALS = MuscleGroup.PECTORALS, MuscleGroup.PARASPINALS

MUSCLES: tuple[Part, ...] = (
    muscle(
        "multifidus",
        ((7, -22, 120), (9, -23, 40), (11, -26, -30), (12, -30, -110)),
        (10, 10, 12, 12),
        (7, 8, 9, 9),
        FORWARD,
        PARASPINALS,
    ),
    muscle(
        "semispinalis",
        ((12, -38, 120), (13, -38, 50), (16, -38, -20), (18, -40, -110)),
        (9, 9, 7, 6),
        (11, 10, 9, 8),
        FORWARD,
        PARASPINALS,
    ),
    muscle(
        "longissimus",
        ((25, -14, 110), (24, -16, 40), (26, -26, -20), (30, -36, -110)),
        (8, 8, 9, 10),
        (5, 6, 8, 10),
        FORWARD,
        PARASPINALS,
    ),
    muscle(
        "splenius", ((30, -30, 115), (26, -36, 60), (14, -46, 0)), (9, 9, 5), (5, 5, 5), FORWARD
    ),
    muscle(
        "rhomboid", ((10, -46, 5), (35, -50, -30), (60, -52, -70)), (20, 26, 24), (4, 4, 4), UP
    ),
    muscle(
        "levator_scapulae",
        ((30, -8, 105), (38, -16, 60), (55, -33, 15), (66, -42, -15)),
        (9, 9, 9, 8),
        (6, 7, 7, 6),
    ),
    muscle(
        "trapezius",
        ((18, -50, 120), (40, -50, 62), (70, -40, 26), (110, -26, 6), (150, -10, -4)),
        (9, 12, 15, 14, 8),
        (5, 7, 8, 7, 5),
        (0.6, 0.3, 0.7),
    ),
    muscle(
        "supraspinatus",
        ((72, -34, -16), (95, -27, -14), (125, -12, -10), (150, 0, -8)),
        (12, 14, 11, 6),
        (11, 12, 10, 5),
        FORWARD,
        SPINATI,
    ),
    muscle(
        "infraspinatus",
        ((80, -50, -75), (110, -44, -60), (145, -26, -35)),
        (26, 24, 14),
        (9, 10, 8),
        UP,
        SPINATI,
    ),
    muscle(
        "subscapularis",
        ((78, -32, -75), (110, -22, -58), (145, -2, -38)),
        (28, 26, 16),
        (8, 10, 8),
        UP,
    ),
    muscle(
        "teres", ((95, -42, -110), (135, -28, -75), (155, -15, -55)), (11, 11, 8), (9, 9, 7), UP
    ),
    muscle(
        "serratus", ((74, -40, -60), (92, -10, -85), (98, 20, -115)), (26, 26, 22), (5, 5, 5), UP
    ),
    muscle(
        "deltoid_back",
        ((150, -24, -12), (176, -26, -35), (188, -12, -95)),
        (16, 18, 12),
        (10, 12, 10),
        UP,
        DELTOID,
    ),
    muscle(
        "deltoid_middle",
        ((168, -2, -4), (194, -4, -35), (192, 0, -105)),
        (14, 22, 16),
        (8, 12, 10),
        FORWARD,
        DELTOID,
    ),
    muscle(
        "deltoid_front",
        ((130, 24, -12), (168, 26, -30), (185, 12, -95)),
        (12, 18, 12),
        (9, 12, 10),
        UP,
        DELTOID,
    ),
    muscle(
        "pectoralis_major",
        ((18, 62, -75), (70, 58, -62), (115, 42, -58), (165, 18, -75)),
        (40, 36, 26, 14),
        (7, 9, 9, 6),
        UP,
        PECTORALS,
    ),
    muscle(
        "pectoralis_minor",
        ((66, 44, -115), (90, 40, -75), (116, 26, -36)),
        (16, 13, 6),
        (5, 6, 4),
        UP,
        PECTORALS,
    ),
    muscle("subclavius", ((30, 40, -28), (62, 36, -22), (100, 22, -12)), (4, 5.5, 3), (4, 4.5, 3)),
    muscle(
        "longus_colli",
        ((6, 20, 110), (9, 25, 55), (10, 27, 10), (7, 24, -50)),
        (4, 4.5, 5, 4),
        (6, 6.5, 6, 4),
    ),
    muscle(
        "longus_capitis", ((12, 22, 115), (16, 22, 80), (20, 18, 45)), (4, 4.5, 2.5), (6, 6, 3)
    ),
    muscle(
        "posterior_scalene", ((26, -4, 48), (44, -8, 18), (60, -14, -22)), (5, 7, 5), (5, 6, 4)
    ),
    muscle(
        "middle_scalene",
        ((24, 3, 90), (30, 4, 55), (39, 4.5, 25), (50, 3, -2), (60, 4, -22)),
        (5, 7, 8, 7, 4),
        (5, 7, 8.5, 8, 5),
    ),
    muscle(
        "anterior_scalene",
        ((22, 18, 68), (27, 22.5, 42), (33, 25.5, 15), (41, 28, -12), (45, 30, -24)),
        (3, 5.0, 6.0, 5.5, 3),
        (3, 5.5, 7, 7, 5),
    ),
    muscle(
        "omohyoid",
        ((12, 48, 45), (34, 44, 15), (62, 24, 6), (82, -10, 0)),
        (3, 3, 2.5, 3),
        (5, 4.5, 3, 4),
        UP,
    ),
    muscle("strap", ((9, 52, 60), (9, 52, 15), (10, 52, -30)), (3, 3.5, 3), (8, 9, 8)),
    muscle(
        "sternocleidomastoid",
        ((50, 2, 125), (46, 24, 75), (36, 42, 30), (22, 54, -8), (12, 56, -28)),
        (14, 16, 14, 10, 6),
        (7, 8, 7.5, 6, 5),
    ),
    muscle("masseter", ((50, 35, 130), (48, 42, 105)), (10, 6), (8, 5)),
    muscle("tongue_floor", ((10, 58, 130), (9, 58, 95)), (16, 12), (10, 9)),
)

BONES: tuple[Part, ...] = (
    Part(
        "rib1",
        Tissue.MARROW,
        ((22, -10, -13), (44, -14, -20), (62, 4, -29), (60, 26, -35), (38, 44, -42)),
        (4.5, 4.5, 5, 5, 6),
        (2.6, 2.4, 2.4, 2.4, 3),
        LATERAL,
        1.0,
        Tissue.CORTEX,
    ),
    Part(
        "rib2",
        Tissue.MARROW,
        ((22, -14, -34), (60, -34, -48), (86, -6, -66), (78, 34, -78), (36, 56, -84)),
        (4, 4, 4.5, 4.5, 4),
        (2.6, 2.6, 2.6, 2.6, 3),
        UP,
        1.0,
        Tissue.CORTEX,
    ),
    Part(
        "rib3",
        Tissue.MARROW,
        ((22, -16, -57), (66, -42, -74), (98, -8, -96), (92, 34, -108)),
        (4.5, 4.5, 4.5, 4.5),
        (2.8, 2.8, 2.8, 2.8),
        UP,
        1.0,
        Tissue.CORTEX,
    ),
    Part(
        "clavicle",
        Tissue.MARROW,
        ((12, 50, -34), (40, 50, -22), (76, 36, -6), (112, 14, 2), (142, 2, 2)),
        (7, 5, 4.5, 5, 7),
        (6, 5, 4.5, 4, 4),
        FORWARD,
        1.2,
        Tissue.CORTEX,
    ),
    Part(
        "scapula_blade",
        Tissue.MARROW,
        ((70, -42, -20), (86, -40, -60), (104, -36, -115)),
        (5, 7, 7),
        (1.5, 1.5, 1.5),
        LATERAL,
        1.0,
        Tissue.CORTEX,
    ),
    Part(
        "scapula_spine",
        Tissue.MARROW,
        ((76, -46, -30), (110, -42, -18), (142, -24, -2), (158, -8, 0)),
        (6, 7, 8, 8),
        (3, 4, 4, 4),
        FORWARD,
        1.0,
        Tissue.CORTEX,
    ),
    Part(
        "scapula_neck",
        Tissue.MARROW,
        ((112, -26, -34), (128, -16, -34), (140, -8, -36)),
        (8, 9, 14),
        (5, 6, 8),
        UP,
        1.0,
        Tissue.CORTEX,
    ),
    Part(
        "coracoid",
        Tissue.MARROW,
        ((128, -6, -24), (124, 14, -18), (130, 26, -26)),
        (6, 6, 5),
        (5, 5, 5),
        UP,
        1.0,
        Tissue.CORTEX,
    ),
    Part(
        "humerus",
        Tissue.MARROW,
        ((158, -4, -18), (164, -2, -34), (174, -2, -62), (180, 0, -120)),
        (16, 22, 13, 11),
        (14, 21, 13, 11),
        FORWARD,
        1.2,
        Tissue.CORTEX,
    ),
    Part(
        "mandible",
        Tissue.MARROW,
        ((46, 22, 125), (44, 40, 108), (22, 70, 100)),
        (6, 9, 8),
        (3, 4, 4),
        FORWARD,
        1.2,
        Tissue.CORTEX,
    ),
)

VESSELS: tuple[Part, ...] = (
    Part(
        "vertebral",
        Tissue.VOID,
        ((16, 13.6, 110), (16, 13.6, 40), (17, 15.5, 20), (22, 24, -14), (25, 26, -24)),
        (1.8,),
        (1.8,),
    ),
    Part(
        "carotid",
        Tissue.VOID,
        ((27, 30, 125), (26, 32, 70), (21, 34, 25), (16, 32, -15), (12, 30, -50), (9, 30, -90)),
        (3.2, 4, 3.3, 3.4, 3.8, 4),
        (3.2, 4, 3.3, 3.4, 3.8, 4),
    ),
    Part(
        "subclavian_artery",
        Tissue.VOID,
        (
            (12, 26, -48),
            (24, 25, -27),
            (42, 19.5, -15),
            (60, 17.5, -19),
            (72, 15.5, -25),
            (84, 13.3, -30),
            (103, 12, -41),
            (122, 10.2, -56),
            (137, 4, -75),
            (150, 0, -100),
        ),
        (4, 4, 3.7, 3.6, 3.5, 3.4, 3.3, 3.2, 3, 2.8),
        (4, 4, 3.7, 3.6, 3.5, 3.4, 3.3, 3.2, 3, 2.8),
    ),
    Part(
        "thyrocervical",
        Tissue.VOID,
        ((36, 22, -15), (40, 31, 2), (58, 29, 4), (84, 8, -4), (100, -18, -6)),
        (1.2, 1.1, 1.0, 1.0, 0.8),
        (1.2, 1.1, 1.0, 1.0, 0.8),
    ),
    Part(
        "dorsal_scapular_artery",
        Tissue.VOID,
        ((52, 18, -17), (58, 10, -6), (66, -10, 2), (72, -34, -8)),
        (0.9,),
        (0.9,),
    ),
)

# Veins: bright by slow flow; the share of the static signal is the side's own.
VEINS: tuple[Part, ...] = (
    Part(
        "jugular",
        Tissue.BLOOD,
        ((34, 26, 125), (34, 30, 70), (30, 36, 25), (24, 38, -12), (16, 38, -38)),
        (5.5, 6, 6.5, 6, 5.5),
        (4, 4, 4.5, 5, 5),
    ),
    Part(
        "subclavian_vein",
        Tissue.BLOOD,
        (
            (14, 40, -46),
            (34, 40, -33),
            (60, 32, -33),
            (84, 22, -41),
            (106, 15, -54),
            (126, 9, -70),
            (146, 0, -105),
        ),
        (6, 5.5, 5, 5, 4.5, 4, 3.5),
        (5, 4.5, 4, 4, 4, 3.5, 3),
    ),
    Part(
        "external_jugular",
        Tissue.BLOOD,
        ((50, 12, 100), (50, 24, 60), (47, 34, 22), (46, 34, -10), (44, 36, -30)),
        (2.0,),
        (1.6,),
    ),
    Part(
        "transverse_cervical_vein",
        Tissue.BLOOD,
        ((46, 33, -8), (56, 27, 3), (74, 14, 5), (92, -10, 4), (104, -26, 2)),
        (1.5,),
        (1.2,),
    ),
    Part(
        "suprascapular_vein",
        Tissue.BLOOD,
        ((46, 35, -16), (62, 26, -8), (84, 6, -6), (108, -16, -10)),
        (1.3,),
        (1.1,),
    ),
    Part(
        "cephalic",
        Tissue.BLOOD,
        ((92, 24, -42), (112, 38, -34), (136, 38, -50), (150, 34, -90)),
        (1.6,),
        (1.4,),
    ),
    Part(
        "vertebral_vein",
        Tissue.BLOOD,
        ((18.8, 12.2, 100), (19, 12.2, 40), (20, 14, 20), (26, 28, -12), (24, 34, -32)),
        (1.1,),
        (0.9,),
    ),
    Part(
        "deep_cervical_vein",
        Tissue.BLOOD,
        ((20, -22, 90), (21, -20, 40), (25, -8, -4), (26, 14, -16)),
        (1.2,),
        (1.0,),
    ),
    Part(
        "epidural_vein",
        Tissue.BLOOD,
        ((8, 7, 100), (8.6, 7, 40), (8.4, 7.5, -10), (8, 7.5, -80)),
        (0.9,),
        (1.2,),
    ),
    Part(
        "brachial_vein",
        Tissue.BLOOD,
        ((112, 7, -55), (126, 3, -70), (142, -4, -100)),
        (1.6,),
        (1.4,),
    ),
)

ORGANS: tuple[Part, ...] = (
    Part("submandibular", Tissue.GLAND, ((34, 46, 100), (30, 50, 84)), (10, 6), (7, 5), UP, 0.6),
    Part("parotid", Tissue.GLAND, ((54, 18, 130), (54, 16, 106)), (14, 6), (8, 4), FORWARD, 0.6),
    Part(
        "thyroid",
        Tissue.GLAND,
        ((17, 40, 30), (17, 42, 14), (14, 42, -4)),
        (6, 9, 6),
        (5, 7, 5),
        FORWARD,
        0.6,
    ),
    Part(
        "lung",
        Tissue.AIR,
        ((42, 0, -34), (48, 2, -60), (52, 4, -90), (54, 6, -170)),
        (12, 36, 50, 60),
        (13, 34, 42, 46),
        FORWARD,
        1.2,
        Tissue.MUSCLE,
    ),
)

MIDLINE: tuple[Part, ...] = (
    Part(
        "esophagus",
        Tissue.MUSCLE,
        ((2, 31, 25), (3, 30, -20), (2, 26, -110)),
        (3.5,),
        (7, 7, 7),
        FORWARD,
    ),
    Part(
        "pharynx_wall",
        Tissue.MUCOSA,
        ((0, 34, 130), (0, 35, 75), (0, 36, 40)),
        (8, 7, 6),
        (17, 16, 11),
        FORWARD,
    ),
    Part(
        "pharynx",
        Tissue.AIR,
        ((0, 37, 130), (0, 38, 75), (0, 40, 45)),
        (4, 4, 3),
        (12, 10, 5),
        FORWARD,
    ),
    Part("larynx", Tissue.GLAND, ((0, 48, 62), (0, 48, 30)), (11, 10), (16, 12), FORWARD),
    Part(
        "trachea",
        Tissue.AIR,
        ((0, 46, 62), (0, 46, 25), (0, 40, -20), (0, 30, -80), (0, 26, -130)),
        (6, 8, 8.5, 8.5, 8.5),
        (4, 8, 9, 9, 9),
        FORWARD,
        1.4,
        Tissue.MUCOSA,
    ),
    Part(
        "aortic_arch", Tissue.VOID, ((8, 40, -88), (-6, 22, -84), (-14, 2, -96)), (11,), (11,), UP
    ),
    Part("mediastinum", Tissue.FAT, ((0, 34, -62), (0, 26, -150)), (24, 40), (14, 26), FORWARD),
    Part(
        "sternum",
        Tissue.MARROW,
        ((0, 58, -40), (0, 66, -120)),
        (6, 6),
        (24, 18),
        FORWARD,
        1.2,
        Tissue.CORTEX,
    ),
)
