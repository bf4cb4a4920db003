"""Rows of the inventory: what each series is, and how to get at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.errors import InputError, PlexusError, RefusedError
from plexus_mri.io.archive import UnpackedFolder
from plexus_mri.io.dicom import stack_problem
from plexus_mri.io.dicom_checks import Problem
from plexus_mri.io.dicom_series import DicomSeries, dicom_series
from plexus_mri.io.dicom_stack import Stack
from plexus_mri.io.discover import Found
from plexus_mri.io.header_index import HeaderIndex
from plexus_mri.io.headers import Looked
from plexus_mri.io.nifti_series import NiftiSeries, nifti_series
from plexus_mri.io.series_rules import UNKNOWN, SeriesRules
from plexus_mri.io.stored_stack import StoredStack
from plexus_mri.reasons import ReasonCode

MIN_SLICES = 8  # fewer, 3 mm each, hold less of a root than its ganglion is long (about 20 mm)
_THICK = 1.1  # times the other spacings: the direction across the slices
_PLANES = ("sagittal", "coronal", "axial")
# Sound as images, yet nothing to follow a nerve in: these can be converted, never measured.
_READABLE = frozenset({ReasonCode.KIND_LOCALIZER, ReasonCode.KIND_DERIVED})


@dataclass(frozen=True)
class Origin:
    """Where a series comes from, in marks that name nobody (see `disguise`).

    ``study`` is its moment and its mark.
    """

    patient: str = ""
    secrets: frozenset[str] = frozenset()
    study: tuple[int, str] = (0, "")
    series_number: float = 0.0


@dataclass(frozen=True)
class SeriesRow:
    """One series, or one stack of a series.

    Parameters
    ----------
    series
        Our own number, from 1.
    shape, spacing
        Voxels and mm, in array-axis order.
    rule
        Rule that chose it; empty when it was not chosen.
    reason
        Why it was not chosen; None for the chosen series.
    detail
        The same in one sentence, without names.
    source, file
        Folder relative to the input, and the file's name where one file is a series; what may
        name a person is hidden in both.
    sound
        Whether it can be read as a volume.
    body_part, coverage, role
        As the rules say: what was scanned, how much of the plexus the field of view can hold, and
        what the series serves for.
    part
        Number of the volume among those of one series that lie at the same places; 0 for one.
    """

    series: int
    subject: str
    session: str | None
    contrast: str
    plane: str
    shape: tuple[int, ...] | None
    spacing: tuple[float, ...] | None
    files: int
    chosen: bool
    rule: str
    reason: ReasonCode | None
    detail: str
    source: str
    file: str = ""
    body_part: str = UNKNOWN
    coverage: str = UNKNOWN
    role: str = ""
    part: int = 0
    nifti: str | None = None
    paths: Sequence[Path] = field(default=(), repr=False)
    sound: bool = False
    acquisition: Mapping[str, float | str] = field(default_factory=dict)
    stack: Stack | StoredStack | None = field(default=None, repr=False, compare=False)
    origin: Origin = field(default_factory=Origin, repr=False, compare=False)
    unpacked: tuple[UnpackedFolder, ...] = field(default=(), repr=False, compare=False)


def draft_rows(
    looked: Looked,
    found: Found,
    rules: SeriesRules,
    *,
    assert_orientation: bool = False,
    index: HeaderIndex | None = None,
) -> list[SeriesRow]:
    """Rows of all files, without number, subject, session and source."""
    rows = [_of_dicom(series, rules, index) for series in dicom_series(looked.dicoms)]
    rows += [
        _of_nifti(nifti_series(path, rules, assert_orientation=assert_orientation), rules)
        for path in looked.niftis
    ]
    rows += [
        _blank((path,), (ReasonCode.INPUT_UNREADABLE, "no DICOM, although its name says so"))
        for path in looked.damaged
    ]
    rows += [_blank((path,), problem) for path, problem in found.refused]
    if found.missing:
        detail = f"{found.missing} files that the DICOMDIR lists are not there"
        row = _blank((found.root / "DICOMDIR",), (ReasonCode.INPUT_MISSING, detail))
        rows.append(replace(row, files=0))
    folders = tuple(folder for folder, _ in found.unpacked)
    return [replace(row, unpacked=folders) for row in _with_doubts(rows)]


def _with_doubts(rows: Sequence[SeriesRow]) -> list[SeriesRow]:
    """Say of a sound DICOM series that a damaged file lies beside it: it may be its end."""
    damaged = {
        path.parent
        for row in rows
        if row.reason is ReasonCode.INPUT_UNREADABLE and row.stack is None
        for path in row.paths
    }
    if not damaged:
        return list(rows)
    doubt = "a damaged file lies beside it, so a slice at its end may be missing"
    return [
        replace(row, detail="; ".join(filter(None, (row.detail, doubt))))
        if row.stack is not None and damaged & {path.parent for path in row.paths}
        else row
        for row in rows
    ]


def _blank(paths: Sequence[Path], problem: Problem | None) -> SeriesRow:
    reason, detail = problem or (None, "")
    return SeriesRow(
        series=0,
        subject="",
        session=None,
        contrast=UNKNOWN,
        plane=UNKNOWN,
        shape=None,
        spacing=None,
        files=len(paths),
        chosen=False,
        rule="",
        reason=reason,
        detail=detail,
        source="",
        paths=tuple(paths),
    )


def _of_dicom(series: DicomSeries, rules: SeriesRules, index: HeaderIndex | None) -> SeriesRow:
    first, stack, problem = series.first, series.stack, series.problem
    if stack is not None:
        problem = _pixel_problem(series.paths, stack, index) or problem
    row = replace(
        _blank(series.paths, problem),
        contrast=series.about.contrast,
        body_part=series.about.body_part,
        acquisition=dict(series.about.acquisition),
        part=series.part,
        detail="; ".join(filter(None, (problem[1] if problem else "", series.note))),
        origin=Origin(
            first.patient, first.secrets, (first.moment, first.study), first.series_number
        ),
    )
    if stack is None or (problem is not None and problem[0] not in _READABLE):
        return replace(row, shape=series.shape)
    copies = f"identical copies of slices left out: {len(stack.copies)}" if stack.copies else ""
    row = replace(row, stack=stack, detail="; ".join(filter(None, (row.detail, copies))))
    row = replace(row, acquisition={**row.acquisition, "intensity_scaling": _scaling_words(stack)})
    return _judged(row, Grid(stack.shape, stack.affine), rules, across=2)


def _pixel_problem(
    paths: Sequence[Path], stack: Stack, index: HeaderIndex | None
) -> Problem | None:
    """What is wrong with the pixels, as far as a first look tells; not looked at twice."""
    if index is None:
        return stack_problem(stack)
    mark = index.mark(paths, stack.frames[0].in_file)
    proven, problem = index.pixels(mark)
    if not proven:
        problem = stack_problem(stack)
        index.keep_pixels(mark, problem)
    return problem


def _scaling_words(stack: Stack) -> str:
    return stack.frames[0].scaling.words


def _of_nifti(series: NiftiSeries, rules: SeriesRules) -> SeriesRow:
    row = replace(
        _blank((series.path,), series.problem),
        contrast=series.about.contrast,
        body_part=series.about.body_part,
        acquisition=dict(series.about.acquisition),
    )
    return row if series.grid is None else _judged(row, series.grid, rules, across=None)


def _judged(row: SeriesRow, grid: Grid, rules: SeriesRules, *, across: int | None) -> SeriesRow:
    """A sound row with its geometry, and what speaks against measuring it all the same."""
    spacing = grid.spacing
    row = replace(
        row,
        shape=grid.shape,
        spacing=tuple(round(float(s), 4) for s in spacing),
        plane=_plane(grid, spacing, across),
        coverage=rules.covered(np.ptp(grid.corners_mm, axis=0)),
        role=rules.role(row.contrast),
        sound=True,
    )
    if row.reason is None and row.contrast == "localizer":
        return replace(row, reason=ReasonCode.KIND_LOCALIZER, detail="a localizer by its name")
    if row.reason is None and min(grid.shape) < MIN_SLICES:
        detail = f"{min(grid.shape)} of the {MIN_SLICES} slices that are needed to follow a nerve"
        return replace(row, reason=ReasonCode.GEO_TOO_FEW_SLICES, detail=detail)
    return row


def _plane(grid: Grid, spacing: FloatArray, across: int | None) -> str:
    """Plane of the slices: across the thickest direction, else across the stored stack."""
    thick = int(np.argmax(spacing))
    if spacing[thick] >= _THICK * np.delete(spacing, thick).max():
        across = thick
    return "isotropic" if across is None else _PLANES[grid.nearest_world_axes()[across][0]]


def error_of(row: SeriesRow) -> PlexusError:
    """The error for using a row that is not fit for it, with its exit code."""
    reason = row.reason or ReasonCode.INPUT_UNREADABLE
    name = f" ({row.file})" if row.file else ""
    msg = f"series {row.series}{name}: {row.detail}"
    doubtful = reason is ReasonCode.SIDE_UNPROVEN or reason.startswith("GEO_")
    if doubtful and reason is not ReasonCode.GEO_TOO_FEW_SLICES:
        return RefusedError(msg, reason)
    return InputError(msg, reason)
