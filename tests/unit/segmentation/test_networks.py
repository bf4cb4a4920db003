"""A network sees the image as its manifest says, and its labels come back where they belong."""

import numpy as np
import pytest

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import LabelMap, Volume
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode
from plexus_mri.segmentation.networks import _named, segment_by_network
from plexus_mri.segmentation.sliding_window import slide, window_weight
from tests.network_models import level_network, random_network, write_model

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed: extra 'networks'")
C5_L, C5_R = (Side.LEFT, Nerve.C5), (Side.RIGHT, Nerve.C5)


def image_of(data, spacing=(1.0, 1.0, 1.0)):
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = [-5.0, 3.0, 7.0]
    return Volume(np.asarray(data, np.float32), Grid(np.shape(data), affine))


def levels(shape=(13, 9, 17), seed=0):
    """Image of the whole numbers 0, 1 and 2; 1 at least along the rim, so nothing is cropped."""
    data = np.random.default_rng(seed).integers(0, 3, shape)
    data[0], data[-1], data[:, :, -1] = 1, 2, 1
    return data


def test_one_window_gives_what_the_library_gives_itself(tmp_path):
    import onnxruntime

    network = random_network(3)
    data = np.random.default_rng(1).uniform(0.5, 2.0, (8, 8, 8)).astype(np.float32)
    found = segment_by_network(image_of(data), write_model(tmp_path, [network]))
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    theirs = session.run(None, {"x": data[None, None]})[0][0].argmax(axis=0)
    assert np.array_equal(found.labels.data, theirs)
    assert (theirs == 2).mean() > 0.05  # no label is found everywhere


def test_windows_leave_no_trace_where_every_voxel_is_judged_alone(tmp_path):
    data = levels()
    found = segment_by_network(image_of(data), write_model(tmp_path, [level_network(3)]))
    assert np.array_equal(found.labels.data, data)
    assert found.nerve_of_index == {1: C5_L, 2: C5_R}


def test_overlapping_windows_are_averaged_by_their_weight():
    seen = np.zeros((1, 12, 8, 8), np.float32)
    numbers = iter([1.0, 3.0])
    out = slide(seen, lambda window: np.full_like(window, next(numbers)), (8, 8, 8))
    weight = window_weight((8, 8, 8))
    at = (6, 4, 4)  # voxel 6 of the first window, voxel 2 of the second
    first, second = float(weight[6, 4, 4]), float(weight[2, 4, 4])
    expected = (first + 3 * second) / (first + second)
    assert out[0][at] == pytest.approx(expected, rel=3e-3)  # half precision
    assert out[0, 0, 4, 4] == pytest.approx(1.0)


def test_outputs_that_are_no_numbers_are_refused():
    seen = np.zeros((1, 8, 8, 8), np.float32)
    for value in (np.nan, 1e6):
        with pytest.raises(InputError, match="no numbers, or too large"):
            slide(seen, lambda window, value=value: np.full_like(window, value), (8, 8, 8))


@pytest.mark.parametrize("stored", ["RAS", "LPS", "SAR", "PIR"])
def test_stored_axis_order_moves_no_label(tmp_path, stored):
    model = write_model(tmp_path, [random_network(3)], orientation="SPL", patch=[8, 8, 8])
    image = image_of(np.random.default_rng(2).uniform(1, 2, (13, 9, 17)))
    plain = segment_by_network(image, model).labels.to_ras()
    other = segment_by_network(image.reoriented(stored), model).labels.to_ras()
    assert np.array_equal(plain.data, other.data)
    assert plain.grid.affine == pytest.approx(other.grid.affine)


def test_mirrored_anatomy_gives_mirrored_labels_from_a_network_without_sides(tmp_path):
    model = write_model(tmp_path, [level_network(3)])
    image = image_of(levels())
    plain = segment_by_network(image, model).labels
    mirrored = segment_by_network(image.mirrored(), model).labels
    assert np.array_equal(mirrored.mirrored().to_ras().data, plain.to_ras().data)


def test_a_network_that_tells_sides_tells_them_by_the_patient(tmp_path):
    right = np.zeros((8, 8, 8))
    right[:] = np.where(np.arange(8) < 4, 1.0, 2.0)[:, None, None]  # x grows to the right: 2 there
    model = write_model(tmp_path, [level_network(3)], orientation="SAL")
    found = segment_by_network(image_of(right).reoriented("LIP"), model)
    points = found.labels.grid.to_world(np.argwhere(found.labels.mask(2)).astype(float))
    assert points[:, 0].min() > -5.0 + 3.5  # the rightmost half of the image, from x = -1 mm on
    assert found.nerve_of_index[2] == C5_R


def test_coarser_network_voxels_give_labels_on_the_image_grid(tmp_path):
    data = np.ones((24, 24, 24))
    data[8:16] = 2.0
    model = write_model(tmp_path, [level_network(3)], spacing_mm=[2.0, 2.0, 2.0])
    found = segment_by_network(image_of(data), model).labels
    assert found.data.shape == data.shape
    # Cubic splines round the edge of a step: at most the voxel beside it is named otherwise.
    assert np.array_equal(found.data[9:15], data[9:15])
    assert np.array_equal(found.data[:7], data[:7])


def test_second_stage_sees_the_labels_of_the_first(tmp_path):
    data = levels()
    second = level_network(3, channels=2, seen=1)
    model = write_model(tmp_path, [level_network(3), second], previous="labels")
    found = segment_by_network(image_of(data), model)
    assert np.array_equal(found.labels.data, data)


def test_second_stage_sees_one_channel_a_label_where_it_was_trained_so(tmp_path):
    data = levels()
    second = level_network(2, channels=3, seen=2)  # is it label 2?
    table = "index\tnerve\tside\n1\tC5\tL\n"
    model = write_model(tmp_path, [level_network(3), second], table, previous="one_hot")
    found = segment_by_network(image_of(data), model)
    assert np.array_equal(found.labels.data, (data == 2).astype(int))


def test_a_ganglion_stays_a_label_of_its_own_and_other_parts_of_a_nerve_become_one(tmp_path):
    table = "index\tnerve\tside\tpart\n1\tC5\tL\tganglion\n2\tC5\tL\troot\n3\tC5\tL\t\n"
    data = np.random.default_rng(4).integers(0, 4, (9, 9, 9))
    model = write_model(tmp_path, [level_network(4)], table)
    found = _named(LabelMap(data, image_of(data).grid), model)
    assert (found.nerve_of_index, found.ganglia) == ({1: C5_L, 2: C5_L}, {1})
    assert np.array_equal(found.labels.data, np.minimum(data, 2))


def test_mirroring_averages_the_outputs_of_all_flips(tmp_path):
    data = np.random.default_rng(3).uniform(0.5, 2.0, (7, 7, 7)).astype(np.float32)
    network = random_network(3, (7, 7, 7))  # odd: the weight of a window is symmetric
    model = write_model(tmp_path, [network], patch=[7, 7, 7], mirrored_axes=[0, 2])
    found = segment_by_network(image_of(data), model).labels.data
    flipped = segment_by_network(image_of(data[::-1, :, ::-1]), model).labels.data
    assert np.array_equal(found, flipped[::-1, :, ::-1])


def test_parts_of_a_nerve_become_one_label_and_ignored_ones_background(tmp_path):
    table = "index\tnerve\tside\n1\tC5\tR\n2\tC5\tR\n3\tignore\tn/a\n"
    data = levels() + 1
    data[0] = 0
    model = write_model(tmp_path, [level_network(4)], table)
    found = segment_by_network(image_of(data), model)
    assert found.nerve_of_index == {1: C5_R}
    assert np.array_equal(found.labels.data, np.isin(data, [1, 2]).astype(int))


@pytest.mark.parametrize("outputs", [2, 4])
def test_a_network_with_other_labels_than_its_table_is_refused(tmp_path, outputs):
    model = write_model(tmp_path, [level_network(outputs)])
    sentence = f"gives {outputs} outputs, the label table names 3 with the background"
    with pytest.raises(InputError, match=sentence) as caught:
        segment_by_network(image_of(levels() + 1), model)
    assert caught.value.reason is ReasonCode.MASK_LABELS


def test_a_label_that_no_table_names_is_refused(tmp_path):
    model = write_model(tmp_path, [level_network(3)])
    labels = LabelMap(np.full((2, 2, 2), 5, np.int16), Grid((2, 2, 2), np.eye(4)))
    with pytest.raises(InputError, match=r"labels \[5\] that its label table does not name"):
        _named(labels, model)


def test_intensities_are_scaled_before_they_are_seen(tmp_path):
    data = np.tile([100.0, 300.0], 256).reshape(8, 8, 8)  # z-scores -1 and 1
    table = "index\tnerve\tside\n1\tC5\tL\n"
    model = write_model(tmp_path, [level_network(2)], table, normalization="zscore")
    found = segment_by_network(image_of(data), model).labels.data
    assert np.array_equal(found, data > 200)


def test_a_network_is_loaded_once_for_many_images(tmp_path, monkeypatch):
    import onnxruntime

    from plexus_mri.segmentation.onnx_backend import onnx_predictor

    loads = []
    original = onnxruntime.InferenceSession

    def counted(*args, **kwargs):
        loads.append(1)
        return original(*args, **kwargs)

    monkeypatch.setattr(onnxruntime, "InferenceSession", counted)
    onnx_predictor.cache_clear()
    model = write_model(tmp_path, [random_network(3, seed=9)])
    for seed in range(3):
        segment_by_network(image_of(levels(seed=seed)), model)
    assert len(loads) == 1


def broken(content):
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    ("network", "changes", "sentence"),
    [
        (lambda: broken(random_network(3)), {}, "cannot be run by ONNX Runtime"),
        (lambda: b"", {}, "cannot be run by ONNX Runtime"),
        (lambda: random_network(3, channels=2), {}, "takes 2 channels, the manifest gives it 1"),
        (lambda: random_network(3), {"patch": [8, 8, 4]}, r"shape \(1, channels, 8, 8, 4\)"),
        (lambda: random_network(3, ("a", "b", "c")), {"patch": [4, 8, 8]}, None),
    ],
    ids=["truncated", "empty", "channels", "patch", "any patch"],
)
def test_a_network_that_does_not_fit_is_refused_in_a_sentence(
    tmp_path, network, changes, sentence
):
    model = write_model(tmp_path, [network()], **changes)
    if sentence is None:
        assert segment_by_network(image_of(levels()), model).labels.data.shape == (13, 9, 17)
        return
    with pytest.raises(InputError, match=sentence) as caught:
        segment_by_network(image_of(levels()), model)
    assert caught.value.reason is ReasonCode.MODEL_UNUSABLE


@pytest.mark.parametrize("place", ["beside.bin", "../beside.bin", "/etc/hostname"])
def test_weights_outside_of_the_file_are_not_read(tmp_path, monkeypatch, place):
    onnx = pytest.importorskip("onnx")
    proto = onnx.load_from_string(random_network(3))
    weights = proto.graph.initializer[0]
    (tmp_path / "beside.bin").write_bytes(weights.raw_data)
    monkeypatch.chdir(tmp_path)
    size = str(len(weights.raw_data))
    weights.ClearField("raw_data")
    weights.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", place), ("offset", "0"), ("length", size)):
        entry = weights.external_data.add()
        entry.key, entry.value = key, value
    model = write_model(tmp_path, [proto.SerializeToString()])
    with pytest.raises(InputError, match="cannot be run by ONNX Runtime"):
        segment_by_network(image_of(levels()), model)
