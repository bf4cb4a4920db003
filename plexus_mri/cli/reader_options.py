"""Options of the commands for people who look: ratings, reviews and corrections."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from plexus_mri.cli.options import RATER, Common, Out, Result, ResultOptions

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
class ReviewOptions(ResultOptions):
    """Options of ``review``."""

    open_case: Annotated[
        str | None,
        typer.Option(
            "--open", metavar="CASE", help="Open image and labels of this case, e.g. sub-01."
        ),
    ] = None
    editor: Annotated[
        str | None,
        typer.Option(
            metavar="COMMAND",
            help="Your own editor; {image} and {labels} in it are replaced. By default the first "
            "of 3D Slicer, ITK-SNAP, FSLeyes and napari that is found.",
        ),
    ] = None
    images: Annotated[
        Path | None,
        typer.Option(
            "--source",
            metavar="INPUT",
            help="The input that was measured: results hold no copy of the image to open.",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class CorrectOptions(ResultOptions):
    """Options of ``corrections add``."""

    of_subject: Annotated[
        str, typer.Option("--subject", metavar="LABEL", help="Subject of the case.")
    ]
    mask: Annotated[Path, typer.Option(metavar="FILE", help="The edited label map (NIfTI).")]
    rater: Annotated[str, RATER]
    of_session: Annotated[
        str | None, typer.Option("--session", metavar="LABEL", help="Session of the case.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class ServeOptions(Common):
    """Options of ``qa serve``."""

    folder: Result
    port: Annotated[
        int,
        typer.Option(metavar="N", min=0, max=65535, help="Port; 0 takes the study's usual one."),
    ] = 0
