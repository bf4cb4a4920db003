"""Where the roots of a side are expected to run, from a ganglion to where the plexus gathers."""

from dataclasses import dataclass

import numpy as np

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.evidence import Ganglion
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import FloatArray

Waypoints = tuple[tuple[float, float, float], ...]

# Ganglion, foramen exit and where the trunk forms, on an upright right side: lateral of the
# midline, anterior of the canal's centre, above the disc C7/T1, in mm (domain waypoints 7e:
# heights from PAM50, direction of foramina from Pech 1985; what lies beyond is a proposal).
ROOT_WAYPOINTS: dict[Nerve, Waypoints] = {
    Nerve.C5: ((14, 7, 51), (17, 10, 50), (42, 18, 18)),
    Nerve.C6: ((14, 7, 33), (18, 10, 32), (42, 18, 18)),
    Nerve.C7: ((14, 7, 17), (18, 10, 16), (44, 16, 8)),
    Nerve.C8: ((14, 6, -1), (18, 9, -2), (40, 12, -8)),
    Nerve.T1: ((13, 5, -19), (17, 7, -17), (40, 12, -8)),
}
# Where the plexus has gathered. Chosen so that trunks are 35-40 mm and cords 45-49 mm long
# (Hlongwane 2022); shoulders differ, so a course is bent to where the plexus was seen to gather.
GATHERED = (86.0, 13.0, -29.0)
# Middle of the cords farther out, beside the coracoid; chosen with the same lengths.
BEYOND = (122.0, 9.0, -54.0)
# Mean distance of neighbouring ganglia in the table; a patient's own gives the body's scale.
STEP_MM = 17.5
SCALE_LIMITS = (0.8, 1.25)  # adults of 1.5 to 2 m, with room for the spread of levels


@dataclass(frozen=True, eq=False)
class Anatomy:
    """What places expected courses in a patient: the frame and the size of the body.

    ``scale`` is the size of the body over that of the table.
    """

    frame: PatientFrame
    scale: float

    def course(self, ganglion: Ganglion, nerve: Nerve, gathered_mm: FloatArray) -> FloatArray:
        """Expected course (n, 3) in RAS+ mm if this ganglion belongs to this root.

        The course starts at the ganglion and is bent, the more the farther out, to end where
        the plexus gathers on this side, (3,).
        """
        placed = self._placed(ganglion, nerve)
        lateral = ganglion.side.sign * self.frame.lateral_mm(placed)
        end = ganglion.side.sign * float(self.frame.lateral_mm(gathered_mm[None])[0])
        placed = np.vstack([placed[:-1], _at_lateral(placed, lateral, end)])
        along = np.append(lateral[:-1], end)
        share = np.clip((along - along[0]) / (along[-1] - along[0]), 0.0, 1.0)[:, None]
        bent: FloatArray = placed + share * (gathered_mm - placed[-1])
        return bent

    def gathering(self, ganglion: Ganglion, nerve: Nerve, lateral_mm: float) -> FloatArray:
        """Where the plexus is expected at a distance from the midline: (3,) in RAS+ mm."""
        placed = self._placed(ganglion, nerve)
        return _at_lateral(placed, ganglion.side.sign * self.frame.lateral_mm(placed), lateral_mm)

    def beyond(self, side: Side, gathered_mm: FloatArray, lateral_mm: float) -> FloatArray:
        """Where the cords are expected farther out than they gathered: (3,) in RAS+ mm."""
        run = np.array(BEYOND) - np.array(GATHERED)
        here = gathered_mm[None]
        farther = lateral_mm - side.sign * float(self.frame.lateral_mm(here)[0])
        right, forward = self.frame.right_at(here)[0], self.frame.forward_at(here)[0]
        step = side.sign * right + (run[1] * forward + run[2] * self.frame.up) / run[0]
        beyond: FloatArray = gathered_mm + farther * step
        return beyond

    def _placed(self, ganglion: Ganglion, nerve: Nerve) -> FloatArray:
        """Waypoints (n, 3) of a root in RAS+ mm, moved so that they start at the ganglion."""
        rows = np.array([*ROOT_WAYPOINTS[nerve], GATHERED]) * self.scale
        heights = ganglion.level_mm + rows[0, 2] - rows[:, 2]
        centre = self._canal_at_level(heights)
        out = ganglion.side.sign * rows[:, :1] * self.frame.right_at(centre)
        points = centre + out + rows[:, 1:2] * self.frame.forward_at(centre)
        placed: FloatArray = points + (ganglion.point_mm - points[0])
        return placed

    def _canal_at_level(self, level_mm: FloatArray) -> FloatArray:
        """Centre (n, 3) of the canal at distances from its cranial end; ends go straight on."""
        line = self.frame.canal
        beyond = level_mm - np.clip(level_mm, 0.0, line.length_mm)
        centre: FloatArray = line.at(level_mm) - beyond[:, None] * self.frame.up
        return centre


def body_scale(levels_mm: FloatArray) -> float:
    """Size of the body over that of the table, from the ganglia's places (n,) along the canal."""
    if len(levels_mm) < 2:
        return 1.0
    return float(np.clip(np.median(np.diff(levels_mm)) / STEP_MM, *SCALE_LIMITS))


def _at_lateral(points_mm: FloatArray, lateral: FloatArray, wanted_mm: float) -> FloatArray:
    """Point (3,) of the last leg of a course at a distance from the midline."""
    share = (wanted_mm - lateral[-2]) / (lateral[-1] - lateral[-2])
    point: FloatArray = points_mm[-2] + share * (points_mm[-1] - points_mm[-2])
    return point
