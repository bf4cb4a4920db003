"""Vertebrae, discs, canal and cord."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from plexus_mri.core.anatomy import Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.synthetic.atlas import LATERAL, UP, Part
from plexus_mri.synthetic.posture import Posture
from plexus_mri.synthetic.shapes import smooth_curve
from plexus_mri.synthetic.tissue import Tissue

# Heights of the discs C1/2 to T5/6 [PAM50 labels from C4/5 to T1/2, continued at their spacing].
DISC_HEIGHTS_MM = (105.0, 87.0, 69.5, 52.0, 34.5, 18.0, 0.0, -20.5, -43.5, -67.5, -92.0, -117.0)
LAST_CERVICAL = 6
DISC_MM = 5.0
CANAL_TOP_MM, CANAL_BOTTOM_MM = 135.0, -125.0


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
    """Body, disc below, arch and processes of one vertebra."""
    width = 11.0 + 0.6 * level
    y_mm = 18.0 + 0.25 * level
    high, low = top - DISC_MM / 2, bottom + DISC_MM / 2
    middle = (high + low) / 2
    yield (
        Part(
            "disc",
            Tissue.DISC,
            ((0, y_mm, low), (0, y_mm, bottom - DISC_MM / 2)),
            (width,),
            (8.0,),
            LATERAL,
        ),
        None,
    )
    yield (
        Part(
            "body",
            Tissue.MARROW,
            ((0, y_mm, high - 3), (0, y_mm, low + 3)),
            (width,),
            (8.3,),
            LATERAL,
            0.8,
            Tissue.CORTEX,
        ),
        None,
    )
    spinous = -34.0 if level < LAST_CERVICAL - 1 else -48.0
    drop = 4.0 if level < LAST_CERVICAL else 12.0
    yield (
        Part(
            "spinous",
            Tissue.MARROW,
            ((0, -12, middle - 2), (0, spinous, middle - drop)),
            (5.0, 4.0),
            (2.6, 3.2),
            UP,
            0.8,
            Tissue.CORTEX,
        ),
        None,
    )
    for side in Side:
        yield from ((part, side) for part in _side_of_vertebra(level, top, bottom))


def _side_of_vertebra(level: int, top: float, bottom: float) -> Iterator[Part]:
    """Pedicle, articular pillar, lamina and transverse process of the right side."""
    middle = (top + bottom) / 2
    cortex = (0.7, Tissue.CORTEX)
    yield Part(
        "pedicle",
        Tissue.MARROW,
        ((11, 12, middle + 3), (18, -3, middle + 2)),
        (3.6,),
        (2.6,),
        UP,
        *cortex,
    )
    yield Part(
        "pillar",
        Tissue.MARROW,
        ((21, -7, top - 2), (21, -9, bottom + 2)),
        (7.0,),
        (6.0,),
        LATERAL,
        *cortex,
    )
    yield Part(
        "lamina",
        Tissue.MARROW,
        ((19, -10, middle), (10, -14, middle - 1), (2, -18, middle - 2)),
        (6.0,),
        (2.4,),
        UP,
        *cortex,
    )
    if level <= LAST_CERVICAL - 1:
        yield Part(
            "transverse",
            Tissue.MARROW,
            ((12, 15, middle + 2), (23, 16, middle + 1)),
            (2.6,),
            (2.0,),
            UP,
            *cortex,
        )
        yield Part(
            "tubercle",
            Tissue.MARROW,
            ((22, -2, middle + 2), (25, 8, middle)),
            (2.6,),
            (2.0,),
            UP,
            *cortex,
        )
    else:
        yield Part(
            "transverse",
            Tissue.MARROW,
            ((18, -6, middle + 2), (32, -16, middle + 4)),
            (5.0,),
            (4.0,),
            UP,
            *cortex,
        )
