"""Levels that the user states name all others, or are refused with their place."""

from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.core.anatomy import ROOTS, Nerve, Side
from plexus_mri.core.landmarks import StatedLevel, StatedLevels
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode
from plexus_mri.tracing.expected import Anatomy
from plexus_mri.tracing.field import side_fields
from plexus_mri.tracing.levels import Level, Naming, chain_levels, choose_run
from plexus_mri.tracing.roots import find_roots
from plexus_mri.tracing.settings import TracingSettings
from plexus_mri.tracing.stated import stated_run
from plexus_mri.tracing.trace import _naming_confidence, _naming_doubts
from tests.unit.tracing.straight import FRAME, course, evidence, ganglion

SETTINGS = TracingSettings()
# The five levels of the table, as the chain of a straight patient; the first is C5.
CHAIN = tuple(
    Level(
        ganglion(Side.LEFT, root).level_mm, ganglion(Side.LEFT, root), ganglion(Side.RIGHT, root)
    )
    for root in ROOTS
)


def at(root, height_mm, x_mm=14.0, y_mm=7.0, side=None):
    """A root stated at a height over the disc C7/T1 (C8 lies at -1, C7 at 17, C6 at 33)."""
    return StatedLevel(root, np.array([x_mm, y_mm, height_mm]), side)


def run_of(*levels, chain=CHAIN):
    return stated_run(StatedLevels("l.tsv", levels), chain, FRAME, SETTINGS)


@pytest.mark.parametrize("off_mm", [-7.0, 0.0, 7.0])
def test_one_root_names_all_levels_within_half_a_step(off_mm):
    assert run_of(at(Nerve.C7, 17 + off_mm)) == 0
    assert run_of(at(Nerve.C7, 33 + off_mm)) == -1
    assert run_of(at(Nerve.C6, 17 + off_mm)) == 1


def test_a_disc_before_the_canal_counts_as_its_height():
    assert run_of(at(Nerve.C8, 0.0, 0.0, 20.0), at(Nerve.T1, -20.5, 0.0, 20.0)) == 0


def test_levels_that_were_not_seen_are_divided_and_run_on():
    gap = (CHAIN[0], None, *CHAIN[2:])
    assert run_of(at(Nerve.C6, 34.0), chain=gap) == 0
    # T1 lies one step below a chain that ends at C8, C5 two above one that begins at C7.
    assert run_of(at(Nerve.T1, -18.0), chain=CHAIN[:4]) == 0
    assert run_of(at(Nerve.C5, 53.0), chain=CHAIN[2:]) == -2


def test_the_run_of_a_short_field_of_view_is_named_by_a_level_alone():
    assert run_of(at(Nerve.T1, -19.0), chain=CHAIN[3:]) == -3


def test_nothing_seen_is_named_by_nothing():
    assert run_of(at(Nerve.C7, 17.0), chain=()) is None


@pytest.mark.parametrize(
    ("levels", "reason", "sentence"),
    [
        ([at(Nerve.C5, 42.0)], "LEVEL", r"C5 at \[14.0, 7.0, 42.0\] mm .* 9.0 mm farther up"),
        ([at(Nerve.C6, 33.0), at(Nerve.C7, -1.0)], "LEVEL", r"2 levels apart .* but 1 level by"),
        ([at(Nerve.C6, 17.0), at(Nerve.C7, 33.0)], "LEVEL", "with the lower root higher up"),
        (
            [at(Nerve.C6, 33.0, side=Side.RIGHT), at(Nerve.C6, 17.0, -14.0, side=Side.LEFT)],
            "LEVEL",
            r"C6 R at .* and C6 L at .* 16.0 mm apart",
        ),
        ([at(Nerve.C6, 33.0, side=Side.LEFT)], "PLACE", r"14.0 mm on the patient's right of"),
        ([at(Nerve.C6, 33.0, 30.0, 40.0)], "PLACE", "50 mm from the middle of the spinal canal"),
    ],
)
def test_what_contradicts_the_image_or_itself_is_refused_with_its_place(levels, reason, sentence):
    with pytest.raises(InputError, match=sentence) as refused:
        run_of(*levels)
    assert refused.value.reason is ReasonCode(f"LANDMARKS_{reason}")
    assert "'l.tsv'" in str(refused.value)


def test_the_stated_run_is_taken_however_well_others_fit():
    strains = {0: [0.1] * 10, 1: [0.5] * 10}
    naming = choose_run(strains, SETTINGS, stated=1)
    assert naming == Naming(1, pytest.approx(-0.4), stated=True)
    assert choose_run(strains, SETTINGS, stated=0).margin == pytest.approx(0.4)
    assert choose_run({0: [1.5] * 10, 1: [1.3] * 10}, SETTINGS, stated=1) is None


def test_a_stated_name_is_certain_and_says_when_the_image_speaks_against_it():
    doubted, stated = Naming(0, 0.0), Naming(0, 0.0, stated=True)
    assert _naming_confidence(doubted, SETTINGS) == 0.5
    assert _naming_confidence(stated, SETTINGS) == 1.0
    assert _naming_doubts(doubted, SETTINGS) == (ReasonCode.LEVEL_DOUBT,)
    assert _naming_doubts(stated, SETTINGS) == ()
    worse = replace(stated, margin=-2 * SETTINGS.naming_margin)
    assert _naming_doubts(worse, SETTINGS) == (ReasonCode.LEVEL_DISPUTED,)


def test_mirrored_places_name_the_same_levels():
    levels = StatedLevels("l.tsv", (at(Nerve.C7, 33.0, side=Side.RIGHT), at(Nerve.T1, -1.0)))
    twin = levels.mirrored()
    assert twin.levels[0].side is Side.LEFT
    assert twin.levels[0].point_mm.tolist() == [-14.0, 7.0, 33.0]
    assert stated_run(twin, CHAIN, FRAME, SETTINGS) == run_of(*levels.levels) == -1


def test_roots_are_followed_from_the_ganglia_that_were_stated():
    side = Side.RIGHT
    seen = evidence([course(side, root) for root in ROOTS])
    chain = chain_levels(seen.ganglia, SETTINGS)
    fields = {side: side_fields(seen, FRAME, SETTINGS)[side]}
    roots = find_roots(fields, chain, Anatomy(FRAME, 1.0), SETTINGS, 1)
    assert roots.naming == Naming(1, roots.naming.margin, stated=True)
    assert roots.naming.margin < 0
    assert len(roots.paths[side]) > 0
    for root, way in roots.paths[side].items():
        true = ganglion(side, ROOTS[ROOTS.index(root) + 1])
        # 1 mm: the voxel's diagonal.
        assert np.linalg.norm(way.own.points_mm[0] - true.point_mm) <= 1.0
