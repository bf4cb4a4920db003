import numpy as np
import pytest

from plexus_mri.core.anatomy import Nerve, Side, label_index
from plexus_mri.core.case import OwnMask
from plexus_mri.core.measurement import MeasurementTable
from plexus_mri.core.volume import LabelMap
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode
from plexus_mri.tracing.own_mask import trace_own_mask
from plexus_mri.tracing.paint import paint_labels
from plexus_mri.tracing.settings import TracingSettings
from tests.unit.registration.test_frame import frame_and_nerve
from tests.unit.shapes import grid_of, tube_volume

FRAME = frame_and_nerve(12.0)[0]
COURSE = [[8, 0, 20], [18, 3, 5], [28, 2, -20]]


def mask_of(name_side=Side.RIGHT):
    image = tube_volume(grid_of((80, 40, 60)), [(COURSE, 2.0, 100.0)])
    labels = LabelMap((image.data > 100).astype(np.int16) * 7, image.grid)
    return OwnMask(labels, {7: (name_side, Nerve.C6)})


def test_own_label_gives_a_centerline_from_medial_to_lateral():
    traced = trace_own_mask(mask_of(), FRAME, (), TracingSettings())[Side.RIGHT, Nerve.C6]
    points = traced.centerline.points_mm
    assert points[0, 0] < points[-1, 0]
    length = np.linalg.norm(np.diff(np.array(COURSE, float), axis=0), axis=1).sum()
    assert traced.centerline.length_mm == pytest.approx(length, abs=4.5)  # rounded tube ends


def test_label_on_the_wrong_side_is_refused_with_its_place():
    with pytest.raises(InputError, match=r"label 7 is named C6 L but lies on the patient's R"):
        trace_own_mask(mask_of(Side.LEFT), FRAME, (), TracingSettings())


# Places off the ends of the course, whose tube has a radius of 2 mm: 8 and 14 mm before its
# lateral end, and the mirror image of its medial end.
@pytest.mark.parametrize(
    ("place_mm", "reason"),
    [
        ([28, -8, -20], None),
        ([28, -14, -20], ReasonCode.MASK_STRAY),
        ([-8, 0, 20], ReasonCode.MASK_SIDE),
    ],
)
def test_a_piece_far_from_its_label_is_refused_for_its_place_or_side(place_mm, reason):
    mask = mask_of()
    data = np.array(mask.labels.data)
    data[tuple(np.rint(mask.labels.grid.to_voxel([place_mm]))[0].astype(int))] = 7
    crumbed = OwnMask(LabelMap(data, mask.labels.grid), mask.nerve_of_index)
    if reason is None:
        assert (Side.RIGHT, Nerve.C6) in trace_own_mask(crumbed, FRAME, (), TracingSettings())
        return
    with pytest.raises(InputError, match=r"label 7, C6 R, has a piece 1\d mm away") as caught:
        trace_own_mask(crumbed, FRAME, (), TracingSettings())
    assert caught.value.reason is reason


def test_painting_a_traced_mask_gives_the_mask_back():
    mask = mask_of()
    tree = trace_own_mask(mask, FRAME, (), TracingSettings())
    painted = paint_labels(tree, MeasurementTable(()), mask.labels.grid)
    mine = painted.mask(label_index(Side.RIGHT, Nerve.C6))
    theirs = mask.labels.mask(7)
    dice = 2 * (mine & theirs).sum() / (mine.sum() + theirs.sum())
    assert dice > 0.85  # 2 mm radius at 1 mm voxels: the rim is a third of the volume


def test_unlabelled_nerves_have_a_reason():
    tree = trace_own_mask(mask_of(), FRAME, (), TracingSettings())
    assert tree.missing[Side.LEFT, Nerve.C6] is ReasonCode.NERVE_NOT_FOUND
