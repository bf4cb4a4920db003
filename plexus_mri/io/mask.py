"""The user's own mask: labels in NIfTI or DICOM, and the table that names the nerve of each."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from plexus_mri.core.anatomy import ROOTS, Nerve, NerveKey, Side
from plexus_mri.core.case import OwnMask
from plexus_mri.core.grid import Grid, same_grid
from plexus_mri.core.volume import LabelMap
from plexus_mri.errors import InputError, RefusedError
from plexus_mri.io.dicom_labels import read_dicom_labels
from plexus_mri.io.file_kind import FileKind, file_kind
from plexus_mri.io.nifti import read_label_array
from plexus_mri.io.user_tables import read_user_rows
from plexus_mri.reasons import ReasonCode

_MIN_INSIDE = 0.95  # of the labelled voxels: a rim may stick out, a nerve may not
# Eleven nerves a side of 12 mm² and 4 cm have 10 cm³ in all; thirty times that is no plexus.
_MOST_CM3 = 300.0
_IGNORED = "ignore"
_ANY = "any"
_GANGLION = "ganglion"
# Whether a part is the ganglion of its root; "n/a" is how BIDS writes an empty cell.
_PARTS = {"": False, "n/a": False, "root": False, "nerve": False, _GANGLION: True}
_MOST_DIGITS = 6
SIDES = {"l": Side.LEFT, "left": Side.LEFT, "r": Side.RIGHT, "right": Side.RIGHT}
_REMEDY = "a label table holds index, nerve and side (L or R) for each label"


@dataclass(frozen=True)
class LabelTable:
    """What a label table says.

    ``ganglia`` are the indices that are the ganglion of their root, ``ignored`` those to be left
    out, ``unnamed`` those of nerves without a name: then no index is named.
    """

    nerve_of_index: Mapping[int, NerveKey]
    ganglia: frozenset[int] = frozenset()
    ignored: frozenset[int] = frozenset()
    unnamed: frozenset[int] = frozenset()


def read_own_mask(path: Path, labels: Path, image: Grid) -> OwnMask:
    """Labels on their own grid, and which nerve each of them is.

    Parameters
    ----------
    path
        NIfTI of whole numbers, or DICOM segmentation (its segments' numbers), on any grid that
        covers the image's nerves.
    labels
        TSV, or JSON as a list of objects, with ``index``, ``nerve`` and ``side``, and perhaps
        ``part``. A nerve ``ignore`` leaves a label out; ``any`` is one that the search names.
    image
        Grid of the image that the mask belongs to.

    Raises
    ------
    InputError
        MASK_GRID when the labels do not lie in the image; MASK_LABELS when table and mask do not
        match; INPUT_* when a file cannot be read.
    RefusedError
        When the mask's header does not tell left from right and it is not on the image's grid.
    """
    table = read_label_table(labels)
    mask = read_label_map(path, image)
    data = np.where(np.isin(mask.data, sorted(table.ignored)), 0, mask.data)
    found = {int(index) for index in np.unique(data)} - {0}
    if unknown := sorted(found - set(table.nerve_of_index) - table.unnamed):
        msg = (
            f"'{path.name}' holds labels {unknown} that '{labels.name}' does not name; "
            f"add them, with the nerve '{_IGNORED}' to leave them out"
        )
        raise InputError(msg, ReasonCode.MASK_LABELS)
    if not found:
        known = sorted({*table.nerve_of_index, *table.unnamed})
        msg = f"'{path.name}' holds none of the labels {known} of its table"
        raise InputError(msg, ReasonCode.MASK_LABELS)
    _check_place(path, LabelMap(data, mask.grid), image)
    kept = {index: table.nerve_of_index[index] for index in sorted(found - table.unnamed)}
    return OwnMask(
        LabelMap(data, mask.grid),
        kept,
        ganglia=table.ganglia & found,
        unnamed=table.unnamed & found,
    )


def read_label_table(path: Path, *, several: bool = False) -> LabelTable:
    """Side, nerve and part of each index, and the indices to be ignored.

    Parameters
    ----------
    several
        Whether several labels may be one part of one nerve; each must then be named.

    Raises
    ------
    InputError
        When the table cannot be read, names a nerve or part that does not exist, or names one
        twice.
    """
    nerve_of_index: dict[int, NerveKey] = {}
    ganglia: set[int] = set()
    apart: dict[str, set[int]] = {_IGNORED: set(), **({} if several else {_ANY: set()})}
    for row in read_user_rows(path, ReasonCode.MASK_LABELS, _REMEDY):
        index = _index(path, row)
        if index in set().union(*apart.values(), nerve_of_index):
            msg = f"'{path.name}' names the index {index} twice"
            raise InputError(msg, ReasonCode.MASK_LABELS)
        if (word := row.get("nerve", "").lower()) in apart:
            apart[word].add(index)
            continue
        key = (_side(path, row, index), _nerve(path, row, index))
        part = _is_ganglion(path, row, index, key)
        if not several and (key, part) in {(k, i in ganglia) for i, k in nerve_of_index.items()}:
            msg = (
                f"'{path.name}' names {key[1]} {key[0]} twice; give each nerve one index, and one "
                f"more where its part is '{_GANGLION}'"
            )
            raise InputError(msg, ReasonCode.MASK_LABELS)
        nerve_of_index[index] = key
        ganglia |= {index} if part else set()
    unnamed = frozenset(apart.get(_ANY, ()))
    if not nerve_of_index and not unnamed:
        msg = f"'{path.name}' names no nerve; {_REMEDY}"
        raise InputError(msg, ReasonCode.MASK_LABELS)
    if nerve_of_index and unnamed:
        msg = (
            f"'{path.name}' names some nerves and calls others '{_ANY}'; name all of them, or none"
        )
        raise InputError(msg, ReasonCode.MASK_LABELS)
    return LabelTable(nerve_of_index, frozenset(ganglia), frozenset(apart[_IGNORED]), unnamed)


def read_label_map(path: Path, image: Grid) -> LabelMap:
    """Labels of a DICOM segmentation or a NIfTI.

    A NIfTI without orientation codes is taken when it has the image's grid.

    Raises
    ------
    InputError
        INPUT_* when the file cannot be read, MASK_LABELS when it holds no whole numbers.
    RefusedError
        When the header does not tell left from right and it is not on the image's grid.
    """
    if file_kind(path) is FileKind.DICOM:
        return LabelMap(*read_dicom_labels(path))
    try:
        return LabelMap(*read_label_array(path))
    except RefusedError:
        data, grid = read_label_array(path, assert_orientation=True)
        if not same_grid(grid, image):
            raise
        return LabelMap(data, grid)


def _check_place(path: Path, labels: LabelMap, image: Grid) -> None:
    """Refuse labels that lie outside of the image, or are more than nerves can be."""
    painted_cm3 = np.count_nonzero(labels.data) * labels.grid.voxel_volume_mm3 / 1e3
    if painted_cm3 > _MOST_CM3:
        msg = (
            f"'{path.name}' paints {painted_cm3:.0f} cm³ as nerves; all nerves of a plexus "
            f"together have far less than {_MOST_CM3:.0f}: check its labels and its table"
        )
        raise InputError(msg, ReasonCode.MASK_LABELS)
    points_mm = labels.grid.to_world(np.argwhere(labels.data).astype(float))
    inside = float(image.contains(points_mm).mean())
    if inside < _MIN_INSIDE:
        msg = (
            f"only {100 * inside:.0f} % of the labels of '{path.name}' lie inside the image; "
            "draw the mask on this image, or resample it to it"
        )
        raise InputError(msg, ReasonCode.MASK_GRID)


def _cell(path: Path, row: Mapping[str, str], name: str) -> str:
    """Cell of a column that the table must have."""
    if name not in row:
        msg = f"'{path.name}' has no column '{name}' (columns end with a tab); {_REMEDY}"
        raise InputError(msg, ReasonCode.MASK_LABELS)
    return row[name]


def _index(path: Path, row: Mapping[str, str]) -> int:
    text = _cell(path, row, "index")
    short = text.isdecimal() and len(text) <= _MOST_DIGITS
    if not short or not 1 <= int(text) <= np.iinfo(np.int16).max:
        msg = (
            f"'{path.name}' holds the index '{text[:20]}'; whole numbers from 1 to "
            f"{np.iinfo(np.int16).max} are possible"
        )
        raise InputError(msg, ReasonCode.MASK_LABELS)
    return int(text)


def _side(path: Path, row: Mapping[str, str], index: int) -> Side:
    text = _cell(path, row, "side")
    if text.lower() not in SIDES:
        msg = (
            f"'{path.name}' gives index {index} the side '{text[:20]}'; it is L or R of the "
            "patient"
        )
        raise InputError(msg, ReasonCode.MASK_LABELS)
    return SIDES[text.lower()]


def _nerve(path: Path, row: Mapping[str, str], index: int) -> Nerve:
    text = _cell(path, row, "nerve")
    names = {nerve.value.lower(): nerve for nerve in Nerve}
    key = text.lower().replace(" ", "_").replace("-", "_")
    if not key:
        msg = f"'{path.name}' gives index {index} no nerve; {_REMEDY}"
        raise InputError(msg, ReasonCode.MASK_LABELS)
    if key not in names:
        nearest = difflib.get_close_matches(key, names, n=1, cutoff=0.0)[0]
        msg = (
            f"'{path.name}' gives index {index} the nerve '{text[:20]}'; "
            f"the nearest is '{names[nearest]}'"
        )
        raise InputError(msg, ReasonCode.MASK_LABELS)
    return names[key]


def _is_ganglion(path: Path, row: Mapping[str, str], index: int, key: NerveKey) -> bool:
    """Whether a label is the ganglion of its root alone."""
    text = row.get("part", "")
    if text.lower() not in _PARTS:
        msg = (
            f"'{path.name}' gives index {index} the part '{text[:20]}'; "
            f"it is 'root', 'nerve', '{_GANGLION}' or empty"
        )
        raise InputError(msg, ReasonCode.MASK_LABELS)
    ganglion = _PARTS[text.lower()]
    if ganglion and key[1] not in ROOTS:
        msg = (
            f"'{path.name}' gives index {index}, {key[1]} {key[0]}, the part '{_GANGLION}'; "
            "only the roots C5 to T1 have one"
        )
        raise InputError(msg, ReasonCode.MASK_LABELS)
    return ganglion
