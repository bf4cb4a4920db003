"""Small inputs and a way to run the program as a user does."""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from plexus_mri.batch.request import StudyRequest
from plexus_mri.batch.study import run_study
from plexus_mri.cli import main
from tests.integration.inputs import SilentListener, write_study
from tests.integration.maps_case import measured_with_maps


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        return self.out.rstrip().splitlines()[-1]


@pytest.fixture
def program(capsys, monkeypatch, tmp_path) -> Callable[[Sequence[object]], Ended]:
    """Run a command in ``tmp_path``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLEXUS_MRI_SALT", "salt of the tests")
    # A terminal of fixed width, or the text would be folded elsewhere on each machine.
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Ended(code, out, err)

    return run


@pytest.fixture
def study(tmp_path) -> Path:
    """Two subjects whose images are noise."""
    return write_study(tmp_path / "study")


@pytest.fixture(scope="session")
def measured(tmp_path_factory) -> Path:
    """Output of that study, measured once; tests that change it take a copy."""
    folder = tmp_path_factory.mktemp("measured")
    end = run_study(StudyRequest(write_study(folder / "study"), folder / "out"), SilentListener())
    assert end.exit_code == 0
    return folder / "out"


@pytest.fixture(scope="session")
def maps_folder(tmp_path_factory) -> Path:
    """Folder in which the small case with further series is measured."""
    return tmp_path_factory.mktemp("maps")


@pytest.fixture(scope="session")
def maps_run(maps_folder) -> subprocess.CompletedProcess[str]:
    """How the measuring of that case, with its three maps, ended."""
    return measured_with_maps(maps_folder)


@pytest.fixture
def out(measured, tmp_path) -> Path:
    """A copy of the measured study's output."""
    return Path(shutil.copytree(measured, tmp_path / "out"))
