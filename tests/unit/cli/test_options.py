"""Options become the request that the study layer takes."""

import pytest

from plexus_mri.cli.amounts import memory_mb
from plexus_mri.cli.options import MeasureOptions
from plexus_mri.cli.requests import measure_request, named_maps, read_settings
from plexus_mri.errors import SettingsError
from plexus_mri.settings import Settings


@pytest.mark.parametrize("text", ["", "much", "-1G", "0", "6X", "6GG", "1e3"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(SettingsError, match="must be a size such as 6G or 800M"):
        memory_mb(text)


@pytest.mark.parametrize("text", ["1K", "499M", "0.4G"])
def test_a_memory_that_no_case_can_start_with_is_refused(text):
    with pytest.raises(SettingsError, match="must be at least 500M"):
        memory_mb(text)


def test_the_command_line_wins_over_the_file_and_the_file_over_the_defaults(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("preprocess:\n  iterations: 3\n  largest_factor: 2.0\n", encoding="utf-8")

    settings = read_settings(file, ["preprocess.iterations=4"])

    assert settings.preprocess.iterations == 4
    assert settings.preprocess.largest_factor == pytest.approx(2.0)
    assert settings.tracing == Settings().tracing


def test_a_stored_summary_is_taken_as_settings(tmp_path):
    file = tmp_path / "summary.json"
    file.write_text(
        '{"schema_version": "1.0", "settings": {"preprocess": {"iterations": 5}}}',
        encoding="utf-8",
    )
    assert read_settings(file, ()).preprocess.iterations == 5


def test_every_option_arrives_in_the_request(tmp_path):
    options = MeasureOptions(
        source=tmp_path, out=tmp_path / "out", subject="a", session="b", participant_label=["c"],
        segmentation="m", labels=tmp_path / "l", assert_orientation=True, jobs=3,
        memory_limit="2G", stop_on_first_crash=True, verbose=1,
    )  # fmt: skip

    request = measure_request(options, resume=False)

    assert (request.subject, request.session, request.participants) == ("a", "b", ("c",))
    assert (request.segmentation, request.labels) == ("m", tmp_path / "l")
    assert (request.limits.jobs, request.limits.memory_mb) == (3, 2000.0)
    assert request.limits.log_level is not None
    assert request.assert_orientation
    assert request.stop_on_first_crash
    assert not request.resume


@pytest.mark.parametrize("text", ["t2", "=file.nii", "t2=", "2nd=file.nii", "t 2=file.nii"])
def test_a_map_needs_a_name_and_a_file(text):
    with pytest.raises(SettingsError, match="--map needs NAME=FILE"):
        named_maps([text])


@pytest.mark.parametrize("first", ["t2", "T2"])
def test_two_maps_cannot_share_a_name(first):
    """Names head columns and files, and some disks take T2 and t2 for one file."""
    with pytest.raises(SettingsError, match="two maps are called 't2'"):
        named_maps([f"{first}=a.nii", "t2=b.nii"])
