"""The cases of the validation, and running one of them in a process of its own."""

import json
import logging
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from plexus_mri.core.case import Case, SeriesInfo
from plexus_mri.core.volume import Volume
from plexus_mri.errors import PlexusError
from plexus_mri.io.nifti import read_nifti
from plexus_mri.pipeline import run_case
from plexus_mri.settings import Settings
from plexus_mri.synthetic import CaseKind, Population, random_spec, simulate
from validation.scores import CaseScore, score_case
from validation.truth import external_courses, phantom_courses

logger = logging.getLogger(__name__)

# Development uses small seeds of the other population; these are drawn for reporting alone.
FIRST_SEED = 96_000
KINDS = (
    CaseKind.SYMMETRIC,
    CaseKind.LESIONS,
    CaseKind.LESIONS,
    CaseKind.SYMMETRIC,
    CaseKind.LESIONS,
    CaseKind.VARIANT,
)


@dataclass(frozen=True)
class Task:
    """One case to validate: a seed of the phantom, or an image with its truth file."""

    name: str
    kind: str
    seed: int = 0
    population: Population = Population.VALIDATION
    image: Path | None = None


def phantom_tasks(count: int, population: Population, first_seed: int) -> Iterator[Task]:
    """Tasks over a seed range; every kind in turn."""
    for k in range(count):
        kind, seed = KINDS[k % len(KINDS)], first_seed + k
        yield Task(f"{kind}-{seed}", kind, seed, population)


def external_tasks(folder: Path) -> Iterator[Task]:
    """Tasks of a foreign simulator's cases, where they are present."""
    for image in sorted(folder.glob("*.nii.gz")):
        name = image.name.removesuffix(".nii.gz")
        yield Task(name, "symmetric" if "symmetric" in name else "external", image=image)


def run_task(task: Task, store: Path) -> None:
    """Measure one case and store its score as JSON; a stored one is not measured again."""
    path = store / f"{task.name}.json"
    if path.exists():
        return
    try:
        score = _scored(task)
    except PlexusError as error:
        score = CaseScore(task.name, task.kind, failure=f"{error.reason}: {error}")
    except Exception as error:
        logger.exception("%s", task.name)
        traceback.print_exc()
        score = CaseScore(task.name, task.kind, failure=f"crash: {type(error).__name__}")
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(asdict(score)), encoding="utf-8")
    partial.replace(path)


def _scored(task: Task) -> CaseScore:
    if task.image is None:
        spec = random_spec(task.seed, kind=CaseKind(task.kind), population=task.population)
        case = simulate(spec)
        volume, source, courses = case.image, "sform (code 1)", phantom_courses(case.truth)
    else:
        volume, source = read_nifti(task.image)
        truth = task.image.with_name(task.image.name.replace(".nii.gz", "_truth.npz"))
        courses = external_courses(truth)
    return score_case(task.name, task.kind, run_case(_case(volume, source), Settings()), courses)


def _case(volume: Volume, source: str) -> Case:
    series = SeriesInfo(1, "stir", "coronal", source, 1, "")
    return Case("sub-validation", None, volume, series)
