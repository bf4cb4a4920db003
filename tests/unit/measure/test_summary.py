"""A root whose node 0 is no landmark has numbers of its course and none of a place."""

from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.measurement import Quality, Quantity
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


def numbers(*, begins_anywhere, ganglion_at_mm=0.0):
    """Numbers of a root with a ganglion twice as wide as the rest of it."""
    nodes = arc(30.0)
    csa = 9.0 * (1.0 + 3.0 * np.exp(-(((nodes - ganglion_at_mm) / 4.0) ** 2)))
    root = profile(Nerve.C6, Side.LEFT, arc_mm=nodes, csa_mm2=csa)
    beside = {
        "csa_mask_mm2": csa,
        "bias_field": np.ones(len(nodes)),
        "spread_square": np.ones(len(nodes)),
        "spread_square_se": np.full(len(nodes), 0.1),
    }
    root = replace(root, begins_anywhere=begins_anywhere, **beside)
    rows = summarize(root, 30.0, ReferenceTissue.none(), MeasureSettings())
    return {row.quantity: row for row in rows}


def test_what_lies_at_a_place_is_refused_and_means_say_why_they_are_doubted():
    known, doubted = numbers(begins_anywhere=False), numbers(begins_anywhere=True)
    assert all(row.value is not None and row.reason is None for row in known.values())
    assert {row.reason for row in doubted.values()} == {ReasonCode.LANDMARK_DOUBT}
    assert {q for q, row in doubted.items() if row.value is None} == PLACES
    assert doubted[Quantity.LENGTH].value == known[Quantity.LENGTH].value


def test_means_leave_out_where_the_ganglion_may_be():
    # Its centre 7 mm on: at 13 mm a Gauss of 4 mm adds 31 %, at 20 mm nothing.
    mean = numbers(begins_anywhere=True, ganglion_at_mm=7.0)[Quantity.CSA_MEAN].value
    held = numbers(begins_anywhere=False, ganglion_at_mm=7.0)[Quantity.CSA_MEAN].value
    assert mean == pytest.approx(9.0, rel=0.05)
    assert held > 1.3 * 9.0


def test_what_was_not_seen_is_in_no_mean():
    nodes = arc(30.0)
    bridged = (nodes >= 15.0) & (nodes <= 19.0)
    flags = [Quality.BRIDGED if unseen else Quality.GOOD for unseen in bridged]
    root = profile(
        Nerve.C6, Side.LEFT, arc_mm=nodes, csa_mm2=np.where(bridged, 30.0, 9.0), quality=flags
    )
    rows = summarize(root, 30.0, ReferenceTissue.none(), MeasureSettings())
    mean = next(row for row in rows if row.quantity is Quantity.CSA_MEAN)
    assert mean.value == pytest.approx(9.0)
