"""Left against right of muscles: index, interval, verdict, and why there is none."""

from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.asymmetry.muscles import compare_muscles
from plexus_mri.asymmetry.settings import AsymmetrySettings
from plexus_mri.core.anatomy import Side
from plexus_mri.core.comparison import Verdict
from plexus_mri.core.muscle import Muscle, MuscleComparison, MuscleSample, MuscleTable
from plexus_mri.reasons import ReasonCode

SETTINGS = AsymmetrySettings()


def sample(muscle: Muscle, side: Side, ratios, uneven: float = 0.02) -> MuscleSample:
    places = np.array(ratios, dtype=float)
    signal = 100.0 * float(np.nanmean(places))
    return MuscleSample(muscle, side, places, signal, uneven * signal, 5.0, signal / 100.0, 1500.0)


def table_of(left, right, muscle: Muscle = Muscle.SCALENES, uneven: float = 0.02) -> MuscleTable:
    return MuscleTable(
        (sample(muscle, Side.LEFT, left, uneven), sample(muscle, Side.RIGHT, right, uneven))
    )


def compared(table: MuscleTable, muscle: Muscle = Muscle.SCALENES) -> MuscleComparison:
    rows = compare_muscles(table, SETTINGS).comparisons
    assert [row.muscle for row in rows] == list(Muscle)
    return next(row for row in rows if row.muscle is muscle)


def test_a_muscle_half_as_bright_again_differs_by_forty_percent():
    row = compared(table_of([1.5, 1.5], [1.0, 1.0]))
    assert row.asymmetry_percent == pytest.approx(40.0)
    assert row.verdict is Verdict.LEFT_LARGER
    assert row.ci_low < 40.0 < row.ci_high


def test_verdict_and_smallest_detectable_difference_say_the_same():
    for factor in np.linspace(1.0, 1.3, 31):
        row = compared(table_of([factor] * 3, [1.0] * 3))
        differs = row.verdict is not Verdict.NO_DIFFERENCE
        assert differs == (abs(row.asymmetry_percent) >= row.smallest_detectable_percent)


def test_swapping_the_sides_changes_the_sign_and_nothing_else():
    there = compared(table_of([1.31, 1.2], [0.98, 1.05]))
    back = compared(table_of([0.98, 1.05], [1.31, 1.2]))
    assert back.asymmetry_percent == -there.asymmetry_percent
    assert (back.ci_low, back.ci_high) == pytest.approx((-there.ci_high, -there.ci_low))
    assert (there.verdict, back.verdict) == (Verdict.LEFT_LARGER, Verdict.RIGHT_LARGER)


def test_only_places_of_both_sides_count():
    row = compared(table_of([1.2, np.nan, 9.0], [1.2, 5.0, np.nan]))
    assert (row.places, row.asymmetry_percent) == (1, 0.0)


def test_places_that_scatter_widen_the_interval():
    even, scattered = (
        compared(table_of(left, [1.0] * 3)) for left in ([1.1] * 3, [0.9, 1.1, 1.3])
    )
    assert scattered.ci_high - scattered.ci_low > even.ci_high - even.ci_low


def test_no_difference_is_surer_than_shading_and_place_allow():
    row = compared(table_of([1.0] * 4, [1.0] * 4, uneven=0.0))
    # One muscle: 1.96 standard errors, of two sides with 3 % each.
    assert row.smallest_detectable_percent == pytest.approx(1.96 * np.sqrt(2) * 3.0, rel=0.01)


def test_the_level_is_shared_by_the_muscles_compared():
    one = table_of([1.0, 1.0], [1.0, 1.0])
    both = MuscleTable(one.samples + table_of([1.0], [1.0], Muscle.DELTOID).samples)
    smallest = [compared(t).smallest_detectable_percent for t in (one, both)]
    assert smallest[1] / smallest[0] == pytest.approx(2.2414 / 1.9600, rel=0.001)


def test_a_side_without_a_sample_is_not_compared():
    whole = table_of([1.0], [1.0])
    lost = replace(whole.samples[0], signal=None, reason=ReasonCode.MUSCLE_UNEVEN)
    row = compared(MuscleTable((lost, whole.samples[1])))
    assert (row.verdict, row.reason) == (Verdict.NOT_COMPARABLE, ReasonCode.MUSCLE_ONE_SIDE)
    assert row.asymmetry_percent is None


def test_what_both_sides_lack_for_one_reason_is_said_once():
    lost = tuple(
        MuscleSample(Muscle.DELTOID, side, np.empty(0), reason=ReasonCode.MUSCLE_OUTSIDE)
        for side in Side
    )
    assert compared(MuscleTable(lost), Muscle.DELTOID).reason is ReasonCode.MUSCLE_OUTSIDE
