"""How far the midline that is found lies from the true one, on phantoms.

Shapes: ``n`` points.
"""

from dataclasses import dataclass, replace

import numpy as np
from planted import coarse

from plexus_mri.core.anatomy import ROOTS, TRUNKS, Side
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.volume import Volume
from plexus_mri.preprocess.bias import correct_bias
from plexus_mri.registration.frame import find_patient_frame
from plexus_mri.settings import Settings
from plexus_mri.synthetic import (
    CaseKind,
    Lesion,
    MuscleGroup,
    PhantomSpec,
    Population,
    random_spec,
    simulate,
)
from plexus_mri.synthetic.posture import Posture

KINDS = (CaseKind.SYMMETRIC, CaseKind.LESIONS, CaseKind.VARIANT, CaseKind.LESIONS, CaseKind.CUT)
ONE_SIDED, SHADED = "one-sided disease", "strong shading"
# Shading that makes one side exp(1.5) = 4.5 times as bright as the other 200 mm away.
SLOPE = 1.5 / 200.0
# Of the template: from C4/5 to below T1/2, from behind the canal to the front of the bodies.
HEIGHTS_MM, DEPTHS_MM = np.arange(-45.0, 36.0, 5.0), np.arange(-10.0, 21.0, 5.0)


@dataclass(frozen=True)
class MidlineScore:
    """One case: 95th percentile of the distance (mm), None without a midline."""

    kind: str
    error_mm: float | None


def midline_scores(
    number: int, seed: int, population: Population, *, shaded: bool
) -> list[MidlineScore]:
    """Score of a varied case, and of the same image under strong shading where asked."""
    kind = KINDS[number % len(KINDS)]
    spec = coarse(random_spec(seed, kind=kind, population=population))
    image = simulate(spec).image.to_ras()
    scores = [_score(str(kind), image, spec)]
    if shaded:
        sign = 1 if number % 2 else -1
        scores.append(_score(SHADED, _shaded(image, sign * SLOPE), spec))
    return scores


def one_sided_score(seed: int, population: Population) -> MidlineScore:
    """Score of a case with all roots and trunks, and all muscles, of one side diseased."""
    spec = coarse(random_spec(seed, kind=CaseKind.SYMMETRIC, population=population))
    side = Side.LEFT if seed % 2 else Side.RIGHT
    sick = replace(spec.anatomy.side(side), denervated=tuple(MuscleGroup))
    anatomy = (
        replace(spec.anatomy, left=sick)
        if side is Side.LEFT
        else replace(spec.anatomy, right=sick)
    )
    lesions = tuple(Lesion(side, nerve, diameter_factor=1.7) for nerve in (*ROOTS, *TRUNKS))
    spec = replace(spec, anatomy=anatomy, lesions=lesions)
    return _score(ONE_SIDED, simulate(spec).image.to_ras(), spec)


def _shaded(image: Volume, slope: float) -> Volume:
    """The image with a strong slope of brightness along x."""
    count = image.grid.shape[0]
    off_mm = (np.arange(count) - (count - 1) / 2) * image.grid.spacing[0]
    return image.with_data(image.data * np.exp(slope * off_mm)[:, None, None])


def _score(kind: str, image: Volume, spec: PhantomSpec) -> MidlineScore:
    settings = Settings()
    even = correct_bias(image, settings.preprocess)
    frame = find_patient_frame(even, "sform (code 1)", settings.registration)
    if frame is None:
        return MidlineScore(kind, None)
    truth = _midline_points(spec)
    seen = truth[image.grid.contains(truth)]
    return MidlineScore(kind, float(np.percentile(np.abs(frame.lateral_mm(seen)), 95)))


def _midline_points(spec: PhantomSpec) -> FloatArray:
    """World points (n, 3) of the true midline surface."""
    depths, heights = (a.ravel() for a in np.meshgrid(DEPTHS_MM, HEIGHTS_MM))
    template = np.stack([0 * depths, depths, heights], axis=1)
    return Posture(spec.anatomy).place(template, None)
