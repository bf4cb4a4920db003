"""Corrections: checked as a user's mask is, kept with rater and hashes, used while they fit."""

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from plexus_mri.batch import editor
from plexus_mri.batch.correction_check import add_correction
from plexus_mri.batch.corrections import Choice, check_rater_is_known, choose_correction
from plexus_mri.batch.editor import OpenCase, files_to_open, filled, find_editor
from plexus_mri.batch.review import cases_to_review
from plexus_mri.batch.status import CaseState, CaseStatus, write_status
from plexus_mri.batch.work_folder import case_folder
from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.correction import Correction
from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import LabelMap
from plexus_mri.errors import InputError, SettingsError
from plexus_mri.io.corrections import draft_path, mask_path, read_corrections, write_corrections
from plexus_mri.io.derivatives import case_paths
from plexus_mri.io.nifti import read_label_array, write_labels
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.found import labels_sha256
from tests.unit.batch.corrected_study import (
    AUTOMATIC,
    C6_LEFT,
    C6_RIGHT,
    INPUT,
    edited,
    nerve_labels,
    write_finished_case,
    write_summary,
)

CASE = ("01", "")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_finished_case(tmp_path / "out")


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    return edited(tmp_path / "by_doemayer.nii.gz")


def test_a_correction_is_kept_with_rater_time_and_the_hash_of_what_was_edited(study, mask):
    kept = add_correction(study, CASE, mask, "R1")

    assert read_corrections(study) == (kept,)
    assert (kept.rater, kept.edited_sha256, kept.input_sha256) == ("R1", AUTOMATIC, INPUT)
    assert kept.time_utc.endswith("Z")
    content = mask_path(study, kept).read_bytes()
    assert kept.mask_sha256 == hashlib.sha256(content).hexdigest()
    assert np.array_equal(read_label_array(mask_path(study, kept))[0], read_label_array(mask)[0])


def test_nothing_that_is_kept_names_the_file_or_folder_of_the_rater(study, mask):
    kept = add_correction(study, CASE, mask, "R1")
    texts = [p.read_bytes() for p in (study / "corrections").rglob("*.[tj]s*")]
    names = [p.name for p in (study / "corrections").rglob("*")]
    assert len(texts) == 4
    for secret in ("doemayer", str(study.parent)):
        assert not any(secret.encode() in text for text in texts)
        assert not any(secret in name for name in names)
    assert "doemayer" not in repr(kept)


@pytest.mark.parametrize("rater", ["Dr. House", "../x", "", "a" * 33, "Ä"])
def test_a_rater_is_an_id_of_letters_and_digits(study, mask, rater):
    with pytest.raises(SettingsError, match="must be an ID of 1 to 32 letters and digits"):
        add_correction(study, CASE, mask, rater)


def test_a_label_on_the_wrong_side_of_the_midline_is_refused(study, tmp_path):
    wrong = edited(tmp_path / "wrong.nii.gz", C6_LEFT)
    with pytest.raises(InputError, match="named C6 L but lies on the patient's R") as caught:
        add_correction(study, CASE, wrong, "R1")
    assert caught.value.reason is ReasonCode.MASK_SIDE
    assert read_corrections(study) == ()


def test_a_stray_piece_is_refused_with_its_place_in_mm(study, tmp_path):
    crumbed = edited(tmp_path / "crumb.nii.gz", crumb=True)
    # Voxels 2 and 3 of a grid of 1 mm whose first voxel lies at (-39.5, -19.5, -29.5) mm: on
    # the left, and the nerve is one of the right.
    with pytest.raises(InputError, match=r"around \[-37\.0, -17\.0, -27\.0\] mm") as caught:
        add_correction(study, CASE, crumbed, "R1")
    assert caught.value.reason is ReasonCode.MASK_SIDE


def test_an_unknown_label_and_another_place_are_refused(study, tmp_path):
    with pytest.raises(InputError, match=r"holds labels \[77\]") as caught:
        add_correction(study, CASE, edited(tmp_path / "odd.nii.gz", 77), "R1")
    assert caught.value.reason is ReasonCode.MASK_LABELS
    away = Grid((80, 40, 60), np.diag([1.0, 1.0, 1.0, 1.0]) + np.eye(4, k=3) * 500)
    with pytest.raises(InputError, match="lie inside the image") as caught:
        add_correction(study, CASE, edited(tmp_path / "away.nii.gz", grid=away), "R1")
    assert caught.value.reason is ReasonCode.MASK_GRID


def test_without_the_midline_of_the_case_no_side_is_believed(study, mask):
    (case_folder(study, *CASE) / "frame.step").unlink()
    with pytest.raises(InputError, match="sides cannot be checked; measure the case again"):
        add_correction(study, CASE, mask, "R1")


def test_a_case_without_a_result_cannot_be_corrected(study, mask):
    with pytest.raises(InputError, match="no case '02'; there are: sub-01"):
        add_correction(study, ("02", ""), mask, "R1")
    write_status(study, [CaseStatus("01", None, CaseState.FAILED)])
    with pytest.raises(InputError, match="has no result to correct"):
        add_correction(study, CASE, mask, "R1")


def test_raters_stand_side_by_side_and_the_newest_is_used_unless_one_is_asked_for(study, mask):
    first = add_correction(study, CASE, mask, "R1")
    older = replace(first, time_utc="2020-01-01T00:00:00Z")
    write_corrections(study, [older])
    newer = add_correction(study, CASE, mask, "R2")

    both = read_corrections(study)
    assert both == (older, newer)
    assert choose_correction(study, both, CASE, INPUT).used == newer
    assert choose_correction(study, both, CASE, INPUT, "R1").used == older
    assert choose_correction(study, both, ("02", ""), INPUT) == Choice()
    with pytest.raises(SettingsError, match=r"no correction of this rater; .* R1, R2"):
        check_rater_is_known(both, "R3")


def test_nerves_that_were_not_edited_are_not_taken_from_the_map(study, tmp_path):
    before = nerve_labels()
    write_summary(study, labels=labels_sha256(before))
    with pytest.raises(InputError, match="nothing was edited") as caught:
        add_correction(study, CASE, edited(tmp_path / "same.nii.gz"), "R1")
    assert caught.value.reason is ReasonCode.MASK_LABELS

    data = np.array(before.data)
    data[70, 20, 5] = 0 if data[70, 20, 5] else C6_RIGHT
    write_labels(tmp_path / "one.nii.gz", LabelMap(data, before.grid))
    kept = add_correction(study, CASE, tmp_path / "one.nii.gz", "R1")
    assert kept.redrawn == ((Side.RIGHT, Nerve.C6),)
    assert read_corrections(study) == (kept,)

    # What an earlier correction drew stays drawn in an edit of its result.
    earlier = {"automatic_sha256": AUTOMATIC, "redrawn": ["L_T1"]}
    write_summary(study, labels=labels_sha256(before), correction=earlier)
    again = add_correction(study, CASE, tmp_path / "one.nii.gz", "R2")
    assert set(again.redrawn) == {(Side.RIGHT, Nerve.C6), (Side.LEFT, Nerve.T1)}


def test_the_same_map_added_twice_by_one_rater_is_kept_once(study, mask):
    add_correction(study, CASE, mask, "R1")
    again = add_correction(study, CASE, mask, "R1")
    assert read_corrections(study) == (again,)


@pytest.mark.parametrize("change", ["image", "labels", "file"])
def test_a_correction_is_stale_when_what_it_rests_on_has_changed(study, mask, change):
    kept = add_correction(study, CASE, mask, "R1")
    if change == "labels":
        write_summary(study, labels="c" * 64)
    if change == "file":
        mask_path(study, kept).write_bytes(b"other")
    found = choose_correction(study, [kept], CASE, "2" * 64 if change == "image" else INPUT)
    assert found == Choice(None, (kept,))


def test_a_result_from_a_correction_makes_no_correction_stale(study, mask):
    kept = add_correction(study, CASE, mask, "R1")
    used = {"rater": "R1", "automatic_sha256": AUTOMATIC}
    write_summary(study, labels="c" * 64, correction=used)
    assert choose_correction(study, [kept], CASE, INPUT) == Choice(kept)
    # An edit of the corrected map goes back to the automatic one.
    again = add_correction(study, CASE, mask, "R2")
    assert (again.edited_sha256, again.automatic_sha256) == ("c" * 64, AUTOMATIC)


def test_a_damaged_table_of_corrections_is_told_in_a_sentence(study, mask):
    kept = add_correction(study, CASE, mask, "R1")
    write_corrections(study, [replace(kept, rater="../../x")])
    with pytest.raises(InputError, match=r"'corrections\.tsv' .* is damaged"):
        read_corrections(study)


def test_review_lists_failed_and_doubtful_cases_and_no_others(tmp_path):
    doubt = {"reason": "LEVEL_DOUBT", "where": "C5 both sides"}
    noise = {"reason": "THIN_FOR_VOXEL", "where": "C5 left"}
    out = write_finished_case(tmp_path / "out", noise)
    assert cases_to_review(out) == ()
    write_summary(out, noise, doubt)
    done = CaseStatus("01", None, CaseState.FINISHED, input_sha256=INPUT)
    failed = CaseStatus("02", None, CaseState.FAILED, reason=ReasonCode.NERVE_LOST)
    write_status(out, [done, failed])

    one, two = cases_to_review(out)
    assert one.reasons == ("LEVEL_DOUBT: C5 both sides",)
    assert one.labels == case_paths(Path(), "01", None).labels
    assert (two.name, two.labels) == ("sub-02", None)
    assert "NERVE_LOST" in two.reasons[0]


def test_review_says_which_correction_is_used_and_which_is_stale(study, mask):
    kept = add_correction(study, CASE, mask, "R1")
    write_corrections(study, [kept, replace(kept, rater="R2", input_sha256="2" * 64)])
    (case,) = cases_to_review(study)
    assert [text.split(", ")[1:] for text in case.corrections] == [["is used"], ["stale"]]


def test_a_draft_of_a_label_map_that_has_changed_is_refused(study):
    old = draft_path(study, "01", None, "d" * 64)
    edited(old)
    with pytest.raises(InputError, match="begun on a label map that has changed") as caught:
        add_correction(study, CASE, old, "R1")
    assert caught.value.reason is ReasonCode.CORRECTION_STALE


FILES = OpenCase(Path("/x/a b.nii.gz"), Path("/x/l'.nii.gz"))


@pytest.mark.parametrize("name", ["Slicer", "itksnap", "fsleyes", "napari"])
def test_each_known_editor_on_the_path_gets_image_and_labels(tmp_path, monkeypatch, name):
    program = tmp_path / name
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    command = filled(find_editor(None), FILES)
    assert command[0] == name
    assert any(str(FILES.image) in word for word in command)
    if name == "Slicer":  # what is Python must stay Python, whatever the folder's name
        compile(command[2], "words", "exec")
    else:
        assert str(FILES.labels) in command


def test_without_an_editor_the_sentence_names_those_that_are_known(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match=r"3D Slicer .* napari; install one, or give yours"):
        find_editor(None)
    with pytest.raises(SettingsError, match="there is no program 'paint'"):
        find_editor("paint")
    with pytest.raises(SettingsError, match="mind the quotes"):
        find_editor("'paint")


def test_a_command_of_the_user_is_split_and_never_given_to_a_shell(tmp_path):
    note = tmp_path / "note"
    code = f"import sys; open({str(note)!r}, 'w').write(repr(sys.argv[1:]))"
    template = find_editor(f'{sys.executable} -c "{code}" "{{labels}}" ";" "$(x)"')
    editor.open_in_editor(filled(template, FILES))
    assert note.read_text(encoding="utf-8") == repr([str(FILES.labels), ";", "$(x)"])
    with pytest.raises(SettingsError, match="ended with code 3"):
        editor.open_in_editor((sys.executable, "-c", "raise SystemExit(3)"))


def test_the_image_to_open_must_be_asked_for_where_it_lies(study):
    with pytest.raises(SettingsError, match="give --source INPUT"):
        files_to_open(study, CASE, None)


def test_words_of_a_correction_name_rater_and_day():
    made = Correction("01", None, "R1", "2026-01-02T03:04:05Z", *("",) * 4)
    assert made.words == "correction by rater R1 of 2026-01-02"
