"""The program: its commands, and how every ending becomes a sentence and an exit code."""

import importlib
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

import typer
from typer.exceptions import TyperException

from plexus_mri.batch.crash import describe_crash
from plexus_mri.batch.isolation import start_server, threads_per_job, use_threads
from plexus_mri.batch.outcome import CRASHED, OK, STOPPED
from plexus_mri.batch.source import check_source
from plexus_mri.batch.status import CaseStatus, read_status
from plexus_mri.cli.from_dataclass import add_command
from plexus_mri.cli.options import (
    CheckSidesOptions,
    Common,
    ConvertOptions,
    InventoryOptions,
    MeasureOptions,
    Naming,
    ResultOptions,
    ScriptOptions,
    SimulateOptions,
    StatusOptions,
    Version,
)
from plexus_mri.cli.reader_options import (
    AgreeOptions,
    CorrectOptions,
    ImportOptions,
    MergeOptions,
    ReviewOptions,
    ServeOptions,
)
from plexus_mri.cli.text import closing_line
from plexus_mri.core.caveats import CAVEATS
from plexus_mri.errors import InputError, PlexusError, SettingsError

_LOG_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)
# Options and help of each command; what it does is loaded when it is run, for help needs no image
# library.
_COMMANDS: dict[str, tuple[type[Common], str]] = {
    "inventory": (
        InventoryOptions,
        "List every series of the input: what it is, whether it is measured, and why not.",
    ),
    "convert": (ConvertOptions, "Write every sound series as NIfTI with a JSON sidecar."),
    "run": (MeasureOptions, "Measure one case, from DICOM or NIfTI to the report."),
    "batch": (
        MeasureOptions,
        "Measure every subject of a study folder; finished cases are left alone.",
    ),
    "check-sides": (
        CheckSidesOptions,
        "Measure images and their mirror images, and compare: is any side treated otherwise?",
    ),
    "status": (StatusOptions, "Show what finished, failed or was refused, and why."),
    "report": (
        ResultOptions,
        "Make the HTML pages again from the stored results; measures nothing.",
    ),
    "review": (
        ReviewOptions,
        "List the cases to look at, with the reason and the label map to edit, or open one.",
    ),
    "simulate": (
        SimulateOptions,
        "Write synthetic cases with known truth (in derivatives/truth).",
    ),
}
_RATINGS: dict[str, tuple[type[Common], str]] = {
    "import": (
        ImportOptions,
        "Take exported ratings into a study; its group tables leave out what was rated fail.",
    ),
    "merge": (
        MergeOptions,
        "Merge the exports of several raters into one folder; the newest of each counts.",
    ),
    "agree": (
        AgreeOptions,
        "Agreement of raters: Cohen's kappa with its 95 % interval, per item and question.",
    ),
}
_SCRIPT = "Print the script of a job array: one subject a job."
_MODULES = {"review": "corrections", "check-sides": "side_check", "simulate": "simulation"}
_ADD = "Check an edited label map and keep it; the next run measures the case from it."
_SERVE = "Serve the study's pages on this machine alone and save ratings into the study."
# What the last line says when a command ends badly that measures no case.
_NO_STATES: dict[type[Common] | type[None], str] = {
    ServeOptions: "no page is served",
    CorrectOptions: "nothing was kept",
    ReviewOptions: "nothing was opened",
    CheckSidesOptions: "no side was checked",
}


def build_app() -> typer.Typer:
    """The Typer application with all commands."""
    app = typer.Typer(
        name="plexus-mri",
        help="Left-right asymmetry of the brachial plexus on MRI. " + " ".join(CAVEATS),
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def program(*, version: Version = False) -> None:
        """Take the options that stand before a command."""

    for name, (options, words) in _COMMANDS.items():
        module = _MODULES.get(name, "commands")
        add_command(app, name, options, _on_use(module, name.replace("-", "_"), words))
    cluster = typer.Typer(help="Scripts for people who hand in their own jobs.")
    add_command(cluster, "script", ScriptOptions, _on_use("commands", "cluster_script", _SCRIPT))
    app.add_typer(cluster, name="cluster")
    _add_ratings(app)
    return app


def _add_ratings(app: typer.Typer) -> None:
    """Add the commands that come in groups: ``ratings …``, ``qa …``, ``corrections …``."""
    about = "Ratings made in the pages: take in, merge, compare."
    group = typer.Typer(name="ratings", help=about, no_args_is_help=True)
    for name, (options, words) in _RATINGS.items():
        function = "import_" if name == "import" else name
        add_command(group, name, options, _on_use("ratings", function, words))
    app.add_typer(group)
    pages = typer.Typer(name="qa", help="The study's pages.", no_args_is_help=True)
    # With one command Typer would leave its name out.
    pages.callback()(lambda: None)
    add_command(pages, "serve", ServeOptions, _on_use("ratings", "serve", _SERVE))
    app.add_typer(pages)
    edits = typer.Typer(name="corrections", help="Edited label maps.", no_args_is_help=True)
    edits.callback()(lambda: None)
    add_command(edits, "add", CorrectOptions, _on_use("corrections", "add", _ADD))
    app.add_typer(edits)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and give its exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    typed = None if arguments is None else list(arguments)
    try:
        code = build_app()(args=typed, prog_name="plexus-mri", standalone_mode=False)
    except TyperException as error:
        return _end(error.format_message(), error.exit_code)
    except SettingsError as error:
        return _end(str(error), error.exit_code)
    return code if isinstance(code, int) else OK


def _on_use(module: str, function: str, words: str) -> Callable[[Common], int]:
    """Give a command that is loaded when it is run, with its errors turned into one sentence.

    ``words`` are its help.
    """

    def guarded(options: Common) -> int:
        _log_to_stderr(options.verbose)
        try:
            if isinstance(options, Naming):
                check_source(options.source)
            if isinstance(options, MeasureOptions):
                _load_meanwhile(options)
            run = getattr(importlib.import_module(f"plexus_mri.cli.{module}"), function)
            return int(run(options))
        except KeyboardInterrupt:
            return _end("stopped", STOPPED, options)
        except PlexusError as error:
            return _end(str(error), error.exit_code, options)
        except Exception as error:  # noqa: BLE001  (the last stop before the user)
            return _end(f"unexpected error\n{describe_crash(error)}", CRASHED, options)

    guarded.__doc__ = words
    return guarded


def _load_meanwhile(options: MeasureOptions) -> None:
    """Let the process that cases come from load its libraries while this one loads its own.

    With several jobs the threads of each are not known before the cases are.
    """
    elsewhere = options.scheduler is not None or options.cluster is not None
    if not (options.dry_run or elsewhere or (options.jobs or 1) > 1):
        use_threads(threads_per_job(1))
        start_server()


def _log_to_stderr(verbose: int) -> None:
    """Let the handler decide what is shown: the study's log file wants more than a terminal."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(_LOG_LEVELS[min(verbose, 2)])
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger("plexus_mri")
    root.handlers = [handler]
    root.setLevel(handler.level)


def _end(sentence: str, code: int, options: Common | None = None) -> int:
    """Say why it ended and, if a status file was written by now, what it holds."""
    if sentence:
        typer.echo(f"plexus-mri: {sentence}", err=True)
    out = getattr(options, "out", None)
    if (words := _NO_STATES.get(type(options))) is not None:
        typer.echo(f"{words}; exit code {code}")
        return code
    rows: tuple[CaseStatus, ...] = ()
    with suppress(InputError, OSError):
        rows = read_status(out) if out is not None else ()
    typer.echo(closing_line(rows, code, out if rows else None))
    return code


def _interrupt(_number: int, _frame: object) -> None:
    """A polite kill ends like Ctrl-C: the state is written and the run can be resumed."""
    raise KeyboardInterrupt
