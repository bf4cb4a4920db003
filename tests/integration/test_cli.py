"""The command line as a user meets it."""

import importlib.util
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from plexus_mri import __version__
from plexus_mri.batch.qa_server import QaServer
from plexus_mri.batch.ratings import add_ratings
from plexus_mri.batch.stored import read_summary
from plexus_mri.cli import commands, ratings
from plexus_mri.core.caveats import CAVEATS
from plexus_mri.io.derivatives import case_paths
from plexus_mri.io.ratings import ratings_from_json
from plexus_mri.io.tables import read_table, write_json
from plexus_mri.report.rating_form import rated_case
from tests.integration.inputs import noise, write_nifti
from tests.network_models import write_manifest


def test_version_is_printed_by_the_program_and_every_command(program):
    assert program("--version").out.strip() == f"plexus-mri {__version__}"
    assert program("run", "--version").out.strip() == f"plexus-mri {__version__}"


def test_an_unknown_command_or_option_is_a_bad_command(program):
    assert program("measure").code == 2
    assert program("run", "x", "--out", "y", "--sidde", "L").code == 2
    assert program("run", "x").code == 2


def test_inventory_shows_each_series_and_writes_nothing(program, study, tmp_path):
    ended = program("inventory", study)

    assert ended.code == 0
    assert "sub-" not in ended.out.splitlines()[0]
    assert [line.split()[1] for line in ended.out.splitlines()[1:3]] == ["01", "02"]
    assert {path.name for path in tmp_path.iterdir()} == {"study"}


def test_inventory_writes_its_table_where_asked(program, study, tmp_path):
    program("inventory", study, "--out", tmp_path / "out")

    rows = read_table(tmp_path / "out" / "inventory.tsv")
    assert [(row["series"], row["subject"], row["chosen"]) for row in rows] == [
        ("1", "01", "true"),
        ("2", "02", "true"),
    ]
    dictionary = json.loads((tmp_path / "out" / "inventory.json").read_text(encoding="utf-8"))
    assert set(rows[0]) == set(dictionary)


def test_dry_run_names_the_cases_and_writes_nothing(program, study, tmp_path):
    ended = program("batch", study, "--out", tmp_path / "out", "--dry-run")

    assert ended.code == 0
    assert "sub-01  measure" in ended.out
    assert "2 cases would be measured; nothing was written" in ended.last_line
    assert not (tmp_path / "out").exists()


def test_dry_run_says_which_map_is_missing(program, study, tmp_path):
    ended = program(
        "batch",
        study,
        "--out",
        tmp_path / "out",
        "--dry-run",
        "--map",
        "t2={subject}_T2map.nii.gz",
    )
    assert ended.code == 0
    assert "measure; without map t2 (INPUT_MISSING: '01_T2map.nii.gz' does not exist)" in (
        ended.out
    )


def test_a_map_that_is_named_outright_and_not_there_stops_before_anything(
    program, study, tmp_path
):
    case = ["--participant-label", "01", "--map", "t2=nowhere.nii.gz"]
    ended = program("batch", study, "--out", tmp_path / "out", *case)
    assert ended.code == 3
    assert "the map 't2' names 'nowhere.nii.gz', which does not exist" in ended.out + ended.err
    assert not (tmp_path / "out" / "sub-01").exists()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("levels.tsv", None, "no: the table 'levels.tsv' does not exist"),
        ("levels.tsv", "", "no: 'levels.tsv'"),
        ("levels.tsv", "nerve\tx_mm\ty_mm\tz_mm\nC7\t1e308\t0\t0\n", "gives x_mm as '1e308'"),
        ("levels.nii.gz", None, "no: 'levels.nii.gz' does not exist"),
    ],
)
def test_dry_run_says_why_stated_levels_cannot_be_used(
    program, study, tmp_path, name, content, sentence
):
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    wanted = ("--participant-label", "01", "--landmarks", tmp_path / name)
    ended = program("batch", study, "--out", tmp_path / "out", "--dry-run", *wanted)
    assert sentence in ended.out
    assert "0 cases would be measured" in ended.last_line


def test_dry_run_says_that_the_mask_is_missing(program, study, tmp_path):
    (tmp_path / "labels.tsv").write_text("index\tnerve\tside\n1\tany\tany\n", encoding="utf-8")
    mask = ("--segmentation", tmp_path / "mask-{subject}.nii.gz")
    labels = ("--labels", tmp_path / "labels.tsv")
    ended = program("batch", study, "--out", tmp_path / "out", "--dry-run", *mask, *labels)
    assert "no: the mask 'mask-01.nii.gz' does not exist" in ended.out
    assert "0 cases would be measured" in ended.last_line


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (["--set", "tracing.step=1"], "unknown setting 'tracing.step'; the nearest one is"),
        (["--set", "preprocess.iterations=many"], "must be a whole number, got 'many'"),
        (["--set", "preprocess"], "--set needs key=value, got 'preprocess'"),
        (["--config", "nowhere.yaml"], "'nowhere.yaml' does not exist"),
        (["--participant-label", "99"], "no participant 99 in the input; there are: 01, 02"),
        (["--scheduler", "tcp://x", "--cluster", "y"], "name two places"),
        (["--cluster", "nowhere.yaml"], "'nowhere.yaml' does not exist"),
        (["--case-timeout", "soon"], "must be a time such as 30m"),
        (["--from-step", "trac"], "--from-step must be one of bias, frame, trace"),
        (["--force", "--from-step", "trace"], "--force starts at the first step"),
        (["--landmarks", "x.json"], "one file of landmarks 'x.json' cannot fit 2 cases"),
        (["--landmarks", "x", "--model", "m"], "--model names its nerves itself"),
        (["--memory-limit", "much"], "must be a size such as 6G"),
        (["--labels", "x.tsv"], "--labels needs --segmentation"),
        (["--segmentation", "x.nii.gz"], "--segmentation needs --labels"),
        (["--segmentation", "x", "--labels", "y", "--model", "m"], "give one"),
    ],
)
def test_a_wrong_setting_is_one_sentence_and_exit_code_2(program, study, extra, sentence):
    ended = program("batch", study, "--out", "out", *extra)

    assert ended.code == 2
    assert ended.err.count("\n") == 1
    assert sentence in ended.err
    assert "exit code 2" in ended.last_line
    assert not Path("out").exists()


@pytest.mark.parametrize("command", ["run", "batch", "check-sides"])
def test_a_model_that_cannot_be_used_is_one_sentence_and_no_usable_input(
    program, study, tmp_path, command
):
    (tmp_path / "model").mkdir()
    ended = program(command, study, "--out", tmp_path / "out", "--model", tmp_path / "model")
    assert ended.code == 3
    assert "the model folder 'model' holds no 'model.yaml'" in ended.err
    assert ended.err.count("\n") == 1


def test_a_missing_library_is_told_with_its_remedy(program, study, tmp_path, monkeypatch):
    (tmp_path / "net.onnx").write_bytes(b"weights")
    write_manifest(tmp_path, {})
    there = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "onnxruntime" else there(name)
    )
    ended = program("batch", study, "--out", tmp_path / "out", "--model", tmp_path, "--dry-run")
    assert ended.code == 3
    assert 'needs ONNX Runtime; install it: pip install "plexus-mri[networks]"' in ended.err


def test_participants_can_be_listed_after_one_option_or_several(program, study):
    both = ("2 cases would be measured", 0)
    for labels in (
        ["--participant-label", "01", "02"],
        ["--participant-label", "sub-01", "--participant-label", "02"],
    ):
        ended = program("batch", study, "--out", "out", "--dry-run", *labels)
        assert (ended.last_line.split(";")[0], ended.code) == both


def test_an_extra_word_is_not_taken_for_a_participant(program, study):
    assert program("batch", study, "more", "--out", "out").code == 2


def test_run_measures_one_case_and_tells_all_in_the_last_line(program, tmp_path):
    path = write_nifti(tmp_path / "image.nii.gz", noise())

    ended = program(
        "run", path, "--out", "out", "--subject", "anna1", "--set", "report.picture_width_px=400"
    )

    assert ended.code == 0
    status = Path("out") / "status.tsv"
    assert ended.last_line == f"1 finished, 0 failed, 0 refused; exit code 0; status: {status}"
    assert all(sentence in ended.out for sentence in CAVEATS)
    assert "0 of 11 nerve pairs could be compared" in ended.out
    assert [line for line in ended.err.splitlines() if line.endswith(": frame")] == [
        "sub-anna1: frame"
    ]
    stored = Path("out/sub-anna1/anat/sub-anna1_desc-settings_recipe.yaml")
    assert yaml.safe_load(stored.read_text(encoding="utf-8"))["report"]["picture_width_px"] == 400
    prove_given_back(program, path, stored)


def prove_given_back(program, path, stored):
    """The stored settings, and the stored summary, bring back the same bytes."""
    summary = stored.with_name("sub-anna1_desc-summary_report.json")
    program("run", path, "--out", "again", "--subject", "anna1", "--config", summary)
    for before in sorted(Path("out").rglob("*_measures.tsv")):
        after = Path("again") / before.relative_to("out")
        assert after.read_bytes() == before.read_bytes()
    again = Path("again") / stored.relative_to("out")
    assert again.read_bytes() == stored.read_bytes()


def test_status_and_report_read_what_is_stored(program, out):
    page = (out / "sub-01.html").read_bytes()
    (out / "sub-01.html").unlink()
    (out / "index.html").unlink()

    shown, rendered = program("status", out), program("report", out)

    assert "2 finished, 0 failed, 0 refused" in shown.last_line
    assert rendered.code == 0
    assert (out / "sub-01.html").read_bytes() == page
    assert "sub-02.html" in (out / "index.html").read_text(encoding="utf-8")


def without_keys(summary, _figures):
    summary.write_text('{"schema_version": "1", "subject": "01"}', encoding="utf-8")


def of_another_version(summary, _figures):
    stored = json.loads(summary.read_text(encoding="utf-8"))
    write_json(summary, stored | {"schema_version": "0.9"})


def no_json(summary, _figures):
    summary.write_text("{", encoding="utf-8")


def without_a_figure(_summary, figures):
    min(figures.iterdir()).unlink()


@pytest.mark.parametrize("damage", [without_keys, of_another_version, no_json, without_a_figure])
def test_a_damaged_case_stops_no_other_page(program, out, damage):
    damage(out / "sub-01/anat/sub-01_desc-summary_report.json", out / "sub-01/figures")
    for name in ("sub-02.html", "index.html"):
        (out / name).unlink()
    ended = program("report", out)
    assert ended.code == 4
    assert ended.err.startswith("sub-01: ")
    assert ended.err.count("\n") == 1
    assert "1 page written, 1 case damaged" in ended.last_line
    assert (out / "sub-02.html").is_file()
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "measure the case again" in page


def test_a_result_that_was_removed_by_hand_costs_the_others_nothing(program, study, out):
    (out / "sub-01" / "anat" / "sub-01_desc-summary_report.json").unlink()

    assert program("batch", study, "--out", out).code == 0
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "sub-02.html" in page
    assert "measure the case again" in page


def test_status_of_a_folder_without_results_is_no_usable_input(program, tmp_path):
    for command in ("status", "report"):
        ended = program(command, tmp_path)
        assert ended.code == 3
        assert "measure first" in ended.err


def test_a_served_study_ends_in_words_and_renews_its_tables(program, out, monkeypatch):
    def opened(folder, _port):
        def serve():
            case = rated_case(read_summary(case_paths(folder, "01", None).summary))
            row = {**case, "item": "image", "rater": "AB", "verdict": "fail", "blinded": False}
            body = json.dumps({"ratings": [row]}).encode()
            add_ratings(folder, ratings_from_json(body, "row"))
            raise KeyboardInterrupt

        return QaServer("http://127.0.0.1/", serve, lambda: None, lambda: 1)

    monkeypatch.setattr(ratings, "open_server", opened)
    ended = program("qa", "serve", out)
    assert (ended.code, ended.err) == (0, "")
    assert ended.last_line.startswith("server stopped: 1 rating saved; group tables")
    assert "AB" in (out / "group_excluded.tsv").read_text(encoding="utf-8")


def test_a_taken_port_is_said_in_the_words_of_a_server(program, out):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = program("qa", "serve", out, "--port", taken.getsockname()[1])
    assert ended.code == 6
    assert "cannot be used" in ended.err
    assert ended.last_line == "no page is served; exit code 6"


def test_watching_shows_the_state_until_the_run_ends(program, out, monkeypatch):
    held = iter([True, False])
    monkeypatch.setattr(commands, "is_held", lambda _: next(held))
    monkeypatch.setattr(commands, "_WATCH_S", 0.0)

    ended = program("status", out, "--watch")

    assert ended.code == 0
    assert next(held, None) is None
    assert "2 finished" in ended.last_line


def test_a_job_array_has_one_job_a_subject(program, study):
    ended = program("cluster", "script", study, "--out", "out")

    assert ended.code == 0
    assert str(study) in ended.out
    assert "01 02" in ended.out


def test_a_command_that_measures_nothing_starts_without_dask():
    loaded = "import sys, plexus_mri.cli; sys.exit('distributed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loaded], check=False).returncode == 0


def test_convert_writes_sound_series_and_the_reasons_of_the_others(program, study):
    data = noise()
    write_nifti(study / "sub-03" / "anat" / "sub-03_T2w.nii.gz", data, codes=(0, 0))

    ended = program("convert", study, "--out", "out")

    assert ended.code == 4
    assert ended.last_line.startswith("2 converted, 1 not; exit code 4")
    rows = read_table(Path("out/inventory.tsv"))
    assert [Path("out", row["nifti"]).is_file() for row in rows] == [True, True, False]
    assert rows[2]["reason"] == "SIDE_UNPROVEN"
    sidecar = Path("out", rows[0]["nifti"].replace(".nii.gz", ".json"))
    assert json.loads(sidecar.read_text(encoding="utf-8"))["contrast"] == "STIR"


def test_ctrl_c_ends_with_130_and_a_state_that_can_be_resumed(study, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "plexus_mri", "batch", study, "--out", tmp_path / "out"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A suite that a shell runs in the background inherits an ignored Ctrl-C: hear it here.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    assert "2 cases to measure" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)

    assert process.returncode == 130
    assert "Traceback" not in err
    assert "2 not done; exit code 130" in out.splitlines()[-1]
    assert {row["state"] for row in read_table(tmp_path / "out" / "status.tsv")} == {"stopped"}
