"""Root curves cut into roots and trunks: a straight patient, curves of known junctions."""

import numpy as np
import pytest

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.reasons import ReasonCode
from plexus_mri.tracing.segments import USUAL_JUNCTION_MM, split_side
from plexus_mri.tracing.settings import TracingSettings
from tests.unit.tracing.straight import FRAME, dense, on_side

GATHERED = (100.0, 13.0, -35.0)


def two_roots(side, meet):
    """C5 and C6 that come together at a point and run on as one."""
    return {
        nerve: Centerline(dense(on_side([start, meet, GATHERED], side)))
        for nerve, start in ((Nerve.C5, (14, 7, 51)), (Nerve.C6, (14, 7, 33)))
    }


@pytest.mark.parametrize("side", list(Side))
def test_a_trunk_begins_where_its_roots_come_together(side):
    pieces = split_side(two_roots(side, (42, 18, 18)), FRAME, side, TracingSettings())
    ends = [side.sign * pieces[n].line.points_mm[-1, 0] for n in (Nerve.C5, Nerve.C6)]
    # They meet at 24 degrees, so they are within 2 mm of each other for the last 5 mm.
    assert ends == pytest.approx([42.0, 42.0], abs=5.0)
    assert Nerve.UPPER_TRUNK in pieces
    assert pieces[Nerve.C5].reasons == ()


@pytest.mark.parametrize("side", list(Side))
def test_roots_that_meet_only_where_all_gather_are_lost_where_trunks_form(side):
    pieces = split_side(two_roots(side, (88, 14, -28)), FRAME, side, TracingSettings())
    for nerve in (Nerve.C5, Nerve.C6):
        end_mm = side.sign * float(pieces[nerve].line.points_mm[-1, 0])
        assert end_mm == pytest.approx(USUAL_JUNCTION_MM, abs=1.0)
        assert pieces[nerve].reasons == (ReasonCode.NERVE_LOST,)
    assert Nerve.UPPER_TRUNK not in pieces


def test_curves_shorter_than_the_usual_junction_are_kept_whole():
    short = Centerline(np.array([[14.0, 7, 51], [24.0, 10, 45], [34.0, 14, 35]]))
    pieces = split_side({Nerve.C5: short}, FRAME, Side.RIGHT, TracingSettings())
    assert pieces[Nerve.C5].line.length_mm == pytest.approx(short.length_mm)
