"""A straight, upright patient: canal along z at x = y = 0, and tubes drawn beside it."""

import numpy as np
from scipy import ndimage

from plexus_mri.core.anatomy import ROOTS, Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.evidence import Ganglion, NerveEvidence
from plexus_mri.core.frame import PatientFrame, SideProof
from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import Volume
from plexus_mri.tracing.expected import GATHERED, ROOT_WAYPOINTS

TOP_MM = 70.0  # height of the canal's cranial end over the disc C7/T1
FRAME = PatientFrame(
    Centerline(np.array([[0.0, 0.0, TOP_MM], [0.0, 0.0, -70.0]])),
    np.array([1.0, 0.0, 0.0]),
    SideProof("test", "drawn", None, None, proven=True),
)
SHAPE = (240, 60, 140)
GRID = Grid(SHAPE, np.array([[1, 0, 0, -120], [0, 1, 0, -20], [0, 0, 1, -69], [0, 0, 0, 1.0]]))


def on_side(points, side):
    """Points of the right side on either side."""
    return np.array(points, dtype=float) * np.array([side.sign, 1, 1])


def ganglion(side, nerve):
    """The ganglion of the table."""
    x, y, z = ROOT_WAYPOINTS[nerve][0]
    return Ganglion(side, on_side((x, y, z), side), TOP_MM - z, float(x), float(y), 1.0)


def course(side, nerve):
    """Waypoints of the table to where the plexus gathers."""
    return on_side([*ROOT_WAYPOINTS[nerve], GATHERED], side)


def dense(points_mm, step_mm=0.5):
    """Points along a polyline."""
    arc = np.append(0, np.cumsum(np.linalg.norm(np.diff(points_mm, axis=0), axis=1)))
    places = np.arange(0, arc[-1], step_mm)
    return np.stack([np.interp(places, arc, c) for c in points_mm.T], axis=1)


def evidence(courses, brightness=0.6):
    """Tubularity of 2 mm wide tubes along some courses, nothing elsewhere."""
    away = np.ones(SHAPE, dtype=bool)
    for points in courses:
        ijk = np.rint(GRID.to_voxel(dense(points))).astype(int)
        ijk = ijk[(ijk >= 0).all(axis=1) & (ijk < SHAPE).all(axis=1)]
        away[tuple(ijk.T)] = False
    near = ndimage.distance_transform_edt(away) <= 1.0
    ganglia = tuple(ganglion(side, nerve) for nerve in ROOTS for side in Side)
    return NerveEvidence(Volume(brightness * near.astype(np.float32), GRID), ganglia, 1.0)
