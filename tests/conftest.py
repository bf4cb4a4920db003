"""Fixtures shared by all tests."""

from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine must not fail a test: no example has a time limit.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real, hostile and external test data beside the project."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared test data are not beside this checkout")
    return folder
