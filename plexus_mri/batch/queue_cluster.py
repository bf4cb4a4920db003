"""Clusters with a queue (SLURM, PBS, LSF, others): workers as jobs, scripts of job arrays."""

import importlib
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from plexus_mri.errors import SettingsError
from plexus_mri.io.yaml_files import read_mapping

if TYPE_CHECKING:
    from distributed.deploy import SpecCluster

_MOST_JOBS = 10_000
_KINDS = ("SLURM", "PBS", "LSF", "SGE", "Moab", "OAR", "HTCondor")
_ARRAYS = {
    "SLURM": (
        (
            "#SBATCH --job-name=plexus-mri\n#SBATCH --array=1-$count%$at_once\n"
            "#SBATCH --cpus-per-task=$cores\n#SBATCH --mem=$memory\n#SBATCH --time=$walltime\n"
            "#SBATCH --output=/dev/null\n"
        ),
        "SLURM_ARRAY_TASK_ID",
    ),
    "PBS": (
        (
            "#PBS -N plexus-mri\n#PBS -J 1-$count%$at_once\n"
            "#PBS -l select=1:ncpus=$cores:mem=$memory\n#PBS -l walltime=$walltime\n"
        ),
        "PBS_ARRAY_INDEX",
    ),
    "LSF": (
        (
            '#BSUB -J "plexus-mri[1-$count]%$at_once"\n#BSUB -n $cores\n#BSUB -M $memory\n'
            "#BSUB -W $walltime\n"
        ),
        "LSB_JOBINDEX",
    ),
}
_SCRIPT = Template("""\
#!/usr/bin/env bash
# One subject a job. When all are done, the same command without --participant-label measures
# what is missing and writes the tables and the page of the whole study:
#   $command
$head
set -euo pipefail
labels=($labels)
exec $command --participant-label "$${labels[$$(($variable - 1))]}" --jobs 1
""")
_DEFAULTS: Mapping[str, object] = {
    "jobs": 1,
    "cores": 2,
    "memory": "6G",
    "walltime": "02:00:00",
}


def queue_cluster(path: Path) -> "SpecCluster":
    """Cluster of dask-jobqueue as a file describes it, with its jobs asked for.

    ``type`` is the kind of queue, ``jobs`` how many workers; each takes one case at a time, with
    all ``cores`` of its job. Everything else is handed to dask-jobqueue as it is.

    Raises
    ------
    SettingsError
        When the file is wrong or dask-jobqueue is not installed.
    """
    kind, options = read_cluster_file(path)
    jobs = options.pop("jobs")
    cluster = _make_cluster(kind, options)
    cluster.scale(jobs=jobs)
    return cluster


def _make_cluster(kind: str, options: dict[str, object]) -> "SpecCluster":
    try:
        jobqueue = importlib.import_module("dask_jobqueue")
    except ImportError as error:
        msg = "--cluster needs dask-jobqueue: install plexus-mri[cluster]"
        raise SettingsError(msg) from error
    extra = options.pop("worker_extra_args", [])
    one_case = ["--nthreads", "1"]
    try:
        return getattr(jobqueue, f"{kind}Cluster")(
            **{"processes": 1, **options, "worker_extra_args": [*one_case, *_texts(extra)]}
        )
    except (TypeError, ValueError) as error:
        msg = f"the cluster file does not suit {kind}: {error}"
        raise SettingsError(msg) from error


def worker_script(path: Path) -> str:
    """Script of a worker's job as dask-jobqueue renders it; nothing is sent to the queue.

    Raises
    ------
    SettingsError
        As `queue_cluster`.
    """
    kind, options = read_cluster_file(path)
    del options["jobs"]
    # A scheduler starts with the cluster; its page takes any free port, not the usual one.
    asked = options.get("scheduler_options")
    asked = asked if isinstance(asked, dict) else {}
    options["scheduler_options"] = {**asked, "dashboard_address": ":0"}
    with _make_cluster(kind, options) as cluster:
        return str(cluster.job_script())


def array_script(path: Path | None, command: Sequence[str], labels: Sequence[str]) -> str:
    """Script of a job array: one subject a job.

    Parameters
    ----------
    path
        The cluster file; SLURM with modest limits by default.
    command
        ``plexus-mri batch …`` in words.
    labels
        The subjects.

    Raises
    ------
    SettingsError
        When the file is wrong or the kind of queue has no template.
    """
    kind, options = ("SLURM", dict(_DEFAULTS)) if path is None else read_cluster_file(path)
    if kind not in _ARRAYS:
        msg = f"no job arrays for {kind}; there are: {', '.join(_ARRAYS)}"
        raise SettingsError(msg)
    head, variable = _ARRAYS[kind]
    at_once = max(1, int(str(options["jobs"]))) if path else len(labels)
    filled = Template(head).substitute(
        count=len(labels), at_once=at_once, **{k: options[k] for k in _DEFAULTS if k != "jobs"}
    )
    return _SCRIPT.substitute(
        head=filled, command=shlex.join(command), labels=shlex.join(labels), variable=variable
    )


def read_cluster_file(path: Path) -> tuple[str, dict[str, object]]:
    """Kind of queue and options of a cluster file.

    Raises
    ------
    SettingsError
        When the file is missing or names no known kind or no sensible number of jobs.
    """
    content = {**_DEFAULTS, **read_mapping(path)}
    kind = str(content.pop("type", ""))
    if kind not in _KINDS:
        msg = f"'type' in '{path.name}' must be one of {', '.join(_KINDS)}, got '{kind}'"
        raise SettingsError(msg)
    jobs = content["jobs"]
    if not isinstance(jobs, int) or isinstance(jobs, bool) or not 1 <= jobs <= _MOST_JOBS:
        msg = (
            f"'jobs' in '{path.name}' must be a whole number from 1 to {_MOST_JOBS}, got {jobs!r}"
        )
        raise SettingsError(msg)
    return kind, content


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]
