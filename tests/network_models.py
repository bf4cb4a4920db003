"""Tiny networks and model folders that tests make themselves."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from plexus_mri.core.network import NetworkModel
from plexus_mri.io.network_model import read_network_model

TABLE = "index\tnerve\tside\n1\tC5\tL\n2\tC5\tR\n"
STAGE = {
    "file": "net.onnx",
    "orientation": "RAS",
    "spacing_mm": [1.0, 1.0, 1.0],
    "patch": [8, 8, 8],
    "normalization": "none",
}
PATCH = (8, 8, 8)


def level_network(
    labels: int, patch: Sequence[int | str] = PATCH, channels: int = 1, seen: int = 0
) -> bytes:
    """Network whose label is the value of channel ``seen``, rounded: its outputs are 2kx - k²."""
    weights = np.zeros((labels, channels, 1, 1, 1), np.float32)
    weights[:, seen, 0, 0, 0] = 2.0 * np.arange(labels)
    return _convolution(weights, -(np.arange(labels, dtype=np.float32) ** 2), patch)


def random_network(
    labels: int, patch: Sequence[int | str] = PATCH, channels: int = 1, seed: int = 0
) -> bytes:
    """Network of one random convolution over 3 x 3 x 3 voxels."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(labels, channels, 3, 3, 3)).astype(np.float32)
    return _convolution(weights, rng.normal(size=labels).astype(np.float32), patch)


def _convolution(weights: np.ndarray, bias: np.ndarray, patch: Sequence[int | str]) -> bytes:
    onnx = pytest.importorskip("onnx", reason="onnx makes the tests' networks; it is not here")
    helper = onnx.helper
    labels, channels, width = weights.shape[0], weights.shape[1], weights.shape[2]
    node = helper.make_node("Conv", ["x", "w", "b"], ["y"], pads=[width // 2] * 6)
    graph = helper.make_graph(
        [node],
        "network",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, channels, *patch])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, labels, *patch])],
        [onnx.numpy_helper.from_array(weights, "w"), onnx.numpy_helper.from_array(bias, "b")],
    )
    opset = [helper.make_opsetid("", 17)]
    made: bytes = helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    return made


def write_model(
    folder: Path,
    networks: Sequence[bytes],
    table: str = TABLE,
    **changes: object,
) -> NetworkModel:
    """Model of a folder: ``changes`` are of the last stage, the first one is plain."""
    stages = [STAGE | {"file": f"net{k}.onnx"} for k in range(len(networks))]
    stages[-1] |= changes
    for stage, content in zip(stages, networks, strict=True):
        (folder / str(stage["file"])).write_bytes(content)
    write_manifest(folder, {"stages": stages}, table)
    return read_network_model(folder)


def write_manifest(folder: Path, changes: dict[str, object], table: str = TABLE) -> None:
    """Manifest and label table of an ONNX model."""
    import yaml

    manifest: dict[str, object] = {"name": "tiny", "version": "1", "library": "onnx"}
    manifest |= {"labels": "labels.tsv", "stages": [STAGE]} | changes
    (folder / "model.yaml").write_text(yaml.safe_dump(manifest), encoding="utf-8")
    (folder / "labels.tsv").write_text(table, encoding="utf-8")
