"""The output tree: a case's results as files."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from plexus_mri.core.case import CaseResult
from plexus_mri.core.grid import Grid, same_grid
from plexus_mri.core.tissue_map import tissue_labels
from plexus_mri.core.volume import LabelMap
from plexus_mri.errors import SettingsError, StageError
from plexus_mri.io.atomic import output_error, write_bytes, write_text
from plexus_mri.io.case_rows import (
    asymmetry_rows,
    label_rows,
    nerve_rows,
    pooled_rows,
    profile_rows,
    taper_rows,
)
from plexus_mri.io.columns import (
    ASYMMETRY_COLUMNS,
    LABEL_COLUMNS,
    NERVE_COLUMNS,
    NOTES,
    POOLED_COLUMNS,
    PROFILE_COLUMNS,
    TAPER_COLUMNS,
    map_columns,
)
from plexus_mri.io.muscle_rows import (
    MUSCLE_COLUMNS,
    TISSUE_LABEL_COLUMNS,
    muscle_rows,
    tissue_label_rows,
)
from plexus_mri.io.nifti import write_labels
from plexus_mri.io.tables import write_json, write_table
from plexus_mri.io.template_space import write_template_space
from plexus_mri.reasons import ReasonCode

BIDS_VERSION = "1.10.0"
_BIDSIGNORE = (
    "*.html",
    "figures",  # the validator takes no slash after a folder of a subject
    "logs/",
    ".plexus-mri/",
    "inventory.*",
    "status.*",
    "group_*",
    "ratings/",
    "corrections/",
    "side_check*",
    "*_measures.*",
    "*_space-template_*",
    "*_report.json",
    "*_recipe.yaml",
)
_LONGEST_LABEL = 64  # file names of 255 bytes hold it with all that follows
_NOT_IN_LABEL = re.compile(r"[^0-9A-Za-z+]")


@dataclass(frozen=True)
class CasePaths:
    """Where a case's results lie."""

    labels: Path
    label_table: Path
    nerve_measures: Path
    profile_measures: Path
    asymmetry_measures: Path
    pooled_measures: Path
    taper_measures: Path
    muscle_measures: Path
    muscle_labels: Path
    summary: Path
    html: Path
    figures: tuple[Path, ...] = ()


def case_stem(subject: str, session: str | None) -> str:
    """Beginning of a case's file names.

    >>> case_stem("01", None), case_stem("sub-01", "ses-1")
    ('sub-01', 'sub-01_ses-1')

    Raises
    ------
    SettingsError
        When a label holds anything but letters and digits, or nothing.
    """
    stem = f"sub-{_label('subject', 'sub-', subject)}"
    return f"{stem}_ses-{_label('session', 'ses-', session)}" if session else stem


def case_files(out: Path, ending: str) -> list[Path]:
    """Files of all cases that end so, by name.

    A case that is being written beside has temporary files; their names do not begin like a case.
    """
    name = f"sub-*{ending}"
    found = [*out.glob(f"sub-*/anat/{name}"), *out.glob(f"sub-*/ses-*/anat/{name}")]
    return sorted(found, key=lambda path: path.name)


def case_paths(out: Path, subject: str, session: str | None) -> CasePaths:
    """Where `write_case` puts the results of a case (the figures not counted)."""
    stem = case_stem(subject, session)
    anat = out.joinpath(*stem.split("_"), "anat")
    return CasePaths(
        labels=anat / f"{stem}_desc-nerve_dseg.nii.gz",
        label_table=anat / f"{stem}_desc-nerve_dseg.tsv",
        nerve_measures=anat / f"{stem}_desc-nerve_measures.tsv",
        profile_measures=anat / f"{stem}_desc-profile_measures.tsv",
        asymmetry_measures=anat / f"{stem}_desc-asymmetry_measures.tsv",
        pooled_measures=anat / f"{stem}_desc-pooled_measures.tsv",
        taper_measures=anat / f"{stem}_desc-taper_measures.tsv",
        muscle_measures=anat / f"{stem}_desc-muscle_measures.tsv",
        muscle_labels=anat / f"{stem}_desc-muscle_dseg.nii.gz",
        summary=anat / f"{stem}_desc-summary_report.json",
        html=out / f"{stem}.html",
    )


def write_case(
    result: CaseResult,
    summary: Mapping[str, object],
    figures: Mapping[str, bytes],
    html: str,
    out: Path,
) -> CasePaths:
    """Write everything of one case; the report comes last, so where it is, all is.

    Parameters
    ----------
    figures
        Content of each figure by its file name, which is put behind the case's name.

    Raises
    ------
    OutputError
        When a file cannot be written.
    StageError
        When the labels do not lie on the image's grid or a number is missing without a reason.
    """
    case = result.case
    paths = case_paths(out, case.subject, case.session)
    session = case.session and case.session.removeprefix("ses-")
    who = {"subject": case.subject.removeprefix("sub-"), "session": session}
    write_labels(paths.labels, on_stored_grid(result.labels, case.image.grid))
    write_table(paths.label_table, LABEL_COLUMNS, label_rows())
    rows = nerve_rows(result.table.measurements, who, case.norms)
    write_table(paths.nerve_measures, NERVE_COLUMNS, rows, notes=NOTES)
    rows = profile_rows(result.table, who, result.map_profiles)
    columns = (*PROFILE_COLUMNS, *map_columns(result.map_profiles))
    write_table(paths.profile_measures, columns, rows, notes=NOTES)
    rows = asymmetry_rows(result.asymmetry, result.table, who, case.norms)
    write_table(paths.asymmetry_measures, ASYMMETRY_COLUMNS, rows, notes=NOTES)
    rows = pooled_rows(result.pooled, who)
    write_table(paths.pooled_measures, POOLED_COLUMNS, rows, notes=NOTES)
    write_table(paths.taper_measures, TAPER_COLUMNS, taper_rows(result.tapers, who), notes=NOTES)
    _write_muscles(paths, result, who)
    write_template_space(paths.summary.parent, paths.html.stem, result, who)
    return write_report(paths, summary, figures, html)


def _write_muscles(paths: CasePaths, result: CaseResult, who: Mapping[str, object]) -> None:
    """Write the table of muscles and the voxels that were sampled."""
    write_table(
        paths.muscle_measures, MUSCLE_COLUMNS, muscle_rows(result.muscles, who), notes=NOTES
    )
    sampled = tissue_labels(
        result.image.grid, result.muscles, result.table.reference, result.table.marrow
    )
    write_labels(paths.muscle_labels, on_stored_grid(sampled, result.case.image.grid))
    label_table = paths.muscle_labels.with_name(f"{paths.html.stem}_desc-muscle_dseg.tsv")
    write_table(label_table, TISSUE_LABEL_COLUMNS, tissue_label_rows())


def write_report(
    paths: CasePaths, summary: Mapping[str, object], figures: Mapping[str, bytes], html: str
) -> CasePaths:
    """Write figures, summary and page of a case, and drop the figures of an earlier run."""
    folder = paths.summary.parent.parent / "figures"
    drawn = {folder / f"{paths.html.stem}_{n}": content for n, content in figures.items()}
    _drop(set(folder.glob(f"{paths.html.stem}_*")) - set(drawn))
    for path, content in drawn.items():
        write_bytes(path, content)
    write_json(paths.summary, summary)
    write_text(paths.html, html)
    return CasePaths(**{**vars(paths), "figures": tuple(drawn)})


def on_stored_grid(labels: LabelMap, stored: Grid) -> LabelMap:
    """Labels in the axis order in which the image was stored; no label moves in the patient.

    Parameters
    ----------
    labels
        In RAS axis order, as `Volume.to_ras` gives it.
    stored
        The image's own grid.

    Raises
    ------
    StageError
        When the two grids do not put the voxels at the same places.
    """
    axes = stored.nearest_world_axes()
    data = np.transpose(labels.data, [world for world, _ in axes])
    data = data[tuple(slice(None, None, sign) for _, sign in axes)]
    if data.shape == stored.shape:
        back = LabelMap(np.ascontiguousarray(data), stored)
        if same_grid(back.to_ras().grid, labels.grid):
            return back
    msg = f"labels of shape {labels.grid.shape} do not lie on the image's grid {stored.shape}"
    raise StageError(msg, ReasonCode.MASK_GRID)


def write_dataset_files(out: Path, *, version: str) -> None:
    """Write what makes the output folder a BIDS derivative; ``version`` is the program's own."""
    description = {
        "Name": "Left-right asymmetry of the brachial plexus",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "plexus-mri", "Version": version}],
    }
    write_json(out / "dataset_description.json", description)
    write_text(out / ".bidsignore", "\n".join(_BIDSIGNORE) + "\n")


def _label(entity: str, prefix: str, value: str) -> str:
    label = value.removeprefix(prefix)
    if not label or len(label) > _LONGEST_LABEL or _NOT_IN_LABEL.search(label):
        shown = value[:_LONGEST_LABEL].encode("unicode_escape").decode()
        msg = (
            f"the {entity} label '{shown}' may hold letters and digits only, "
            f"{_LONGEST_LABEL} at most; rename it"
        )
        raise SettingsError(msg)
    return label


def _drop(paths: set[Path]) -> None:
    for path in sorted(paths):
        try:
            path.unlink()
        except OSError as error:
            raise output_error(path, error) from error
