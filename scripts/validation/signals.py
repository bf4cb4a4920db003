"""Signal ratios under coil gradients, gains and denervated muscle, as a table for the page."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from marked import put_section
from stored import stored_rows

from plexus_mri.asymmetry.compare import compare_sides
from plexus_mri.asymmetry.muscles import compare_muscles
from plexus_mri.asymmetry.refusal import is_coarse
from plexus_mri.core.anatomy import Nerve
from plexus_mri.core.comparison import Verdict
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.measurement import Quantity
from plexus_mri.core.muscle import Muscle, MuscleTable
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.volume import Volume
from plexus_mri.measure.measure import measure_nerves
from plexus_mri.measure.muscles import sample_muscles
from plexus_mri.preprocess.bias import even_at_nerves, remove_shading
from plexus_mri.registration.frame import find_patient_frame, prove_sides
from plexus_mri.segmentation.classical import find_nerves
from plexus_mri.settings import Settings
from plexus_mri.synthetic import (
    CaseKind,
    MuscleGroup,
    PhantomSpec,
    Population,
    random_spec,
    simulate,
)
from plexus_mri.tracing.trace import trace_nerves

ROOT = Path(__file__).resolve().parents[2]
# Drawn for reporting alone; development uses small seeds of the hard population.
FIRST_SEED, FIRST_DEVELOPMENT_SEED = 95_900, 301
GRADIENT, GAINS = 0.2, (0.5, 4.0)
# The muscle that is sampled of each group that is made bright.
DENERVATED = {
    MuscleGroup.SPINATI: Muscle.SUPRASPINATUS,
    MuscleGroup.PARASPINALS: Muscle.PARASPINALS,
}
LARGEST_BY_COIL, LARGEST_BY_MUSCLE = 1.0, 2.0
WIDTH_OF_95 = 2.0 * 1.96  # of an interval of 95 %, in standard errors
RATIO = Quantity.SIGNAL_RATIO_MEAN
QUANTITIES = (RATIO, Quantity.CSA_MEAN)
CALLED = (Verdict.LEFT_LARGER, Verdict.RIGHT_LARGER)

# Index in percent of each nerve that is compared, by quantity.
Indices = dict[Quantity, dict[Nerve, float]]


@dataclass(frozen=True)
class Change:
    """What one change of an image did to a case, in points of the index.

    Parameters
    ----------
    signal, area
        Change of each nerve's index that both images give.
    signal_errors
        Standard error that the unchanged image states for each of the first, in points.
    coarse
        Whether each of the first is flagged `coarse` over most of a side in the unchanged image.
    lost
        Nerves whose ratio is compared in the unchanged image only.
    called
        Nerves whose ratio is called different after the change; the sides are equal.
    muscle
        Verdict on the denervated muscle; None where none was made so.
    """

    seed: int
    kind: str
    signal: tuple[float, ...]
    signal_errors: tuple[float, ...]
    coarse: tuple[bool, ...]
    area: tuple[float, ...]
    lost: int
    called: int
    muscle: str | None = None


@dataclass(frozen=True)
class _Measured:
    """Indices of one image, how many nerves' ratios are called different, and its muscles.

    Of the ratios' indices also the standard errors, in points, and which nerves are coarse.
    """

    indices: Indices
    errors: dict[Nerve, float]
    coarse: frozenset[Nerve]
    called: int
    muscles: MuscleTable


def main() -> None:
    """Run the cases that are not yet stored, then write the section between its markers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "validation.md")
    parser.add_argument("--store", type=Path, default=ROOT / "out" / "validation" / "signals")
    parser.add_argument("--cases", type=int, default=12)
    parser.add_argument("--population", type=Population, default=Population.VALIDATION)
    options = parser.parse_args()
    unseen = options.population is Population.VALIDATION
    first = FIRST_SEED if unseen else FIRST_DEVELOPMENT_SEED
    store = options.store / options.population
    store.mkdir(parents=True, exist_ok=True)
    found = [
        Change(**row)
        for seed in range(first, first + options.cases)
        for row in stored_rows(
            store / f"signals-{seed}.json", lambda s=seed: _changes(s, options.population)
        )
    ]
    put_section(options.out, "signals", section(found, options.population))


def section(changes: Sequence[Change], population: Population) -> list[str]:
    """Lines of the whole section."""
    kinds = list(dict.fromkeys(change.kind for change in changes))
    cases = len({change.seed for change in changes})
    return [
        "## Signal: coil, gain and denervated muscle",
        "",
        (
            f"Written by `python scripts/validation/signals.py`: {cases} phantoms of the "
            f"{population} population without lesions, each measured as it is and again with one "
            "change, along the same traces and with its shading taken out anew. Coil: brighter by "
            f"{100 * GRADIENT:.0f} % from one side of the image to the other. Denervated: the "
            "muscles of the left side drawn with the longer T2 of denervation. Change of the "
            "left-right index in points; the largest of signal also in the nerve's own stated "
            "standard errors. The sides are equal: no nerve is to be called different. The bar "
            "is set for nerves wide enough to tell width from brightness; of those flagged "
            "`coarse` over most of a side (under two voxel edges wide) what they do is shown: "
            "their printed errors are to say it. Columns from *mean area* on are of all nerves."
        ),
        "",
        (
            "| change | width | nerves | signal ratio: median, 95 %, worst | over the bar "
            "| largest in own errors | mean area: worst | no longer compared | called different "
            "| the muscle itself |"
        ),
        "|---|---|---|---|---|---|---|---|---|---|",
        *(line for kind in kinds for line in _rows(kind, [c for c in changes if c.kind == kind])),
    ]


def _rows(kind: str, changes: Sequence[Change]) -> Iterator[str]:
    """Rows of the nerves that are wide enough, and of the others."""
    coarse = np.array([value for change in changes for value in change.coarse], dtype=bool)
    signal = np.abs([value for change in changes for value in change.signal])
    errors = np.array([value for change in changes for value in change.signal_errors])
    whole = _of_case(changes)
    for width, chosen in (("wide enough", ~coarse), ("coarse", coarse)):
        if chosen.any():
            cells = [kind, width, *_of_signal(signal[chosen], errors[chosen], _bar(changes))]
            yield f"| {' | '.join([*cells, *whole])} |"
            whole = [""] * len(whole)


def _bar(changes: Sequence[Change]) -> float:
    """Largest change of a signal index that is allowed, in points."""
    of_muscle = any(change.muscle is not None for change in changes)
    return LARGEST_BY_MUSCLE if of_muscle else LARGEST_BY_COIL


def _of_signal(signal: FloatArray, errors: FloatArray, bar: float) -> list[str]:
    """Cells of the signal ratios' changes (n,) and their stated errors (n,)."""
    middle, far = np.percentile(signal, (50, 95))
    return [
        str(len(signal)),
        f"{middle:.2f}, {far:.2f}, {signal.max():.2f}",
        f"{(signal > bar).sum()} over {bar:g}",
        f"{(signal / errors).max():.2f}",
    ]


def _of_case(changes: Sequence[Change]) -> list[str]:
    """Cells of areas, of what was lost or called, and of the muscle: of all nerves."""
    area = np.abs([value for change in changes for value in change.area])
    muscles = [change.muscle for change in changes if change.muscle is not None]
    called = sum(muscle == Verdict.LEFT_LARGER for muscle in muscles)
    return [
        f"{area.max():.2f}",
        str(sum(change.lost for change in changes)),
        str(sum(change.called for change in changes)),
        f"called brighter in {called} of {len(muscles)}" if muscles else "n/a",
    ]


def _changes(seed: int, population: Population) -> Iterator[Change]:
    """Every change of one patient's image."""
    spec = _healthy(random_spec(seed, kind=CaseKind.SYMMETRIC, population=population))
    image, settings = simulate(spec).image.to_ras(), Settings()
    even = remove_shading(image, settings.preprocess)
    frame = find_patient_frame(even.image, "sform (code 1)", settings.registration)
    if frame is None:
        return
    found = find_nerves(even.image, frame, settings.segmentation)
    nerves = trace_nerves(even.image, found, frame, settings.tracing)
    traced = nerves, prove_sides(frame, nerves, settings.registration)
    before = _measured(image, traced, settings)
    for kind, changed, muscle in _changed(spec, image):
        after = _measured(changed, traced, settings)
        yield _change(seed, kind, before, after, muscle)


def _changed(spec: PhantomSpec, image: Volume) -> Iterator[tuple[str, Volume, Muscle | None]]:
    """Images with one change each, and the muscle that is denervated."""
    across = np.linspace(-0.5, 0.5, image.grid.shape[0])[:, None, None]
    yield "coil, 20 % across", image.with_data(image.data * (1.0 + GRADIENT * across)), None
    for gain in GAINS:
        yield f"gain {gain:g}", image.with_data(image.data * gain), None
    for group, muscle in DENERVATED.items():
        left = replace(spec.anatomy.left, denervated=(group,))
        sick = replace(spec, anatomy=replace(spec.anatomy, left=left))
        yield f"denervated {group}", simulate(sick).image.to_ras(), muscle


def _healthy(spec: PhantomSpec) -> PhantomSpec:
    """The same patient without denervated muscle."""
    left, right = (
        replace(side, denervated=()) for side in (spec.anatomy.left, spec.anatomy.right)
    )
    return replace(spec, anatomy=replace(spec.anatomy, left=left, right=right))


def _measured(
    image: Volume, traced: tuple[NerveTree, PatientFrame], settings: Settings
) -> _Measured:
    """Indices and muscles of an image along given traces, its shading taken out anew."""
    nerves, frame = traced
    first = remove_shading(image, settings.preprocess)
    even = even_at_nerves(first, nerves, frame, settings.preprocess)
    table = measure_nerves(even, nerves, frame, settings.measure)
    rows = compare_sides(table, nerves, settings.asymmetry)
    sampled = sample_muscles(even.image, frame, nerves, table.reference, settings.measure)
    indices = {
        quantity: {
            row.nerve: row.asymmetry_percent
            for row in rows
            if row.quantity is quantity and row.asymmetry_percent is not None
        }
        for quantity in QUANTITIES
    }
    errors = {
        row.nerve: (row.ci_high - row.ci_low) / WIDTH_OF_95
        for row in rows
        if row.quantity is RATIO and row.ci_low is not None and row.ci_high is not None
    }
    coarse = frozenset(nerve for nerve in indices[RATIO] if is_coarse(table, nerve))
    called = sum(row.quantity is RATIO and row.verdict in CALLED for row in rows)
    return _Measured(indices, errors, coarse, called, compare_muscles(sampled, settings.asymmetry))


def _change(
    seed: int, kind: str, before: _Measured, after: _Measured, muscle: Muscle | None
) -> Change:
    signal, area = (
        tuple(
            after.indices[q][n] - index
            for n, index in before.indices[q].items()
            if n in after.indices[q]
        )
        for q in QUANTITIES
    )
    both = [n for n in before.indices[RATIO] if n in after.indices[RATIO]]
    errors = tuple(before.errors[n] for n in both)
    coarse = tuple(n in before.coarse for n in both)
    lost = len(set(before.indices[RATIO]) - set(after.indices[RATIO]))
    verdict = _verdict(after.muscles, muscle) if muscle else None
    return Change(seed, kind, signal, errors, coarse, area, lost, after.called, verdict)


def _verdict(table: MuscleTable, muscle: Muscle) -> str:
    return next(str(row.verdict) for row in table.comparisons if row.muscle is muscle)


if __name__ == "__main__":
    main()
