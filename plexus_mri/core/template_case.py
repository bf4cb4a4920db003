"""TemplateCase: one case of the population that a template is the mean of."""

from collections.abc import Mapping
from dataclasses import dataclass

from plexus_mri.core.anatomy import NerveKey
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.volume import LabelMap, Volume


@dataclass(frozen=True, eq=False)
class TemplateCase:
    """One case of the population.

    Parameters
    ----------
    image
        Bias-corrected, RAS axis order, in units of muscle.
    labels
        Its nerves, numbered by ``core.anatomy.label_index``, on any grid.
    nerves
        Course of each nerve that is trusted, proximal to distal, RAS+ mm.
    """

    image: Volume
    frame: PatientFrame
    labels: LabelMap
    nerves: Mapping[NerveKey, Centerline]
