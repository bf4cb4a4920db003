"""The options of every command; one option has one meaning everywhere."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from plexus_mri import __version__
from plexus_mri.batch.step_names import STEPS
from plexus_mri.core.simulated import CaseKind, ImageFormat

_INPUT_HELP = "DICOM (folder, file, zip, DICOMDIR), NIfTI file, or a folder of these."


def _print_version(asked: bool) -> None:  # noqa: FBT001  (typer calls it so)
    if asked:
        typer.echo(f"plexus-mri {__version__}")
        raise typer.Exit


Source = Annotated[Path, typer.Argument(metavar="INPUT", help=_INPUT_HELP)]
Result = Annotated[Path, typer.Argument(metavar="DIR", help="Output folder of an earlier run.")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the results.")]
RATER = typer.Option(
    metavar="ID", help="Who made the corrections, an ID of letters and digits; only these count."
)
Version = Annotated[
    bool,
    typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version."),
]


@dataclass(frozen=True, kw_only=True)
class Common:
    """What every command takes."""

    verbose: Annotated[
        int, typer.Option("-v", "--verbose", count=True, help="Say more; twice: everything.")
    ] = 0
    version: Version = False


@dataclass(frozen=True, kw_only=True)
class Naming(Common):
    """Where the images are and how the subjects are called."""

    source: Source
    subject: Annotated[
        str | None,
        typer.Option(metavar="LABEL", help="Name the subject so, instead of a pseudonym."),
    ] = None
    session: Annotated[str | None, typer.Option(metavar="LABEL", help="Name the session so.")] = (
        None
    )
    participant_label: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL …", help="Only these subjects, with or without 'sub-'."),
    ] = None
    rules: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Your own rules of contrast and choice, as configs/series_rules.yaml.",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class InventoryOptions(Naming):
    """Options of ``inventory``."""

    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Also write inventory.tsv there.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class ConvertOptions(Naming):
    """Options of ``convert``."""

    out: Out
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done and write nothing.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class CheckSidesOptions(ConvertOptions):
    """Options of ``check-sides``: settings, and a mask or landmarks of the user."""

    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Settings (YAML), e.g. those saved with a result."),
    ] = None
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="One setting; wins over --config."),
    ] = None
    segmentation: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Your own mask of the nerves; {subject} and {session} in it are replaced.",
        ),
    ] = None
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Its labels: TSV or JSON with index, nerve, side, maybe part."
        ),
    ] = None
    landmarks: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Where roots leave the spine, so that levels are named by you: TSV or JSON with "
            "nerve, x_mm, y_mm, z_mm, maybe side; or a NIfTI with the discs of TotalSpineSeg; "
            "{subject} and {session} in it are replaced.",
        ),
    ] = None
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Trained network (ONNX or nnU-Net v2, with a model.yaml) that finds the nerves.",
        ),
    ] = None
    assert_orientation: Annotated[
        bool,
        typer.Option(
            "--assert-orientation",
            help="Vouch for NIfTI headers whose codes say nothing about left and right.",
        ),
    ] = False


@dataclass(frozen=True, kw_only=True)
class MeasureOptions(CheckSidesOptions):
    """Options of ``run`` and ``batch``."""

    include_yml: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Only the cases of these lists, e.g. qc_fail.yml."),
    ] = None
    exclude_yml: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Not the cases of these lists, e.g. qc_fail.yml."),
    ] = None
    norms: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Your own healthy values, as configs/reference.yaml; read in place of it.",
        ),
    ] = None
    template: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Template in which each case is placed: nerves far from where it expects them "
            "are flagged, image and nerves are also written in its space.",
        ),
    ] = None
    rater: Annotated[str | None, RATER] = None
    maps: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="NAME=FILE",
            help="A further series (NIfTI: T2 map, fat fraction, FA, T1) to sample along the "
            "same nerves; give it as often as there are maps; {subject} and {session} in it are "
            "replaced.",
        ),
    ] = None
    jobs: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Cases measured at once: one, or as many as the workers of a cluster can.",
        ),
    ] = None
    memory_limit: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Largest memory of a case, e.g. 6G or 800M."),
    ] = None
    case_timeout: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Longest time of a case, e.g. 30m, 2h or 90s."),
    ] = None
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Dask scheduler whose workers measure the cases."),
    ] = None
    cluster: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Queue whose jobs measure the cases (YAML)."),
    ] = None
    force: Annotated[
        bool, typer.Option("--force", help="Measure finished cases again, from the first step.")
    ] = False
    from_step: Annotated[
        str | None,
        typer.Option(
            metavar="STEP",
            help="Measure all cases again from this step on: " + ", ".join(STEPS) + ".",
        ),
    ] = None
    stop_on_first_crash: Annotated[
        bool, typer.Option("--stop-on-first-crash", help="Start no case after one that failed.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class ResultOptions(Common):
    """Options of ``report``."""

    folder: Result


@dataclass(frozen=True, kw_only=True)
class StatusOptions(ResultOptions):
    """Options of ``status``."""

    watch: Annotated[
        bool, typer.Option("--watch", help="Show it again until no run is at work any more.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class ScriptOptions(Naming):
    """Options of ``cluster script``."""

    out: Out
    cluster: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Queue whose jobs measure the cases (YAML)."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class SimulateOptions(Common):
    """Options of ``simulate``."""

    out: Out
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the first case.")] = 0
    count: Annotated[int, typer.Option(metavar="N", min=1, help="Number of cases.")] = 1
    kind: Annotated[CaseKind, typer.Option(help="What the cases are for.")] = CaseKind.LESIONS
    file_format: Annotated[
        ImageFormat, typer.Option("--format", help="How the images are stored.")
    ] = ImageFormat.NIFTI
