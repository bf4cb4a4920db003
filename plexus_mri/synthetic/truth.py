"""What is true of a synthetic case."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from plexus_mri.core.anatomy import NerveKey, label_index
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import BoolArray, FloatArray
from plexus_mri.core.transform import RigidTransform
from plexus_mri.core.volume import LabelMap
from plexus_mri.synthetic.spec import Lesion


@dataclass(frozen=True, eq=False)
class TruthNerve:
    """One nerve as it truly is.

    Parameters
    ----------
    centerline
        Proximal to distal, RAS+ mm, a node every 0.75 mm from the first; only the last step is
        another, 0.4-1.1 mm. A root's first node is the centre of its dorsal root ganglion, its
        last one lies where it enters its trunk.
    csa_mm2 : (n,)
        Area of the cross-section perpendicular to the centerline.
    long_mm, short_mm : (n,)
        Full diameters of the elliptical section along its long and short axis.
    long_axis : (n, 3)
        Unit vector along the long diameter.
    angle_deg : (n,)
        Turn of the long axis from the craniocaudal direction, towards anterior on either side.
    signal : (n,)
        Intensity of the nerve in image units: no noise, no shading, no blur, no partial volume.
    signal_ratio : (n,)
        ``signal`` over that of healthy muscle.
    """

    centerline: Centerline
    csa_mm2: FloatArray
    long_mm: FloatArray
    short_mm: FloatArray
    long_axis: FloatArray
    angle_deg: FloatArray
    signal: FloatArray
    signal_ratio: FloatArray

    @property
    def diameter_mm(self) -> FloatArray:
        """Diameter (n,) of the circle of equal area."""
        diameter: FloatArray = 2 * np.sqrt(self.csa_mm2 / np.pi)
        return diameter

    def to_dict(self) -> dict[str, object]:
        """Give plain values for JSON."""
        columns = {
            "arc_length_mm": self.centerline.arc_length_mm,
            "points_mm": self.centerline.points_mm,
            "csa_mm2": self.csa_mm2,
            "long_mm": self.long_mm,
            "short_mm": self.short_mm,
            "angle_deg": self.angle_deg,
            "signal": self.signal,
            "signal_ratio": self.signal_ratio,
        }
        return {name: np.round(column, 4).tolist() for name, column in columns.items()}


@dataclass(frozen=True, eq=False)
class PhantomTruth:
    """The answers to one synthetic case.

    Parameters
    ----------
    nerves
        All eleven nerves of both sides, also where they leave the field of view.
    lesions
        What was put in; empty when the sides are equal.
    labels
        Nerves on the image's own grid, numbered by ``core.anatomy.label_index``.
    canal
        Centre of the spinal canal, cranial to caudal: the patient's midline.
    world_from_patient
        Rigid pose of the patient.
    muscle_signal, noise_sigma
        Intensity of healthy muscle without shading, and of the noise in each receive channel.
    """

    nerves: Mapping[NerveKey, TruthNerve]
    lesions: tuple[Lesion, ...]
    labels: LabelMap
    canal: Centerline
    world_from_patient: RigidTransform
    muscle_signal: float
    noise_sigma: float

    def covered(self, key: NerveKey) -> BoolArray:
        """Nodes (n,) of a nerve that lie inside the field of view."""
        return self.labels.grid.contains(self.nerves[key].centerline.points_mm)

    def to_dict(self) -> dict[str, object]:
        """Give everything but the label map as plain values for JSON."""
        return {
            "nerves": {
                f"{side}|{nerve}": {
                    "label": label_index(side, nerve),
                    "covered": self.covered((side, nerve)).tolist(),
                    **truth.to_dict(),
                }
                for (side, nerve), truth in self.nerves.items()
            },
            "lesions": [_lesion_dict(lesion) for lesion in self.lesions],
            "canal_mm": np.round(self.canal.points_mm, 3).tolist(),
            "world_from_patient": self.world_from_patient.target_from_source.tolist(),
            "muscle_signal": self.muscle_signal,
            "noise_sigma": self.noise_sigma,
        }


def _lesion_dict(lesion: Lesion) -> dict[str, object]:
    """One lesion as plain values."""
    return {
        "side": str(lesion.side),
        "nerve": str(lesion.nerve),
        "pattern": str(lesion.pattern),
        "diameter_factor": lesion.diameter_factor,
        "t2_factor": lesion.t2_factor,
        "centers_mm": list(lesion.centers_mm),
        "half_length_mm": lesion.half_length_mm,
    }
