"""Small phantoms: the right plexus alone at 1 mm, and a coarse one of both sides."""

from dataclasses import replace

import pytest

from plexus_mri.synthetic import (
    AcquisitionSpec,
    PhantomSpec,
    SimulatedCase,
    plain_anatomy,
    simulate,
)

RIGHT_ROOTS = AcquisitionSpec(shape=(64, 40, 90), center_mm=(32.0, 14.0, 18.0))
CLEAN = replace(
    RIGHT_ROOTS, cnr=float("inf"), bias_percent=0, bias_gradient_percent=0, texture=0, ghost=0
)


@pytest.fixture(scope="session")
def spec() -> PhantomSpec:
    """A regular patient, noisy, cropped to the right roots and trunks."""
    return PhantomSpec(5, plain_anatomy(5), RIGHT_ROOTS)


@pytest.fixture(scope="session")
def case(spec: PhantomSpec) -> SimulatedCase:
    """The noisy crop."""
    return simulate(spec)


@pytest.fixture(scope="session")
def clean(spec: PhantomSpec) -> SimulatedCase:
    """The same crop without noise, shading, texture, ghost and blur."""
    return simulate(replace(spec, acquisition=replace(CLEAN, blur_voxels=0)))
