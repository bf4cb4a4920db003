"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Before numpy is loaded, and as in batches: matrices are of a few dozen rows, and threads of
# linear algebra only wait for each other (measuring a case took 39 s of processor time without
# them, over 280 s with).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

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
