"""In a corrected case only the nerves that a rater drew come from the map."""

import numpy as np
import pytest

from plexus_mri import pipeline
from plexus_mri.core.anatomy import NERVE_KEYS, Nerve, Side
from plexus_mri.core.case import Case, OwnMask, SeriesInfo
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.correction import Correction
from plexus_mri.core.evidence import Ganglion
from plexus_mri.core.label_voxels import LabelVoxels
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.core.network import NetworkLibrary, NetworkModel
from plexus_mri.core.volume import LabelMap, Volume
from plexus_mri.reasons import ReasonCode
from plexus_mri.settings import Settings
from tests.unit.registration.test_frame import frame_and_nerve
from tests.unit.shapes import grid_of, tube_volume

C6, C7, T1 = (Side.RIGHT, Nerve.C6), (Side.RIGHT, Nerve.C7), (Side.LEFT, Nerve.T1)
FRAME = frame_and_nerve(12.0)[0]
NETWORK = LabelVoxels(grid_of(), np.zeros((1, 3), np.int32))
COURSE = [[8, 0, 20], [18, 3, 5], [28, 2, -20]]


def line(key) -> TracedNerve:
    points = np.linspace([9.0 * key[0].sign, 0, 10], [30.0 * key[0].sign, 0, -10], 20)
    return TracedNerve(Centerline(points), 0.8, {"support": 0.8}, np.full(20, 2.0))


@pytest.fixture
def automatic(monkeypatch) -> NerveTree:
    """What is found without a correction: C6 and C7 right, T1 left."""
    found = {key: line(key) for key in (C6, C7, T1)}
    missing = {key: ReasonCode.COVERAGE_LEFT for key in NERVE_KEYS if key not in found}
    tree = NerveTree(found, missing)
    monkeypatch.setattr(pipeline, "_find_all", lambda *_: (tree, {C6: NETWORK, C7: NETWORK}))
    return tree


def found(redrawn):
    """Trees and labels of a map that holds C6 right alone, of which these nerves were drawn."""
    image = tube_volume(grid_of((80, 40, 60)), [(COURSE, 2.0, 100.0)])
    labels = LabelMap((image.data > 100).astype(np.int16) * 102, image.grid)
    made = Correction("01", None, "R1", *("",) * 6, redrawn)
    mask = OwnMask(labels, {102: C6}, made)
    series = SeriesInfo(1, "STIR", "coronal", "x", 1, "a")
    case = Case("01", None, Volume(image.data, image.grid), series, mask)
    return pipeline._find_and_trace(case, case.image, FRAME, Settings())


def traced(redrawn) -> NerveTree:
    """The tree alone."""
    return found(redrawn)[0]


def test_a_drawn_nerve_comes_from_the_map_and_the_others_are_the_very_same(automatic):
    tree = traced((C6,))
    assert tree[C6].evidence == {"own_mask": 1.0}
    assert (tree[C7], tree[T1]) == (automatic[C7], automatic[T1])
    assert tree.missing == automatic.missing


@pytest.mark.usefixtures("automatic")
def test_a_drawn_root_begins_at_the_ganglion_that_is_seen_in_the_image(monkeypatch):
    monkeypatch.setattr(pipeline, "find_ganglia", lambda *_: ())
    assert traced((C6,))[C6].reasons == (ReasonCode.LANDMARK_DOUBT,)
    place = np.array([13.0, 1.5, 12.5])  # halfway along the first stretch of its course
    seen = Ganglion(Side.RIGHT, place, 27.5, 13.0, 1.5, 1.0)
    monkeypatch.setattr(pipeline, "find_ganglia", lambda *_: (seen,))
    drawn = traced((C6,))[C6]
    assert drawn.reasons == ()
    # A course through voxels of 1 mm, smoothed.
    assert drawn.centerline.points_mm[0] == pytest.approx(place, abs=0.7)


def test_an_erased_nerve_is_missing(automatic):
    tree = traced((C6, C7))
    assert C7 not in tree
    assert tree.missing[C7] is ReasonCode.NERVE_NOT_FOUND
    assert tree[T1] is automatic[T1]


def test_where_all_may_be_drawn_nothing_is_looked_for_in_the_image(automatic):
    assert set(traced(NERVE_KEYS)) == {C6}
    assert set(automatic) == {C6, C7, T1}


@pytest.mark.usefixtures("automatic")
def test_areas_of_a_mask_are_those_of_drawn_nerves_and_of_a_network_for_the_others():
    labels = found((C6,))[1]
    assert labels[C7] is NETWORK
    assert len(labels[C6].ijk) > 100
    assert set(found((C6, C7))[1]) == {C6}


def test_labels_of_a_network_are_kept_beside_what_was_traced_in_them(monkeypatch):
    labels = LabelMap(np.full((2, 2, 2), 7, np.int16), grid_of((2, 2, 2)))
    tree = NerveTree({C7: line(C7)}, {})
    monkeypatch.setattr(pipeline, "segment_by_network", lambda *_: OwnMask(labels, {7: C7}))
    monkeypatch.setattr(pipeline, "trace_network_labels", lambda *_: tree)
    image = Volume(np.ones((2, 2, 2)), labels.grid)
    model = NetworkModel("any", "1", NetworkLibrary.ONNX, (), {7: C7}, "", {})
    case = Case("01", None, image, SeriesInfo(1, "STIR", "coronal", "x", 1, "a"), model=model)
    traced_tree, voxels = pipeline._find_and_trace(case, image, FRAME, Settings())
    assert traced_tree is tree
    assert len(voxels[C7].ijk) == 8
