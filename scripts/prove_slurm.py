"""A real SLURM on this one machine, for `prove_batch.py`: its daemons in a folder, then jobs.

Debian's packages slurmctld, slurmd, slurm-client and munge are enough; it must run as root, which
is whom SLURM starts jobs as.
"""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template

from plexus_mri.batch.status import CaseState, read_status
from tests.integration.inputs import image_path, noise, write_nifti
from tests.integration.test_batch import result_bytes

_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol")
_CONF = Template("""\
ClusterName=proof
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CryptoType=crypto/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmctldPort=16817
SlurmdPort=16818
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cores RealMemory=8000
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
""")
_CLUSTER = Template("""\
type: SLURM
jobs: 2
cores: 1
memory: 3 GB
walltime: "00:30:00"
interface: lo
python: $python
local_directory: $folder
log_directory: $folder
""")
_CASES = 4


def slurm_is_here() -> bool:
    """Whether a SLURM can be started."""
    return all(map(shutil.which, _PROGRAMS)) and os.geteuid() == 0


@contextmanager
def slurm(folder: Path) -> Iterator[dict[str, str]]:
    """Environment of a SLURM of one node, ended at the end."""
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    conf, key = folder / "slurm.conf", folder / "munge.key"
    content = _CONF.substitute(folder=folder, host=socket.gethostname(), cores=os.cpu_count())
    conf.write_text(content, encoding="utf-8")
    key.touch(mode=0o400)
    key.write_bytes(secrets.token_bytes(1024))
    environment = {**os.environ, "SLURM_CONF": str(conf), "PYTHONPATH": str(Path.cwd())}
    # --force: the folders above are open to all on some machines (/tmp).
    munged = ["munged", "--foreground", "--force", f"--key-file={key}"]
    places = {"socket": "socket", "pid-file": "pid", "seed-file": "seed", "log-file": "log"}
    munged += [f"--{option}={folder}/munge.{ending}" for option, ending in places.items()]
    daemons = []
    try:
        for command in (munged, ["slurmctld", "-D"], ["slurmd", "-D"]):
            daemons.append(_start(command, environment))
            time.sleep(2)
        yield environment
    finally:
        for daemon in reversed(daemons):
            daemon.terminate()
            daemon.wait()


def prove_slurm(folder: Path) -> str:
    """A batch whose workers SLURM starts, and a job array, against a batch on this machine."""
    if not slurm_is_here():
        return "SLURM: not run; it needs slurmctld, slurmd, slurm-client, munge, and root"
    os.environ["PLEXUS_MRI_SALT"] = "salt of the tests"
    study = folder / "study"
    for number in range(1, _CASES + 1):
        write_nifti(image_path(study, f"{number:02d}"), noise(seed=number))
    cluster = folder / "cluster.yaml"
    text = _CLUSTER.substitute(python=sys.executable, folder=folder)
    cluster.write_text(text, encoding="utf-8")
    _batch(study, folder / "here", {**os.environ, "PYTHONPATH": str(Path.cwd())})
    with slurm(folder / "slurm") as environment:
        code = _batch(study, folder / "workers", environment, "--cluster", str(cluster))
        _array(study, folder / "array", environment)
        measured = sum(row.state is CaseState.FINISHED for row in read_status(folder / "array"))
        _batch(study, folder / "array", environment)
    here = result_bytes(folder / "here")
    return (
        f"SLURM (slurmctld and slurmd of this machine), {_CASES} small real cases: with "
        f"`--cluster` exit code {code}, same bytes as here: "
        f"{result_bytes(folder / 'workers') == here}; as the array of `cluster script` "
        f"{measured} of {_CASES} cases, same bytes after the closing `batch`: "
        f"{result_bytes(folder / 'array') == here}"
    )


def _batch(study: Path, out: Path, environment: dict[str, str], *more: str) -> int:
    command = [sys.executable, "-m", "plexus_mri", "batch", str(study), "--out", str(out), *more]
    return _start(command, environment).wait()


def _array(study: Path, out: Path, environment: dict[str, str]) -> None:
    """Hand the printed script in and wait until the queue is empty."""
    ours = [sys.executable, "-m", "plexus_mri", "cluster", "script", str(study), "--out", str(out)]
    script = subprocess.run(  # noqa: S603
        ours, env=environment, capture_output=True, text=True, check=True
    ).stdout
    path = Path(sys.executable).parent  # where `plexus-mri` is
    environment = {**environment, "PATH": f"{path}:{environment['PATH']}"}
    command = ["sbatch", "--wait"]
    subprocess.run(  # noqa: S603
        command, env=environment, input=script, text=True, check=False, stdout=subprocess.DEVNULL
    )


def _start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
