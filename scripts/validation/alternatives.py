"""Roots by the product and by two library pipelines on the same phantoms, as a table."""

import argparse
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from alternative_methods import NEAR_MM, Curves, Searched, covered_share, routed, thresholded
from marked import put_section
from scipy.spatial import cKDTree

from plexus_mri.core.anatomy import ROOTS, ROOTS_OF_TRUNK, NerveKey
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.resample import isotropic_copy
from plexus_mri.core.volume import Volume
from plexus_mri.preprocess.bias import correct_bias
from plexus_mri.registration.frame import find_patient_frame
from plexus_mri.segmentation.classical import find_nerves
from plexus_mri.settings import Settings
from plexus_mri.synthetic import PhantomTruth, Population, simulate
from plexus_mri.tracing.trace import trace_nerves
from validation.cases import FIRST_SEED, Task, phantom_tasks, spec_of
from validation.grid_cases import grid_tasks
from validation.run import run_tasks

ROOT = Path(__file__).resolve().parents[2]
OURS, PLAIN, ROUTED = "plexus-mri", "threshold and skeleton", "objectness and minimal paths"
# A root with less than this of its course in view is left out.
LEAST_VIEW_MM = 10.0
FOUND_SHARE = 0.5


@dataclass
class Score:
    """What a method made of the roots of one case.

    Parameters
    ----------
    found
        Roots whose curve covers half of the true course in view.
    named
        Found roots whose curve lies nearest to the true root of its name; given by the truth to
        all but the product.
    errors_mm
        Distances of the points of found curves from the true root of their name.
    """

    method: str
    roots: int
    found: int
    named: int
    errors_mm: list[float]
    seconds: float


def main() -> None:
    """Run the cases that are not yet stored, then write the section between its markers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "validation.md")
    parser.add_argument("--store", type=Path, default=ROOT / "out" / "validation" / "alternatives")
    parser.add_argument(
        "--cases", type=int, help="as few, drawn; the grid of difficulty if absent"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--population", type=Population, default=Population.VALIDATION)
    options = parser.parse_args()
    unseen = options.population is Population.VALIDATION
    if options.cases is None:
        tasks = list(grid_tasks(options.population))
    else:
        tasks = list(phantom_tasks(options.cases, options.population, FIRST_SEED if unseen else 1))
    store = options.store / options.population
    run_tasks(compare, tasks, store, options.jobs)
    texts = [(store / f"{task.name}.json").read_text(encoding="utf-8") for task in tasks]
    scores = [Score(**row) for text in texts for row in json.loads(text)]
    put_section(options.out, "alternatives", section(scores, len(tasks), options.population))


def section(scores: Sequence[Score], cases: int, population: Population) -> list[str]:
    """Lines of the whole section."""
    return [
        "## Roots: other ways to trace them",
        "",
        (
            "Written by `PYTHONPATH=scripts python scripts/validation/alternatives.py`: "
            f"{cases} phantoms of the {population} population. All three work on the same "
            "bias-corrected copy at 1 mm and the same midline. The truth helps the others: "
            "*threshold and skeleton* (scikit-image) by the threshold of six that finds most of a "
            "case's roots, and each piece of its skeleton is given to the root it runs on; "
            "*objectness and minimal paths* (SimpleITK, scikit-image) by the true ganglion of "
            "each root and the true end of its trunk. The product is told nothing. *Found*: a "
            "curve of that name covers half of the root's course in view within "
            f"{NEAR_MM:.0f} mm. *Named*: of those found, the curve lies nearest to the root of "
            "its name. Line error: of their points from that root."
        ),
        "",
        "| method | roots found | rightly named | line error mm | seconds of computing a case |",
        "|---|---|---|---|---|",
        *(_line(name, [s for s in scores if s.method == name]) for name in (OURS, PLAIN, ROUTED)),
    ]


def _line(method: str, scores: Sequence[Score]) -> str:
    roots, found = sum(s.roots for s in scores), sum(s.found for s in scores)
    errors = [error for s in scores for error in s.errors_mm]
    middle, far = np.percentile(errors, (50, 95)) if errors else (np.nan, np.nan)
    named = f"{sum(s.named for s in scores)} of {found}"
    words = named if method != PLAIN else "by the truth"
    seconds = float(np.median([s.seconds for s in scores]))
    cells = [method, f"{found} of {roots}", words, f"{middle:.2f} (95 % {far:.2f})"]
    return f"| {' | '.join([*cells, f'{seconds:.0f}'])} |"


def compare(task: Task, store: Path) -> None:
    """Score every method on one case, as JSON; a stored one is not made again."""
    path = store / f"{task.name}.json"
    if not path.exists():
        partial = path.with_suffix(".part")
        partial.write_text(json.dumps([asdict(s) for s in _scores(task)]), encoding="utf-8")
        partial.replace(path)


def _scores(task: Task) -> list[Score]:
    """Score of every method on one case."""
    settings = Settings()
    case = simulate(spec_of(task))
    image = correct_bias(case.image.to_ras(), settings.preprocess)
    frame = find_patient_frame(image, "sform (code 1)", settings.registration)
    roots = _true_roots(case.truth)
    if frame is None:
        return [Score(name, len(roots), 0, 0, [], 0.0) for name in (OURS, PLAIN, ROUTED)]
    searched = Searched.of(_working_copy(image, frame, settings), frame)
    ends = _ends(case.truth, roots)
    return [
        _scored(OURS, roots, lambda: _traced(image, frame, settings)),
        _scored(PLAIN, roots, lambda: thresholded(searched, roots)),
        _scored(ROUTED, roots, lambda: routed(searched, roots, ends)),
    ]


def _working_copy(image: Volume, frame: PatientFrame, settings: Settings) -> Volume:
    """The copy that the product looks for nerves on."""
    it, line = settings.segmentation, frame.canal.points_mm
    reach = np.array([it.reach_lateral_mm, it.reach_depth_mm, np.ptp(frame.height_mm(line))])
    return isotropic_copy(image, it.work_spacing_mm, about=(line, reach))


def _traced(image: Volume, frame: PatientFrame, settings: Settings) -> Curves:
    """Curves of the product, by name."""
    evidence = find_nerves(image, frame, settings.segmentation)
    tree = trace_nerves(image, evidence, frame, settings.tracing)
    return {key: tree[key].centerline.points_mm for key in tree if key[1] in ROOTS}


def _true_roots(truth: PhantomTruth) -> dict[NerveKey, FloatArray]:
    """Course (n, 3) in the field of view of each root that has enough there."""
    roots = {}
    for key, nerve in truth.nerves.items():
        line = nerve.centerline
        seen = truth.covered(key)
        if key[1] in ROOTS and seen[0] and line.arc_length_mm[seen].max() >= LEAST_VIEW_MM:
            roots[key] = line.points_mm[seen]
    return roots


def _ends(truth: PhantomTruth, roots: Mapping[NerveKey, FloatArray]) -> dict[NerveKey, FloatArray]:
    """True end (3,) in the field of view of each root's trunk; the root's where there is none."""
    ends = {}
    for side, root in roots:
        trunk = (side, next(t for t, of in ROOTS_OF_TRUNK.items() if root in of))
        seen = truth.nerves[trunk].centerline.points_mm[truth.covered(trunk)]
        ends[side, root] = seen[-1] if len(seen) else roots[side, root][-1]
    return ends


def _scored(
    method: str, roots: Mapping[NerveKey, FloatArray], search: Callable[[], Curves]
) -> Score:
    start = time.process_time()
    curves = search()
    seconds = time.process_time() - start
    found = [k for k in roots if covered_share(roots[k], _points(curves, k)) >= FOUND_SHARE]
    apart = {k: _distances_mm(curves[k], roots) for k in found}
    named = sum(_nearest(distances) == k for k, distances in apart.items())
    errors = [error for k, distances in apart.items() for error in distances[k].tolist()]
    return Score(method, len(roots), len(found), named, errors, seconds)


def _nearest(distances_mm: Mapping[NerveKey, FloatArray]) -> NerveKey:
    """Root that a curve lies nearest to."""
    return min(distances_mm, key=lambda key: float(np.median(distances_mm[key])))


def _points(curves: Curves, key: NerveKey) -> FloatArray:
    return curves.get(key, np.empty((0, 3)))


def _distances_mm(
    points_mm: FloatArray, roots: Mapping[NerveKey, FloatArray]
) -> dict[NerveKey, FloatArray]:
    """Distance (n,) of points from each true root."""
    return {key: _to_line_mm(points_mm, true_mm) for key, true_mm in roots.items()}


def _to_line_mm(points_mm: FloatArray, true_mm: FloatArray) -> FloatArray:
    steps = np.linspace(0, len(true_mm) - 1, 8 * len(true_mm))
    columns = [np.interp(steps, np.arange(len(true_mm)), c) for c in true_mm.T]
    return np.asarray(cKDTree(np.stack(columns, axis=1)).query(points_mm)[0])


if __name__ == "__main__":
    main()
