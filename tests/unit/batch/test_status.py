"""status.tsv holds one true row per case."""

import pytest

from plexus_mri.batch.ledger import Ledger
from plexus_mri.batch.outcome import CaseOutcome
from plexus_mri.batch.status import CaseState, CaseStatus, read_status, with_row, write_status
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode

DONE = CaseStatus("02", None, CaseState.FINISHED, "write", None, 12.34, 812.0, "ab", "cd")
LOST = CaseStatus("01", "1", CaseState.FAILED, "trace", ReasonCode.NERVE_LOST)


def test_rows_survive_the_way_to_disk_ordered_by_name(tmp_path):
    write_status(tmp_path, [DONE, LOST])
    assert read_status(tmp_path) == (LOST, DONE)


def test_a_folder_without_status_has_no_rows(tmp_path):
    assert read_status(tmp_path) == ()


@pytest.mark.parametrize(
    "row", ["01\tfinished", "01\tn/a\tx\tasleep\tn/a\tn/a\tn/a\tn/a"], ids=["short", "bad state"]
)
def test_a_damaged_file_is_an_input_error(tmp_path, row):
    header = "subject\tsession\tstep\tstate\treason\tseconds\tpeak_memory_mb\tinput_sha256"
    (tmp_path / "status.tsv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"status\.tsv"):
        read_status(tmp_path)


def test_a_new_row_takes_the_place_of_the_same_case():
    newer = CaseStatus("01", "1", CaseState.FINISHED)
    assert with_row((LOST, DONE), newer) == (DONE, newer)


def test_stopping_marks_only_what_is_not_done(tmp_path):
    ledger = Ledger(tmp_path, [DONE, LOST])
    ledger.expect([CaseStatus("03", None)])
    ledger.book(CaseStatus("04", None, CaseState.RUNNING))

    ledger.stop()

    states = {row.subject: row.state for row in read_status(tmp_path)}
    assert states == {
        "01": CaseState.FAILED,
        "02": CaseState.FINISHED,
        "03": CaseState.STOPPED,
        "04": CaseState.STOPPED,
    }


def test_outcomes_count_a_case_that_was_left_alone_as_finished(tmp_path):
    ledger = Ledger(tmp_path, [DONE])
    ledger.book(LOST, CaseOutcome(CaseState.FAILED, 4, ReasonCode.NERVE_LOST))
    assert sorted(o.exit_code for o in ledger.outcomes_of({DONE.key, LOST.key})) == [0, 4]


def test_a_full_output_halts_always_and_a_failure_only_when_asked(tmp_path):
    ledger = Ledger(tmp_path, [])
    ledger.book(LOST, CaseOutcome(CaseState.FAILED, 4))
    assert not ledger.should_halt(on_failure=False)
    assert ledger.should_halt(on_failure=True)
    ledger.book(DONE, CaseOutcome(CaseState.FAILED, 6))
    assert ledger.should_halt(on_failure=False)
