"""Landmarks of the user: where roots leave the spine, as a table or as labelled discs."""

import math
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path

import numpy as np

from plexus_mri.core.anatomy import ROOTS, Nerve, Side
from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.core.landmarks import StatedLevel, StatedLevels
from plexus_mri.errors import InputError
from plexus_mri.io.mask import SIDES, read_label_map
from plexus_mri.io.user_tables import read_user_rows
from plexus_mri.reasons import ReasonCode

_NIFTI = (".nii", ".nii.gz")
# Labels of discs and the root that leaves at each, as the list of classes in the README of
# TotalSpineSeg gives them (github.com/neuropoly/totalspineseg; releases of 2024 and later).
_DISCS = "levels_totalspineseg.tsv"
_COLUMNS = ("nerve", "x_mm", "y_mm", "z_mm")
_REMEDY = (
    "a table of landmarks holds nerve (C5 to T1), perhaps side (L or R), and x_mm, y_mm, z_mm of "
    "the image's world (RAS+), one row for each place where a root leaves the spine"
)
_MISSING = ("", "n/a")
_FARTHEST_MM = 5000.0  # no scanner's world reaches so far: such a number is a slip


def read_landmarks(path: Path, image: Grid) -> StatedLevels:
    """Where the user says that roots leave the spine.

    Parameters
    ----------
    path
        TSV, or JSON as a list of objects, with ``nerve``, ``x_mm``, ``y_mm``, ``z_mm`` and perhaps
        ``side``; or a NIfTI on any grid in which TotalSpineSeg labelled the discs.
    image
        Grid of the image that is measured.

    Raises
    ------
    InputError
        LANDMARKS_TABLE when the file names no root or no place; LANDMARKS_PLACE when a place lies
        outside the image; INPUT_* and MASK_LABELS when it cannot be read.
    RefusedError
        When a NIfTI header does not tell left from right.
    """
    if path.name.lower().endswith(_NIFTI):
        return StatedLevels(path.name, tuple(_discs(path, image)), of_discs=True)
    levels = _stated_levels(path)
    for level in levels:
        if not image.contains(level.point_mm[None])[0]:
            _refuse_place(path, level.words, image)
    return StatedLevels(path.name, levels)


def check_landmarks_file(path: Path) -> None:
    """Refuse what no image can make sound: a missing file, or a table that states no places.

    Raises
    ------
    InputError
        As `read_landmarks`; what a NIfTI holds is not looked at.
    """
    if not path.name.lower().endswith(_NIFTI):
        _stated_levels(path)
    elif not path.is_file():
        msg = f"'{path.name}' does not exist"
        raise InputError(msg, ReasonCode.INPUT_MISSING)


def disc_labels() -> dict[int, Nerve]:
    """Root that leaves at each labelled disc, by the label of TotalSpineSeg."""
    with resources.as_file(resources.files("plexus_mri.io").joinpath(_DISCS)) as path:
        rows = read_user_rows(path, ReasonCode.LANDMARKS_TABLE, _REMEDY)
    return {int(row["index"]): Nerve(row["nerve"]) for row in rows}


def _discs(path: Path, image: Grid) -> Iterator[StatedLevel]:
    """Middle of each labelled disc that lies in the image, cranial to caudal."""
    spine = read_label_map(path, image)
    roots = disc_labels()
    present = [index for index in roots if (spine.data == index).any()]
    if not present:
        numbers = ", ".join(str(index) for index in roots)
        msg = (
            f"'{path.name}' holds none of the labels {numbers}, the discs C4/C5 to T1/T2 of "
            f"TotalSpineSeg; for labels of another program, give a table: {_REMEDY}"
        )
        raise InputError(msg, ReasonCode.LANDMARKS_TABLE)
    middles = [np.argwhere(spine.data == index).mean(axis=0) for index in present]
    points_mm = spine.grid.to_world(np.array(middles))
    inside = image.contains(points_mm)
    if not inside.any():
        first = StatedLevel(roots[present[0]], points_mm[0])
        _refuse_place(path, f"the disc of {first.words}", image)
    for index, point_mm, is_inside in zip(present, points_mm, inside, strict=True):
        if is_inside:
            yield StatedLevel(roots[index], point_mm)


def _stated_levels(path: Path) -> tuple[StatedLevel, ...]:
    """Places of a table, wherever the image lies."""
    levels = tuple(_stated(path, row, number) for number, row in enumerate(_rows(path), start=1))
    _check_once(path, levels)
    return levels


def _rows(path: Path) -> list[dict[str, str]]:
    rows = read_user_rows(path, ReasonCode.LANDMARKS_TABLE, _REMEDY)
    if not rows:
        msg = f"'{path.name}' holds no row; {_REMEDY}"
        raise InputError(msg, ReasonCode.LANDMARKS_TABLE)
    return rows


def _stated(path: Path, row: Mapping[str, str], number: int) -> StatedLevel:
    if lacking := [name for name in _COLUMNS if row.get(name, "") in _MISSING]:
        msg = (
            f"row {number} of '{path.name}' has no {', '.join(lacking)} (columns end with a tab); "
            f"{_REMEDY}"
        )
        raise InputError(msg, ReasonCode.LANDMARKS_TABLE)
    point_mm = np.array([_number(path, row, number, name) for name in _COLUMNS[1:]])
    return StatedLevel(_root(path, row, number), point_mm, _side(path, row, number))


def _number(path: Path, row: Mapping[str, str], number: int, name: str) -> float:
    try:
        # Python takes 1_4.5 for 14.5; whoever wrote it meant something else.
        value = math.nan if "_" in row[name] else float(row[name])
    except ValueError:
        value = math.nan
    if not abs(value) <= _FARTHEST_MM:
        msg = (
            f"row {number} of '{path.name}' gives {name} as '{row[name][:20]}'; it is a number "
            f"from {-_FARTHEST_MM:g} to {_FARTHEST_MM:g}"
        )
        raise InputError(msg, ReasonCode.LANDMARKS_TABLE)
    return value


def _root(path: Path, row: Mapping[str, str], number: int) -> Nerve:
    named = {root.value.lower(): root for root in ROOTS}
    if row["nerve"].lower() not in named:
        msg = (
            f"row {number} of '{path.name}' names '{row['nerve'][:20]}'; only the roots "
            f"{', '.join(ROOTS)} can be stated"
        )
        raise InputError(msg, ReasonCode.LANDMARKS_TABLE)
    return named[row["nerve"].lower()]


def _side(path: Path, row: Mapping[str, str], number: int) -> Side | None:
    text = row.get("side", "").lower()
    if text in _MISSING:
        return None
    if text not in SIDES:
        msg = (
            f"row {number} of '{path.name}' gives the side '{text[:20]}'; it is L or R of the "
            "patient, or empty"
        )
        raise InputError(msg, ReasonCode.LANDMARKS_TABLE)
    return SIDES[text]


def _check_once(path: Path, levels: tuple[StatedLevel, ...]) -> None:
    keys = [(level.root, level.side) for level in levels]
    for level in levels:
        if keys.count((level.root, level.side)) > 1:
            side = "" if level.side is None else f" {level.side}"
            msg = f"'{path.name}' states {level.root}{side} twice; keep one of the rows"
            raise InputError(msg, ReasonCode.LANDMARKS_TABLE)


def _refuse_place(path: Path, words: str, image: Grid) -> None:
    low, high = image.corners_mm.min(axis=0), image.corners_mm.max(axis=0)
    msg = (
        f"'{path.name}' puts {words} outside the image, which reaches from {_rounded(low)} to "
        f"{_rounded(high)} mm; give places in the image's own world (RAS+: of DICOM's patient "
        "coordinates, x and y change their sign)"
    )
    raise InputError(msg, ReasonCode.LANDMARKS_PLACE)


def _rounded(point_mm: FloatArray) -> list[float]:
    return [round(float(value), 1) for value in point_mm]
