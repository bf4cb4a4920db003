"""Trained nnU-Nets, run by nnU-Net v2 itself: its plans decide how they see an image.

nnU-Net unpickles checkpoints and imports classes that plans name; both can run code of whoever
made the files. Here checkpoints are read as numbers alone, and plans may name only what is listed.
"""

import contextlib
import importlib
import io
import json
import pickle
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from plexus_mri.core.grid import FloatArray
from plexus_mri.core.network import ModelFile, NetworkLibrary, NnunetStage, Previous
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode
from plexus_mri.segmentation.network_grid import Float32Array, LabelArray

# What plans may name, by key; nnU-Net would look for any other name in its own folders.
_KNOWN: Mapping[str, frozenset[str]] = {
    "preprocessor_name": frozenset({"DefaultPreprocessor"}),
    "resampling_fn_data": frozenset({"resample_data_or_seg_to_shape", "resample_torch_fornnunet"}),
    "normalization_schemes": frozenset(
        {
            "ZScoreNormalization",
            "RescaleTo01Normalization",
            "NoNormalization",
            "CTNormalization",
        }
    ),
}
_SAME_NAMES = {
    "resampling_fn_seg": "resampling_fn_data",
    "resampling_fn_probabilities": "resampling_fn_data",
}
_NETWORK = re.compile(
    r"dynamic_network_architectures\.architectures\.(unet|residual_unet)\."
    r"(PlainConvUNet|ResidualEncoderUNet|ResidualUNet)"
)
_LAYER = re.compile(
    r"torch\.nn\.(modules\.(conv|instancenorm|batchnorm|dropout|activation)\.)?"
    r"(Conv|InstanceNorm|BatchNorm|Dropout)[23]d|"
    r"torch\.nn\.(modules\.activation\.)?(LeakyReLU|ReLU|GELU)"
)
_BROKEN = (RuntimeError, LookupError, TypeError, ValueError, AttributeError, AssertionError)


@dataclass(frozen=True, eq=False)
class NnunetPredictor:
    """A loaded stage; ``network`` is nnU-Net's own predictor."""

    stage: NnunetStage
    network: Any

    def __call__(
        self, image: Float32Array, previous: LabelArray | None, spacing_mm: FloatArray, /
    ) -> LabelArray:
        """Labels (a, b, c) of an image and the labels of the stage before."""
        channels, before = [image], None
        if previous is not None and self.stage.previous is Previous.LABELS:
            channels.append(previous.astype(np.float32))
        elif previous is not None:
            before = previous[None]
        about = {"spacing": [float(s) for s in spacing_mm]}
        with _quiet():
            found = self.network.predict_single_npy_array(np.stack(channels), about, before)
        return np.asarray(found, np.int16)


@cache
def nnunet_predictor(stage: NnunetStage) -> NnunetPredictor:
    """A stage's networks, one a fold, loaded once in a process.

    Raises
    ------
    InputError
        MODEL_LIBRARY without nnU-Net v2; MODEL_UNSAFE when a checkpoint holds more than numbers or
        the plans name anything but a known network; MODEL_UNUSABLE when they do not fit.
    """
    NetworkLibrary.NNUNET.check_installed()
    with _quiet():
        torch, nnunet = _libraries()
        checkpoints = [_checkpoint(torch, file) for file in stage.checkpoints]
        try:
            return NnunetPredictor(stage, _network(torch, nnunet, stage, checkpoints))
        except _BROKEN as error:
            words = (str(error).splitlines() or [type(error).__name__])[0][:120]
            msg = (
                f"'{stage.plans.name}', '{stage.dataset.name}' and the checkpoints are no nnU-Net "
                f"that fits ({words}); give its result folder as training left it"
            )
            raise InputError(msg, ReasonCode.MODEL_UNUSABLE) from error


def _network(
    torch: Any,  # noqa: ANN401
    nnunet: Mapping[str, Any],
    stage: NnunetStage,
    checkpoints: list[Mapping[str, Any]],
) -> Any:  # noqa: ANN401
    """nnU-Net's predictor with our copy of the weights."""
    plans, dataset = _json(stage.plans), _json(stage.dataset)
    _check_name(stage.plans, "label_manager", plans.get("label_manager"), {None, "LabelManager"})
    manager = nnunet["PlansManager"](plans)
    configuration = manager.get_configuration(stage.configuration)
    _check_plans(stage.plans, configuration.configuration)
    labels = manager.get_label_manager(dataset)
    _check_channels(stage, dataset, len(labels.all_labels))
    network = nnunet["get_network_from_plans"](
        configuration.network_arch_class_name,
        configuration.network_arch_init_kwargs,
        configuration.network_arch_init_kwargs_req_import,
        nnunet["determine_num_input_channels"](manager, configuration, dataset),
        labels.num_segmentation_heads,
        deep_supervision=False,
    )
    weights = [checkpoint["network_weights"] for checkpoint in checkpoints]
    network.load_state_dict(weights[0])
    predictor = nnunet["nnUNetPredictor"](
        use_mirroring=stage.mirrored, device=torch.device("cpu"), allow_tqdm=False
    )
    axes = checkpoints[0].get("inference_allowed_mirroring_axes")
    trainer = str(checkpoints[0].get("trainer_name"))
    predictor.manual_initialization(
        network, manager, configuration, weights, dataset, trainer, axes
    )
    return predictor


def _libraries() -> tuple[Any, Mapping[str, Any]]:
    """PyTorch, and what is used of nnU-Net by name."""
    places = {
        "nnUNetPredictor": "nnunetv2.inference.predict_from_raw_data",
        "PlansManager": "nnunetv2.utilities.plans_handling.plans_handler",
        "get_network_from_plans": "nnunetv2.utilities.get_network_from_plans",
        "determine_num_input_channels": "nnunetv2.utilities.label_handling.label_handling",
    }
    found = {name: getattr(importlib.import_module(m), name) for name, m in places.items()}
    return importlib.import_module("torch"), found


def _checkpoint(torch: Any, file: ModelFile) -> Mapping[str, Any]:  # noqa: ANN401
    """Content of a checkpoint, read as numbers, texts and containers of them alone."""
    content = file.read()
    try:
        with torch.serialization.safe_globals(_numbers()):
            found = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        msg = (
            f"'{file.name}' holds more than numbers and could run code, so it was not loaded; "
            "save its 'network_weights' alone in a checkpoint of your own"
        )
        raise InputError(msg, ReasonCode.MODEL_UNSAFE) from error
    except (*_BROKEN, EOFError, OSError) as error:
        msg = f"'{file.name}' is no checkpoint of PyTorch, or is damaged; copy it again"
        raise InputError(msg, ReasonCode.MODEL_UNUSABLE) from error
    if not isinstance(found, dict) or not isinstance(found.get("network_weights"), dict):
        msg = f"'{file.name}' holds no 'network_weights'; give a checkpoint of nnU-Net v2"
        raise InputError(msg, ReasonCode.MODEL_UNUSABLE)
    return found


def _numbers() -> list[Any]:
    """Single numbers of numpy, which nnU-Net keeps in its log of the training."""
    scalar = np.float64(0).__reduce__()[0]
    kinds = {type(np.dtype(kind)) for kind in ("f8", "f4", "i8")}
    return [scalar, (scalar, "numpy.core.multiarray.scalar"), np.dtype, *kinds]


def _json(file: ModelFile) -> dict[str, Any]:
    try:
        found = json.loads(file.read())
    except (ValueError, RecursionError) as error:
        msg = f"'{file.name}' is no JSON"
        raise ValueError(msg) from error
    if not isinstance(found, dict):
        msg = f"'{file.name}' must hold an object"
        raise TypeError(msg)
    return found


def _check_plans(file: ModelFile, configuration: Mapping[str, Any]) -> None:
    """Refuse plans that name anything but what nnU-Net's own planning writes."""
    for key in (*_KNOWN, *_SAME_NAMES):
        names = configuration[key]
        for name in names if isinstance(names, list) else [names]:
            _check_name(file, key, name, _KNOWN[_SAME_NAMES.get(key, key)])
    architecture = configuration["architecture"]
    layers = [architecture["arch_kwargs"][key] for key in architecture["_kw_requires_import"]]
    for pattern, name in [
        (_NETWORK, architecture["network_class_name"]),
        *((_LAYER, layer) for layer in layers if layer is not None),
    ]:
        if not isinstance(name, str) or not pattern.fullmatch(name):
            raise _unknown_name(file, "architecture", name)


def _check_name(file: ModelFile, key: str, name: object, known: Any) -> None:  # noqa: ANN401
    if not isinstance(name, str | None) or name not in known:
        raise _unknown_name(file, key, name)


def _unknown_name(file: ModelFile, key: str, name: object) -> InputError:
    msg = (
        f"'{file.name}' names {str(name)[:60]!r} for '{key}', which is no part of nnU-Net itself "
        "and could run code; only networks of the plain nnU-Net v2 are loaded"
    )
    return InputError(msg, ReasonCode.MODEL_UNSAFE)


def _check_channels(stage: NnunetStage, dataset: Mapping[str, Any], labels: int) -> None:
    """Refuse a network that was trained on other channels or labels than are told of it."""
    channels = len(dataset["channel_names"])
    given = 2 if stage.previous is Previous.LABELS else 1
    if channels != given:
        msg = f"'{stage.dataset.name}' has {channels} channels and is given {given}"
        raise ValueError(msg)
    if stage.outputs not in {None, labels}:
        msg = f"it has {labels} labels with the background, the label table {stage.outputs}"
        raise ValueError(msg)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """What nnU-Net prints of its folders is no word for users."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield
