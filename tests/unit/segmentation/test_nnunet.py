"""nnU-Nets give here what nnU-Net gives itself, and none of their files can run code."""

import contextlib
import io
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import Volume
from plexus_mri.errors import InputError
from plexus_mri.io.network_model import read_network_model
from plexus_mri.reasons import ReasonCode
from plexus_mri.segmentation.networks import segment_by_network
from tests.nnunet_models import (
    CHECKPOINT,
    PATCH,
    SPACING,
    architecture,
    nnunet_stage,
    plans,
    write_manifest,
    write_nnunet,
)

pytest.importorskip("nnunetv2", reason="nnU-Net v2 is not installed: extra 'nnunet'")
# The library's own warnings are not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore")

# On the network's own voxels, on others, with thick slices, and smaller than a window.
IMAGES = [
    ((48, 40, 24), (1.0, 1.0, 1.5)),
    ((50, 41, 23), (0.9, 0.9, 1.7)),
    ((60, 50, 9), (0.7, 0.7, 4.0)),
    ((20, 20, 8), (1.2, 1.1, 1.3)),
]


def image_of(shape, spacing):
    data = 200 + 100 * ndimage.gaussian_filter(np.random.default_rng(0).normal(size=shape), 1.5)
    data[:3], data[:, :, -2:] = 0, 0  # an empty rim, which nnU-Net cuts off
    return Volume(data.astype(np.float32), Grid(shape, np.diag([*spacing, 1.0])))


def their_labels(folder, volume, *, mirrored=False, before=None, more=()):
    """What nnU-Net predicts by itself: labels (x, y, z)."""
    import torch
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    with contextlib.redirect_stdout(io.StringIO()):
        predictor = nnUNetPredictor(
            use_mirroring=mirrored, device=torch.device("cpu"), allow_tqdm=False
        )
        predictor.initialize_from_trained_model_folder(str(folder), (0,))
        channels = np.stack([np.ascontiguousarray(a.T) for a in (volume.data, *more)])
        about = {"spacing": [float(s) for s in volume.grid.spacing[::-1]]}
        before = None if before is None else before.T.astype(np.int16)[None]
        found = predictor.predict_single_npy_array(channels, about, before)
    return found.T


def our_labels(folder, volume):
    return segment_by_network(volume, read_network_model(folder)).labels.to_ras().data


@pytest.mark.parametrize(("shape", "spacing"), IMAGES)
def test_a_folder_gives_what_nnunet_gives(tmp_path, shape, spacing):
    write_nnunet(tmp_path / "net")
    write_manifest(tmp_path, nnunet_stage("net"))
    volume = image_of(shape, spacing)
    assert np.array_equal(our_labels(tmp_path, volume), their_labels(tmp_path / "net", volume))


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(("shape", "spacing"), IMAGES)
def test_its_network_in_onnx_gives_what_nnunet_gives(tmp_path, shape, spacing, mirrored):
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxruntime")
    network = write_nnunet(tmp_path / "net")
    name = str(tmp_path / "net.onnx")
    torch.onnx.export(network, (torch.zeros(1, 1, *PATCH),), name, dynamo=False, opset_version=17)
    stage = {"file": "net.onnx", "orientation": "SAR", "spacing_mm": list(SPACING)}
    stage |= {"patch": list(PATCH), "normalization": "zscore"}
    stage |= {"mirrored_axes": [0, 1, 2] if mirrored else []}
    write_manifest(tmp_path, stage, library="onnx")
    volume = image_of(shape, spacing)
    theirs = their_labels(tmp_path / "net", volume, mirrored=mirrored)
    # Two libraries round convolutions otherwise; random weights leave labels close to a tie.
    assert (our_labels(tmp_path, volume) == theirs).mean() >= 0.999


def test_a_second_stage_sees_the_first_as_its_second_channel(tmp_path):
    write_nnunet(tmp_path / "coarse")
    write_nnunet(tmp_path / "fine", channels=2, seed=1)
    stages = nnunet_stage("coarse"), nnunet_stage("fine", previous="labels")
    write_manifest(tmp_path, *stages)
    volume = image_of(*IMAGES[1])
    coarse = their_labels(tmp_path / "coarse", volume)
    theirs = their_labels(tmp_path / "fine", volume, more=[coarse.astype(np.float32)])
    assert np.array_equal(our_labels(tmp_path, volume), theirs)


def test_a_second_stage_of_nnunets_own_cascade_sees_one_channel_a_label(tmp_path):
    write_nnunet(tmp_path / "low")
    write_nnunet(tmp_path / "full", seed=1, one_hot=True)
    write_manifest(tmp_path, nnunet_stage("low"), nnunet_stage("full", previous="one_hot"))
    volume = image_of(*IMAGES[1])
    low = their_labels(tmp_path / "low", volume)
    theirs = their_labels(tmp_path / "full", volume, before=low)
    assert np.array_equal(our_labels(tmp_path, volume), theirs)


class _Attack:
    """What unpickling would run."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self):
        return Path.touch, (self.place,)


@pytest.mark.parametrize("form", ["torch", "plain pickle"])
def test_a_checkpoint_that_would_run_code_is_refused_and_runs_none(tmp_path, form):
    torch = pytest.importorskip("torch")
    write_nnunet(tmp_path / "net")
    ran = tmp_path / "ran"
    content = {"network_weights": {}, "trainer_name": _Attack(ran)}
    place = tmp_path / "net" / CHECKPOINT
    if form == "torch":
        torch.save(content, place)
    else:
        place.write_bytes(pickle.dumps(content))
    write_manifest(tmp_path, nnunet_stage("net"))
    with pytest.raises(InputError, match="could run code, so it was not loaded") as caught:
        our_labels(tmp_path, image_of(*IMAGES[3]))
    assert caught.value.reason is ReasonCode.MODEL_UNSAFE
    assert not ran.exists()
    with contextlib.suppress(Exception):  # the file is an attack: as the library reads it, it runs
        torch.load(place, weights_only=False)
    assert ran.exists()


def _with_layer(name):
    made = architecture()
    made["arch_kwargs"]["conv_op"] = name
    return {"architecture": made}


@pytest.mark.parametrize(
    "changes",
    [
        {"architecture": architecture() | {"network_class_name": "subprocess.Popen"}},
        {"architecture": architecture() | {"network_class_name": ["os.system"]}},
        _with_layer("os.system"),
        _with_layer("torch.nn.modules.module.warnings.sys.exit"),
        {"preprocessor_name": "Pool"},
        {"resampling_fn_data": "exec"},
        {"normalization_schemes": ["ABC"]},
    ],
)
def test_plans_that_name_other_code_are_refused(tmp_path, changes):
    write_nnunet(tmp_path / "net")
    (tmp_path / "net/plans.json").write_text(json.dumps(plans(**changes)))
    write_manifest(tmp_path, nnunet_stage("net"))
    with pytest.raises(InputError, match="no part of nnU-Net itself") as caught:
        our_labels(tmp_path, image_of(*IMAGES[3]))
    assert caught.value.reason is ReasonCode.MODEL_UNSAFE


def dataset(channels, more=0):
    labels = {"background": 0, "a": 1, "b": 2, "c": 3} | {f"more{k}": 4 + k for k in range(more)}
    return json.dumps({"channel_names": channels, "labels": labels}).encode()


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        (CHECKPOINT, b"no checkpoint", "no checkpoint of PyTorch|could run code"),
        (CHECKPOINT, b"", "no checkpoint of PyTorch"),
        ("plans.json", b"{", "is no JSON"),
        ("plans.json", b"[]", "must hold an object"),
        ("plans.json", b"{}", "no nnU-Net that fits"),
        ("dataset.json", dataset({"0": "a", "1": "b"}), "has 2 channels and is given 1"),
        ("dataset.json", dataset({"0": "a"}, more=1), "it has 5 labels with the background"),
        ("dataset.json", b'{"channel_names": {}}', "no nnU-Net that fits"),
    ],
)
def test_files_that_do_not_fit_are_refused_in_a_sentence(tmp_path, file, content, sentence):
    write_nnunet(tmp_path / "net")
    (tmp_path / "net" / file).write_bytes(content)
    write_manifest(tmp_path, nnunet_stage("net"))
    with pytest.raises(InputError, match=sentence) as caught:
        our_labels(tmp_path, image_of(*IMAGES[3]))
    assert "\n" not in str(caught.value)


def test_a_truncated_checkpoint_is_refused(tmp_path):
    write_nnunet(tmp_path / "net")
    place = tmp_path / "net" / CHECKPOINT
    place.write_bytes(place.read_bytes()[:5000])
    write_manifest(tmp_path, nnunet_stage("net"))
    with pytest.raises(InputError, match="no checkpoint of PyTorch"):
        our_labels(tmp_path, image_of(*IMAGES[3]))
