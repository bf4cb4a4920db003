"""Where along the nerve the sides differ: none, focal, multifocal or diffuse.

Shapes: ``n`` common usable nodes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from plexus_mri.asymmetry.contrast import touching_factor
from plexus_mri.asymmetry.family import sidak_level
from plexus_mri.asymmetry.index import normal_quantile
from plexus_mri.asymmetry.noise import NodeNoise
from plexus_mri.asymmetry.pairing import PairedCourse
from plexus_mri.asymmetry.placement import node_shift_errors
from plexus_mri.asymmetry.settings import AsymmetrySettings
from plexus_mri.core.comparison import Pattern
from plexus_mri.core.grid import FloatArray


class Established(Enum):
    """What verdicts have already found to differ along a course."""

    NOTHING = "nothing"
    LARGEST = "largest value"
    MEAN = "mean"


@dataclass(frozen=True)
class Spread:
    """Pattern of a difference and its first start and last end from node 0."""

    pattern: Pattern
    from_mm: float | None = None
    to_mm: float | None = None


@dataclass(frozen=True)
class Run:
    """A stretch in which one side is larger throughout.

    ``first`` and ``last`` are its nodes; ``length_mm`` counts half a step on either end.
    """

    first: int
    last: int
    from_mm: float
    to_mm: float
    length_mm: float


def find_spread(
    pair: PairedCourse,
    noise: NodeNoise,
    *,
    node_error: float,
    level: float,
    established: Established,
    settings: AsymmetrySettings,
) -> Spread:
    """Pattern of the difference along one nerve.

    A run counts when its peak passes the level of the whole nerve, the doubt about where node 0
    of a side lies included; it reaches as far as its nodes pass ``extent_z`` without it. When a
    verdict has already established a difference, runs count without such a peak, and a
    difference of the mean that stands out nowhere is diffuse.

    Parameters
    ----------
    node_error
        Relative model error of one side at one node (1 = 100 %).
    level
        Chance of a false run anywhere on this nerve, 0-1.
    established
        What the verdicts have found on this course.
    """
    doubt = np.array([touching_factor(float(t), settings) for t in pair.touching])
    model = np.hypot(np.sqrt(2.0) * node_error * doubt, pair.common_error)
    error = np.hypot(noise.scatter * pair.log_ratio_se, model)
    runs = find_runs(pair.arc_length_mm, pair.log_ratio / error, pair.step_mm, settings)
    certainty = np.abs(pair.log_ratio) / np.hypot(error, node_shift_errors(pair, settings))
    peak = -normal_quantile(sidak_level(level, len(certainty)) / 2.0)
    certain = [run for run in runs if certainty[run.first : run.last + 1].max() >= peak]
    if certain or established is Established.NOTHING:
        return _spread(certain, pair, settings)
    if runs or established is Established.LARGEST:
        return _spread(runs, pair, settings)
    arc_mm = pair.arc_length_mm
    return Spread(Pattern.DIFFUSE, float(arc_mm[0]), float(arc_mm[-1]))


def find_runs(
    arc_length_mm: FloatArray, z: FloatArray, step_mm: float, settings: AsymmetrySettings
) -> tuple[Run, ...]:
    """Runs of nodes (n,) with |z| of ``extent_z`` and one sign, long enough to be named."""
    signs = np.where(np.abs(z) >= settings.extent_z, np.sign(z), 0.0)
    nodes = np.flatnonzero(signs)
    if len(nodes) == 0:
        return ()
    gaps_mm = np.diff(arc_length_mm[nodes]) - step_mm
    breaks = (gaps_mm > settings.merge_gap_mm + 1e-9) | (np.diff(signs[nodes]) != 0)
    groups = np.split(nodes, np.flatnonzero(breaks) + 1)
    runs = [_run(arc_length_mm, int(group[0]), int(group[-1]), step_mm) for group in groups]
    return tuple(run for run in runs if run.length_mm >= settings.least_run_mm - 1e-9)


def _run(arc_length_mm: FloatArray, first: int, last: int, step_mm: float) -> Run:
    """One run from one node to another."""
    start, end = float(arc_length_mm[first]), float(arc_length_mm[last])
    return Run(first, last, start, end, end - start + step_mm)


def _spread(runs: Sequence[Run], pair: PairedCourse, settings: AsymmetrySettings) -> Spread:
    """Pattern of runs by their number and their share of the common length."""
    if not runs:
        return Spread(Pattern.NONE)
    share_percent = 100.0 * sum(run.length_mm for run in runs) / pair.usable_mm
    if share_percent >= settings.diffuse_percent:
        pattern = Pattern.DIFFUSE
    else:
        pattern = Pattern.FOCAL if len(runs) == 1 else Pattern.MULTIFOCAL
    return Spread(pattern, runs[0].from_mm, runs[-1].to_mm)
