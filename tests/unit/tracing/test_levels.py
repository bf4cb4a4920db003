import numpy as np
import pytest

from plexus_mri.core.anatomy import Side
from plexus_mri.core.evidence import Ganglion
from plexus_mri.tracing.levels import chain_levels, choose_run, runs, strain_limit
from plexus_mri.tracing.settings import TracingSettings

SETTINGS = TracingSettings()
LEVELS_MM = (10.0, 26.0, 43.0, 60.0, 78.0, 97.0, 118.0, 140.0)  # C3 to T2


def ganglion(side, level_mm, strength=1.0, lateral_mm=15.0):
    point = np.array([lateral_mm * side.sign, 5.0, -level_mm])
    return Ganglion(side, point, level_mm, lateral_mm, 5.0, strength)


def both_sides(levels=LEVELS_MM):
    return tuple(ganglion(side, level) for level in levels for side in Side)


def test_chain_finds_every_level_and_no_stray_blob():
    strays = (ganglion(Side.LEFT, 34.0, 0.5), ganglion(Side.RIGHT, 88.0, 0.6))
    chain = chain_levels(both_sides() + strays, SETTINGS)
    assert [level.level_mm for level in chain] == pytest.approx(LEVELS_MM)
    assert all(level.left and level.right for level in chain)


def test_a_brighter_vein_beside_a_ganglion_is_not_taken_for_it():
    vein = ganglion(Side.RIGHT, 62.0, 1.2, lateral_mm=24.0)
    chain = chain_levels((*both_sides(), vein), SETTINGS)
    assert chain[3].right.lateral_mm == 15.0


def test_a_ganglion_missing_on_both_sides_leaves_a_gap_and_shifts_no_name():
    seen = tuple(g for g in both_sides() if g.level_mm != 60.0)
    chain = chain_levels(seen, SETTINGS)
    assert len(chain) == len(LEVELS_MM)
    assert chain[3] is None


def test_the_run_whose_roots_fit_best_is_c5_to_t1():
    naming = choose_run({1: [0.8] * 10, 2: [0.3] * 10, 3: [1.0] * 10}, SETTINGS)
    assert naming.first == 2
    assert naming.margin == pytest.approx(0.5)


def test_sides_are_named_together_even_when_one_alone_would_shift():
    left, right = {1: 0.9, 2: 0.3}, {1: 0.4, 2: 0.5}
    assert choose_run({k: [left[k]] * 5 + [right[k]] * 5 for k in (1, 2)}, SETTINGS).first == 2


def test_two_runs_that_fit_alike_leave_a_doubt():
    assert choose_run({0: [0.5] * 5, 1: [0.55] * 5}, SETTINGS).margin < SETTINGS.naming_margin


def test_one_possible_run_alone_is_a_doubt():
    assert choose_run({0: [0.5] * 5}, SETTINGS).margin == 0.0


def test_no_ways_no_names():
    assert choose_run({0: [], 1: []}, SETTINGS) is None
    assert chain_levels((), SETTINGS) == ()


def test_c5_or_t1_may_lie_beyond_the_chain_but_no_more_than_one_level():
    assert list(runs(5)) == [-1, 0, 1]
    assert list(runs(3)) == [-2, -1, 0]


def test_what_fits_badly_everywhere_is_no_plexus():
    assert choose_run({0: [1.5] * 10, 1: [1.3] * 10}, SETTINGS) is None
    # What vessels made of a neck drawn without nerves, clearly before the next best run.
    assert choose_run({1: [1.03] * 10, 2: [0.81] * 10}, SETTINGS) is None


def test_the_more_spots_there_are_the_better_levels_must_fit():
    limits = [strain_limit(spots, SETTINGS) for spots in (0, 60, 85, 110, 500)]
    assert limits == pytest.approx([0.69, 0.69, 0.47, 0.25, 0.25])
