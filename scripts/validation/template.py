"""Template: how near its roots come to those of unseen phantoms, as a table for the page."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from marked import put_section
from planted import coarse

from plexus_mri.core.anatomy import ROOTS, Nerve
from plexus_mri.core.template import Template, TemplateMatch
from plexus_mri.core.template_transform import Deformation, TemplateTransform, voxel_points
from plexus_mri.io.template import read_template
from plexus_mri.preprocess.bias import correct_bias
from plexus_mri.registration.frame import find_patient_frame
from plexus_mri.registration.template import template_from_subject
from plexus_mri.settings import Settings
from plexus_mri.synthetic import CaseKind, PhantomTruth, Population, random_spec, simulate

ROOT = Path(__file__).resolve().parents[2]
KINDS = (CaseKind.SYMMETRIC, CaseKind.LESIONS, CaseKind.VARIANT, CaseKind.LESIONS)
# Drawn for reporting alone; the template is built from seeds 1-14 of the hard population.
FIRST_SEED, FIRST_DEVELOPMENT_SEED = 98_000, 51
LARGEST_MEDIAN_MM, LARGEST_INVERSE_MM = 5.0, 0.5
# Every how many voxels the inverse is tried.
STRIDE = 37


@dataclass(frozen=True)
class TemplateScore:
    """One case: errors of the roots' first points in mm, with and without the deformation.

    Parameters
    ----------
    distances_mm, far
        Of the true nerves from their mean courses, and how many would be flagged.
    misnamed_far
        For all roots named one level too high, and too low: how many would be flagged.
    """

    kind: str
    placed: bool
    errors_mm: tuple[float, ...] = ()
    affine_errors_mm: tuple[float, ...] = ()
    distances_mm: tuple[float, ...] = ()
    far: int = 0
    misnamed_far: tuple[int, ...] = ()
    inverse_mm: float = 0.0
    least_jacobian: float = 0.0
    similarity: float = 0.0


def main() -> None:
    """Run the cases that are not yet stored, then write the section between its markers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "validation.md")
    parser.add_argument("--store", type=Path, default=ROOT / "out" / "validation" / "template")
    parser.add_argument("--template", type=Path, default=ROOT / "sample_data" / "template")
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--population", type=Population, default=Population.VALIDATION)
    options = parser.parse_args()
    unseen = options.population is Population.VALIDATION
    first = FIRST_SEED if unseen else FIRST_DEVELOPMENT_SEED
    store = options.store / options.population
    store.mkdir(parents=True, exist_ok=True)
    template = read_template(options.template)
    scores = [
        _stored(store / f"template-{seed}.json", seed, options.population, template)
        for seed in range(first, first + options.cases)
    ]
    put_section(options.out, "template", section(scores, template, options.population))


def _stored(path: Path, seed: int, population: Population, template: Template) -> TemplateScore:
    if not path.exists():
        partial = path.with_suffix(".part")
        partial.write_text(json.dumps(asdict(_score(seed, population, template))), "utf-8")
        partial.replace(path)
        print(path.stem, flush=True)
    return TemplateScore(**json.loads(path.read_text(encoding="utf-8")))


def _score(seed: int, population: Population, template: Template) -> TemplateScore:
    kind, settings = KINDS[seed % len(KINDS)], Settings()
    made = simulate(coarse(random_spec(seed, kind=kind, population=population)))
    image = correct_bias(made.image.to_ras(), settings.preprocess)
    frame = find_patient_frame(image, "sform (code 1)", settings.registration)
    if frame is None:
        return TemplateScore(str(kind), placed=False)
    match = template_from_subject(template, image, frame, settings.registration)
    found = match.transform
    if found is None:
        return TemplateScore(str(kind), placed=False, similarity=match.similarity or 0.0)
    affine = TemplateTransform(
        found.canal, found.canal_from_template, Deformation.none(template.grid)
    )
    points = voxel_points(template.grid)[::STRIDE]
    back = found.from_world(found.to_world(points))
    distances = _distances(match, found, made.truth)
    limit_mm = settings.registration.farthest_from_template_mm
    misnamed = [_distances(match, found, made.truth, levels_off=k) for k in (-1, 1)]
    return TemplateScore(
        str(kind),
        placed=True,
        errors_mm=_root_errors(template, found, made.truth),
        affine_errors_mm=_root_errors(template, affine, made.truth),
        distances_mm=distances,
        far=sum(d > limit_mm for d in distances),
        misnamed_far=tuple(sum(d > limit_mm for d in apart) for apart in misnamed),
        inverse_mm=float(np.linalg.norm(back - points, axis=1).max()),
        least_jacobian=found.least_jacobian,
        similarity=match.similarity or 0.0,
    )


def _root_errors(
    template: Template, transform: TemplateTransform, truth: PhantomTruth
) -> tuple[float, ...]:
    """Distance of each ganglion in the field of view from where the template puts it."""
    keys = [k for k in truth.nerves if k[1] in ROOTS and truth.covered(k)[0]]
    expected = [transform.to_world(template.courses[k].centerline.points_mm[:1]) for k in keys]
    true = [truth.nerves[k].centerline.points_mm[:1] for k in keys]
    return tuple(float(np.linalg.norm(e - t)) for e, t in zip(expected, true, strict=True))


def _distances(
    match: TemplateMatch, transform: TemplateTransform, truth: PhantomTruth, *, levels_off: int = 0
) -> tuple[float, ...]:
    """Mean distance of each true nerve in the field of view from the course of its name.

    With ``levels_off`` of the roots alone, their names that many levels too low.
    """
    apart = []
    for key, nerve in truth.nerves.items():
        seen = nerve.centerline.points_mm[truth.covered(key)]
        name = (key[0], _named(key[1], levels_off)) if levels_off else key
        course = match.template.courses.get(name)
        if len(seen) > 1 and course is not None:
            apart.append(float(course.distance_mm(transform.from_world(seen)).mean()))
    return tuple(apart)


def _named(nerve: Nerve, levels_off: int) -> Nerve | None:
    """Name of a root when all are named this many levels too low; None beyond C5 and T1."""
    level = ROOTS.index(nerve) + levels_off if nerve in ROOTS else -1
    return ROOTS[level] if 0 <= level < len(ROOTS) else None


def section(
    scores: Sequence[TemplateScore], template: Template, population: Population
) -> list[str]:
    """Lines of the whole section."""
    placed = [s for s in scores if s.placed]
    nerves, far = sum(len(s.distances_mm) for s in placed), sum(s.far for s in placed)
    inverse_mm = max((s.inverse_mm for s in placed), default=0.0)
    jacobian = min((s.least_jacobian for s in placed), default=0.0)
    misnamed = [count > 0 for s in placed for count in s.misnamed_far]
    return [
        "## Template: transfer of root positions",
        "",
        (
            f"Written by `python scripts/validation/template.py`: {len(scores)} phantoms of the "
            f"{population} population at 2 mm that the template ({template.source}) was not built "
            f"from; {len(placed)} were placed."
        ),
        "",
        "| step | ganglia | median mm | 95 % below mm | worst mm | limit of the median mm |",
        "|---|---|---|---|---|---|",
        _row("canal and affine", [e for s in placed for e in s.affine_errors_mm]),
        _row("and deformation", [e for s in placed for e in s.errors_mm]),
        "",
        (
            f"Largest error of the inverse {inverse_mm:.4f} mm (limit {LARGEST_INVERSE_MM} mm); "
            f"smallest Jacobian determinant {jacobian:.2f} (limit 0). True nerves "
            f"that would be flagged as far from their mean course: {far} of {nerves}. All roots "
            f"named one level too high or too low: a root is flagged in {sum(misnamed)} "
            f"of {len(misnamed)} trials."
        ),
    ]


def _row(step: str, errors: Sequence[float]) -> str:
    if not errors:
        return f"| {step} | 0 | n/a | n/a | n/a | {LARGEST_MEDIAN_MM} |"
    figures = np.median(errors), np.percentile(errors, 95), max(errors)
    cells = [step, str(len(errors)), *(f"{value:.2f}" for value in figures)]
    return f"| {' | '.join(cells)} | {LARGEST_MEDIAN_MM} |"


if __name__ == "__main__":
    main()
