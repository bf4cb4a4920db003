"""The cases of the validation, and running one of them in a process of its own."""

import json
import logging
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from plexus_mri.core.case import Case, SeriesInfo
from plexus_mri.core.volume import Volume
from plexus_mri.errors import PlexusError
from plexus_mri.io.nifti import read_nifti
from plexus_mri.pipeline import run_case
from plexus_mri.settings import Settings
from plexus_mri.synthetic import CaseKind, PhantomSpec, Population, random_spec, simulate
from plexus_mri.synthetic.spec import Plane
from plexus_mri.synthetic.tissue import signal_scale
from validation.scores import CaseScore, score_case
from validation.truth import external_courses, phantom_courses

logger = logging.getLogger(__name__)

# Development uses small seeds of the other population; these are drawn for reporting alone.
FIRST_SEED = 100_000
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
    """One case to validate: a seed of the phantom, or an image with its truth file.

    Parameters
    ----------
    snr
        Signal of a healthy trunk over the noise in each receive channel; as drawn when None.
    spacing_mm
        Along x, y, z, of coronal slices; as drawn when None.
    """

    name: str
    kind: str
    seed: int = 0
    population: Population = Population.VALIDATION
    image: Path | None = None
    snr: float | None = None
    spacing_mm: tuple[float, float, float] | None = None


def phantom_tasks(count: int, population: Population, first_seed: int) -> Iterator[Task]:
    """Tasks over a seed range; every kind in turn."""
    for k in range(count):
        kind, seed = KINDS[k % len(KINDS)], first_seed + k
        yield Task(f"{kind}-{seed}", kind, seed, population)


def spec_of(task: Task) -> PhantomSpec:
    """What the phantom of a task is made of: drawn, with the noise and voxels it asks for."""
    spec = random_spec(task.seed, kind=CaseKind(task.kind), population=task.population)
    made = spec.acquisition
    if task.spacing_mm is not None:
        wide, deep, high = np.multiply(made.shape, made.spacing_mm) / task.spacing_mm
        shape = (round(wide), round(deep), round(high))
        made = replace(made, plane=Plane.CORONAL, spacing_mm=task.spacing_mm, shape=shape)
    if task.snr is not None:
        anatomy = spec.anatomy
        one = signal_scale(replace(made, cnr=1.0), anatomy.nerve_t2_ms, anatomy.muscle_t2_ms)
        made = replace(made, cnr=task.snr * one.noise_sigma / one.nerve)
    return replace(spec, acquisition=made)


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
        case = simulate(spec_of(task))
        volume, source, courses = case.image, "sform (code 1)", phantom_courses(case.truth)
    else:
        volume, source = read_nifti(task.image)
        truth = task.image.with_name(task.image.name.replace(".nii.gz", "_truth.npz"))
        courses = external_courses(truth)
    return score_case(task.name, task.kind, run_case(_case(volume, source), Settings()), courses)


def _case(volume: Volume, source: str) -> Case:
    series = SeriesInfo(1, "stir", "coronal", source, 1, "")
    return Case("sub-validation", None, volume, series)
