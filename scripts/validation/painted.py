"""Painted roots: where node 0 lies when a mask or a network's labels are all that is given."""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cc3d
import numpy as np
from marked import put_section

from plexus_mri.core.anatomy import NERVE_KEYS, ROOTS, NerveKey, label_index
from plexus_mri.core.case import OwnMask
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.nerve_tree import TracedNerve
from plexus_mri.core.volume import LabelMap
from plexus_mri.preprocess.bias import correct_bias
from plexus_mri.reasons import ReasonCode
from plexus_mri.registration.frame import find_patient_frame
from plexus_mri.segmentation.classical import find_ganglia
from plexus_mri.settings import Settings
from plexus_mri.synthetic import CaseKind, PhantomTruth, Population, random_spec, simulate
from plexus_mri.tracing.own_mask import trace_own_mask

ROOT = Path(__file__).resolve().parents[2]
FIRST_SEED = 100_200
KINDS = (CaseKind.SYMMETRIC, CaseKind.LESIONS, CaseKind.LESIONS, CaseKind.VARIANT)
GANGLION_MM, LATE_MM = 4.0, 5.0  # about half a ganglion's length, and a little more
_OFFSET = max(label_index(*key) for key in NERVE_KEYS)
ENDS = "medial end of the label (as before)"
SEEN = "ganglion seen in the image"
PAINTED = "ganglion a label of its own"
LATE = f"label begins {LATE_MM:.0f} mm lateral of the ganglion"


@dataclass(frozen=True)
class Root:
    """One root: how it was given, whether its node 0 is doubted, and what it errs by."""

    given: str
    doubted: bool
    node_0_mm: float
    length_mm: float


def main() -> None:
    """Trace painted truth of every case and write the section between its markers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "validation.md")
    parser.add_argument("--cases", type=int, default=4)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--population", type=Population, default=Population.VALIDATION)
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.cases)
    roots = list(roots_of_cases(seeds, options.population))
    put_section(options.out, "painted", section(roots, len(seeds), options.population))


def section(roots: Sequence[Root], cases: int, population: Population) -> list[str]:
    """Lines of the whole section."""
    return [
        "## Painted roots",
        "",
        (
            f"Written by `python scripts/validation/painted.py`: {cases} phantoms of the "
            f"{population} population whose own truth is the mask, so that nothing but the rule "
            "for node 0 errs. A ganglion of its own is the label within "
            f"{GANGLION_MM:.0f} mm of the true centre. Distances of node 0 to the true centre of "
            "the ganglion and lengths against the truth, of roots whose node 0 is not doubted "
            "(`LANDMARK_DOUBT`); of the first row, of all (all are doubted now)."
        ),
        "",
        "| node 0 | roots | doubted | off (mm), median | 95 % | largest | length (mm) | range |",
        "|---|---|---|---|---|---|---|---|",
        *(_line(given, [r for r in roots if r.given == given])
          for given in (ENDS, SEEN, PAINTED, LATE)),
    ]  # fmt: skip


def _line(given: str, roots: Sequence[Root]) -> str:
    doubted = sum(root.doubted for root in roots)
    counted = [root for root in roots if given == ENDS or not root.doubted]
    head = f"| {given} | {len(roots)} | {doubted} |"
    if not counted:
        return f"{head} - | - | - | - | - |"
    off = np.array([root.node_0_mm for root in counted])
    length = np.array([root.length_mm for root in counted])
    return (
        f"{head} {np.median(off):.1f} | {np.percentile(off, 95):.1f} | {off.max():.1f} "
        f"| {np.median(length):+.1f} | {length.min():+.1f} to {length.max():+.1f} |"
    )


def roots_of_cases(seeds: Iterable[int], population: Population) -> Iterator[Root]:
    """Roots of every case in every way of giving them."""
    settings = Settings()
    for number, seed in enumerate(seeds):
        kind = KINDS[number % len(KINDS)]
        case = simulate(random_spec(seed, kind=kind, population=population))
        image = correct_bias(case.image.to_ras(), settings.preprocess)
        frame = find_patient_frame(image, "sform (code 1)", settings.registration)
        if frame is None:
            print(f"{seed}: no midline", flush=True)
            continue
        seen, truth = find_ganglia(image, frame, settings.segmentation), case.truth
        whole, split = painted(truth, None, late=False), painted(truth, GANGLION_MM, late=False)
        late = painted(truth, LATE_MM, late=True)
        tries = ((ENDS, whole, ()), (SEEN, whole, seen), (PAINTED, split, ()), (LATE, late, seen))
        for given, mask, ganglia in tries:
            tree = trace_own_mask(mask, frame, ganglia, settings.tracing)
            roots = [key for key in tree if key[1] in ROOTS]
            found = [_root(given, tree[key], truth.nerves[key].centerline) for key in roots]
            print(seed, kind, _line(given, found), flush=True)
            yield from found


def painted(truth: PhantomTruth, apart_mm: float | None, *, late: bool) -> OwnMask:
    """Truth as a mask, with what lies within a distance of each ganglion as a label of its own.

    ``late`` leaves that out instead, with all that is medial of it. Pieces that the edge of the
    view cuts off a nerve are left out, as a user is asked to.
    """
    grid, data = truth.labels.grid, np.array(truth.labels.data)
    for number in set(np.unique(data)) - {0}:
        own = data == number
        data[own & (cc3d.largest_k(own, k=1, connectivity=26) == 0)] = 0
    keys: dict[int, NerveKey] = {label_index(*key): key for key in NERVE_KEYS}
    for key in (key for key in NERVE_KEYS if apart_mm is not None and key[1] in ROOTS):
        voxels = np.argwhere(data == label_index(*key))
        line = truth.nerves[key].centerline
        away = grid.to_world(voxels.astype(float)) - line.points_mm[0]
        ahead = away @ (line.at(apart_mm)[0] - line.points_mm[0])
        near = np.linalg.norm(away, axis=1) <= apart_mm
        chosen = near | (ahead < 0) if late else near
        data[tuple(voxels[chosen].T)] = 0 if late else _OFFSET + label_index(*key)
        keys |= {} if late else {_OFFSET + label_index(*key): key}
    found = {int(index): keys[int(index)] for index in np.unique(data) if index}
    return OwnMask(LabelMap(data, grid), found, ganglia=frozenset(i for i in found if i > _OFFSET))


def _root(given: str, nerve: TracedNerve, true: Centerline) -> Root:
    line = nerve.centerline
    off_mm = float(np.linalg.norm(line.points_mm[0] - true.points_mm[0]))
    doubted = ReasonCode.LANDMARK_DOUBT in nerve.reasons
    return Root(given, doubted, off_mm, line.length_mm - true.length_mm)


if __name__ == "__main__":
    main()
