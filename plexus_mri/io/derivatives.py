"""The output tree: a case's results as files, and the tables of the whole study."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from plexus_mri.core.case import CaseResult
from plexus_mri.core.grid import Grid, same_grid
from plexus_mri.core.volume import LabelMap
from plexus_mri.errors import InputError, SettingsError, StageError
from plexus_mri.io.atomic import atomic_path, output_error, write_bytes, write_text
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
from plexus_mri.io.nifti import write_labels
from plexus_mri.io.tables import MISSING, Column, dictionary, read_table, write_json, write_table
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
_EXCLUDED_COLUMNS = (
    Column("subject", "Subject label, without 'sub-'"),
    Column("session", "Session label, without 'ses-'"),
    Column("reason", "Rating that leaves the case out of the group tables, or what is damaged"),
)
_GROUP_TABLES = (
    ("group_measures", "nerve", NERVE_COLUMNS),
    ("group_asymmetry", "asymmetry", ASYMMETRY_COLUMNS),
    ("group_pooled", "pooled", POOLED_COLUMNS),
    ("group_taper", "taper", TAPER_COLUMNS),
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
    write_template_space(paths.summary.parent, paths.html.stem, result, who)
    return write_report(paths, summary, figures, html)


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


def write_group_tables(
    out: Path, *, left_out: Mapping[tuple[str, str], str] | None = None
) -> None:
    """Gather the cases' tables into one tidy table each, in the order of the cases' names.

    What counts not, and a case's table that is damaged, is listed in ``group_excluded.tsv``.

    Parameters
    ----------
    left_out
        Cases (subject and session, empty when absent) that do not count, and why.

    Raises
    ------
    OutputError
        When a table cannot be written.
    """
    without = left_out or {}
    excluded = list(without.items())
    for name, desc, columns in _GROUP_TABLES:
        header = "\t".join(column.name for column in columns)
        with (
            atomic_path(out / f"{name}.tsv") as temporary,
            temporary.open("w", encoding="utf-8", newline="\n") as stream,
        ):
            stream.write(header + "\n")
            for path in _tables(out, f"_desc-{desc}_measures.tsv", without):
                try:
                    stream.write(_rows_text(path, header))
                except InputError as error:  # one damaged case must not cost the others
                    excluded.append((_key_of(path), f"left out of {name}: {error}"))
        write_json(out / f"{name}.json", {**dictionary(columns), **NOTES})
    rows = [{"subject": sub, "session": ses, "reason": w} for (sub, ses), w in sorted(excluded)]
    write_table(out / "group_excluded.tsv", _EXCLUDED_COLUMNS, rows)


def _tables(out: Path, ending: str, without: Iterable[tuple[str, str]]) -> list[Path]:
    """Tables of the cases that count, in the order of the cases' names."""
    left_out = {f"{case_stem(subject, session or None)}{ending}" for subject, session in without}
    found = [*out.glob(f"sub-*/anat/*{ending}"), *out.glob(f"sub-*/ses-*/anat/*{ending}")]
    kept = (path for path in found if path.name not in left_out)
    return sorted(kept, key=lambda path: path.name)


def _key_of(table: Path) -> tuple[str, str]:
    """Subject and session of a case's table, the latter empty when absent."""
    entities = dict(part.split("-", 1) for part in table.name.split("_") if "-" in part)
    return entities["sub"], entities.get("ses", "")


def _rows_text(path: Path, header: str) -> str:
    """Rows of a case's table under this header, as they are where the table has just it.

    An older table may lack columns or have others: then each row is put under the header.
    """
    rows = read_table(path) if not _has_just(path, header) else None
    if rows is None:
        return path.read_text(encoding="utf-8").partition("\n")[2]
    names = header.split("\t")
    return "".join("\t".join(row.get(name, MISSING) for name in names) + "\n" for row in rows)


def _has_just(path: Path, header: str) -> bool:
    """Whether a table has this header and as many cells in its rows, counted all together."""
    try:
        first, _, rest = path.read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):
        return False
    whole = not rest or rest.endswith("\n")
    return first == header and whole and rest.count("\t") == header.count("\t") * rest.count("\n")


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
