"""The layers hold: import-linter's contracts, run where a test run sees them."""

import subprocess
import sys
from pathlib import Path


def test_imports_go_down_and_stages_never_meet(project):
    program = Path(sys.executable).with_name("lint-imports")
    ended = subprocess.run(
        [program, "--no-cache"], cwd=project, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout
