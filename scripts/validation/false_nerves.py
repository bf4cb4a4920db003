"""Images without a plexus: which nerves are found all the same, as a table for the page."""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from lumbar import lumbar_image
from marked import put_section
from planted import head, limb

from plexus_mri.core.volume import Volume
from plexus_mri.errors import PlexusError
from plexus_mri.io.inventory import read_series, take_inventory
from plexus_mri.preprocess.bias import correct_bias
from plexus_mri.registration.frame import find_patient_frame, prove_sides
from plexus_mri.segmentation.classical import find_nerves
from plexus_mri.settings import Settings
from plexus_mri.synthetic import CaseKind, Population, random_spec, simulate
from plexus_mri.synthetic.simulate import acquisition_grid
from plexus_mri.tracing.trace import trace_nerves

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
# Drawn for reporting alone; development uses small seeds of the other population.
FIRST_SEED, FIRST_DEVELOPMENT_SEED = 98_200, 201
NOISE = 12.0


@dataclass(frozen=True)
class Outcome:
    """One image: how far it came, and the nerves that would be reported."""

    kind: str
    end: str
    nerves: int
    confidence: float = 0.0


def main() -> None:
    """Search every image and write the section between its markers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "validation.md")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--cases", type=int, default=6)
    parser.add_argument("--population", type=Population, default=Population.VALIDATION)
    options = parser.parse_args()
    unseen = options.population is Population.VALIDATION
    first = FIRST_SEED if unseen else FIRST_DEVELOPMENT_SEED
    images = _made(range(first, first + options.cases), options.population)
    outcomes = [*_outcomes(images), *_outcomes(_real(options.data))]
    put_section(options.out, "false_nerves", section(outcomes, options.population))


def section(outcomes: Sequence[Outcome], population: Population) -> list[str]:
    """Lines of the whole section."""
    kinds = list(dict.fromkeys(outcome.kind for outcome in outcomes))
    invented = sum(outcome.nerves for outcome in outcomes)
    verdict = "met" if not invented else "MISSED"
    return [
        "## Images without a plexus",
        "",
        (
            "Written by `python scripts/validation/false_nerves.py`: necks of the "
            f"{population} population drawn without any nerve, lower backs, thighs, heads, noise, "
            "and series of real scanners that hold no plexus or too little of one. A nerve is "
            f"found when it would be reported. Found: {invented} (bar: none; {verdict})."
        ),
        "",
        "| images | number | nerves found | ends |",
        "|---|---|---|---|",
        *(_line(kind, [o for o in outcomes if o.kind == kind]) for kind in kinds),
    ]


def _line(kind: str, outcomes: Sequence[Outcome]) -> str:
    found = ", ".join(
        f"{o.nerves} (confidence to {o.confidence:.2f})" for o in outcomes if o.nerves
    )
    ends = Counter(o.end for o in outcomes)
    words = ", ".join(f"{end} {count}" for end, count in ends.items())
    return f"| {kind} | {len(outcomes)} | {found or 'none'} | {words} |"


def _outcomes(images: Iterable[tuple[str, Volume]]) -> Iterator[Outcome]:
    for kind, image in images:
        outcome = outcome_of(kind, image)
        print(outcome, flush=True)
        yield outcome


def outcome_of(kind: str, volume: Volume) -> Outcome:
    """Search an image as a case's is searched."""
    settings = Settings()
    try:
        image = correct_bias(volume.to_ras(), settings.preprocess)
        frame = find_patient_frame(image, "sform (code 1)", settings.registration)
        if frame is None:
            return Outcome(kind, "no midline", 0)
        evidence = find_nerves(image, frame, settings.segmentation)
        nerves = trace_nerves(image, evidence, frame, settings.tracing)
        prove_sides(frame, nerves, settings.registration)
    except PlexusError as error:
        return Outcome(kind, str(error.reason), 0)
    if not nerves.nerves:
        return Outcome(kind, "no nerve", 0)
    surest = max(nerves[key].confidence for key in nerves)
    return Outcome(kind, "nerves", len(nerves.nerves), surest)


def _made(seeds: Iterable[int], population: Population) -> Iterator[tuple[str, Volume]]:
    """Each kind of made image for each seed, all on the grid of a case."""
    for seed in seeds:
        spec = random_spec(seed, kind=CaseKind.SYMMETRIC, population=population)
        bare = replace(spec, anatomy=replace(spec.anatomy, nerves=False))
        yield "neck without nerves", simulate(bare).image
        yield "lower back", lumbar_image(seed)
        rng = np.random.default_rng([seed, 41])
        grid = acquisition_grid(spec.acquisition)
        noise = np.abs(rng.normal(0.0, NOISE, grid.shape))
        yield "noise", Volume(10 * noise, grid)
        voxels = np.indices(grid.shape).reshape(3, -1).T
        off = grid.to_world(voxels.astype(float)) - grid.corners_mm.mean(axis=0)
        off = (off + rng.uniform(-10, 10, 3)).reshape(*grid.shape, 3)
        yield "head", Volume(head(off, rng) + noise, grid)
        yield "thigh", Volume(limb(off) + noise, grid)


def _real(data: Path) -> Iterator[tuple[str, Volume]]:
    """Every sound series of the real files; nothing where they are absent."""
    if not data.is_dir():
        return
    folders = sorted((data / "real" / "dicom").iterdir())
    necks = sorted((data / "real" / "nifti_neck").glob("*.nii*"))
    hostile = sorted((data / "hostile" / "nifti").iterdir())
    sources = (("real head", folders), ("real neck", necks), ("hostile NIfTI", hostile))
    for kind, paths in sources:
        for path in paths:
            yield from ((kind, image) for image in _series(path))


def _series(path: Path) -> Iterator[Volume]:
    """Sound series of a file or folder that may be the main image of a case."""
    try:
        sound = [row for row in take_inventory(path).rows if row.sound]
        images = [read_series(row)[0] for row in sound if row.part in (None, 0, 1)]
    except PlexusError:
        return
    yield from images


if __name__ == "__main__":
    main()
