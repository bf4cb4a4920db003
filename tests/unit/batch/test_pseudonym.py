"""The salt of pseudonyms is secret and stays the same."""

import pytest

from plexus_mri.batch.pseudonym import keep_salt, study_salt


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("PLEXUS_MRI_SALT", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


def test_the_salt_is_made_once_and_only_its_user_may_read_it(home):
    salt = study_salt(home / "study", None)
    path = home / "plexus-mri" / "salt"

    assert len(salt) == 32
    assert study_salt(home / "study", None) == salt
    assert study_salt(home / "other", None) != salt
    assert path.stat().st_mode & 0o077 == 0
    assert [p.name for p in path.parent.iterdir()] == ["salt"]


def test_the_variable_wins(home, monkeypatch):
    monkeypatch.setenv("PLEXUS_MRI_SALT", "ours")
    assert study_salt(home, None) == b"ours"
    assert not list(home.iterdir())


def test_without_a_place_for_the_salt_the_user_is_warned(home, caplog):
    (home / "plexus-mri").touch()
    assert study_salt(home, None) == b""
    assert "set PLEXUS_MRI_SALT" in caplog.text


def test_a_study_keeps_its_salt_when_input_and_user_change(home, monkeypatch):
    salt = study_salt(home / "study", home / "out")
    keep_salt(home / "out", salt)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "of someone else"))
    kept = home / "out" / ".plexus-mri" / "salt"

    assert study_salt(home / "moved", home / "out") == salt
    assert kept.stat().st_mode & 0o077 == 0
    assert "Keep this folder to yourselves" in (kept.parent / "README.txt").read_text()


def test_the_variable_is_never_written_down(home, monkeypatch):
    monkeypatch.setenv("PLEXUS_MRI_SALT", "ours")
    keep_salt(home / "out", b"ours")
    assert not (home / "out").exists()
