"""Fingerprints change when, and only when, the result may."""

from plexus_mri.batch.recipe import files_sha256, recipe_sha256
from plexus_mri.settings import Settings, settings_from_mapping


def test_a_setting_a_mask_or_a_statement_changes_the_recipe(tmp_path):
    mask = tmp_path / "mask.nii.gz"
    mask.write_bytes(b"one")
    base = recipe_sha256(Settings(), [mask, None], "RAS")
    other = settings_from_mapping({"preprocess": {"iterations": 1}})

    assert recipe_sha256(other, [mask, None], "RAS") != base
    assert recipe_sha256(Settings(), [None, None], "RAS") != base
    assert recipe_sha256(Settings(), [mask, None], "LPS") != base
    mask.write_bytes(b"two")
    assert recipe_sha256(Settings(), [mask, None], "RAS") != base
    mask.write_bytes(b"one")
    assert recipe_sha256(Settings(), [mask, None], "RAS") == base


def test_names_and_order_of_files_do_not_matter_but_their_bytes_do(tmp_path):
    one, two, renamed = (tmp_path / name for name in ("1", "2", "3"))
    one.write_bytes(b"a")
    two.write_bytes(b"b")
    renamed.write_bytes(b"a")

    assert files_sha256([one, two]) == files_sha256([two, renamed])
    assert files_sha256([one, two]) != files_sha256([one, one])


def test_a_missing_file_still_has_a_fingerprint(tmp_path):
    assert files_sha256([tmp_path / "none"]) != files_sha256([])
