"""A step is done again only when something changed that shapes it."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from plexus_mri.batch.case_job import CaseJob
from plexus_mri.batch.memory import expected_memory_mb
from plexus_mri.batch.step_names import STEPS
from plexus_mri.batch.steps import StepStore, step_keys, steps_from
from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import Volume
from plexus_mri.io.network_model import read_network_model
from plexus_mri.io.series_row import SeriesRow
from plexus_mri.settings import Settings, settings_from_mapping
from tests.network_models import write_manifest

ROW = SeriesRow(
    series=1,
    subject="01",
    session=None,
    contrast="STIR",
    plane="coronal",
    shape=(8, 8, 8),
    spacing=(1.0, 1.0, 1.0),
    files=1,
    chosen=True,
    rule="r",
    reason=None,
    detail="",
    source="",
)
JOB = CaseJob("01", None, ROW, Path("out"), Settings(), input_sha256="ab")


def changed(job) -> list[str]:
    before, after = step_keys(JOB), step_keys(job)
    return [step for step in STEPS if before[step] != after[step]]


def test_a_setting_repeats_its_step_and_what_follows():
    settings = settings_from_mapping({"measure": {"node_step_mm": 2.0}})
    assert changed(replace(JOB, settings=settings)) == [
        *("measure", "maps", "compare", "quality", "template", "write")
    ]
    settings = settings_from_mapping({"report": {"picture_width_px": 400}})
    assert changed(replace(JOB, settings=settings)) == ["write"]


def test_another_image_or_statement_repeats_everything():
    assert changed(replace(JOB, input_sha256="cd")) == list(STEPS)
    assert changed(replace(JOB, assert_orientation=True)) == list(STEPS)
    assert changed(JOB) == []


def test_another_mask_repeats_tracing_and_what_follows(tmp_path):
    (tmp_path / "mask.nii.gz").write_bytes(b"edited")
    job = replace(JOB, segmentation=tmp_path / "mask.nii.gz")
    assert changed(job) == list(STEPS[STEPS.index("trace") :])


def test_changed_landmarks_repeat_tracing_and_what_follows(tmp_path):
    places = tmp_path / "levels.tsv"
    places.write_text("nerve\n", encoding="utf-8")
    job = replace(JOB, landmarks=places)
    assert changed(job) == list(STEPS[STEPS.index("trace") :])
    first = step_keys(job)["trace"]
    places.write_text("edited\n", encoding="utf-8")
    assert step_keys(job)["trace"] != first


def test_a_stored_step_is_read_and_not_made(tmp_path):
    volume = Volume(np.arange(27.0).reshape(3, 3, 3), Grid((3, 3, 3), np.eye(4)))
    StepStore(tmp_path, {"bias": "0" * 64})("bias", lambda: volume)

    again = StepStore(tmp_path, {"bias": "0" * 64})("bias", lambda: pytest.fail("made again"))

    assert np.array_equal(again.data, volume.data)
    assert np.array_equal(again.grid.affine, volume.grid.affine)


@pytest.mark.parametrize("damage", ["key", "content", "again"])
def test_a_step_is_made_where_its_result_does_not_count(tmp_path, damage):
    StepStore(tmp_path, {"bias": "0" * 64})("bias", lambda: None)
    path = tmp_path / "bias.step"
    if damage == "content":
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    key = "1" * 64 if damage == "key" else "0" * 64
    store = StepStore(tmp_path, {"bias": key}, steps_from("bias" if damage == "again" else ""))
    assert store("bias", lambda: (1.0,)) == (1.0,)


class Trap:
    def __reduce__(self):
        return print, ("code of somebody else",)


def test_a_prepared_file_runs_no_code(tmp_path, capsys):
    store = StepStore(tmp_path, {"bias": "0" * 64})
    store("bias", Trap)
    pickle.loads(pickle.dumps(Trap()))  # noqa: S301 - shows that the trap would work
    assert "code" in capsys.readouterr().out

    assert store("bias", lambda: 7.0) == 7.0
    assert capsys.readouterr().out == ""


def test_large_steps_are_dropped_when_the_case_is_done(tmp_path):
    store = StepStore(tmp_path, {"bias": "0" * 64, "trace": "1" * 64})
    store("bias", lambda: np.zeros(1_000_000))
    store("trace", lambda: np.zeros(10))
    store.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["trace.step"]


def test_another_template_places_the_case_again_and_measures_nothing():
    assert changed(replace(JOB, template_sha256="cd")) == ["template", "write"]


def test_another_network_traces_again_and_keeps_what_came_before(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"weights")
    write_manifest(tmp_path, {})
    model = read_network_model(tmp_path)
    assert changed(replace(JOB, model=model)) == list(STEPS[STEPS.index("trace") :])
    (tmp_path / "net.onnx").write_bytes(b"other weights")
    one, other = (step_keys(replace(JOB, model=m)) for m in (model, read_network_model(tmp_path)))
    assert [s for s in STEPS if one[s] != other[s]] == list(STEPS[STEPS.index("trace") :])


def test_a_case_with_a_network_is_expected_to_need_more_memory(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"weights")
    write_manifest(tmp_path, {})
    alone = expected_memory_mb(JOB)
    with_it = expected_memory_mb(replace(JOB, model=read_network_model(tmp_path)))
    assert with_it - alone == pytest.approx(600, abs=1)  # 512 voxels and three outputs: nothing
