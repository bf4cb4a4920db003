"""configs/default.yaml is the defaults, each with where it comes from."""

import importlib.util
from dataclasses import fields

import pytest
import yaml

from plexus_mri.settings import Settings, known_keys, settings_from_mapping


@pytest.fixture(scope="module")
def writer(project):
    path = project / "scripts" / "write_default_settings.py"
    spec = importlib.util.spec_from_file_location("write_default_settings", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_file_holds_every_default(project):
    text = (project / "configs" / "default.yaml").read_text(encoding="utf-8")
    content = yaml.safe_load(text)

    assert settings_from_mapping(content) == Settings()
    assert {f"{s}.{k}" for s, values in content.items() for k in values} == set(known_keys())


def test_the_file_is_what_make_settings_writes(project, writer):
    text = (project / "configs" / "default.yaml").read_text(encoding="utf-8")
    assert text == writer.default_settings_text()


@pytest.mark.parametrize(
    "name",
    [
        *("io/series_rules.yaml", "io/reference.yaml", "io/levels_totalspineseg.tsv"),
        "report/context.yaml",
    ],
)
def test_the_file_beside_it_is_the_built_in_one(project, name):
    built_in = project / "plexus_mri" / name
    shown = project / "configs" / built_in.name
    assert shown.read_text(encoding="utf-8") == built_in.read_text(encoding="utf-8")


def test_every_setting_has_a_comment_or_shares_the_one_above(writer):
    for stage in fields(Settings):
        cls = type(getattr(Settings(), stage.name))
        comments = writer.field_comments(cls)
        assert comments[fields(cls)[0].name] or cls.__doc__, stage.name
        assert any(comments.values()), f"{stage.name} has no comment at all"
