"""A phantom of neck and shoulders with a brachial plexus of known course, size and signal."""

from plexus_mri.synthetic.draw import random_spec
from plexus_mri.synthetic.simulate import SimulatedCase, simulate
from plexus_mri.synthetic.spec import (
    AcquisitionSpec,
    AnatomySpec,
    CaseKind,
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
