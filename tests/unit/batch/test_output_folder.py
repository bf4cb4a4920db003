"""The output folder is proven writable before work and cleared of older results."""

import pytest

from plexus_mri.batch.output_folder import check_output, clear_case
from plexus_mri.errors import OutputError, SettingsError
from plexus_mri.io.derivatives import write_dataset_files


def test_checking_leaves_no_trace(tmp_path):
    check_output(tmp_path / "a" / "b", tmp_path / "study")
    assert list(tmp_path.iterdir()) == []


def test_an_output_of_our_own_may_be_used_again(tmp_path):
    write_dataset_files(tmp_path / "out", version="1")
    check_output(tmp_path / "out", tmp_path / "study")


def test_derivatives_inside_the_input_are_no_input(tmp_path):
    check_output(tmp_path / "study" / "derivatives" / "plexus", tmp_path / "study")
    with pytest.raises(SettingsError, match="lies in the input"):
        check_output(tmp_path / "study", tmp_path / "study")


@pytest.mark.parametrize("content", ["{}", "[]", "not json", '{"GeneratedBy": [{"Name": "x"}]}'])
def test_another_data_set_is_refused(tmp_path, content):
    (tmp_path / "dataset_description.json").write_text(content, encoding="utf-8")
    with pytest.raises(OutputError, match="holds another data set"):
        check_output(tmp_path, tmp_path / "study")


def test_clearing_takes_the_case_and_nothing_else(tmp_path):
    ours = ["sub-1/anat/sub-1_desc-nerve_measures.tsv", "sub-1/figures/sub-1_x.svg", "sub-1.html"]
    others = ["sub-1/anat/notes.txt", "sub-10/anat/sub-10_desc-nerve_measures.tsv", "sub-10.html"]
    for name in (*ours, *others):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    clear_case(tmp_path, "1", None)

    assert [name for name in (*ours, *others) if (tmp_path / name).exists()] == others
    assert not (tmp_path / "sub-1" / "figures").exists()
