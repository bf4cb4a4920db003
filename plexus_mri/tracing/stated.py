"""Levels that the user stated to the run of five levels that they name."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from plexus_mri.core.anatomy import ROOTS, Side
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.landmarks import StatedLevel, StatedLevels
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode
from plexus_mri.tracing.levels import Level
from plexus_mri.tracing.settings import TracingSettings

# Foramina and ganglia lie 10-18 mm beside and 3-10 mm before the canal's centre (domain waypoints
# 7e), the middle of a disc about 20 mm before it: twice that is somewhere else.
FARTHEST_FROM_CANAL_MM = 40.0


def stated_run(
    stated: StatedLevels,
    chain: Sequence[Level | None],
    frame: PatientFrame,
    settings: TracingSettings,
) -> int | None:
    """Chain position of C5 by what the user stated; None where the chain is empty.

    It may lie beyond the chain on either side, as long as one of the five levels was seen. Where
    several runs agree, the one that lies nearest is taken.

    Raises
    ------
    InputError
        LANDMARKS_PLACE when a place is far from the canal or on the other side than it says;
        LANDMARKS_LEVEL when places contradict each other or no level that was seen lies there.
    """
    for level in stated.levels:
        _check_place(stated.file, level, frame)
    places_mm = np.array([_along_mm(level.point_mm, frame) for level in stated.levels])
    _check_order(stated, places_mm, settings)
    seen = [k for k, level in enumerate(chain) if level is not None]
    if not seen:
        return None
    roots = [ROOTS.index(level.root) for level in stated.levels]
    off_mm = {
        first: np.abs(_levels_mm(chain, first + np.array(roots), settings) - places_mm)
        for first in range(seen[0] + 1 - len(ROOTS), seen[-1] + 1)
        if any(first <= k < first + len(ROOTS) for k in seen)
    }
    agreeing = [f for f in off_mm if off_mm[f].max() <= settings.stated_level_mm]
    if not agreeing:
        _check_rows_alone(stated, off_mm, settings)
        best = min(off_mm, key=lambda first: float(off_mm[first].max()))
        worst = int(np.argmax(off_mm[best]))
        _refuse_level(stated.file, stated.levels[worst], places_mm[worst], chain, settings)
    return min(agreeing, key=lambda first: float(off_mm[first].mean()))


def _check_place(file: str, level: StatedLevel, frame: PatientFrame) -> None:
    point_mm = level.point_mm[None]
    away_mm = float(np.linalg.norm(level.point_mm - frame.canal_at(point_mm)[0]))
    if away_mm > FARTHEST_FROM_CANAL_MM:
        msg = (
            f"'{file}' puts {level.words} (RAS+), {away_mm:.0f} mm from the middle of the spinal "
            f"canal; roots leave the spine within {FARTHEST_FROM_CANAL_MM:g} mm of it"
        )
        raise InputError(msg, ReasonCode.LANDMARKS_PLACE)
    found = frame.side_of(point_mm)
    if level.side is not None and level.side is not found:
        away_mm = abs(float(frame.lateral_mm(point_mm)[0]))
        msg = (
            f"'{file}' puts {level.words} (RAS+), but that is {away_mm:.1f} mm on the patient's "
            f"{_side_words(found)} of the midline; correct the side or the place"
        )
        raise InputError(msg, ReasonCode.LANDMARKS_PLACE)


def _along_mm(point_mm: FloatArray, frame: PatientFrame) -> float:
    """Place (3,) along the canal from its cranial end, run on straight beyond both ends."""
    line = frame.canal
    along_mm = frame.level_mm(point_mm)
    before = float(np.dot(point_mm - line.points_mm[0], line.tangents[0]))
    beyond = float(np.dot(point_mm - line.points_mm[-1], line.tangents[-1]))
    if along_mm <= 0.0 and before < 0:
        return before
    at_end = along_mm >= line.length_mm - 1.0 and beyond > 0
    return line.length_mm + beyond if at_end else along_mm


def _check_order(stated: StatedLevels, places_mm: FloatArray, settings: TracingSettings) -> None:
    """Refuse places of one root that differ, and a root above another that lies higher."""
    order = sorted(range(len(places_mm)), key=lambda k: ROOTS.index(stated.levels[k].root))
    for upper, lower in pairwise(order):
        one, other = stated.levels[upper], stated.levels[lower]
        step_mm = places_mm[lower] - places_mm[upper]
        alike = one.root is other.root
        if (abs(step_mm) > settings.stated_level_mm) if alike else (step_mm <= 0):
            words = f"{abs(step_mm):.1f} mm apart" if alike else "with the lower root higher up"
            msg = (
                f"'{stated.file}' contradicts itself: {one.words} and {other.words} (RAS+) lie "
                f"along the canal {words}; correct one of them"
            )
            raise InputError(msg, ReasonCode.LANDMARKS_LEVEL)


def _check_rows_alone(
    stated: StatedLevels, off_mm: Mapping[int, FloatArray], settings: TracingSettings
) -> None:
    """Refuse places that each agree with some run, but with different ones."""
    runs_mm = np.stack(list(off_mm.values()))
    if runs_mm.min(axis=0).max() > settings.stated_level_mm:
        return
    first = np.array(list(off_mm))[runs_mm.argmin(axis=0)]
    low, high = int(first.argmin()), int(first.argmax())
    one, other = stated.levels[low], stated.levels[high]
    named = ROOTS.index(other.root) - ROOTS.index(one.root)
    seen = named + int(first[high] - first[low])
    msg = (
        f"'{stated.file}' contradicts the image: {one.words} and {other.words} (RAS+) lie "
        f"{_counted(abs(seen))} apart by the ganglia seen there, but {_counted(abs(named))} by "
        "their names; correct one of them"
    )
    raise InputError(msg, ReasonCode.LANDMARKS_LEVEL)


def _levels_mm(
    chain: Sequence[Level | None], positions: FloatArray, settings: TracingSettings
) -> FloatArray:
    """Places (n,) along the canal of chain positions (n,), in gaps and beyond the chain as well.

    Gaps are divided evenly; beyond the chain levels follow at the mean step of those seen.
    """
    seen = np.array([k for k, level in enumerate(chain) if level is not None])
    seen_mm = np.array([level.level_mm for level in chain if level is not None])
    count = seen[-1] - seen[0]
    step_mm = (seen_mm[-1] - seen_mm[0]) / count if count else settings.level_step_mm
    inside: FloatArray = np.interp(positions, seen, seen_mm)
    beyond = np.minimum(positions - seen[0], 0) + np.maximum(positions - seen[-1], 0)
    levels_mm: FloatArray = inside + step_mm * beyond
    return levels_mm


def _refuse_level(
    file: str,
    level: StatedLevel,
    place_mm: float,
    chain: Sequence[Level | None],
    settings: TracingSettings,
) -> None:
    nearest = min(
        (found for found in chain if found is not None),
        key=lambda found: abs(found.level_mm - place_mm),
    )
    off_mm = nearest.level_mm - place_mm
    ganglia = [g for g in (nearest.left, nearest.right) if g is not None]
    there = " and ".join(
        f"{_side_words(g.side)} at {[round(float(v), 1) for v in g.point_mm]} mm" for g in ganglia
    )
    msg = (
        f"'{file}' puts {level.words} (RAS+), where no run of the levels seen has {level.root} "
        f"within {settings.stated_level_mm:g} mm along the canal; the nearest ganglia lie "
        f"{abs(off_mm):.1f} mm farther {'down' if off_mm > 0 else 'up'}: {there}"
    )
    raise InputError(msg, ReasonCode.LANDMARKS_LEVEL)


def _counted(levels: int) -> str:
    return "1 level" if levels == 1 else f"{levels} levels"


def _side_words(side: Side) -> str:
    return "left" if side is Side.LEFT else "right"
