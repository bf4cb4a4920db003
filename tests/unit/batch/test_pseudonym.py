"""The salt of pseudonyms is secret and stays the same."""

import pytest

from plexus_mri.batch.pseudonym import pseudonym_salt


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("PLEXUS_MRI_SALT", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


def test_the_salt_is_made_once_and_only_its_user_may_read_it(home):
    salt = pseudonym_salt()
    path = home / "plexus-mri" / "salt"

    assert len(salt) == 32
    assert pseudonym_salt() == salt
    assert path.stat().st_mode & 0o077 == 0
    assert [p.name for p in path.parent.iterdir()] == ["salt"]


def test_the_variable_wins(home, monkeypatch):
    monkeypatch.setenv("PLEXUS_MRI_SALT", "ours")
    assert pseudonym_salt() == b"ours"
    assert not list(home.iterdir())


def test_without_a_place_for_the_salt_the_user_is_warned(home, caplog):
    (home / "plexus-mri").touch()
    assert pseudonym_salt() == b""
    assert "set PLEXUS_MRI_SALT" in caplog.text
