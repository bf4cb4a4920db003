"""Agreement of the sides: straight nerves of known places in a straight patient."""

import numpy as np
import pytest

from plexus_mri.core.anatomy import CORDS, Nerve, Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.tracing.agreement import AGREED_MM, ALONE_MM, APART_MM, agreement_of_sides
from tests.unit.tracing.straight import FRAME

START = {Nerve.LATERAL_CORD: 5.0, Nerve.POSTERIOR_CORD: 0.0, Nerve.MEDIAL_CORD: -8.0}


def cords(moved=None):
    """Three cords of 30 mm on both sides; ``moved`` adds a step (lateral, forward, up) to some."""
    lines = {}
    for side in Side:
        for cord, up in START.items():
            lateral, forward, high = (moved or {}).get((side, cord), (0.0, 0.0, 0.0))
            out = 90.0 + lateral + np.linspace(0, 24, 9)
            columns = (side.sign * out, np.full(9, 10.0 + forward), np.linspace(up, up - 18, 9))
            points = np.stack(columns, axis=1) + np.array([0.0, 0.0, high])
            lines[side, cord] = Centerline(points)
    return lines


def test_sides_that_mirror_each_other_agree():
    agreed = agreement_of_sides(cords(), FRAME)
    assert agreed == pytest.approx(dict.fromkeys(CORDS, 1.0))


@pytest.mark.parametrize("step", [(12.0, 0.0, 0.0), (0.0, -20.0, 0.0), (0.0, 0.0, 30.0)])
def test_an_arm_that_lies_differently_is_no_disagreement(step):
    agreed = agreement_of_sides(cords({(Side.LEFT, cord): step for cord in CORDS}), FRAME)
    assert agreed == pytest.approx(dict.fromkeys(CORDS, 1.0))


@pytest.mark.parametrize("side", list(Side))
def test_one_cord_astray_agrees_the_less_the_farther_it_is(side):
    away = [
        agreement_of_sides(cords({(side, Nerve.MEDIAL_CORD): (0.0, 0.0, -far)}), FRAME)
        for far in (AGREED_MM, 0.5 * (AGREED_MM + APART_MM), APART_MM, 2 * APART_MM)
    ]
    found = [agreed[Nerve.MEDIAL_CORD] for agreed in away]
    assert found == pytest.approx([1.0, 0.5, 0.0, 0.0])
    # Seen from the two others, half of its step is theirs.
    assert away[0][Nerve.LATERAL_CORD] == pytest.approx(1.0)


def test_the_sides_agree_as_well_when_they_are_exchanged():
    lines = cords({(Side.LEFT, Nerve.POSTERIOR_CORD): (3.0, 9.0, -6.0)})
    swapped = {(side.opposite, nerve): line.mirrored() for (side, nerve), line in lines.items()}
    assert agreement_of_sides(swapped, FRAME) == pytest.approx(agreement_of_sides(lines, FRAME))


def test_one_pair_alone_may_lie_as_differently_as_arms_do():
    def alone(step):
        moved = cords({(Side.LEFT, Nerve.MEDIAL_CORD): step})
        lines = {key: line for key, line in moved.items() if key[1] is Nerve.MEDIAL_CORD}
        return agreement_of_sides(lines, FRAME)[Nerve.MEDIAL_CORD]

    assert (alone((0.0, 0.0, ALONE_MM[0])), alone((0.0, ALONE_MM[1], 0.0))) == (1.0, 0.0)


def test_a_nerve_of_one_side_alone_is_not_told_of():
    lines = {key: line for key, line in cords().items() if key != (Side.LEFT, Nerve.MEDIAL_CORD)}
    assert set(agreement_of_sides(lines, FRAME)) == {Nerve.LATERAL_CORD, Nerve.POSTERIOR_CORD}
