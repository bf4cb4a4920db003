"""Errors of single nodes on a development case of stated signal-to-noise: what power rests on."""

import argparse
from dataclasses import dataclass, replace

import numpy as np

from plexus_mri.asymmetry import AsymmetrySettings
from plexus_mri.asymmetry.noise import estimate_noise
from plexus_mri.asymmetry.pairing import Course, pair_courses
from plexus_mri.core.anatomy import ROOTS
from plexus_mri.core.case import Case, CaseResult, SeriesInfo
from plexus_mri.pipeline import run_case
from plexus_mri.settings import Settings
from plexus_mri.synthetic import CaseKind, PhantomSpec, random_spec, simulate
from plexus_mri.synthetic.draw import FIELD_MM
from plexus_mri.synthetic.tissue import signal_scale

SIGNAL_TO_NOISE = 20.0
EDGES_MM = (1.0, 1.6, 2.2, 3.0)


@dataclass(frozen=True)
class NodeErrors:
    """Medians over the nerves of a case; errors in percent of the value, lengths in mm.

    Parameters
    ----------
    area, signal
        Standard error that a node states of its own, and ``scatter`` the factor that the case
        finds on that of the area.
    shared_mm, ratio_shared_mm
        Length over which nodes err alike, of area and of signal ratio.
    root_usable_mm, other_usable_mm
        Stretch that is compared, of roots and of trunks and cords.
    """

    edge_mm: float
    area: float
    signal: float
    scatter: float
    ratio_scatter: float
    shared_mm: float
    ratio_shared_mm: float
    root_usable_mm: float
    other_usable_mm: float


def main() -> None:
    """Print one line a slice thickness."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, choices=range(1, 31))
    options = parser.parse_args()
    for edge_mm in EDGES_MM:
        print(measured(options.seed, edge_mm), flush=True)


def measured(seed: int, edge_mm: float) -> NodeErrors:
    """Run one symmetric case with slices of ``edge_mm`` and 1 mm in their plane."""
    spec = _at_noise(random_spec(seed, kind=CaseKind.SYMMETRIC), edge_mm)
    image = simulate(spec).image
    series = SeriesInfo(1, "stir", "coronal", "sform (code 1)", 1, "")
    return _node_errors(run_case(Case("sub-dev", None, image, series), Settings()), edge_mm)


def _at_noise(spec: PhantomSpec, edge_mm: float) -> PhantomSpec:
    """The case with slices of ``edge_mm``, its noise a twentieth of a healthy nerve's signal."""
    it, anatomy = spec.acquisition, spec.anatomy
    spacing = (1.0, edge_mm, 1.0)
    shape = tuple(round(field / step) for field, step in zip(FIELD_MM, spacing, strict=True))
    scale = signal_scale(it, anatomy.nerve_t2_ms, anatomy.muscle_t2_ms)
    cnr = SIGNAL_TO_NOISE * abs(scale.nerve - scale.muscle) / scale.nerve
    acquisition = replace(it, shape=(shape[0], shape[1], shape[2]), spacing_mm=spacing, cnr=cnr)
    return replace(spec, acquisition=acquisition)


def _node_errors(result: CaseResult, edge_mm: float) -> NodeErrors:
    settings = AsymmetrySettings()
    pairs = pair_courses(result.table, settings)
    areas = [pair for (_, course), pair in pairs.items() if course is Course.AREA]
    ratios = [pair for (_, course), pair in pairs.items() if course is Course.RATIO]
    noise, ratio_noise = estimate_noise(areas), estimate_noise(ratios)
    roots = [pair.usable_mm for pair in areas if pair.nerve in ROOTS]
    others = [pair.usable_mm for pair in areas if pair.nerve not in ROOTS]
    errors = [
        float(np.median([100.0 * np.median(p.left_se / p.left) for p in known]))
        for known in (areas, ratios)
    ]
    return NodeErrors(
        edge_mm,
        round(errors[0], 2),
        round(errors[1], 2),
        round(noise.scatter, 2),
        round(ratio_noise.scatter, 2),
        round(noise.shared_mm, 2),
        round(ratio_noise.shared_mm, 2),
        float(np.median(roots)),
        float(np.median(others)),
    )


if __name__ == "__main__":
    main()
