"""Commands for people who look: ratings taken in, merged and compared, and pages served."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from plexus_mri.batch.outcome import OK
from plexus_mri.batch.qa_server import open_server
from plexus_mri.batch.ratings import Agreement, agreements, import_ratings, left_out, merged
from plexus_mri.batch.status import read_status
from plexus_mri.batch.study_files import write_study_files
from plexus_mri.cli.options import Common, Out, Result
from plexus_mri.cli.text import counted, table
from plexus_mri.io.ratings import write_ratings

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE …", help="Ratings exported by the pages (TSV or JSON)."),
]


@dataclass(frozen=True, kw_only=True)
class ImportOptions(Common):
    """Options of ``ratings import``."""

    folder: Result
    files: Files


@dataclass(frozen=True, kw_only=True)
class MergeOptions(Common):
    """Options of ``ratings merge``."""

    files: Files
    out: Out


@dataclass(frozen=True, kw_only=True)
class AgreeOptions(Common):
    """Options of ``ratings agree``."""

    files: Files


@dataclass(frozen=True, kw_only=True)
class ServeOptions(Common):
    """Options of ``qa serve``."""

    folder: Result
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="Port; 0 takes a free one.")
    ] = 0


def import_(options: ImportOptions) -> int:
    """Take exported ratings into a study; its group tables leave out what was rated fail."""
    kept = import_ratings(options.folder, options.files)
    write_study_files(options.folder, read_status(options.folder))
    out = left_out(kept)
    for (subject, session), why in sorted(out.items()):
        name = f"sub-{subject}" + (f"_ses-{session}" if session else "")
        typer.echo(f"{name}: left out of the group tables: {why}")
    typer.echo(
        f"{counted(len(kept.ratings), 'rating')}, {len(kept.stale)} stale, "
        f"{counted(len(out), 'case')} left out; exit code {OK}"
    )
    return OK


def merge(options: MergeOptions) -> int:
    """Merge the exports of several raters into one folder; the newest of each counts."""
    ratings = merged(options.files)
    write_ratings(options.out, ratings)
    raters = sorted({r.rater for r in ratings})
    typer.echo(f"{counted(len(ratings), 'rating')} of {', '.join(raters)}; exit code {OK}")
    return OK


def agree(options: AgreeOptions) -> int:
    """Agreement of raters: Cohen's kappa with its 95 % interval, per item and question."""
    found = agreements(merged(options.files))
    header = ("item", "question", "raters", "cases", "agreement", "kappa", "95 % interval")
    typer.echo(table(header, [_line(row) for row in found]))
    typer.echo(f"{counted(len(found), 'comparison')}; exit code {OK}")
    return OK


def serve(options: ServeOptions) -> int:
    """Serve the study's pages on this machine alone and save ratings into the study."""
    server = open_server(options.folder, options.port)
    typer.echo(f"open {server.address}\nstop with Ctrl-C; only this machine can reach it")
    try:
        server.serve()
    finally:
        server.stop()
    return OK


def _line(row: Agreement) -> tuple[str, ...]:
    kappa = row.kappa
    interval = "n/a"
    if kappa.ci_low is not None and kappa.ci_high is not None:
        interval = f"{kappa.ci_low:.2f} to {kappa.ci_high:.2f}"
    percent = "n/a" if kappa.agreement_percent is None else f"{kappa.agreement_percent:.0f} %"
    value = "n/a" if kappa.value is None else f"{kappa.value:.2f}"
    raters = " / ".join(row.raters)
    return (row.item.value, row.question, raters, str(kappa.n), percent, value, interval)
