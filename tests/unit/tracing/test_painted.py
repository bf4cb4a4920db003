"""A painted root begins where the program's own do, or says that it does not."""

import numpy as np
import pytest

from plexus_mri.core.anatomy import NERVE_KEYS, Nerve, Side, label_index
from plexus_mri.core.case import OwnMask
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.evidence import Ganglion
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.measurement import MeasurementTable
from plexus_mri.core.volume import LabelMap
from plexus_mri.reasons import ReasonCode
from plexus_mri.tracing.network_labels import trace_network_labels
from plexus_mri.tracing.own_mask import trace_own_mask
from plexus_mri.tracing.paint import paint_labels
from plexus_mri.tracing.settings import TracingSettings
from tests.unit.registration.test_frame import frame_and_nerve
from tests.unit.shapes import grid_of, tube_volume

FRAME = frame_and_nerve(12.0)[0]
SETTINGS = TracingSettings()
C6_R, TRUNK_R = (Side.RIGHT, Nerve.C6), (Side.RIGHT, Nerve.UPPER_TRUNK)
RADIUS_MM = 2.0
# A straight root that runs outwards and down from (8, 0, 20); its label has round ends.
START, STEP = np.array([8.0, 0.0, 20.0]), np.array([0.8, 0.0, -0.6])
LENGTH_MM = 36.0
TRACERS = (trace_own_mask, trace_network_labels)


def on_course(along_mm, aside_mm=0.0):
    return START + along_mm * STEP + np.array([0.0, aside_mm, 0.0])


def seen(along_mm, strength=1.0, aside_mm=0.0, side=Side.RIGHT):
    point = on_course(along_mm, aside_mm)
    return Ganglion(side, point, 40.0 - point[2], abs(point[0]), point[1], strength)


def painted(*tubes, ganglia=(), grid=None):
    """Labels 1, 2, … of (key, first, last along the course) or (key, course); later ones win."""
    grid = grid or grid_of((100, 40, 70))
    data = np.zeros(grid.shape, np.int16)
    for index, (_, *course) in enumerate(tubes, 1):
        points = course[0] if len(course) == 1 else [on_course(v) for v in course]
        data[tube_volume(grid, [(points, RADIUS_MM, 100.0)]).data > 100] = index
    keys = {index: key for index, (key, *_) in enumerate(tubes, 1)}
    return OwnMask(LabelMap(data, grid), keys, ganglia=frozenset(ganglia))


def node_0_mm(tree, key=C6_R):
    """Where along the course node 0 lies."""
    return float((tree[key].centerline.points_mm[0] - START) @ STEP)


@pytest.mark.parametrize("trace", TRACERS)
def test_what_lies_medial_of_the_ganglion_seen_in_the_image_is_cut_off(trace):
    tree = trace(painted((C6_R, 0.0, LENGTH_MM)), FRAME, (seen(8.0, aside_mm=1.0),), SETTINGS)
    assert node_0_mm(tree) == pytest.approx(8.0, abs=0.3)  # fine points lie 0.1 mm apart
    # To the round lateral end, whose outermost voxel lies up to a voxel off.
    length = LENGTH_MM + RADIUS_MM - 8.0
    assert tree[C6_R].centerline.length_mm == pytest.approx(length, abs=1.5)
    assert tree[C6_R].reasons == ()


@pytest.mark.parametrize("trace", TRACERS)
def test_a_ganglion_label_counts_before_what_is_seen(trace):
    mask = painted((C6_R, 0.0, LENGTH_MM), (C6_R, 3.0, 7.0), ganglia={2})
    tree = trace(mask, FRAME, (seen(10.0),), SETTINGS)
    assert node_0_mm(tree) == pytest.approx(5.0, abs=0.5)  # half a voxel
    assert tree[C6_R].confidence == 1.0


@pytest.mark.parametrize("trace", TRACERS)
def test_a_root_is_led_to_a_ganglion_painted_apart_from_it(trace):
    mask = painted((C6_R, 14.0, LENGTH_MM), (C6_R, 2.0, 4.0), ganglia={2})
    tree = trace(mask, FRAME, (), SETTINGS)
    assert node_0_mm(tree) == pytest.approx(3.0, abs=0.5)
    assert tree[C6_R].reasons == ()
    assert tree[C6_R].confidence == 1.0


@pytest.mark.parametrize(
    "ganglia",
    [
        (),
        (seen(8.0, strength=0.5),),
        (seen(8.0, side=Side.LEFT),),
        (seen(8.0, aside_mm=5.0),),
        (seen(25.0),),
        # The label begins 5 mm lateral of its ganglion, and something fainter lies on it.
        (seen(-2.0 - 5.0), seen(9.0, strength=0.9)),
    ],
    ids=["none", "faint", "other side", "beside", "lateral", "before the label"],
)
def test_without_a_ganglion_a_root_begins_where_its_label_does_and_is_doubted(ganglia):
    tree = trace_own_mask(painted((C6_R, 0.0, LENGTH_MM)), FRAME, ganglia, SETTINGS)
    assert node_0_mm(tree) == pytest.approx(-RADIUS_MM, abs=1.0)  # the end of its round end
    assert tree[C6_R].reasons == (ReasonCode.LANDMARK_DOUBT,)


def test_a_ganglion_alone_is_no_root():
    mask = painted((C6_R, 0.0, 20.0), ganglia={1})
    tree = trace_own_mask(mask, FRAME, (), SETTINGS)
    assert tree.missing[C6_R] is ReasonCode.TOO_SHORT


def test_trunks_have_no_ganglion_to_be_doubted():
    tree = trace_own_mask(painted((TRUNK_R, 0.0, LENGTH_MM)), FRAME, (seen(8.0),), SETTINGS)
    assert node_0_mm(tree, TRUNK_R) == pytest.approx(-RADIUS_MM, abs=1.0)
    assert tree[TRUNK_R].reasons == ()


def test_ends_that_meet_another_nerve_of_their_side_are_junctions():
    c7, left = (Side.RIGHT, Nerve.C7), (Side.LEFT, Nerve.UPPER_TRUNK)
    meeting = on_course(24.0)
    mask = painted(
        (C6_R, 0.0, 24.0),
        (c7, [[12.0, 0.0, -14.0], meeting]),
        (TRUNK_R, [meeting, meeting + np.array([22.0, 0.0, -4.0])]),
        (left, [[-9.0, 0.0, 20.0], [-30.0, 0.0, 20.0]]),
    )
    tree = trace_own_mask(mask, FRAME, (), SETTINGS)
    for key in (C6_R, c7):
        assert tree[key].junction_mm == (tree[key].centerline.length_mm,)
    assert tree[TRUNK_R].junction_mm == (0.0,)
    assert tree[left].junction_mm == ()


def test_painted_nerves_of_the_mirror_image_are_the_mirror_image():
    mask = painted((C6_R, 0.0, 24.0), (TRUNK_R, 24.0, LENGTH_MM))
    ganglia = (seen(7.0), seen(-4.0, strength=0.3))
    tree = trace_own_mask(mask, FRAME, ganglia, SETTINGS)
    keys = {i: (side.opposite, nerve) for i, (side, nerve) in mask.nerve_of_index.items()}
    flip = np.array([-1.0, 1.0, 1.0])
    twins = tuple(
        Ganglion(Side.LEFT, g.point_mm * flip, g.level_mm, g.lateral_mm, g.depth_mm, g.strength)
        for g in ganglia
    )
    frame = PatientFrame(Centerline(FRAME.canal.points_mm * flip), FRAME.right, FRAME.proof)
    mirrored = trace_own_mask(OwnMask(mask.labels.mirrored(), keys), frame, twins, SETTINGS)
    assert set(mirrored) == set(tree.mirrored())
    for key, nerve in tree.mirrored().nerves.items():
        assert np.array_equal(mirrored[key].centerline.points_mm, nerve.centerline.points_mm)
        assert mirrored[key].junction_mm == nerve.junction_mm
        assert mirrored[key].reasons == nerve.reasons


def test_what_the_program_painted_begins_again_at_its_own_node_0():
    first = trace_own_mask(painted((C6_R, 0.0, LENGTH_MM)), FRAME, (seen(8.0),), SETTINGS)
    labels = paint_labels(first, MeasurementTable(()), grid_of((100, 40, 70)))
    mask = OwnMask(labels, {label_index(*key): key for key in NERVE_KEYS})
    again = trace_own_mask(mask, FRAME, (seen(8.0),), SETTINGS)
    assert node_0_mm(again) == pytest.approx(node_0_mm(first), abs=0.5)
    assert again[C6_R].reasons == ()
