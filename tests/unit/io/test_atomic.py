"""A file that exists is whole, and a refusal is one clear sentence."""

import errno
from pathlib import Path

import pytest

from plexus_mri.errors import OutputError
from plexus_mri.io import atomic
from plexus_mri.io.atomic import atomic_path, write_bytes, write_text
from plexus_mri.reasons import ReasonCode


def test_text_is_utf8_with_newlines_only(tmp_path: Path) -> None:
    write_text(tmp_path / "deep" / "a.txt", "µm\nπ\n")
    assert (tmp_path / "deep" / "a.txt").read_bytes() == b"\xc2\xb5m\n\xcf\x80\n"


def test_writing_leaves_nothing_but_the_file(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a.bin", b"1")
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


def test_temporary_file_lies_in_the_same_folder_and_keeps_the_ending(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "a.nii.gz") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.name.endswith(".nii.gz")
        assert temporary.name.startswith(".")
        temporary.write_bytes(b"1")


def test_failed_write_keeps_the_old_file_and_leaves_no_other(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")
    with (
        pytest.raises(ZeroDivisionError, match="by zero"),
        atomic_path(tmp_path / "a.txt") as half,
    ):
        half.write_bytes(bytes(1 // half.write_bytes(b"")))
    assert (tmp_path / "a.txt").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_new_file_has_the_mode_of_any_file_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text("1")
    write_text(tmp_path / "a.txt", "1")
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "plain.txt").stat().st_mode


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "the disk is full; free some space"),
        (errno.EACCES, "no permission; choose an output folder"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EIO, "Input/output error; choose another output folder"),
    ],
)
def test_refusal_of_the_system_becomes_an_output_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, sentence: str
) -> None:
    def refuse(_: Path) -> None:
        raise OSError(number, "refused")

    monkeypatch.setattr(atomic, "_flush", refuse)
    with pytest.raises(OutputError, match=f"cannot write 'a.txt': {sentence}") as caught:
        write_text(tmp_path / "a.txt", "1")
    assert caught.value.reason is ReasonCode.OUTPUT_NOT_WRITABLE
    assert caught.value.exit_code == 6
    assert list(tmp_path.iterdir()) == []


def test_file_in_place_of_a_folder_is_named_as_the_cause(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match="a file lies where a folder is needed"):
        write_text(tmp_path / "out" / "a.txt", "1")


def test_folder_in_place_of_the_file_is_named_as_the_cause(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(OutputError, match="a folder lies where the file is to go"):
        write_text(tmp_path / "a.txt", "1")


def test_message_names_the_file_but_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match=r"a\.txt") as caught:
        write_text(tmp_path / "out" / "a.txt", "1")
    assert str(tmp_path) not in str(caught.value)


def test_a_name_that_is_no_utf8_does_not_cost_the_table(tmp_path):
    path = tmp_path / "table.tsv"
    write_text(path, "folder\nbad\udcffname\n")
    assert path.read_text(encoding="utf-8") == "folder\nbad?name\n"
