"""Quartiles of the cases' profiles, by group, nerve and side."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from plexus_mri.core.anatomy import ROOTS, Nerve, Side
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.measurement import UNUSABLE
from plexus_mri.io.columns import GANGLION
from plexus_mri.io.tables import MISSING, read_table
from plexus_mri.report.study_charts import GroupProfile

_BAD = frozenset(flag.word for flag in UNUSABLE)
_LEAST_SHARE = 0.5  # a node counts while at least half of the cases reach it
_LONGEST_MM = 150
# Diameter in mm at each whole millimetre (150,) of each nerve and side; NaN where there is none.
CaseCurves = Mapping[tuple[Nerve, Side], FloatArray]


def read_curves(path: Path) -> CaseCurves:
    """Diameters along the nerves of a case, from its table of profiles; none without a table.

    Nodes with a flag that leaves them out of comparisons are left out here too, and roots whose
    node 0 is not their ganglion.

    Raises
    ------
    InputError
        When the table is damaged.
    """
    found: dict[tuple[Nerve, Side], FloatArray] = {}
    for row in read_table(path) if path.is_file() else ():
        if row["diameter_mm"] == MISSING or _BAD & set(row["quality"].split("+")):
            continue
        arc = round(float(row["arc_length_mm"]))
        key = Nerve(row["nerve"]), Side(row["side"])
        if key[0] in ROOTS and row["landmark"] != GANGLION:
            continue
        curve = found.setdefault(key, np.full(_LONGEST_MM, np.nan))
        if 0 <= arc < _LONGEST_MM:
            curve[arc] = float(row["diameter_mm"])
    return found


def group_profiles(cases: Iterable[tuple[str, CaseCurves]]) -> tuple[GroupProfile, ...]:
    """Quartiles of the diameter at each millimetre over the given cases, each with its group."""
    curves: dict[tuple[str, Nerve, Side], list[FloatArray]] = {}
    for group, found in cases:
        for key, curve in found.items():
            curves.setdefault((group, *key), []).append(curve)
    return tuple(
        _profile(group, nerve, side, np.array(found))
        for (group, nerve, side), found in curves.items()
    )


def curves_to_record(curves: CaseCurves) -> dict[str, list[float | None]]:
    """Curves as JSON holds them."""
    return {
        f"{nerve.value} {side.value}": [None if np.isnan(v) else float(v) for v in curve]
        for (nerve, side), curve in curves.items()
    }


def curves_from_record(record: Mapping[str, list[float | None]]) -> CaseCurves:
    """Curves that `curves_to_record` gave."""
    names = {name: name.split() for name in record}
    return {
        (Nerve(nerve), Side(side)): np.array(record[name], dtype=float)
        for name, (nerve, side) in names.items()
    }


def _profile(group: str, nerve: Nerve, side: Side, curves: FloatArray) -> GroupProfile:
    """Quartiles of curves (cases, 150)."""
    reached = np.isfinite(curves).sum(axis=0)
    arcs = np.flatnonzero((reached > 0) & (reached >= _LEAST_SHARE * len(curves)))
    quartiles = [np.percentile(c[np.isfinite(c)], (25, 50, 75)) for c in curves[:, arcs].T]
    table = np.array(quartiles).reshape(-1, 3).T
    return GroupProfile(group, nerve, side, arcs.astype(float), table, len(curves))
