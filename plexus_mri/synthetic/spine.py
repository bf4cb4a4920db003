"""Vertebrae, discs, canal and cord."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from plexus_mri.core.anatomy import Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.synthetic.atlas import LATERAL, Part, parts_table
from plexus_mri.synthetic.posture import Posture
from plexus_mri.synthetic.shapes import smooth_curve
from plexus_mri.synthetic.tissue import Tissue

# Heights of the discs C1/2 to T5/6 [PAM50 labels from C4/5 to T1/2, continued at their spacing].
DISC_HEIGHTS_MM = (105.0, 87.0, 69.5, 52.0, 34.5, 18.0, 0.0, -20.5, -43.5, -67.5, -92.0, -117.0)
LAST_CERVICAL = 6
DISC_MM = 5.0
CANAL_TOP_MM, CANAL_BOTTOM_MM = 135.0, -125.0


# Of one vertebra, z from the middle between its discs. Lamina and below: on the right side.
BONE = Part("", Tissue.MARROW, (), (), (), rim_mm=0.7, coat=Tissue.CORTEX)
SPINOUS = {
    False: parts_table("spinous U 5,4 2.6,3.2 0,-12,-2 0,-34,-4", BONE),
    True: parts_table("spinous U 5,4 2.6,3.2 0,-12,-2 0,-48,-12", BONE),
}
ARCH = parts_table(
    """
pedicle U 3.6 2.6 11,12,3 18,-3,2
pillar L 7 6 21,-7,6.5 21,-9,-6.5
lamina U 6 2.4 19,-10,0 10,-14,-1 2,-18,-2
""",
    BONE,
)
TRANSVERSE = {
    False: parts_table(
        "transverse U 2.6 2 12,15,2 23,16,1\ntubercle U 2.6 2 22,-2,2 25,8,0", BONE
    ),
    True: parts_table("transverse U 5 4 18,-6,2 32,-16,4", BONE),
}


def canal_centerline(posture: Posture) -> Centerline:
    """Centre of the canal, cranial to caudal, every 2 mm or so."""
    heights = np.arange(CANAL_TOP_MM, CANAL_BOTTOM_MM - 1, -10.0)
    course = np.stack([0 * heights, 0 * heights, heights], axis=1)
    return Centerline(smooth_curve(posture.place(course, None), step_mm=2.0))


def spine_parts() -> Iterator[tuple[Part, Side | None]]:
    """Parts of the spine in painting order."""
    for level, (top, bottom) in enumerate(pairwise(DISC_HEIGHTS_MM)):
        yield from _vertebra(level, top, bottom)
    column = tuple(
        (0.0, 0.0, float(z)) for z in np.arange(CANAL_TOP_MM, CANAL_BOTTOM_MM - 1, -20.0)
    )
    yield Part("dura", Tissue.CSF, column, (9.2, 9.0, 8.3), (6.3, 6.2, 6.2), LATERAL, 1.0), None
    yield Part("cord", Tissue.CORD, column, (6.2, 6.3, 5.3, 4.8), (3.8, 3.6, 3.1), LATERAL), None


def _vertebra(level: int, top: float, bottom: float) -> Iterator[tuple[Part, Side | None]]:
    """Disc below, body, arch and processes of one vertebra."""
    thoracic = level >= LAST_CERVICAL
    middle = (top + bottom) / 2
    yield from ((part, None) for part in _body(level, top, bottom))
    yield from ((_raised(part, middle), None) for part in SPINOUS[thoracic])
    for side in Side:
        for part in (*ARCH, *TRANSVERSE[thoracic]):
            yield _raised(part, middle), side


def _body(level: int, top: float, bottom: float) -> tuple[Part, Part]:
    """Disc and body; both grow wider and lie further forward down the spine."""
    width, y_mm = 11.0 + 0.6 * level, 18.0 + 0.25 * level
    high, low = top - DISC_MM / 2, bottom + DISC_MM / 2
    under = ((0.0, y_mm, low), (0.0, y_mm, bottom - DISC_MM / 2))
    disc = Part("disc", Tissue.DISC, under, (width,), (8.0,), LATERAL)
    within = ((0.0, y_mm, high - 3), (0.0, y_mm, low + 3))
    return disc, replace(
        BONE, name="body", course=within, long=(width,), short=(8.3,), axis=LATERAL
    )


def _raised(part: Part, z_mm: float) -> Part:
    """The part at another height."""
    return replace(part, course=tuple((x, y, z + z_mm) for x, y, z in part.course))
