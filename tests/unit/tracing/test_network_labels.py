"""What a network labels is followed where it can be trusted, and doubted where not."""

import numpy as np
import pytest

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.case import OwnMask
from plexus_mri.core.volume import LabelMap
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode
from plexus_mri.tracing.network_labels import trace_network_labels
from plexus_mri.tracing.own_mask import trace_own_mask
from plexus_mri.tracing.settings import TracingSettings
from tests.unit.registration.test_frame import frame_and_nerve
from tests.unit.shapes import grid_of, tube_volume

FRAME = frame_and_nerve(12.0)[0]
SETTINGS = TracingSettings()
C6_R, C7_R, C8_R = ((Side.RIGHT, nerve) for nerve in (Nerve.C6, Nerve.C7, Nerve.C8))
# Tubes of 2 mm radius on the patient's right, each farther below.
COURSES = [[[8, 0, z], [18, 3, z - 5], [28, 2, z - 15]] for z in (25, 12, -1)]


def labelled(*keys):
    """One tube a name, labelled 1, 2, …"""
    grid = grid_of((80, 40, 60))
    data = np.zeros(grid.shape, np.int16)
    for index, course in enumerate(COURSES[: len(keys)], 1):
        data[tube_volume(grid, [(course, 2.0, 100.0)]).data > 100] = index
    return OwnMask(LabelMap(data, grid), dict(enumerate(keys, 1)))


def test_a_label_in_one_piece_is_followed_as_a_mask_of_the_user_is():
    mask = labelled(C6_R, C7_R)
    found, drawn = (f(mask, FRAME, (), SETTINGS) for f in (trace_network_labels, trace_own_mask))
    assert set(found) == {C6_R, C7_R}
    for key in found:
        assert np.array_equal(found[key].centerline.points_mm, drawn[key].centerline.points_mm)
        assert found[key].confidence == 1.0
        assert found[key].reasons == (ReasonCode.LANDMARK_DOUBT,)


def test_stray_pieces_lower_the_confidence_and_stop_nothing():
    mask = labelled(C6_R)
    data = np.array(mask.labels.data)
    size = int((data == 1).sum())
    corner = data[:20, :20, :20]  # far away, on the patient's left
    corner[...] = 1
    stray = OwnMask(LabelMap(data, mask.labels.grid), mask.nerve_of_index)
    with pytest.raises(InputError, match="the model put C6 R on the other side"):
        trace_network_labels(stray, FRAME, (), SETTINGS)  # the larger piece is the wrong one
    corner[...] = 0
    corner[:5, :5, :5] = 1
    few = OwnMask(LabelMap(data, mask.labels.grid), mask.nerve_of_index)
    nerve = trace_network_labels(few, FRAME, (), SETTINGS)[C6_R]
    assert nerve.confidence == pytest.approx(size / (size + 125))
    assert ReasonCode.NERVE_LOST not in nerve.reasons  # the rest is on the other side


def test_a_nerve_of_which_less_than_half_hangs_together_is_doubted():
    mask = labelled(C6_R)
    data = np.array(mask.labels.data)
    low, high = np.flatnonzero(data.any(axis=(1, 2)))[[0, -1]]
    for third in (1, 2):
        data[low + third * (high - low) // 3] = 0
    torn = OwnMask(LabelMap(data, mask.labels.grid), mask.nerve_of_index)
    nerve = trace_network_labels(torn, FRAME, (), SETTINGS)[C6_R]
    assert 0.3 < nerve.confidence < 0.5
    lost = (ReasonCode.LANDMARK_DOUBT, ReasonCode.NERVE_LOST, ReasonCode.LOW_CONFIDENCE)
    assert nerve.reasons == lost


@pytest.mark.parametrize(("cut", "reasons"), [(0.5, True), (0.97, False)])
def test_a_nerve_torn_in_two_says_that_it_was_followed_in_part_and_one_with_a_spot_does_not(
    cut, reasons
):
    mask = labelled(C6_R)
    data = np.array(mask.labels.data)
    per_slice = np.cumsum((data == 1).sum(axis=(1, 2)))
    data[int(np.searchsorted(per_slice, cut * per_slice[-1]))] = 0
    torn = OwnMask(LabelMap(data, mask.labels.grid), mask.nerve_of_index)
    nerve = trace_network_labels(torn, FRAME, (), SETTINGS)[C6_R]
    assert nerve.confidence < 1.0
    assert (ReasonCode.NERVE_LOST in nerve.reasons) is reasons


def test_one_label_on_the_wrong_side_is_left_out_with_its_reason():
    wrong = (Side.LEFT, Nerve.C8)
    tree = trace_network_labels(labelled(C6_R, C7_R, wrong), FRAME, (), SETTINGS)
    assert set(tree) == {C6_R, C7_R}
    assert tree.missing[wrong] is ReasonCode.MASK_SIDE


def test_a_model_with_its_sides_swapped_is_refused():
    swapped = labelled(*((Side.LEFT, nerve) for _, nerve in (C6_R, C7_R, C8_R)))
    with pytest.raises(InputError, match="C6 L, C7 L, C8 L on the other side") as caught:
        trace_network_labels(swapped, FRAME, (), SETTINGS)
    assert caught.value.reason is ReasonCode.MASK_SIDE
