"""The server that case processes come from can be started before it is needed."""

import subprocess
import sys

_SCRIPT = """
import psutil
from plexus_mri.batch.isolation import Bounds, run_isolated, start_server
from tests.unit.batch.works import count_up

start_server()
early = {child.pid for child in psutil.Process().children()}
ending = run_isolated(count_up, 1, Bounds(), lambda step: None)
print(bool(early), early == {child.pid for child in psutil.Process().children()}, ending.result)
"""


def test_the_server_started_ahead_is_the_one_that_processes_come_from():
    told = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True
    )
    assert told.stdout.split()[:2] == ["True", "True"]
