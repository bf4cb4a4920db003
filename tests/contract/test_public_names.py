"""The package's public names are the ones it lists, in order."""

import subprocess
import sys

import pytest

import plexus_mri


def test_public_names_are_sorted_and_exist():
    listed = plexus_mri.__all__
    assert list(listed) == sorted(listed)
    assert [name for name in listed if not hasattr(plexus_mri, name)] == []


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'measure_everything'"):
        _ = plexus_mri.measure_everything


def test_the_version_needs_no_image_library(project):
    code = "import sys, plexus_mri; print('SimpleITK' in sys.modules or 'numpy' in sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == "False"
