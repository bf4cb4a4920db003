"""Laws of the comparison of sides that hold for every table."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plexus_mri.asymmetry import AsymmetrySettings, compare_sides
from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.comparison import Verdict
from plexus_mri.core.measurement import MeasurementTable, Quality
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.reasons import ReasonCode
from plexus_mri.synthetic.profiles import ProfileErrors, arc, noisy_case, swelling
from tests.nerve_tables import profile, swapped, table_of

SETTINGS = AsymmetrySettings()
NO_TREE = NerveTree({})
MIRRORED_VERDICT = {
    Verdict.LEFT_LARGER: Verdict.RIGHT_LARGER,
    Verdict.RIGHT_LARGER: Verdict.LEFT_LARGER,
}
MIRRORED_REASON = {
    ReasonCode.COVERAGE_LEFT: ReasonCode.COVERAGE_RIGHT,
    ReasonCode.COVERAGE_RIGHT: ReasonCode.COVERAGE_LEFT,
}

FLAGS = st.sampled_from([Quality.GOOD] * 8 + list(Quality))


@st.composite
def profiles(draw, nerve, side):
    """A profile with gaps, flags and a length of its own."""
    nodes = arc(draw(st.integers(2, 60)), draw(st.sampled_from([0.5, 1.0, 1.5])))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    csa = 9.0 * np.exp(0.2 * rng.standard_normal(len(nodes)))
    csa[rng.uniform(size=len(nodes)) < draw(st.sampled_from([0.0, 0.1]))] = np.nan
    if not np.isfinite(csa).any():
        csa[0] = 9.0
    flags = draw(st.lists(FLAGS, min_size=len(nodes), max_size=len(nodes)))
    signal = 200.0 * np.exp(0.1 * rng.standard_normal(len(nodes)))
    return profile(nerve, side, arc_mm=nodes, csa_mm2=csa, signal=signal, quality=flags)


@st.composite
def tables(draw):
    """Up to three nerves, sometimes of one side only."""
    chosen = draw(
        st.lists(
            st.tuples(
                st.sampled_from([Nerve.C6, Nerve.C7, Nerve.UPPER_TRUNK]), st.sampled_from(Side)
            ),
            unique=True,
            max_size=6,
        )
    )
    return table_of(*(draw(profiles(nerve, side)) for nerve, side in chosen))


def mirrored(row):
    """The row that the mirrored patient must give."""
    index, low, high = row.asymmetry_percent, row.ci_low, row.ci_high
    return replace(
        row,
        left=row.right,
        right=row.left,
        asymmetry_percent=None if index is None else -index,
        ci_low=None if high is None else -high,
        ci_high=None if low is None else -low,
        verdict=MIRRORED_VERDICT.get(row.verdict, row.verdict),
        reason=MIRRORED_REASON.get(row.reason, row.reason),
    )


@settings(max_examples=60)
@given(tables())
def test_swapping_the_sides_mirrors_every_row_exactly(table):
    rows = compare_sides(table, NO_TREE, SETTINGS)
    assert compare_sides(swapped(table), NO_TREE, SETTINGS) == tuple(map(mirrored, rows))


@settings(max_examples=30)
@given(tables(), st.sampled_from([0.5, 2.0, 4.0]))
def test_a_common_gain_changes_no_row_but_the_raw_signal_itself(table, gain):
    louder = MeasurementTable(
        table.measurements,
        {
            key: replace(
                p,
                signal=p.signal * gain,
                signal_se=p.signal_se * gain,
                reference=p.reference * gain,
            )
            for key, p in table.profiles.items()
        },
    )
    pairs = zip(
        compare_sides(table, NO_TREE, SETTINGS),
        compare_sides(louder, NO_TREE, SETTINGS),
        strict=True,
    )
    for before, after in pairs:
        assert (after.verdict, after.pattern, after.reason) == (
            before.verdict,
            before.pattern,
            before.reason,
        )
        assert after.asymmetry_percent == pytest.approx(before.asymmetry_percent, abs=1e-9)
        assert after.ci_low == pytest.approx(before.ci_low, abs=1e-9)


@settings(max_examples=60)
@given(tables())
def test_rows_are_numbers_with_an_interval_around_them_or_a_reason_without_numbers(table):
    for row in compare_sides(table, NO_TREE, SETTINGS):
        numbers = (row.left, row.right, row.asymmetry_percent)
        if row.verdict is Verdict.NOT_COMPARABLE:
            assert numbers == (None, None, None)
            assert row.reason is not None
        else:
            assert np.isfinite(numbers).all()
            assert row.ci_low <= row.asymmetry_percent <= row.ci_high
            assert row.ci_low >= -200.0
            assert row.ci_high <= 200.0


@settings(max_examples=60)
@given(tables())
def test_the_verdict_is_a_difference_exactly_from_the_smallest_detectable_one(table):
    for row in compare_sides(table, NO_TREE, SETTINGS):
        if row.smallest_detectable_percent is None:
            assert row.verdict in (Verdict.NO_DIFFERENCE, Verdict.NOT_COMPARABLE)
        else:
            differs = abs(row.asymmetry_percent) >= row.smallest_detectable_percent
            assert differs == (row.verdict is not Verdict.NO_DIFFERENCE)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_the_same_table_gives_the_same_rows(seed):
    rng = np.random.default_rng(seed)
    table = noisy_case(
        rng, ProfileErrors(5.0, shared_mm=3.0), left_shapes={Nerve.C7: swelling(10, 20, 50)}
    )
    first = compare_sides(table, NO_TREE, SETTINGS)
    assert compare_sides(table, NO_TREE, SETTINGS) == first
    assert {(s, n) for s, n in table.profiles} == {(s, n) for n in Nerve for s in Side}
