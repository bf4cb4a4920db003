"""Commands whose options are the fields of a dataclass."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import TypeVar, get_type_hints

import typer

from plexus_mri.errors import SettingsError

Options = TypeVar("Options")
_LABELS = "participant_label"


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

    def command(context: typer.Context, **values: object) -> None:
        if context.args:
            values = _with_more_labels(context, values)
        raise typer.Exit(run(options(**values)))

    hints = get_type_hints(options, include_extras=True)
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(
                "context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context
            ),
            *(
                _parameter(item, hints[item.name])
                for item in fields(options)  # type: ignore[arg-type]  # Options is a dataclass
            ),
        ]
    )
    command.__doc__ = run.__doc__
    app.command(name, context_settings={"allow_extra_args": True})(command)


def _parameter(item: Field[object], annotation: object) -> inspect.Parameter:
    return inspect.Parameter(
        item.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if item.default is MISSING else item.default,
        annotation=annotation,
    )


def _with_more_labels(context: typer.Context, values: dict[str, object]) -> dict[str, object]:
    """Take words left over as further participants: ``--participant-label 01 02``.

    Raises
    ------
    SettingsError
        When no participant was asked for, so that a word is simply one too many.
    """
    labels = values.get(_LABELS)
    if not isinstance(labels, list):
        msg = f"unexpected words on the command line: {' '.join(context.args)}"
        raise SettingsError(msg)
    return {**values, _LABELS: [*labels, *context.args]}
