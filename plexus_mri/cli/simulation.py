"""The command that writes synthetic cases."""

import typer

from plexus_mri.batch.outcome import OK
from plexus_mri.batch.output_folder import check_output
from plexus_mri.batch.simulation import SimulationJob, write_simulated_case
from plexus_mri.cli.options import SimulateOptions
from plexus_mri.cli.text import counted
from plexus_mri.synthetic import random_spec


def simulate(options: SimulateOptions) -> int:
    """Carry out ``simulate``."""
    numbers = range(options.seed, options.seed + options.count)
    check_output(options.out, None)
    truth = options.out / "derivatives" / "truth"
    for number in numbers:
        subject = f"sim{number:04d}"
        spec = random_spec(number, kind=options.kind)
        job = SimulationJob(spec, subject, options.file_format, options.out, truth)
        write_simulated_case(job)
        typer.echo(f"sub-{subject}: written", err=True)
    typer.echo(
        f"{counted(len(numbers), 'case')} in {options.out}, truth in {truth}; exit code {OK}"
    )
    return OK
