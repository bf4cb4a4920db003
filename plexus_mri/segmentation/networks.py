"""Nerves by a trained network of somebody else: one interface, a backend for each library."""

from typing import Protocol

import numpy as np

from plexus_mri.core.case import OwnMask
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.network import NetworkModel, NnunetStage, OnnxStage
from plexus_mri.core.volume import LabelMap, Volume
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode
from plexus_mri.segmentation.network_grid import Float32Array, LabelArray
from plexus_mri.segmentation.nnunet_backend import nnunet_predictor
from plexus_mri.segmentation.onnx_backend import onnx_predictor


class Predictor(Protocol):
    """A network that is loaded, with all that it needs to see an image as it was trained."""

    def __call__(
        self, image: Float32Array, previous: LabelArray | None, spacing_mm: FloatArray, /
    ) -> LabelArray:
        """Labels (a, b, c) of an image and the labels of the stage before, alike in shape."""


def segment_by_network(image: Volume, model: NetworkModel) -> OwnMask:
    """Labels of a network on the image's own voxels, and which nerve each of them is.

    Parameters
    ----------
    image
        As it was acquired, in any axis order: intensities are scaled as the network knows them.

    Raises
    ------
    InputError
        When the library of the model is missing, its weights cannot be used, or it gives labels
        that its table does not name.
    """
    labels: LabelMap | None = None
    for stage in model.stages:
        seen = image.reoriented(stage.orientation)
        before = None if labels is None else labels.reoriented(stage.orientation).data
        found = _predictor(stage)(seen.data, before, seen.grid.spacing)
        labels = LabelMap(found, seen.grid)
    if labels is None:
        raise AssertionError("a model has a stage at least")
    return _named(labels, model)


def _predictor(stage: OnnxStage | NnunetStage) -> Predictor:
    """The network of a stage, loaded once for all images of this process."""
    return onnx_predictor(stage) if isinstance(stage, OnnxStage) else nnunet_predictor(stage)


def _named(labels: LabelMap, model: NetworkModel) -> OwnMask:
    """Labels with their nerves; parts of one nerve, save for its ganglion, become one."""
    found = {int(index) for index in np.unique(labels.data)} - {0}
    if unknown := sorted(found - set(model.labels)):
        msg = (
            f"the model '{model.name}' gave labels {unknown} that its label table does not name; "
            "add them to the table, with the nerve 'ignore' to leave them out"
        )
        raise InputError(msg, ReasonCode.MASK_LABELS)
    nerves = {k: key for k in sorted(found) if (key := model.labels[k]) is not None}
    parts = {k: (key, k in model.ganglia) for k, key in nerves.items()}
    first = {part: index for index, part in sorted(parts.items(), reverse=True)}
    table = np.zeros(max(model.labels) + 1, np.int16)
    for index, part in parts.items():
        table[index] = first[part]
    kept = {index: key for (key, _), index in first.items()}
    named = LabelMap(table[labels.data], labels.grid)
    return OwnMask(named, kept, ganglia=model.ganglia & set(kept))
