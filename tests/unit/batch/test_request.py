from pathlib import Path

import pytest

from plexus_mri.batch.request import StudyRequest
from plexus_mri.errors import SettingsError


@pytest.mark.parametrize("subject", ["", "../../x", "a b", "a\nb", "<script>", "x" * 300])
def test_a_subject_that_is_no_label_is_refused_before_anything_is_written(subject):
    with pytest.raises(SettingsError, match="letters and digits only"):
        StudyRequest(Path("in"), Path("out"), subject=subject)


def test_landmarks_cannot_name_what_names_itself():
    with pytest.raises(SettingsError, match="--model names its nerves itself"):
        StudyRequest(Path("in"), Path("out"), landmarks="levels.tsv", model=Path("m"))


def test_labels_with_and_without_their_prefix_are_taken():
    assert StudyRequest(Path("in"), Path("out"), subject="sub-01", session="ses-2")
