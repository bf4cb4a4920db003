"""Fixtures shared by all tests."""

from pathlib import Path

import pytest
from hypothesis import settings

# No example is timed: a busy machine is no fault of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real, hostile and external test data beside the project."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared test data are not beside this checkout")
    return folder
