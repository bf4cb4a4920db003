"""YAML settings: every mistake is named with its file and line."""

from pathlib import Path

import pytest

from plexus_mri.errors import SettingsError
from plexus_mri.io.yaml_files import read_mapping, write_mapping


def test_mapping_survives_writing_and_reading(tmp_path: Path) -> None:
    mapping = {"b": {"step_mm": 0.1, "names": ["µ", "on"]}, "a": True, "none": None}
    write_mapping(tmp_path / "s.yaml", mapping)
    assert read_mapping(tmp_path / "s.yaml") == mapping
    assert list(read_mapping(tmp_path / "s.yaml")) == ["b", "a", "none"]


def test_tuples_are_written_as_lists(tmp_path: Path) -> None:
    write_mapping(tmp_path / "s.yaml", {"shape": (1, 2)})
    assert read_mapping(tmp_path / "s.yaml") == {"shape": [1, 2]}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_empty_file_is_an_empty_mapping(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.yaml").write_text(text)
    assert read_mapping(tmp_path / "s.yaml") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [1, 2\n", r"bad YAML in 's\.yaml', line 3"),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", r"line 4: the key 'c' is given twice"),
        ("a:\n  - on: 1\n", r"line 2: the key 'on' is not plain text"),
        ("a: !!python/object/apply:os.getcwd []\n", r"line 1: could not determine a constructor"),
        ("- 1\n- 2\n", "must hold 'key: value' lines, got list"),
        ("just words", "must hold 'key: value' lines, got str"),
        ("a: &x [*x]\nb: " + "[" * 5000, "line 2: nested too deeply"),
        ("a:\n  " + "- " * 100_000, "line 2: nested too deeply"),
        ("a: \x00", r"bad YAML in 's\.yaml': special characters are not allowed"),
    ],
)
def test_bad_yaml_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "s.yaml").write_text(text)
    with pytest.raises(SettingsError, match=message) as caught:
        read_mapping(tmp_path / "s.yaml")
    assert caught.value.exit_code == 2
    assert str(tmp_path) not in str(caught.value)


def test_missing_file_and_binary_file_are_settings_errors(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"'no\.yaml' does not exist"):
        read_mapping(tmp_path / "no.yaml")
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(SettingsError, match=r"'b\.yaml' is no readable text"):
        read_mapping(tmp_path / "b.yaml")
