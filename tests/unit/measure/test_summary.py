"""A root whose node 0 is no landmark has numbers of its course and none of a place."""

from dataclasses import replace

import numpy as np

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.measurement import Quantity
from plexus_mri.core.reference import ReferenceTissue
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.measure.summary import summarize
from plexus_mri.reasons import ReasonCode
from plexus_mri.synthetic.profiles import arc
from tests.nerve_tables import profile

PLACES = {
    Quantity.DIAMETER_AT_0,
    Quantity.DIAMETER_AT_10,
    Quantity.CSA_MAX,
    Quantity.SIGNAL_RATIO_MAX,
}


def numbers(*, begins_anywhere):
    """Numbers of a root with a ganglion twice as wide as the rest of it."""
    nodes = arc(30.0)
    csa = 9.0 * (1.0 + 3.0 * np.exp(-((nodes / 4.0) ** 2)))
    root = profile(Nerve.C6, Side.LEFT, arc_mm=nodes, csa_mm2=csa)
    root = replace(root, begins_anywhere=begins_anywhere)
    rows = summarize(root, 30.0, ReferenceTissue.none(), MeasureSettings())
    return {row.quantity: row for row in rows}


def test_what_lies_at_a_place_is_refused_and_means_say_why_they_are_doubted():
    known, doubted = numbers(begins_anywhere=False), numbers(begins_anywhere=True)
    assert all(row.value is not None and row.reason is None for row in known.values())
    assert {row.reason for row in doubted.values()} == {ReasonCode.LANDMARK_DOUBT}
    assert {q for q, row in doubted.items() if row.value is None} == PLACES
    assert all(doubted[q].value == known[q].value for q in set(Quantity) - PLACES)
