"""An archive is unpacked below its own folder or refused as a whole."""

import gc
import stat
import zipfile
from pathlib import Path

import pytest

from plexus_mri.errors import InputError
from plexus_mri.io import archive
from plexus_mri.io.archive import unpack
from plexus_mri.reasons import ReasonCode


def packed(folder: Path, **members: bytes) -> Path:
    path = folder / "study.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return path


def test_members_keep_their_names_and_content(tmp_path: Path) -> None:
    unpacked = unpack(packed(tmp_path, **{"a/b/1.dcm": b"one", "2": b"two"}))
    assert (unpacked.path / "a" / "b" / "1.dcm").read_bytes() == b"one"
    assert (unpacked.path / "2").read_bytes() == b"two"


def test_the_folder_goes_away_with_the_last_value_that_needs_it(tmp_path: Path) -> None:
    unpacked = unpack(packed(tmp_path, x=b"x"))
    path = unpacked.path
    assert path.is_dir()
    del unpacked
    gc.collect()
    assert not path.exists()


@pytest.mark.parametrize("name", ["../out", "/etc/out", "a/../../out", "..\\out", "C:\\out"])
def test_names_that_lead_out_of_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="leads out of its folder"):
        unpack(packed(tmp_path, **{name: b"x"}))
    assert not list(tmp_path.rglob("out"))


def test_links_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.zip"
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr(link, "/etc/passwd")
    with pytest.raises(InputError, match="a link or device"):
        unpack(path)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a file packed [0-9]{3,}-fold") as caught:
        unpack(packed(tmp_path, bomb=bytes(20 * 2**20)))
    assert caught.value.reason is ReasonCode.INPUT_UNSUPPORTED


@pytest.mark.parametrize(("limit", "match"), [("_MAX_FILES", "2 files"), ("_MAX_BYTES", "GiB")])
def test_more_files_or_bytes_than_a_study_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, match: str
) -> None:
    monkeypatch.setattr(archive, limit, 1)
    with pytest.raises(InputError, match=match):
        unpack(packed(tmp_path, a=b"one", b=b"two"))


def test_a_file_longer_than_its_entry_says_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path, a=b"x" * 1000)
    raw = path.read_bytes()
    true, false = (1000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    path.write_bytes(raw.replace(true, false))
    with pytest.raises(InputError, match="damaged or encrypted"):
        unpack(path)


def test_a_cut_archive_is_unreadable(tmp_path: Path) -> None:
    path = packed(tmp_path, a=b"one")
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match=r"'study\.zip' is a damaged") as caught:
        unpack(path)
    assert caught.value.reason is ReasonCode.INPUT_UNREADABLE
