"""Make the sample study: three synthetic subjects and their true answers, the same every time."""

import argparse
from dataclasses import replace
from pathlib import Path

from plexus_mri.batch.simulation import SimulationJob, write_simulated_case
from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.comparison import Pattern
from plexus_mri.core.simulated import ImageFormat
from plexus_mri.synthetic import (
    CaseKind,
    Lesion,
    PhantomSpec,
    Plane,
    Sequence,
    Variant,
    random_spec,
)

SPACING_MM = 1.2  # keeps three subjects under 12 MB; the field of view stays the full one
AXIS_CODES = "LSA"  # columns, rows, slices of a coronal series as converters store them
FIELD_MM = (300.0, 100.0, 190.0)
# On the left only, and not on neighbours: swollen neighbours touch, which is a case of its own.
LESIONS = (
    Lesion(Side.LEFT, Nerve.C6, Pattern.FOCAL, 1.5, 1.5, centers_mm=(14.0,), half_length_mm=10.0),
    Lesion(Side.LEFT, Nerve.C8, Pattern.DIFFUSE, diameter_factor=1.4, t2_factor=1.4),
    Lesion(Side.LEFT, Nerve.LATERAL_CORD, Pattern.DIFFUSE, diameter_factor=1.3, t2_factor=1.3),
)


def sample_jobs(out: Path) -> tuple[SimulationJob, ...]:
    """Give the three subjects: symmetric, lesions on the left, one side cut off."""
    study, truth = out / "study", out / "truth"
    lesions = replace(sample_spec(2, CaseKind.SYMMETRIC), lesions=LESIONS)
    return (
        SimulationJob(sample_spec(1, CaseKind.SYMMETRIC), "01", ImageFormat.NIFTI, study, truth),
        SimulationJob(lesions, "02", ImageFormat.DICOM, study, truth),
        SimulationJob(sample_spec(3, CaseKind.CUT), "03", ImageFormat.ENHANCED, study, truth),
    )


def sample_spec(seed: int, kind: CaseKind) -> PhantomSpec:
    """A drawn case of regular anatomy as a coronal STIR of isotropic voxels."""
    drawn = random_spec(seed, kind=kind)
    sides = {
        name: replace(getattr(drawn.anatomy, name), variant=Variant.REGULAR)
        for name in ("left", "right")
    }
    shape = tuple(round(field / SPACING_MM) for field in FIELD_MM)
    acquisition = replace(
        drawn.acquisition,
        sequence=Sequence.STIR,
        plane=Plane.CORONAL,
        axis_codes=AXIS_CODES,
        shape=(shape[0], shape[1], shape[2]),
        spacing_mm=(SPACING_MM,) * 3,
    )
    return replace(drawn, anatomy=replace(drawn.anatomy, **sides), acquisition=acquisition)


def main() -> None:
    """Write the sample study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("sample_data"))
    out = parser.parse_args().out
    for job in sample_jobs(out):
        print(f"{write_simulated_case(job)}")


if __name__ == "__main__":
    main()
