"""PatientFrame: the midline of the patient and the proof of sides."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from plexus_mri.core.anatomy import Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import FloatArray, frozen
from plexus_mri.errors import StageError
from plexus_mri.reasons import ReasonCode

# Over what height an end of the canal shows its direction, how far it is prolonged, and the
# steepest slope that is believed (35 degrees).
END_MM, PROLONGED_MM, STEEPEST = 25.0, 40.0, 0.7
WORLD_UP = (0.0, 0.0, 1.0)


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
    up : (3,)
        Unit vector to the head along which heights are measured: the image's own axis, so that
        what a header says about the scanner's axes changes no number (ADR-113).
    """

    canal: Centerline
    right: FloatArray
    proof: SideProof
    rights: FloatArray | None = None
    up: FloatArray = field(default_factory=lambda: np.array(WORLD_UP))

    def __post_init__(self) -> None:
        for name in ("right", "up"):
            vector = np.array(getattr(self, name), dtype=float)
            object.__setattr__(self, name, frozen(vector / np.linalg.norm(vector)))
        if self.rights is None:
            return
        rights = np.array(self.rights, dtype=float)
        if rights.shape != self.canal.points_mm.shape:
            msg = f"rights need one vector per node of the canal, got shape {rights.shape}"
            raise StageError(msg, ReasonCode.SIDE_UNPROVEN)
        rights = rights / np.linalg.norm(rights, axis=1, keepdims=True)
        object.__setattr__(self, "rights", frozen(rights))

    def height_mm(self, points_mm: FloatArray) -> FloatArray:
        """Height (n,) of points (n, 3) along ``up``, from the world's origin."""
        height: FloatArray = points_mm @ self.up
        return height

    def canal_at(self, points_mm: FloatArray) -> FloatArray:
        """Canal centre (n, 3) at the height of each point (n, 3).

        The ends are prolonged in their own direction for a few vertebrae, then straight up and
        down.
        """
        height = self.height_mm(points_mm)
        line = self._prolonged_canal
        centre = _between(height, self.height_mm(line), line)
        beyond: FloatArray = height - self.height_mm(centre)
        return centre + beyond[:, None] * self.up

    def canal_at_z(self, z_mm: FloatArray) -> FloatArray:
        """Canal centre (n, 3) where it crosses the world's axial planes at z (n,): for pictures.

        Straight on along z beyond where the canal is prolonged to.
        """
        line = self._prolonged_canal
        crossing = _between(z_mm, line[:, 2], line)
        return np.column_stack([crossing[:, :2], z_mm])

    @cached_property
    def _prolonged_canal(self) -> FloatArray:
        """Canal (n, 3) of rising height, each end prolonged by a point in its own direction."""
        line = self.canal.points_mm[np.argsort(self.height_mm(self.canal.points_mm))]
        ends = _end_step(line, self.up), _end_step(line[::-1], self.up)
        return np.vstack([line[0] - ends[0], line, line[-1] - ends[1]])

    def right_at(self, points_mm: FloatArray) -> FloatArray:
        """Unit vectors (n, 3) to the patient's right at the height of each point (n, 3)."""
        if self.rights is None:
            return np.tile(self.right, (len(points_mm), 1))
        nodes_mm = self.height_mm(self.canal.points_mm)
        order = np.argsort(nodes_mm)
        axes = _between(self.height_mm(points_mm), nodes_mm[order], self.rights[order])
        right: FloatArray = axes / np.linalg.norm(axes, axis=1, keepdims=True)
        return right

    def forward_at(self, points_mm: FloatArray) -> FloatArray:
        """Level unit vectors (n, 3) to the front at the height of each point (n, 3)."""
        forward = np.cross(self.up, self.right_at(points_mm))
        unit: FloatArray = forward / np.linalg.norm(forward, axis=1, keepdims=True)
        return unit

    @property
    def forward(self) -> FloatArray:
        """Level unit vector (3,) to the front, at right angles to the mean lateral axis."""
        forward = np.cross(self.up, self.right)
        unit: FloatArray = forward / np.linalg.norm(forward)
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
        """Signed distance (n,) of points (n, 3) before the canal at the same height."""
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


def _between(places: FloatArray, nodes: FloatArray, rows: FloatArray) -> FloatArray:
    """Rows (n, 3) of a table (k, 3) at places (n,) between its rising nodes (k,)."""
    return np.stack([np.interp(places, nodes, rows[:, j]) for j in range(3)], axis=1)


def _end_step(line_mm: FloatArray, up: FloatArray) -> FloatArray:
    """Step (3,) into the line from its first point, scaled to the height it is prolonged by."""
    heights = np.abs((line_mm - line_mm[0]) @ up)
    inner = line_mm[min(int(np.searchsorted(heights, END_MM)), len(line_mm) - 1)]
    step = inner - line_mm[0]
    rise = float(step @ up)
    sideways = (step - rise * up) / max(abs(rise), 1e-6)
    believed = min(1.0, STEEPEST / max(float(np.linalg.norm(sideways)), 1e-9))
    prolonged: FloatArray = PROLONGED_MM * (believed * sideways + np.sign(rise) * up)
    return prolonged
