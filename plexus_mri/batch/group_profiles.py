"""Quartiles of the cases' profiles, by group, nerve and side."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.io.derivatives import case_paths
from plexus_mri.io.tables import MISSING, read_table
from plexus_mri.report.study_charts import GroupProfile

CaseKey = tuple[str, str]
_BAD = frozenset({"poor_fit", "junction", "edge_of_view"})
_LEAST_SHARE = 0.5  # a node counts while at least half of the cases reach it
_LONGEST_MM = 150
Curves = dict[tuple[str, Nerve, Side], list[dict[int, float]]]


def group_profiles(out: Path, group_of: Mapping[CaseKey, str]) -> tuple[GroupProfile, ...]:
    """Quartiles of the diameter at each millimetre over the given cases.

    Nodes with a flag that leaves them out of comparisons are left out here too.

    Raises
    ------
    InputError
        When a case's table is damaged.
    """
    curves: Curves = {}
    for case, group in sorted(group_of.items()):
        path = case_paths(out, case[0], case[1] or None).profile_measures
        for key, curve in _curves(read_table(path)).items() if path.is_file() else ():
            curves.setdefault((group, *key), []).append(curve)
    return tuple(
        _profile(group, nerve, side, found) for (group, nerve, side), found in curves.items()
    )


def _curves(rows: Iterable[Mapping[str, str]]) -> dict[tuple[Nerve, Side], dict[int, float]]:
    """Diameter by whole millimetre of each nerve and side of one case."""
    found: dict[tuple[Nerve, Side], dict[int, float]] = {}
    for row in rows:
        if row["diameter_mm"] == MISSING or _BAD & set(row["quality"].split("+")):
            continue
        key = Nerve(row["nerve"]), Side(row["side"])
        found.setdefault(key, {})[round(float(row["arc_length_mm"]))] = float(row["diameter_mm"])
    return found


def _profile(
    group: str, nerve: Nerve, side: Side, curves: Sequence[Mapping[int, float]]
) -> GroupProfile:
    arcs, quartiles = [], []
    for arc in range(_LONGEST_MM):
        values = [curve[arc] for curve in curves if arc in curve]
        if values and len(values) >= _LEAST_SHARE * len(curves):
            arcs.append(arc)
            quartiles.append(np.percentile(values, (25, 50, 75)))
    table = np.array(quartiles).reshape(-1, 3).T
    return GroupProfile(group, nerve, side, np.array(arcs, dtype=float), table, len(curves))
