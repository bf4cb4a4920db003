"""The course of the plexus on an upright right side: waypoints in template mm.

x lateral, y anterior of the cord centre, z above the disc C7/T1. Rootlet, foramen, ganglion and
exit rows follow the PAM50 disc heights and the 45 degree canal [Pech 1985]; everything lateral of
the exit was chosen so that trunks come to 35-40 mm and cords to 45-50 mm [Hlongwane 2022].
"""

from plexus_mri.core.anatomy import Nerve

Point = tuple[float, float, float]

# Level: rootlets, foramen entry, ganglion, foramen exit.
SPINAL_NERVES: dict[str, tuple[Point, Point, Point, Point]] = {
    "C3": ((7.5, 0, 93), (9.5, 3, 86), (13.5, 7, 85.5), (17, 10, 85)),
    "C4": ((8, 0, 78), (10, 3, 69), (14, 7, 68), (17, 10, 67)),
    "C5": ((8, 0, 62), (10, 3, 52), (14, 7, 51), (17, 10, 50)),
    "C6": ((8, 0, 46), (10, 3, 34), (14, 7, 33), (18, 10, 32)),
    "C7": ((8, 0, 30), (10, 3, 18), (14, 7, 17), (18, 10, 16)),
    "C8": ((7, 0, 14), (10, 3, 0), (14, 6, -1), (18, 9, -2)),
    "T1": ((6, 0, -4), (9, 3, -20), (13, 5, -19), (17, 7, -17)),
    "T2": ((6, 0, -22), (9, 2, -43), (12.5, 4, -42), (16, 4, -42.5)),
}

# Root: waypoint between foramen exit and trunk, trunk, and its place beside the trunk's axis.
ROOT_ENDS: dict[Nerve, tuple[Point, Nerve, Point]] = {
    Nerve.C5: ((27, 15.0, 37), Nerve.UPPER_TRUNK, (0.3, 0.3, 1.2)),
    Nerve.C6: ((29, 14.5, 25.5), Nerve.UPPER_TRUNK, (-0.3, -0.3, -1.2)),
    Nerve.C7: ((30, 13.5, 12.5), Nerve.MIDDLE_TRUNK, (0, 0, 0)),
    Nerve.C8: ((28, 11.0, -4), Nerve.LOWER_TRUNK, (0, 0.2, 1.2)),
    Nerve.T1: ((27, 9.5, -13.5), Nerve.LOWER_TRUNK, (0, -0.2, -1.2)),
}

TRUNK_COURSES: dict[Nerve, tuple[Point, Point, Point]] = {
    Nerve.UPPER_TRUNK: ((42, 18, 18), (56, 19.0, 7.5), (69, 17.0, -5.5)),
    Nerve.MIDDLE_TRUNK: ((44, 16, 8), (57, 15, -4), (69, 13.5, -16)),
    Nerve.LOWER_TRUNK: ((40, 12, -8), (55, 12.0, -18), (70, 10.5, -28.5)),
}

CORD_COURSES: dict[Nerve, tuple[Point, Point, Point]] = {
    Nerve.LATERAL_CORD: ((84, 17, -25), (103, 16.5, -35), (122, 15, -50)),
    Nerve.POSTERIOR_CORD: ((84, 10, -23.5), (103, 7.0, -35.5), (121, 4.5, -51)),
    Nerve.MEDIAL_CORD: ((84, 10.5, -36), (103, 9.5, -46.5), (122, 8.0, -61.5)),
}

# Division: trunk, cord, waypoint between, share of the trunk's area.
DIVISIONS: tuple[tuple[Nerve, Nerve, Point, float], ...] = (
    (Nerve.UPPER_TRUNK, Nerve.LATERAL_CORD, (76.5, 17.3, -15.5), 0.5),
    (Nerve.UPPER_TRUNK, Nerve.POSTERIOR_CORD, (76.5, 13.2, -14.5), 0.5),
    (Nerve.MIDDLE_TRUNK, Nerve.LATERAL_CORD, (76.5, 16.0, -21), 0.45),
    (Nerve.MIDDLE_TRUNK, Nerve.POSTERIOR_CORD, (76.5, 11.3, -20), 0.5),
    (Nerve.LOWER_TRUNK, Nerve.MEDIAL_CORD, (77, 10.5, -32.5), 0.75),
    (Nerve.LOWER_TRUNK, Nerve.POSTERIOR_CORD, (77, 9.6, -26.5), 0.3),
)

ARTERY_BESIDE_CORDS: tuple[Point, ...] = ((84, 13.3, -30), (103, 12.0, -41), (122, 10.2, -56))

# What continues past the cords, and what leaves the plexus: course, diameter in mm.
BRANCHES: dict[str, tuple[tuple[Point, ...], float]] = {
    "musculocutaneous": (((122, 15, -50), (136, 14, -66), (152, 10, -92)), 2.4),
    "median_lateral": (((122, 15, -50), (133, 11, -68), (146, 6, -95)), 2.8),
    "median_medial": (((122, 8.0, -61.5), (132, 7, -74), (145, 3, -97)), 2.6),
    "ulnar": (((122, 8.0, -61.5), (131, 4, -77), (142, -1, -100)), 3.0),
    "radial": (((121, 4.5, -51), (131, 0, -68), (141, -8, -96)), 3.6),
    "axillary": (((121, 4.5, -51), (133, -4, -60), (148, -16, -66)), 2.6),
    "suprascapular": (((66, 17.4, -2.5), (76, 6, -8), (92, -12, -15), (118, -20, -20)), 2.0),
    "dorsal_scapular": (((24, 12, 42), (34, 1, 32), (52, -18, 12), (66, -34, -30)), 1.3),
    "long_thoracic": (((29, 12, 22), (42, 2, 4), (60, -8, -30), (72, -8, -80)), 1.3),
    "phrenic": (((30, 20, 55), (36, 31, 25), (37, 36, 2), (27, 38, -32), (26, 34, -80)), 1.2),
    "vagus": (((29, 30, 105), (29, 31, 60), (30, 33, 20), (24, 33, -25)), 2.2),
    "C3_ramus": (((17, 10, 85), (26, 14, 83), (36, 14, 84), (44, 8, 90)), 2.3),
    "C4_ramus": (((17, 10, 67), (27, 15, 63), (37, 16, 60), (46, 12, 62), (52, 2, 70)), 2.7),
    "supraclavicular": (((37, 16, 60), (50, 22, 46), (68, 24, 22), (92, 24, 6)), 1.5),
    "T2_ramus": (((16, 4, -42.5), (24, -2, -44), (42, -16, -49), (64, -26, -58)), 2.3),
}
PREFIXED_BRANCH: tuple[Point, ...] = ((27, 15, 62), (34, 17, 42), (42, 18, 19.5))
POSTFIXED_BRANCH: tuple[Point, ...] = ((16, 4, -42.5), (24, 7, -30), (33, 10.5, -15), (40, 12, -9))
