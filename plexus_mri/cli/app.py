"""The program: its commands, and how every ending becomes a sentence and an exit code."""

import logging
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import typer
from typer.exceptions import TyperException

from plexus_mri.batch.crash import describe_crash
from plexus_mri.batch.outcome import CRASHED, OK, STOPPED
from plexus_mri.batch.status import CaseStatus, read_status
from plexus_mri.cli import commands, ratings
from plexus_mri.cli.from_dataclass import add_command
from plexus_mri.cli.options import (
    Common,
    ConvertOptions,
    InventoryOptions,
    MeasureOptions,
    ResultOptions,
    ScriptOptions,
    SimulateOptions,
    StatusOptions,
    Version,
)
from plexus_mri.cli.text import closing_line
from plexus_mri.core.caveats import CAVEATS
from plexus_mri.errors import InputError, PlexusError, SettingsError

AnyOptions = TypeVar("AnyOptions", bound=Common)
_LOG_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


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

    add_command(app, "inventory", InventoryOptions, _guarded(commands.inventory))
    add_command(app, "convert", ConvertOptions, _guarded(commands.convert))
    add_command(app, "run", MeasureOptions, _guarded(commands.run))
    add_command(app, "batch", MeasureOptions, _guarded(commands.batch))
    add_command(app, "status", StatusOptions, _guarded(commands.status))
    add_command(app, "report", ResultOptions, _guarded(commands.report))
    add_command(app, "simulate", SimulateOptions, _guarded(commands.simulate))
    cluster = typer.Typer(help="Scripts for people who hand in their own jobs.")
    add_command(cluster, "script", ScriptOptions, _guarded(commands.cluster_script))
    app.add_typer(cluster, name="cluster")
    _add_ratings(app)
    return app


def _add_ratings(app: typer.Typer) -> None:
    """Add the commands that come in groups: ``ratings …`` and ``qa …``."""
    words = "Ratings made in the pages: take in, merge, compare."
    group = typer.Typer(name="ratings", help=words, no_args_is_help=True)
    add_command(group, "import", ratings.ImportOptions, _guarded(ratings.import_))
    add_command(group, "merge", ratings.MergeOptions, _guarded(ratings.merge))
    add_command(group, "agree", ratings.AgreeOptions, _guarded(ratings.agree))
    app.add_typer(group)
    pages = typer.Typer(name="qa", help="The study's pages.", no_args_is_help=True)
    # With one command Typer would leave its name out.
    pages.callback()(lambda: None)
    add_command(pages, "serve", ratings.ServeOptions, _guarded(ratings.serve))
    app.add_typer(pages)


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


def _guarded(run: Callable[[AnyOptions], int]) -> Callable[[AnyOptions], int]:
    """Give the command with its errors turned into one sentence, a last line and a code."""

    def guarded(options: AnyOptions) -> int:
        _log_to_stderr(options.verbose)
        try:
            return run(options)
        except KeyboardInterrupt:
            return _end("stopped", STOPPED, options)
        except PlexusError as error:
            return _end(str(error), error.exit_code, options)
        except Exception as error:  # noqa: BLE001  (the last stop before the user)
            return _end(f"unexpected error\n{describe_crash(error)}", CRASHED, options)

    guarded.__doc__ = run.__doc__
    return guarded


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
    rows: tuple[CaseStatus, ...] = ()
    with suppress(InputError, OSError):
        rows = read_status(out) if out is not None else ()
    typer.echo(closing_line(rows, code, out if rows else None))
    return code


def _interrupt(_number: int, _frame: object) -> None:
    """A polite kill ends like Ctrl-C: the state is written and the run can be resumed."""
    raise KeyboardInterrupt
