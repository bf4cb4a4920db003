"""Commands whose options are the fields of a dataclass."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import TypeVar, get_type_hints

import typer

Options = TypeVar("Options")


def add_command(
    app: typer.Typer, name: str, options: type[Options], run: Callable[[Options], int]
) -> None:
    """Add a command that fills ``options`` from the command line and runs with it.

    Typer reads the options of a command from a function's parameters; fields of a frozen
    dataclass say the same, are shared by inheritance and travel as one value.

    Parameters
    ----------
    options
        Keyword-only dataclass; each field is ``Annotated[type, typer.Option(help=...)]``.
    run
        Gives the exit code; its docstring is the command's help.
    """

    def command(**values: object) -> None:
        raise typer.Exit(run(options(**values)))

    hints = get_type_hints(options, include_extras=True)
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(
                item.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if item.default is MISSING else item.default,
                annotation=hints[item.name],
            )
            for item in fields(options)  # type: ignore[arg-type]  # Options is a dataclass
        ]
    )
    command.__doc__ = run.__doc__
    app.command(name)(command)
