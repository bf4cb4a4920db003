"""Settings: what is given wins over defaults, what is wrong is named."""

import re
from dataclasses import fields, replace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from plexus_mri.errors import SettingsError
from plexus_mri.settings import (
    Settings,
    known_keys,
    override,
    settings_from_mapping,
    settings_to_mapping,
    stage_ranges,
)


def test_an_empty_mapping_gives_the_defaults():
    assert settings_from_mapping({}) == Settings()


def test_a_given_value_replaces_its_default_alone():
    changed = settings_from_mapping({"preprocess": {"iterations": 9}})

    assert changed.preprocess.iterations == 9
    back = replace(changed.preprocess, iterations=Settings().preprocess.iterations)
    assert replace(changed, preprocess=back) == Settings()


def test_settings_survive_the_way_to_yaml_and_back():
    text = yaml.safe_dump(settings_to_mapping(Settings()))
    assert settings_from_mapping(yaml.safe_load(text)) == Settings()


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ({"measur": {}}, "unknown setting 'measur'; the nearest one is 'measure'"),
        (
            {"preprocess": {"iteration": 3}},
            "unknown setting 'preprocess.iteration'; the nearest one is 'preprocess.iterations'",
        ),
        ({"preprocess": 3}, "setting 'preprocess' must be a group of settings"),
        ({"preprocess": {"iterations": 2.5}}, "'preprocess.iterations' must be a whole number"),
        ({"preprocess": {"iterations": True}}, "must be a whole number, got True"),
        ({"preprocess": {"correct_bias": "no"}}, "must be true or false, got 'no'"),
        ({"preprocess": {"largest_factor": "big"}}, "must be a number, got 'big'"),
        ({"preprocess": {"largest_factor": float("inf")}}, "must be a number, got inf"),
        ({"preprocess": {"largest_factor": None}}, "must be a number, got None"),
        ({"report": {"section_arc_mm": 3}}, "setting 'report.section_arc_mm' must be a list"),
        ({"report": {"section_arc_mm": [1, "x"]}}, r"section_arc_mm\[1\]' must be a number"),
    ],
)
def test_a_wrong_setting_is_named_with_key_value_and_what_was_expected(mapping, sentence):
    with pytest.raises(SettingsError, match=sentence):
        settings_from_mapping(mapping)


def test_every_wrong_setting_is_named_at_once():
    wrong = {"preprocess": {"iterations": "a", "largest_factor": "b"}}
    with pytest.raises(SettingsError, match=r"(?s)got 'b'.*iterations|got 'a'.*largest_factor"):
        settings_from_mapping(wrong)


def test_a_whole_number_and_an_exponent_are_numbers():
    # YAML 1.1 reads 1e-3, without a dot, as text.
    settings = settings_from_mapping(override({}, ["preprocess.largest_factor=1e1"]))
    assert settings.preprocess.largest_factor == pytest.approx(10.0)
    settings = settings_from_mapping({"preprocess": {"largest_factor": 4}})
    assert isinstance(settings.preprocess.largest_factor, float)


def test_the_last_assignment_wins_over_the_file_and_over_the_first():
    mapping = {"preprocess": {"iterations": 1, "correct_bias": False}}
    merged = override(mapping, ["preprocess.iterations=2", "preprocess.iterations=3"])

    assert merged == {"preprocess": {"iterations": 3, "correct_bias": False}}
    assert mapping["preprocess"]["iterations"] == 1


@pytest.mark.parametrize("assignment", ["preprocess.iterations", "=3", ""])
def test_an_assignment_without_key_or_value_is_refused(assignment):
    with pytest.raises(SettingsError, match="--set needs key=value, got"):
        override({}, [assignment])


def test_an_unreadable_value_names_its_key():
    with pytest.raises(SettingsError, match=r"'preprocess\.iterations' has a value that cannot"):
        override({}, ["preprocess.iterations=[1"])


@given(st.permutations(["iterations=5", "largest_factor=2.0", "correct_bias=false"]))
def test_the_order_of_different_keys_does_not_matter(assignments):
    merged = override({}, [f"preprocess.{text}" for text in assignments])
    settings = settings_from_mapping(merged)
    assert settings.preprocess.iterations == 5
    assert settings.preprocess.largest_factor == pytest.approx(2.0)
    assert settings.preprocess.correct_bias is False


def test_known_keys_are_stage_and_name():
    stages = {stage.name for stage in fields(Settings)}
    assert {key.split(".")[0] for key in known_keys()} == stages
    assert "preprocess.iterations" in known_keys()


@pytest.mark.parametrize(
    ("assignment", "sentence"),
    [
        ("tracing.node_step_mm=0", "'tracing.node_step_mm' must be 0.1 to 10, got 0"),
        ("preprocess.fit_spacing_mm=-1", "'preprocess.fit_spacing_mm' must be 0.3 to 30, got -1"),
        ("preprocess.iterations=1000000", "'preprocess.iterations' must be 1 to 70, got 1e+06"),
        ("asymmetry.family_error_percent=400", "must be 0 to 50, got 400"),
        ("tracing.least_support=3", "'tracing.least_support' must be 0 to 1, got 3"),
        ("segmentation.tube_scales_mm=[1.0, 0.0]", "must be 0.1 to 36, got 1, 0"),
        ("segmentation.tube_scales_mm=[]", "must be 0.1 to 36, got none"),
        ("preprocess.softer_gain_percent=[26, 10]", "first number to its second, got 26, 10"),
        ("measure.shell_mm=[14.0, 14.0]", "first number to its second, got 14, 14"),
    ],
)
def test_a_number_outside_its_range_is_one_sentence(assignment, sentence):
    with pytest.raises(SettingsError, match=re.escape(sentence)):
        settings_from_mapping(override({}, [assignment]))


def test_every_default_lies_in_its_range_and_every_number_has_one():
    for stage in fields(Settings):
        value = getattr(Settings(), stage.name)
        numbers = {
            item.name
            for item in fields(value)
            if isinstance(getattr(value, item.name), float | int | tuple)
            and not isinstance(getattr(value, item.name), bool)
        }
        assert set(stage_ranges(type(value))) == numbers
