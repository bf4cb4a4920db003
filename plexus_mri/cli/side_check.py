"""The command that asks whether any side is treated otherwise."""

import typer

from plexus_mri.batch.outcome import OK
from plexus_mri.batch.plan import make_plan
from plexus_mri.batch.side_check_study import check_study
from plexus_mri.batch.status import CaseState
from plexus_mri.cli.options import CheckSidesOptions
from plexus_mri.cli.requests import check_request
from plexus_mri.cli.text import caveat_lines, counted
from plexus_mri.io.side_check import TABLE


def check_sides(options: CheckSidesOptions) -> int:
    """Carry out ``check-sides``."""
    request = check_request(options)
    if options.dry_run:
        jobs = make_plan(request).jobs
        for job in jobs:
            typer.echo(f"sub-{job.subject}: series {job.row.series} ({job.row.contrast})")
        words = f"{counted(len(jobs), 'case')} would be measured twice; nothing was written"
        typer.echo(f"{words}; exit code {OK}")
        return OK
    cases, code = check_study(request, typer.echo)
    typer.echo(caveat_lines())
    done = sum(case.outcome.state is CaseState.FINISHED for case in cases)
    words = f"{counted(done, 'case')} checked, {len(cases) - done} not"
    typer.echo(f"{words}; exit code {code}; table: {options.out / TABLE}")
    return code
