"""Networks in ONNX, run by ONNX Runtime on the processor."""

import importlib
import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from plexus_mri.core.grid import FloatArray
from plexus_mri.core.network import ModelFile, NetworkLibrary, OnnxStage
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode
from plexus_mri.segmentation.network_grid import (
    Float32Array,
    LabelArray,
    labels_on_image,
    network_input,
)
from plexus_mri.segmentation.sliding_window import slide

# Weights in files beside the model are not read: what is run is what was hashed. There is no such
# folder, so ONNX Runtime refuses every one of them.
_NO_FOLDER = "/dev/null/none"
_ERRORS = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NotImplemented")
_FATAL = 4  # of ONNX Runtime's log levels: what goes wrong comes as an exception
_FIXED = 5  # axes of input and output: one image, channels and three axes


@dataclass(frozen=True, eq=False)
class OnnxPredictor:
    """A loaded stage; ``network`` is an ``onnxruntime.InferenceSession``."""

    stage: OnnxStage
    network: Any
    channels: int

    def __call__(
        self, image: Float32Array, previous: LabelArray | None, spacing_mm: FloatArray, /
    ) -> LabelArray:
        """Labels (a, b, c) of an image and the labels of the stage before."""
        seen = network_input(image, previous, spacing_mm, self.stage, self.channels)
        if len(seen.channels) != self.channels:
            msg = (
                f"'{self.stage.weights.name}' takes {self.channels} channels, the manifest gives "
                f"it {len(seen.channels)}; correct 'previous'"
            )
            raise InputError(msg, ReasonCode.MODEL_UNUSABLE)
        logits = slide(seen.channels, self._run, self.stage.patch, self.stage.mirrored_axes)
        return labels_on_image(logits, seen, self.stage)

    def _run(self, window: Float32Array) -> Float32Array:
        """Outputs (labels, *patch) for a window (k, *patch)."""
        name = self.network.get_inputs()[0].name
        try:
            (out, *_) = self.network.run(None, {name: window[None]})
        except _runtime_errors() as error:
            raise _unusable(self.stage.weights, error) from error
        shape = list(out.shape) if isinstance(out, np.ndarray) else []
        if len(shape) != _FIXED or shape[0] != 1 or shape[2:] != list(window.shape[1:]):
            msg = (
                f"'{self.stage.weights.name}' gives {shape or 'no array'} for a window of "
                f"{list(window.shape[1:])}; a first output of (1, labels, a, b, c) is needed"
            )
            raise InputError(msg, ReasonCode.MODEL_UNUSABLE)
        if self.stage.outputs not in {None, out.shape[1]}:
            msg = (
                f"'{self.stage.weights.name}' gives {out.shape[1]} outputs, the label table names "
                f"{self.stage.outputs} with the background; correct the table"
            )
            raise InputError(msg, ReasonCode.MASK_LABELS)
        found: Float32Array = out[0].astype(np.float32, copy=False)
        return found


@cache
def onnx_predictor(stage: OnnxStage) -> OnnxPredictor:
    """A stage's network, loaded once in a process.

    Raises
    ------
    InputError
        MODEL_LIBRARY without ONNX Runtime; MODEL_UNUSABLE when the file is no such model, or takes
        or gives something else than images.
    """
    NetworkLibrary.ONNX.check_installed()
    runtime = importlib.import_module(NetworkLibrary.ONNX.package)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = _threads()
    options.log_severity_level = _FATAL
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", _NO_FOLDER
    )
    try:
        network = runtime.InferenceSession(
            stage.weights.read(), options, providers=["CPUExecutionProvider"]
        )
    except _runtime_errors() as error:
        raise _unusable(stage.weights, error) from error
    return OnnxPredictor(stage, network, _channels(network, stage))


def _channels(network: Any, stage: OnnxStage) -> int:  # noqa: ANN401
    """How many channels a network takes, after a look at all that it says of itself."""
    inputs = network.get_inputs()
    shape = list(inputs[0].shape) if inputs else []
    single = len(inputs) == 1 and inputs[0].type == "tensor(float)"
    wanted = [1, None, *stage.patch]
    fits = len(shape) == _FIXED and all(
        want is None or got == want
        for got, want in zip(shape, wanted, strict=True)
        if isinstance(got, int)
    )
    if not (single and fits and isinstance(shape[1], int)):
        patch = ", ".join(map(str, stage.patch))
        msg = (
            f"'{stage.weights.name}' takes {[(i.type, i.shape) for i in inputs[:2]]}; one input "
            f"of 32-bit numbers and shape (1, channels, {patch}) is needed"
        )
        raise InputError(msg, ReasonCode.MODEL_UNUSABLE)
    return int(shape[1])


def _threads() -> int:
    """Threads of a case's process; 0 lets ONNX Runtime take one a core."""
    text = os.environ.get("OMP_NUM_THREADS", "")
    return int(text) if text.isdecimal() else 0


def _runtime_errors() -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises where a model is at fault."""
    state = importlib.import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    return tuple(getattr(state, name) for name in _ERRORS)


def _unusable(weights: ModelFile, error: Exception) -> Exception:
    """The first line of what ONNX Runtime says, without its numbers."""
    words = (str(error).splitlines() or [type(error).__name__])[0].split(" : ", 3)[-1]
    if "allocate" in words:
        return MemoryError(words)
    msg = f"'{weights.name}' cannot be run by ONNX Runtime ({words[:120]}); export it again"
    return InputError(msg, ReasonCode.MODEL_UNUSABLE)
