"""Left against right of each muscle's signal: a table of its own, apart from the nerves'.

Shapes: k places of a muscle, the same on both sides.
"""

import math

import numpy as np

from plexus_mri.asymmetry.index import normal_quantile, percent_of_log_ratio
from plexus_mri.asymmetry.settings import AsymmetrySettings
from plexus_mri.core.anatomy import Side
from plexus_mri.core.comparison import Verdict
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.muscle import Muscle, MuscleComparison, MuscleSample, MuscleTable
from plexus_mri.reasons import ReasonCode


def compare_muscles(table: MuscleTable, settings: AsymmetrySettings) -> MuscleTable:
    """Table with the comparison of each muscle's sides, over the places that both sides have.

    A difference is called at the level of the family of muscles [Bonferroni]: of 20 cases whose
    muscles do not differ about one has any.
    """
    pairs = {muscle: _differences(table, muscle) for muscle in Muscle}
    compared = [muscle for muscle, logs in pairs.items() if len(logs)]
    level = settings.family_error_percent / 100.0 / max(len(compared), 1)
    reach = normal_quantile(1.0 - level / 2.0)
    rows = tuple(_row(table, muscle, pairs[muscle], reach, settings) for muscle in Muscle)
    return MuscleTable(table.samples, rows)


def _sides(table: MuscleTable, muscle: Muscle) -> tuple[MuscleSample | None, MuscleSample | None]:
    return table.get(Side.LEFT, muscle), table.get(Side.RIGHT, muscle)


def _differences(table: MuscleTable, muscle: Muscle) -> FloatArray:
    """Logarithm of left over right (k,) at the places that both sides have."""
    left, right = _sides(table, muscle)
    if left is None or right is None or left.reason or right.reason:
        return np.empty(0)
    logs = np.log(left.place_ratios) - np.log(right.place_ratios)
    both: FloatArray = logs[np.isfinite(logs)]
    return both


def _row(
    table: MuscleTable, muscle: Muscle, logs: FloatArray, reach: float, settings: AsymmetrySettings
) -> MuscleComparison:
    """Index of one muscle with its interval, or the reason why there is none."""
    left, right = _sides(table, muscle)
    if left is None or right is None or not len(logs):
        return MuscleComparison(muscle, 0, reason=_why_absent(left, right))
    log_ratio, error = float(logs.mean()), _error(left, right, logs, settings)
    usual = normal_quantile(0.5 + settings.interval_percent / 200.0)
    verdict = Verdict.NO_DIFFERENCE
    if abs(log_ratio) >= reach * error:
        verdict = Verdict.LEFT_LARGER if log_ratio > 0.0 else Verdict.RIGHT_LARGER
    return MuscleComparison(
        muscle,
        len(logs),
        percent_of_log_ratio(log_ratio),
        percent_of_log_ratio(log_ratio - usual * error),
        percent_of_log_ratio(log_ratio + usual * error),
        percent_of_log_ratio(reach * error),
        verdict,
    )


def _error(
    left: MuscleSample, right: MuscleSample, logs: FloatArray, settings: AsymmetrySettings
) -> float:
    """Standard error of the mean log ratio.

    What single places scatter by, or what muscle is uneven by if that is more, and what all of
    them share: shading that is left over and the place itself.
    """
    own = math.hypot(*sorted(_relative_error(sample) for sample in (left, right)))
    scatter = float(np.std(logs, ddof=1)) / math.sqrt(len(logs)) if len(logs) > 1 else 0.0
    shared = math.sqrt(2.0) * _model_error_percent(left.muscle, settings) / 100.0
    return math.hypot(max(own, scatter), shared)


def _model_error_percent(muscle: Muscle, settings: AsymmetrySettings) -> float:
    if muscle in (Muscle.SCALENES, Muscle.PARASPINALS):
        return settings.neck_muscle_model_error_percent
    return settings.shoulder_muscle_model_error_percent


def _relative_error(sample: MuscleSample) -> float:
    if not sample.signal or sample.standard_error is None:
        return 0.0
    return sample.standard_error / sample.signal


def _why_absent(left: MuscleSample | None, right: MuscleSample | None) -> ReasonCode:
    """Reason why the sides of a muscle cannot be compared."""
    reasons = {None if s is None else s.reason for s in (left, right)}
    if None not in reasons and len(reasons) == 1:
        return reasons.pop() or ReasonCode.SIDE_MISSING
    return ReasonCode.MUSCLE_ONE_SIDE
