"""The output folder is proven writable before work and cleared of older results."""

import pytest

from plexus_mri.batch.output_folder import check_output, clear_case, clear_leftovers
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


FOREIGN = ["null", "5", '["x"]', "[]", '[{"Name": "x"}]']


@pytest.mark.parametrize(
    "content", ["{}", "[]", "not json", *(f'{{"GeneratedBy": {makers}}}' for makers in FOREIGN)]
)
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


def test_a_page_of_somebody_else_is_not_overwritten(tmp_path):
    (tmp_path / "index.html").write_text("theirs")
    with pytest.raises(
        OutputError, match=r"holds 'index\.html', which this program did not write"
    ):
        check_output(tmp_path, None)


def test_only_our_own_left_over_files_are_removed(tmp_path):
    dead = f".tmp-{2**22 + 1}-7-status.tsv"  # beyond the largest process number of Linux
    inside = tmp_path / "sub-01" / "anat"
    inside.mkdir(parents=True)
    (tmp_path / ".tmp-dir").mkdir()
    kept = [tmp_path / ".tmp-notes", tmp_path / "their" / dead]
    kept[1].parent.mkdir()
    gone = [tmp_path / dead, inside / dead]
    for path in kept + gone:
        path.write_text("x")
    clear_leftovers(tmp_path)
    assert all(path.exists() for path in kept)
    assert not any(path.exists() for path in gone)


def test_results_do_not_go_among_the_raw_images(tmp_path):
    image = tmp_path / "image.nii.gz"
    image.write_bytes(b"x")
    with pytest.raises(SettingsError, match="lies in the input"):
        check_output(tmp_path, image)
