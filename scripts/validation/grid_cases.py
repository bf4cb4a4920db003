"""Forty cases over a grid of difficulty: voxels, noise, and what a patient may have."""

from collections.abc import Iterator

from plexus_mri.synthetic import CaseKind, Population
from validation.cases import Task

# Drawn for this grid alone.
FIRST_GRID_SEED = 110_000
SPACINGS_MM = {
    "0.8 mm": (0.8, 0.8, 0.8),
    "1.0 mm": (1.0, 1.0, 1.0),
    "1.2 mm": (1.2, 1.2, 1.2),
    "2 mm slices": (1.0, 2.0, 1.0),
    "3 mm slices": (1.0, 3.0, 1.0),
}
SNRS = (8.0, 15.0, 22.0, 30.0)


def grid_tasks(population: Population) -> Iterator[Task]:
    """Two cases of every voxel and noise: one symmetric, one with lesions or a variant.

    All else (body, posture, place, sequence, shading, vessels, nodes, fat) is drawn.
    """
    seed = FIRST_GRID_SEED if population is Population.VALIDATION else 1
    for words, spacing_mm in SPACINGS_MM.items():
        for snr in SNRS:
            others = (CaseKind.LESIONS, CaseKind.VARIANT)
            for kind in (CaseKind.SYMMETRIC, others[(seed // 2) % 2]):
                name = f"{words.replace(' ', '')}-snr{snr:.0f}-{kind}-{seed}"
                yield Task(name, kind, seed, population, snr=snr, spacing_mm=spacing_mm)
                seed += 1
