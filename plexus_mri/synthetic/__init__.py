"""A phantom of neck and shoulders with a brachial plexus of known course, size and signal.

`simulate` turns a `PhantomSpec` into an image and its `PhantomTruth`; `random_spec` draws varied
specs. What holds of every case:

- The two sides always differ in course, neighbours, vessels and nodes. Without a lesion, and with
  the same variant, a nerve's area, shape and signal are the same function of arc length on both
  sides: `caliber` does not know the side. So a symmetric case has a true asymmetry of zero at
  every arc length, though not of mean values over stretches of different length.
- Nerves are drawn last and by sub-voxels at most 0.3 mm apart (at least 3 along each axis), so no
  neighbour cuts into them and their partial volume is exact to about 1 %.
- The truth's signal is that of the tissue before shading, texture, blur and noise.
- `Population.DEVELOPMENT` and the harder `Population.HARD` are for building and for choosing
  constants; `Population.VALIDATION` reaches wider in every range, has spacings the others never
  show, and is for reporting alone.
"""

from plexus_mri.core.simulated import CaseKind
from plexus_mri.synthetic.draw import random_spec
from plexus_mri.synthetic.simulate import SimulatedCase, simulate
from plexus_mri.synthetic.spec import (
    AcquisitionSpec,
    AnatomySpec,
    Lesion,
    MuscleGroup,
    PhantomSpec,
    Plane,
    Population,
    Sequence,
    SideAnatomy,
    Variant,
    plain_anatomy,
)
from plexus_mri.synthetic.truth import PhantomTruth, TruthNerve

__all__ = [
    "AcquisitionSpec",
    "AnatomySpec",
    "CaseKind",
    "Lesion",
    "MuscleGroup",
    "PhantomSpec",
    "PhantomTruth",
    "Plane",
    "Population",
    "Sequence",
    "SideAnatomy",
    "SimulatedCase",
    "TruthNerve",
    "Variant",
    "plain_anatomy",
    "random_spec",
    "simulate",
]
