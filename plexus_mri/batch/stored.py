"""Stored results read back: summaries and figures of finished cases."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from jinja2 import UndefinedError

from plexus_mri.errors import InputError, SettingsError
from plexus_mri.io.derivatives import CasePaths
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.canvas import Figure
from plexus_mri.report.html import figures_from_store
from plexus_mri.report.model import SCHEMA_VERSION

# What a page or table does to a summary that lacks a value, or holds one of another kind.
_SPOILT = (ArithmeticError, AttributeError, LookupError, TypeError, UndefinedError, ValueError)


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Name the case, and say in one sentence what its stored results lack, whatever that is.

    Raises
    ------
    InputError
        When what is done inside finds a stored result missing or damaged.
    """
    try:
        yield
    except (InputError, SettingsError) as error:
        msg = f"{name}: {error}"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE) from error
    except _SPOILT as error:
        msg = f"{name}: its stored summary is damaged ({error}); measure the case again"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE) from error


def read_summary(path: Path) -> dict[str, object]:
    """Summary of a case as it was stored.

    Raises
    ------
    InputError
        When it is missing or damaged.
    """
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = f"'{path.name}' is missing or damaged; measure the case again"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE) from error
    if not isinstance(summary, dict) or "schema_version" not in summary:
        msg = f"'{path.name}' is no summary of this program; measure the case again"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE)
    return summary


def refuse_other_layout(summary: Mapping[str, object]) -> None:
    """See that this version can make the pages of a summary.

    Raises
    ------
    InputError
        When a version with another layout wrote it.
    """
    layout = summary["schema_version"]
    if layout != SCHEMA_VERSION:
        msg = (
            f"its stored summary is of another version of plexus-mri (layout {layout}, this one "
            f"reads {SCHEMA_VERSION}); measure the case again"
        )
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE)


def read_figures(paths: CasePaths, summary: Mapping[str, object]) -> Mapping[str, Figure]:
    """Figures that a summary lists, from the case's folder.

    Raises
    ------
    InputError
        When one is missing.
    """
    folder = paths.summary.parent.parent / "figures"

    def read(name: str) -> bytes:
        path = folder / f"{paths.html.stem}_{name}"
        try:
            return path.read_bytes()
        except OSError as error:
            msg = f"the figure '{path.name}' is missing; measure the case again"
            raise InputError(msg, ReasonCode.INPUT_UNREADABLE) from error

    return figures_from_store(summary, read)


def read_thumbnail(paths: CasePaths, summary: Mapping[str, object]) -> Figure | None:
    """Small picture of a case for the study's page, without reading the others; None without.

    Raises
    ------
    InputError
        When the summary lists one that is missing.
    """
    notes = summary.get("figures")
    own = [n for n in notes if n.get("name") == "thumbnail"] if isinstance(notes, list) else []
    return read_figures(paths, {"figures": own}).get("thumbnail")
