"""Own controls, given as a user gives them."""

import json

import pytest

from plexus_mri.core.anatomy import Nerve
from plexus_mri.io.derivatives import case_paths
from plexus_mri.io.tables import read_table

# The study of the tests is called STIR and holds noise: nothing is measured in it.
CONTROLS = """
sources:
  ours: {name: Ours, citation: Own 2026, modality: MRI, contrasts: [STIR], method: m, people: p}
values:
  - {nerve: C6, quantity: csa_mean_mm2, n: 45, source: ours, mean: 9.4, sd: 1.5,
     side_difference_mean_percent: 8, side_difference_sd_percent: 6}
"""


@pytest.fixture
def controls(tmp_path):
    path = tmp_path / "controls.yaml"
    path.write_text(CONTROLS, encoding="utf-8")
    return path


def answers(out):
    rows = read_table(case_paths(out, "01", None).asymmetry_measures)
    return {
        row["nerve"]: row["within_healthy_range"]
        for row in rows
        if row["quantity"] == "csa_mean_mm2"
    }


def test_own_controls_answer_for_their_nerve_and_measure_a_finished_case_again(
    program, study, tmp_path, controls
):
    out = tmp_path / "out"
    typed = ("batch", study, "--out", out, "--participant-label", "01")
    assert program(*typed).code == 0
    assert set(answers(out).values()) == {"no_norm"}

    assert program(*typed, "--norms", controls).code == 0
    assert answers(out) == {n.value: "n/a" if n is Nerve.C6 else "no_norm" for n in Nerve}
    summary = json.loads(case_paths(out, "01", None).summary.read_text(encoding="utf-8"))
    assert summary["norms"]["applied"] is True
    assert [row["source"] for row in summary["norms"]["rows"]] == ["Ours"]


def test_controls_that_cannot_be_trusted_are_a_bad_command_before_anything_is_written(
    program, study, tmp_path, controls
):
    controls.write_text(CONTROLS.replace("sd: 1.5", "sd: 0"), encoding="utf-8")
    ended = program("run", study, "--out", tmp_path / "out", "--norms", controls)

    assert ended.code == 2
    assert "'controls.yaml': C6 csa_mean_mm2: mean and sd must be above 0" in ended.out + ended.err
    assert not (tmp_path / "out").exists()
