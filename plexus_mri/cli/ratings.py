"""Commands for people who look: ratings taken in, merged and compared, and pages served."""

from contextlib import suppress

import typer

from plexus_mri.batch.outcome import OK
from plexus_mri.batch.qa_server import open_server
from plexus_mri.batch.ratings import Agreement, agreements, import_ratings, left_out, merged
from plexus_mri.batch.status import read_status
from plexus_mri.batch.study_files import write_study_files
from plexus_mri.cli.reader_options import AgreeOptions, ImportOptions, MergeOptions, ServeOptions
from plexus_mri.cli.text import counted, table
from plexus_mri.io.ratings import write_ratings


def import_(options: ImportOptions) -> int:
    """Carry out ``ratings import``."""
    kept = import_ratings(options.folder, options.files)
    write_study_files(options.folder, read_status(options.folder))
    for subject, session in sorted(kept.unknown):
        name = _name(subject, session)
        typer.echo(f"{name}: this study holds no result of it; its ratings count for nothing")
    out = left_out(kept)
    for (subject, session), why in sorted(out.items()):
        typer.echo(f"{_name(subject, session)}: left out of the group tables: {why}")
    typer.echo(
        f"{counted(len(kept.ratings), 'rating')}, {len(kept.stale)} stale, "
        f"{counted(len(out), 'case')} left out; exit code {OK}"
    )
    return OK


def merge(options: MergeOptions) -> int:
    """Carry out ``ratings merge``."""
    ratings = merged(options.files)
    write_ratings(options.out, ratings)
    raters = sorted({r.rater for r in ratings})
    typer.echo(f"{counted(len(ratings), 'rating')} of {', '.join(raters)}; exit code {OK}")
    return OK


def agree(options: AgreeOptions) -> int:
    """Carry out ``ratings agree``."""
    found = agreements(merged(options.files))
    header = ("item", "question", "raters", "cases", "agreement", "kappa", "95 % interval")
    typer.echo(table(header, [_line(row) for row in found]))
    typer.echo(f"{counted(len(found), 'comparison')}; exit code {OK}")
    return OK


def serve(options: ServeOptions) -> int:
    """Carry out ``qa serve``."""
    server = open_server(options.folder, options.port)
    typer.echo(f"open {server.address}\nstop with Ctrl-C; only this machine can reach it")
    with suppress(KeyboardInterrupt):
        server.serve()
    server.stop()
    end = "nothing was saved"
    if server.saved():
        write_study_files(options.folder, read_status(options.folder))
        end = f"{counted(server.saved(), 'rating')} saved; group tables and study page renewed"
    typer.echo(f"server stopped: {end}; exit code {OK}")
    return OK


def _name(subject: str, session: str) -> str:
    return f"sub-{subject}" + (f"_ses-{session}" if session else "")


def _line(row: Agreement) -> tuple[str, ...]:
    kappa = row.kappa
    interval = "n/a"
    if kappa.ci_low is not None and kappa.ci_high is not None:
        interval = f"{kappa.ci_low:.2f} to {kappa.ci_high:.2f}"
    percent = "n/a" if kappa.agreement_percent is None else f"{kappa.agreement_percent:.0f} %"
    value = "n/a" if kappa.value is None else f"{kappa.value:.2f}"
    raters = " / ".join(row.raters)
    return (row.item.value, row.question, raters, str(kappa.n), percent, value, interval)
