"""PatientFrame: the midline of the patient and the proof of sides."""

from dataclasses import dataclass

import numpy as np

from plexus_mri.core.anatomy import Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import FloatArray, frozen


@dataclass(frozen=True)
class SideProof:
    """How left and right were proven.

    Parameters
    ----------
    orientation_source
        Where the image's orientation comes from, e.g. ``"sform (code 1)"`` or
        ``"ImageOrientationPatient"`` or ``"stated by the user"``.
    method
        How the midline was found, in words.
    midline_uncertainty_mm
        Disagreement between the independent midline estimates; None with fewer than two.
    smallest_margin_mm
        Smallest distance between any traced nerve and the midline; None before tracing.
    proven
        Whether sides may be reported.
    """

    orientation_source: str
    method: str
    midline_uncertainty_mm: float | None
    smallest_margin_mm: float | None
    proven: bool


@dataclass(frozen=True, eq=False)
class PatientFrame:
    """The midline as a curved surface: the canal's centerline swept along anterior-posterior.

    Parameters
    ----------
    canal
        Centre of the spinal canal, cranial to caudal.
    right : (3,)
        Unit vector that points to the patient's right (positive x in RAS+).
    proof
        How sides were proven.
    """

    canal: Centerline
    right: FloatArray
    proof: SideProof

    def __post_init__(self) -> None:
        right = np.array(self.right, dtype=float)
        object.__setattr__(self, "right", frozen(right / np.linalg.norm(right)))

    def canal_at(self, points_mm: FloatArray) -> FloatArray:
        """Canal centre (n, 3) at the height z of each point (n, 3); ends are prolonged."""
        line = self.canal.points_mm[np.argsort(self.canal.points_mm[:, 2])]
        columns = [np.interp(points_mm[:, 2], line[:, 2], line[:, k]) for k in range(3)]
        return np.stack([columns[0], columns[1], points_mm[:, 2]], axis=1)

    def lateral_mm(self, points_mm: FloatArray) -> FloatArray:
        """Signed distance (n,) of points (n, 3) from the midline, positive to the right."""
        lateral: FloatArray = (points_mm - self.canal_at(points_mm)) @ self.right
        return lateral

    def side_of(self, points_mm: FloatArray) -> Side:
        """Side of the patient on which points (n, 3) mostly lie."""
        return Side.RIGHT if float(np.median(self.lateral_mm(points_mm))) > 0 else Side.LEFT

    def midline_mm(self, reach_mm: float) -> FloatArray:
        """Canal-side points (2, n, 3): the midline ``reach_mm`` behind and before the canal."""
        forward = np.cross(np.array([0.0, 0.0, 1.0]), self.right)
        offset = reach_mm * forward / np.linalg.norm(forward)
        return np.stack([self.canal.points_mm - offset, self.canal.points_mm + offset])
