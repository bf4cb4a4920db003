"""NerveEvidence: what segmentation hands to tracing."""

from dataclasses import dataclass

from plexus_mri.core.anatomy import Side
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.volume import Volume


@dataclass(frozen=True, eq=False)
class Ganglion:
    """A bright blob where a dorsal root ganglion may be.

    Parameters
    ----------
    side
        Side of the patient.
    point_mm : (3,)
        Its centre, RAS+ mm.
    level_mm
        Position along the canal, measured from its cranial end.
    lateral_mm, depth_mm
        Distance outward from the midline, and anterior to the canal's centre.
    strength
        Contrast against the surroundings, in units of the image's typical ganglion.
    """

    side: Side
    point_mm: FloatArray
    level_mm: float
    lateral_mm: float
    depth_mm: float
    strength: float


@dataclass(frozen=True, eq=False)
class NerveEvidence:
    """Where nerves may be.

    Parameters
    ----------
    tubularity
        How much each place looks like a bright tube, 0-1, on an isotropic working grid.
    ganglia
        Candidates of both sides, cranial to caudal.
    contrast
        Intensity of a typical ganglion above its surroundings, in image units.
    """

    tubularity: Volume
    ganglia: tuple[Ganglion, ...]
    contrast: float
