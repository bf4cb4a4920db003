"""Clusters with a queue: the file, the script of a job array, the script of a worker."""

import subprocess

import pytest

from plexus_mri.batch.queue_cluster import array_script, read_cluster_file, worker_script
from plexus_mri.errors import SettingsError

SLURM = "type: SLURM\njobs: 3\ncores: 4\nmemory: 8G\nwalltime: '01:30:00'\nqueue: long\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "cluster.yaml"
    path.write_text(SLURM, encoding="utf-8")
    return path


def test_the_array_script_measures_one_subject_a_job(file, tmp_path):
    text = array_script(file, ["echo", "a b"], ["01", "02"])
    path = tmp_path / "array.sh"
    path.write_text(text, encoding="utf-8")

    assert "#SBATCH --array=1-2%3\n#SBATCH --cpus-per-task=4\n#SBATCH --mem=8G\n" in text
    ended = subprocess.run(
        ["bash", path],
        env={"SLURM_ARRAY_TASK_ID": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "a b --participant-label 02 --jobs 1\n"


@pytest.mark.parametrize(
    ("kind", "line"),
    [("PBS", "#PBS -J 1-1%3"), ("LSF", '#BSUB -J "plexus-mri[1-1]%3"')],
)
def test_other_queues_have_their_own_head(file, kind, line):
    file.write_text(SLURM.replace("SLURM", kind), encoding="utf-8")
    assert line in array_script(file, ["true"], ["01"])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("jobs: 2\n", "'type' in 'cluster.yaml' must be one of SLURM, PBS"),
        ("type: SLURM\njobs: 0\n", "must be a whole number from 1 to 10000, got 0"),
        ("type: SLURM\njobs: many\n", "got 'many'"),
    ],
)
def test_a_wrong_file_is_one_sentence(file, text, sentence):
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=sentence):
        read_cluster_file(file)


def test_the_worker_of_a_job_takes_one_case_and_all_its_cores(file):
    pytest.importorskip("dask_jobqueue")
    text = worker_script(file)
    assert "#SBATCH -p long" in text
    assert "#SBATCH --cpus-per-task=4" in text
    assert "#SBATCH -t 01:30:00" in text
    assert text.rstrip().splitlines()[-1].count("--nthreads 1") == 1
