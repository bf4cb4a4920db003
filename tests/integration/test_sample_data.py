"""The sample study: the same bytes every time, small, and true to its own tables."""

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from plexus_mri.batch.simulation import (
    SimulationJob,
    truth_comparisons,
    truth_table,
    write_simulated_case,
)
from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.comparison import Pattern, Verdict
from plexus_mri.core.measurement import COMPARED, MeasurementTable, Quantity
from plexus_mri.io.tables import read_table
from plexus_mri.synthetic import SimulatedCase, simulate

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample_data"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "make_sample_data", ROOT / "scripts" / "make_sample_data.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tiny(job: SimulationJob) -> SimulationJob:
    """Give the job over a block of centimetres without vessels and nodes: a second, not twenty."""
    anatomy = job.spec.anatomy
    bare = {
        name: replace(getattr(anatomy, name), lymph_nodes=0, small_veins=0)
        for name in ("left", "right")
    }
    block = replace(job.spec.acquisition, shape=(30, 12, 12), spacing_mm=(2.0, 2.0, 2.0))
    return replace(
        job, spec=replace(job.spec, anatomy=replace(anatomy, **bare), acquisition=block)
    )


@pytest.fixture(scope="module")
def lesioned(script: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> SimulatedCase:
    return simulate(tiny(script.sample_jobs(tmp_path_factory.mktemp("unused"))[1]).spec)


@pytest.fixture(scope="module")
def table(lesioned: SimulatedCase) -> MeasurementTable:
    return truth_table(lesioned.truth)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_same_job_gives_the_same_bytes(script: ModuleType, tmp_path: Path, number: int) -> None:
    for name in ("a", "b"):
        write_simulated_case(tiny(script.sample_jobs(tmp_path / name)[number]))
    files = [p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file()]
    assert len(files) >= 11
    for path in files:
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()


def test_truth_has_every_nerve_and_compared_quantity(table: MeasurementTable) -> None:
    found = {(m.nerve, m.side, m.quantity) for m in table.measurements}
    assert found == {(n, s, q) for n in Nerve for s in Side for q in COMPARED}
    assert all(m.value is None or m.value > 0 for m in table.measurements)


def test_true_area_and_diameter_of_the_first_node_agree(table: MeasurementTable) -> None:
    measured = table.get(Nerve.C6, Side.LEFT, Quantity.DIAMETER_AT_0)
    area_mm2 = float(table.profiles[(Side.LEFT, Nerve.C6)].csa_mm2[0])
    assert measured is not None
    assert measured.value == pytest.approx(2 * np.sqrt(area_mm2 / np.pi))


def test_true_means_leave_out_the_ganglion(table: MeasurementTable) -> None:
    profile = table.profiles[(Side.LEFT, Nerve.C8)]
    body = (profile.arc_length_mm >= 5) & (profile.arc_length_mm <= profile.arc_length_mm[-1] - 3)
    measured = table.get(Nerve.C8, Side.LEFT, Quantity.CSA_MEAN)
    largest = table.get(Nerve.C8, Side.LEFT, Quantity.CSA_MAX)
    assert measured is not None
    assert largest is not None
    # Nodes are evenly spaced, so the plain mean is the one over the length but for the two ends.
    assert measured.value == pytest.approx(profile.csa_mm2[body].mean(), rel=0.01)
    assert largest.value == profile.csa_mm2[body].max() < profile.csa_mm2.max()


def test_nerves_outside_the_field_of_view_say_so(table: MeasurementTable) -> None:
    cord = table.get(Nerve.MEDIAL_CORD, Side.RIGHT, Quantity.LENGTH)
    assert cord is not None
    assert cord.quality.word == "edge_of_view"
    assert cord.reason == "COVERAGE_RIGHT"


def test_true_asymmetry_lies_where_the_lesions_lie(
    lesioned: SimulatedCase, table: MeasurementTable
) -> None:
    compared = truth_comparisons(table, lesioned.truth.lesions)
    areas = {c.nerve: c for c in compared if c.quantity is Quantity.CSA_MEAN}
    lesions = {lesion.nerve: lesion for lesion in lesioned.truth.lesions}
    assert {n for n, c in areas.items() if c.pattern is not Pattern.NONE} == set(lesions)
    assert all(areas[nerve].verdict is Verdict.LEFT_LARGER for nerve in lesions)
    focal = areas[Nerve.C6]
    assert (focal.from_mm, focal.to_mm) == (4.0, 24.0)  # centre 14 mm, half length 10 mm


def test_index_is_the_one_of_the_contract(
    lesioned: SimulatedCase, table: MeasurementTable
) -> None:
    for c in truth_comparisons(table, lesioned.truth.lesions):
        if c.left is not None and c.right is not None:
            index = 200 * (c.left - c.right) / (c.left + c.right)
            assert c.asymmetry_percent == pytest.approx(index, abs=1e-6)  # it is rounded


def test_lesions_change_no_length(lesioned: SimulatedCase, table: MeasurementTable) -> None:
    lengths = [
        c
        for c in truth_comparisons(table, lesioned.truth.lesions)
        if c.quantity is Quantity.LENGTH
    ]
    assert len(lengths) == len(Nerve)
    assert {c.pattern for c in lengths} == {Pattern.NONE}


def test_committed_study_is_small_and_whole() -> None:
    files = [path for path in SAMPLE.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 25e6
    assert (SAMPLE / "study/sub-01/anat/sub-01_acq-stir_T2w.nii.gz").is_file()
    assert len(list((SAMPLE / "study/sub-02/dicom").iterdir())) > 50
    assert len(list((SAMPLE / "study/sub-03/dicom").iterdir())) == 1


def test_committed_truth_is_what_the_readme_says() -> None:
    rows = {
        subject: read_table(SAMPLE / f"truth/sub-{subject}_desc-asymmetry_measures.tsv")
        for subject in ("01", "02", "03")
    }
    patterns = {
        subject: {r["nerve"]: r["pattern"] for r in found if r["quantity"] == "csa_mean_mm2"}
        for subject, found in rows.items()
    }
    assert set(patterns["01"].values()) == set(patterns["03"].values()) == {"none"}
    assert {n: p for n, p in patterns["02"].items() if p != "none"} == {
        "C6": "focal",
        "C8": "diffuse",
        "lateral_cord": "diffuse",
    }
    cut = {r["reason"] for r in rows["03"]} - {"n/a"}
    assert len(cut) == 1
    assert cut <= {"COVERAGE_LEFT", "COVERAGE_RIGHT"}
