import numpy as np
import pytest

from plexus_mri.core.anatomy import Side
from plexus_mri.core.evidence import Ganglion
from plexus_mri.tracing.levels import chain_levels, name_levels
from plexus_mri.tracing.settings import TracingSettings

SETTINGS = TracingSettings()
LEVELS_MM = (10.0, 26.0, 43.0, 60.0, 78.0, 97.0, 118.0, 140.0)  # C3 to T2


def ganglion(side, level_mm, strength=1.0, lateral_mm=15.0):
    point = np.array([lateral_mm * side.sign, 5.0, -level_mm])
    return Ganglion(side, point, level_mm, lateral_mm, 5.0, strength)


def both_sides(levels=LEVELS_MM):
    return tuple(ganglion(side, level) for level in levels for side in Side)


def supports(values, sides=(Side.LEFT, Side.RIGHT)):
    return {(side, k): v for side in sides for k, v in enumerate(values)}


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


def test_the_run_that_joins_the_plexus_is_c5_to_t1():
    chain = chain_levels(both_sides(), SETTINGS)
    naming = name_levels(chain, supports((0.1, 0.4, 0.9, 0.9, 0.9, 0.9, 0.8, 0.3)))
    assert naming.first == 2
    assert naming.margin > SETTINGS.naming_margin


def test_sides_are_named_together_even_when_one_alone_would_shift():
    chain = chain_levels(both_sides(), SETTINGS)
    left = {(Side.LEFT, k): v for k, v in enumerate((0, 0, 0.9, 0.9, 0.9, 0.9, 0.9, 0))}
    right = {(Side.RIGHT, k): v for k, v in enumerate((0, 0, 0.45, 0.9, 0.9, 0.9, 0.9, 0.55))}
    assert name_levels(chain, left | right).first == 2


def test_six_roots_that_join_are_a_prefixed_plexus():
    chain = chain_levels(both_sides(), SETTINGS)
    naming = name_levels(chain, supports((0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.8, 0)))
    assert naming.first == 2


def test_a_weak_last_root_leaves_a_doubt():
    chain = chain_levels(both_sides(), SETTINGS)
    naming = name_levels(chain, supports((0, 0.8, 0.9, 0.9, 0.9, 0.9, 0.55, 0)))
    assert naming.margin < SETTINGS.naming_margin


def test_no_support_no_names():
    assert name_levels(chain_levels(both_sides(), SETTINGS), {}) is None
    assert chain_levels((), SETTINGS) == ()
