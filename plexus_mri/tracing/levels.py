"""Ganglia of both sides to one chain of vertebral levels, and levels to names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plexus_mri.core.anatomy import ROOTS, Side
from plexus_mri.core.evidence import Ganglion
from plexus_mri.tracing.settings import TracingSettings

# Levels of the run that must be in the chain, or it is not weighed.
LEAST_LEVELS = 4


@dataclass(frozen=True)
class Level:
    """One vertebral level: the ganglion of either side, where one was seen."""

    level_mm: float
    left: Ganglion | None
    right: Ganglion | None

    def of(self, side: Side) -> Ganglion | None:
        """Ganglion of a side."""
        return self.left if side is Side.LEFT else self.right

    @property
    def score(self) -> float:
        """Summed strength of both sides; a lone ganglion counts less than half a pair."""
        strengths = [min(g.strength, 1.5) for g in (self.left, self.right) if g is not None]
        return sum(strengths) - (0.4 if len(strengths) == 1 else 0.0)


@dataclass(frozen=True)
class Naming:
    """Which level of the chain is C5, and how clear that is.

    ``first`` may be negative when C5 lies above the chain. ``margin`` is the mean strain by
    which the choice wins over the next best one; below 0 where the user stated another than the
    best one (``stated``).
    """

    first: int
    margin: float
    stated: bool = False


def chain_levels(
    ganglia: tuple[Ganglion, ...], settings: TracingSettings
) -> tuple[Level | None, ...]:
    """Best chain of levels, cranial to caudal; None stands for a level where none was seen."""
    candidates = _pairs(ganglia, settings) + [
        Level(g.level_mm, g if g.side is Side.LEFT else None, g if g.side is Side.RIGHT else None)
        for g in ganglia
    ]
    candidates.sort(key=lambda level: (level.level_mm, -level.score))
    best = [level.score for level in candidates]
    previous = [-1] * len(candidates)
    for k, level in enumerate(candidates):
        for m in range(k):
            step = _step_score(candidates[m], level, settings)
            if step is not None and best[m] + step + level.score > best[k]:
                best[k], previous[k] = best[m] + step + level.score, m
    chain: list[Level | None] = []
    k = int(np.argmax(best)) if candidates else -1
    while k >= 0:
        chain.append(candidates[k])
        if previous[k] >= 0:
            gap_mm = candidates[k].level_mm - candidates[previous[k]].level_mm
            chain.extend([None] * (round(gap_mm / settings.level_step_mm) - 1))
        k = previous[k]
    return tuple(chain[::-1])


def _pairs(ganglia: tuple[Ganglion, ...], settings: TracingSettings) -> list[Level]:
    """Every left and right ganglion at about the same height."""
    return [
        Level((a.level_mm + b.level_mm) / 2, a, b)
        for a in ganglia
        if a.side is Side.LEFT
        for b in ganglia
        if b.side is Side.RIGHT and abs(a.level_mm - b.level_mm) <= settings.level_pair_mm
    ]


def _step_score(above: Level, below: Level, settings: TracingSettings) -> float | None:
    """Penalty (≤ 0) for one level following another; None when it is impossible.

    Ganglia of one side lie in a row: a step aside or forward speaks for a vein or node.
    """
    step_mm = below.level_mm - above.level_mm
    aside = -settings.row_penalty_per_mm * _out_of_row_mm(above, below)
    if settings.level_step_least_mm <= step_mm <= settings.level_step_most_mm:
        return aside - 0.15 * ((step_mm - settings.level_step_mm) / 5.0) ** 2
    if settings.level_step_most_mm < step_mm <= 2 * settings.level_step_most_mm:
        return aside - 1.2 - 0.05 * abs(step_mm - 2 * settings.level_step_mm)
    return None


def _out_of_row_mm(above: Level, below: Level) -> float:
    """How far ganglia of the same side step aside and forward, summed over sides."""
    steps = [
        abs(one.lateral_mm - other.lateral_mm) + abs(one.depth_mm - other.depth_mm)
        for side in Side
        if (one := above.of(side)) is not None and (other := below.of(side)) is not None
    ]
    return sum(steps)


def runs(count: int) -> range:
    """Chain positions at which C5 may lie: at most one of the five levels is beyond the chain.

    A chain of fewer than four levels lies within the five.

    >>> list(runs(6)), list(runs(2))
    ([-1, 0, 1, 2], [-3, -2, -1, 0])
    """
    seen = min(count, LEAST_LEVELS)
    return range(seen - len(ROOTS), count - seen + 1)


def strain_limit(spots: int, settings: TracingSettings) -> float:
    """Largest mean strain of a plexus among so many spots that could be ganglia.

    >>> strain_limit(20, TracingSettings()), strain_limit(150, TracingSettings())
    (0.69, 0.25)
    """
    limits = settings.largest_mean_strain, settings.largest_mean_strain_of_many
    return float(np.interp(spots, settings.spots_few_to_many, limits))


def choose_run(
    strains: Mapping[int, Sequence[float]], settings: TracingSettings, stated: int | None = None
) -> Naming | None:
    """Choose the run that the user stated, else the one whose roots fit best.

    Fit is that to the expected courses. None when even the best fits so badly that there is no
    plexus to be seen.

    Both sides are weighed together, so that a level is never shifted on one side only.

    Parameters
    ----------
    strains
        By the position of C5 in the chain: strain of every root of both sides, 0 the best.
    stated
        Position of C5 that the user stated.
    """
    means = {first: float(np.mean(values)) for first, values in strains.items() if values}
    ranked = sorted(means, key=lambda first: means[first])
    if not ranked or means[ranked[0]] > settings.largest_mean_strain:
        return None
    chosen = ranked[0] if stated is None else stated
    if chosen not in means:
        return None
    others = [means[first] for first in ranked if first != chosen]
    margin = others[0] - means[chosen] if others else 0.0
    return Naming(chosen, margin, stated is not None)
