from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from plexus_mri.asymmetry import AsymmetrySettings, compare_sides
from plexus_mri.asymmetry.naming import doubtful_names, merged_nerves, outgrown_cords
from plexus_mri.core.anatomy import CORDS, Nerve, Side
from plexus_mri.core.comparison import Verdict
from plexus_mri.core.measurement import MeasurementTable
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.reasons import ReasonCode
from tests.nerve_tables import profile, table_of

# The lateral cord lies before, the posterior one behind, the medial one below.
PLACE_MM = {
    Nerve.LATERAL_CORD: (0.0, 8.0, 0.0),
    Nerve.POSTERIOR_CORD: (0.0, 0.0, 0.0),
    Nerve.MEDIAL_CORD: (0.0, 0.0, -11.0),
}


def cord(nerve, side, place=None, *, turn_deg=0.0):
    made = profile(nerve, side, csa_mm2=16.0 if nerve is Nerve.POSTERIOR_CORD else 13.0)
    nodes = made.arc_length_mm
    points = np.stack([side.sign * (80.0 + nodes), 0 * nodes, 0 * nodes], axis=1)
    points = points + np.array(PLACE_MM[place or nerve])
    turned = Rotation.from_euler("x", turn_deg, degrees=True).apply(points)
    return replace(made, points_mm=turned)


def exchanged(side):
    """Lateral and posterior cord have each other's name on one side."""
    swap = {
        Nerve.LATERAL_CORD: Nerve.POSTERIOR_CORD,
        Nerve.POSTERIOR_CORD: Nerve.LATERAL_CORD,
        Nerve.MEDIAL_CORD: Nerve.MEDIAL_CORD,
    }
    return table_of(*(cord(n, s, swap[n] if s is side else n) for n in CORDS for s in Side))


def test_mirrored_cords_are_not_doubted():
    assert doubtful_names(table_of(*(cord(n, s) for n in CORDS for s in Side))) == frozenset()


def test_a_tilt_of_thirty_degrees_between_the_sides_is_no_exchange():
    turned = (cord(n, s, turn_deg=15.0 * s.sign) for n in CORDS for s in Side)
    assert doubtful_names(table_of(*turned)) == frozenset()


@pytest.mark.parametrize("side", list(Side))
def test_two_cords_exchanged_on_one_side_are_doubted_and_the_third_is_not(side):
    expected = {Nerve.LATERAL_CORD, Nerve.POSTERIOR_CORD}
    assert doubtful_names(exchanged(side)) == expected


def test_names_exchanged_on_both_sides_alike_leave_the_comparison_right():
    swap = {
        Nerve.LATERAL_CORD: Nerve.POSTERIOR_CORD,
        Nerve.POSTERIOR_CORD: Nerve.LATERAL_CORD,
    }
    table = table_of(*(cord(n, s, swap[n]) for n in swap for s in Side))
    assert doubtful_names(table) == frozenset()


def test_doubted_names_are_not_compared():
    rows = compare_sides(exchanged(Side.LEFT), NerveTree({}), AsymmetrySettings())
    for row in rows:
        if row.nerve in (Nerve.LATERAL_CORD, Nerve.POSTERIOR_CORD):
            assert (row.verdict, row.reason) == (Verdict.NOT_COMPARABLE, ReasonCode.NAME_DOUBT)


def test_nerves_without_places_or_with_one_side_only_are_not_doubted():
    table = exchanged(Side.LEFT)
    nowhere = {
        key: replace(p, points_mm=np.full_like(p.points_mm, np.nan))
        for key, p in table.profiles.items()
    }
    assert doubtful_names(MeasurementTable((), nowhere)) == frozenset()
    left = {key: p for key, p in table.profiles.items() if key[0] is Side.LEFT}
    assert doubtful_names(MeasurementTable((), left)) == frozenset()


def test_two_names_for_one_nerve_are_merged_and_not_compared():
    places = {Nerve.MEDIAL_CORD: Nerve.POSTERIOR_CORD}
    table = table_of(
        *(cord(n, s, places.get(n) if s is Side.LEFT else None) for n in CORDS for s in Side)
    )
    assert merged_nerves(table) == {Nerve.MEDIAL_CORD, Nerve.POSTERIOR_CORD}
    rows = compare_sides(table, NerveTree({}), AsymmetrySettings())
    assert {r.reason for r in rows if r.nerve is Nerve.MEDIAL_CORD} == {ReasonCode.NERVES_TOUCH}


@pytest.mark.parametrize(("apart_mm", "merged"), [(4.3, False), (3.5, True)])
def test_nerves_beside_each_other_are_not_merged_and_nerves_within_each_other_are(
    apart_mm, merged
):
    # Circles of 13 and 16 mm^2 touch at 4.3 mm.
    upper = cord(Nerve.POSTERIOR_CORD, Side.LEFT)
    below = upper.points_mm - np.array([0.0, 0.0, apart_mm])
    lower = replace(cord(Nerve.MEDIAL_CORD, Side.LEFT), points_mm=below)
    assert bool(merged_nerves(table_of(upper, lower))) is merged


def test_nerves_that_meet_only_at_their_end_are_not_merged():
    one, other = cord(Nerve.POSTERIOR_CORD, Side.LEFT), cord(Nerve.MEDIAL_CORD, Side.LEFT)
    drop = np.linspace(0.0, 11.0, 41)[:, None] * np.array([0.0, 0.0, 1.0])
    joining = replace(other, points_mm=other.points_mm + drop)
    assert merged_nerves(table_of(one, joining)) == frozenset()


@pytest.mark.parametrize(("times", "outgrown"), [(3.3, frozenset()), (5.0, {Nerve.MEDIAL_CORD})])
def test_a_cord_far_wider_than_its_trunk_is_none(times, outgrown):
    trunk = profile(Nerve.LOWER_TRUNK, Side.RIGHT, csa_mm2=14.0)
    wide = profile(Nerve.MEDIAL_CORD, Side.RIGHT, csa_mm2=14.0 * times)
    assert outgrown_cords(table_of(trunk, wide)) == outgrown


def test_a_cord_without_its_trunks_is_not_doubted():
    trunk = profile(Nerve.UPPER_TRUNK, Side.LEFT, csa_mm2=14.0)
    assert outgrown_cords(table_of(trunk, profile(Nerve.LATERAL_CORD, Side.LEFT))) == frozenset()
