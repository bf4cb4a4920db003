"""PatientFrame: the midline of the patient and the proof of sides."""

from dataclasses import dataclass

import numpy as np

from plexus_mri.core.anatomy import Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import FloatArray, frozen
from plexus_mri.errors import StageError
from plexus_mri.reasons import ReasonCode

# Over what height an end of the canal shows its direction, how far it is prolonged, and the
# steepest slope that is believed (35 degrees).
END_MM, PROLONGED_MM, STEEPEST = 25.0, 40.0, 0.7


@dataclass(frozen=True)
class MidlineEstimate:
    """One independent estimate of the midline, against the combined one.

    Parameters
    ----------
    source
        What it rests on, in words.
    offset_mm
        How far it lies to the patient's right of the combined midline; None when the image
        does not show enough of it.
    uncertainty_mm
        Standard error of ``offset_mm``.
    """

    source: str
    offset_mm: float | None
    uncertainty_mm: float | None


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
    estimates
        The independent midline estimates, each against the combined one.
    """

    orientation_source: str
    method: str
    midline_uncertainty_mm: float | None
    smallest_margin_mm: float | None
    proven: bool
    estimates: tuple[MidlineEstimate, ...] = ()


@dataclass(frozen=True, eq=False)
class PatientFrame:
    """The midline as a curved surface: the canal's centerline swept along anterior-posterior.

    Parameters
    ----------
    canal
        Centre of the spinal canal, cranial to caudal.
    right : (3,)
        Unit vector that points to the patient's right (positive x in RAS+): the mean over the
        canal.
    proof
        How sides were proven.
    rights : (n, 3), optional
        Unit vector to the right at each node of the canal, for a neck that is turned against
        the shoulders; ``right`` everywhere when absent.
    """

    canal: Centerline
    right: FloatArray
    proof: SideProof
    rights: FloatArray | None = None

    def __post_init__(self) -> None:
        right = np.array(self.right, dtype=float)
        object.__setattr__(self, "right", frozen(right / np.linalg.norm(right)))
        if self.rights is None:
            return
        rights = np.array(self.rights, dtype=float)
        if rights.shape != self.canal.points_mm.shape:
            msg = f"rights need one vector per node of the canal, got shape {rights.shape}"
            raise StageError(msg, ReasonCode.SIDE_UNPROVEN)
        rights = rights / np.linalg.norm(rights, axis=1, keepdims=True)
        object.__setattr__(self, "rights", frozen(rights))

    def canal_at(self, points_mm: FloatArray) -> FloatArray:
        """Canal centre (n, 3) at the height z of each point (n, 3).

        The ends are prolonged in their own direction for a few vertebrae, then straight up and
        down.
        """
        line = _prolonged(self.canal.points_mm[np.argsort(self.canal.points_mm[:, 2])])
        columns = [np.interp(points_mm[:, 2], line[:, 2], line[:, k]) for k in range(2)]
        return np.stack([*columns, points_mm[:, 2]], axis=1)

    def right_at(self, points_mm: FloatArray) -> FloatArray:
        """Unit vectors (n, 3) to the patient's right at the height of each point (n, 3)."""
        if self.rights is None:
            return np.tile(self.right, (len(points_mm), 1))
        z_mm = self.canal.points_mm[:, 2]
        order = np.argsort(z_mm)
        columns = [
            np.interp(points_mm[:, 2], z_mm[order], self.rights[order, k]) for k in range(3)
        ]
        axes = np.stack(columns, axis=1)
        right: FloatArray = axes / np.linalg.norm(axes, axis=1, keepdims=True)
        return right

    def forward_at(self, points_mm: FloatArray) -> FloatArray:
        """Horizontal unit vectors (n, 3) to the front at the height of each point (n, 3)."""
        forward = np.cross(np.array([0.0, 0.0, 1.0]), self.right_at(points_mm))
        unit: FloatArray = forward / np.linalg.norm(forward, axis=1, keepdims=True)
        return unit

    def level_mm(self, point_mm: FloatArray) -> float:
        """Arc length of the canal's point nearest to (3,), from the canal's cranial end."""
        line = self.canal.resampled(1.0)
        nearest = int(np.argmin(np.linalg.norm(line.points_mm - point_mm, axis=1)))
        return float(line.arc_length_mm[nearest])

    def lateral_mm(self, points_mm: FloatArray) -> FloatArray:
        """Signed distance (n,) of points (n, 3) from the midline, positive to the right."""
        off = points_mm - self.canal_at(points_mm)
        lateral: FloatArray = np.sum(off * self.right_at(points_mm), axis=1)
        return lateral

    def anterior_mm(self, points_mm: FloatArray) -> FloatArray:
        """Signed distance (n,) of points (n, 3) before the canal in the axial plane."""
        off = points_mm - self.canal_at(points_mm)
        anterior: FloatArray = np.sum(off * self.forward_at(points_mm), axis=1)
        return anterior

    def side_of(self, points_mm: FloatArray) -> Side:
        """Side of the patient on which points (n, 3) mostly lie."""
        return Side.RIGHT if float(np.median(self.lateral_mm(points_mm))) > 0 else Side.LEFT

    def midline_mm(self, reach_mm: float) -> FloatArray:
        """Canal-side points (2, n, 3): the midline ``reach_mm`` behind and before the canal."""
        offset = reach_mm * self.forward_at(self.canal.points_mm)
        return np.stack([self.canal.points_mm - offset, self.canal.points_mm + offset])


def _prolonged(line_mm: FloatArray) -> FloatArray:
    """Line (n, 3) of rising height with one more point at each end, in the end's direction."""
    low = line_mm[0] - _end_step(line_mm)
    high = line_mm[-1] - _end_step(line_mm[::-1])
    return np.vstack([low, line_mm, high])


def _end_step(line_mm: FloatArray) -> FloatArray:
    """Step (3,) into the line from its first point, scaled to the height it is prolonged by."""
    heights = np.abs(line_mm[:, 2] - line_mm[0, 2])
    inner = line_mm[min(int(np.searchsorted(heights, END_MM)), len(line_mm) - 1)]
    step = inner - line_mm[0]
    rise = max(abs(float(step[2])), 1e-6)
    sideways = np.clip(step[:2] / rise, -STEEPEST, STEEPEST)
    return np.array([*(sideways * PROLONGED_MM), np.sign(step[2]) * PROLONGED_MM])
