"""NetworkModel: a trained network of somebody else, as far as the flow must know it."""

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from plexus_mri.core.anatomy import NerveKey
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode


class NetworkLibrary(StrEnum):
    """What a network is run with."""

    ONNX = "onnx"
    NNUNET = "nnunet"

    @property
    def words(self) -> str:
        """Name of the library as its users write it."""
        return {"onnx": "ONNX Runtime", "nnunet": "nnU-Net v2"}[self.value]

    @property
    def package(self) -> str:
        """Name of the library as it is imported."""
        return {"onnx": "onnxruntime", "nnunet": "nnunetv2"}[self.value]

    def check_installed(self) -> None:
        """Refuse to go on without the library.

        Raises
        ------
        InputError
            MODEL_LIBRARY, with the command that installs it.
        """
        if importlib.util.find_spec(self.package) is None:
            extra = {"onnx": "networks", "nnunet": "nnunet"}[self.value]
            msg = f'the model needs {self.words}; install it: pip install "plexus-mri[{extra}]"'
            raise InputError(msg, ReasonCode.MODEL_LIBRARY)


class Normalization(StrEnum):
    """How intensities are scaled for a network, as nnU-Net does it for MRI."""

    ZSCORE = "zscore"
    ZSCORE_NONZERO = "zscore_nonzero"
    RESCALE = "rescale_to_01"
    NONE = "none"


class Previous(StrEnum):
    """How a stage sees the labels of the stage before it."""

    LABELS = "labels"  # one further channel that holds the label's number
    ONE_HOT = "one_hot"  # one further channel a label, as in nnU-Net's own cascade


@dataclass(frozen=True)
class ModelFile:
    """A file of a model: read only when it is needed.

    ``read`` gives its bytes, or raises when they are not those of ``sha256`` any more.
    """

    name: str
    sha256: str
    read: Callable[[], bytes] = field(compare=False, repr=False)


@dataclass(frozen=True)
class OnnxStage:
    """A network in ONNX and what it expects to see.

    Parameters
    ----------
    orientation
        Where the three array axes of its input run to, e.g. ``RAS``: the first grows to the
        patient's right.
    spacing_mm, patch
        Voxel of its input, and voxels of one window, along those axes.
    mirrored_axes
        Axes along which the input is also mirrored, the outputs averaged; none by default.
    outputs
        Labels with the background that it must give; None where any number will do.
    """

    weights: ModelFile
    orientation: str
    spacing_mm: tuple[float, float, float]
    patch: tuple[int, int, int]
    normalization: Normalization
    mirrored_axes: tuple[int, ...] = ()
    previous: Previous | None = None
    outputs: int | None = None


@dataclass(frozen=True)
class NnunetStage:
    """A trained nnU-Net: its plans say what it expects to see.

    Parameters
    ----------
    checkpoints
        One a fold; their outputs are averaged.
    configuration
        Name of the configuration in the plans.
    orientation
        Where the three array axes of its input run to: ``SAR`` where nnU-Net's reader
        reoriented (x, y, z turned to z, y, x).
    mirrored
        Whether the input is also mirrored as in training, the outputs averaged.
    outputs
        As in `OnnxStage`.
    """

    plans: ModelFile
    dataset: ModelFile
    checkpoints: tuple[ModelFile, ...]
    configuration: str
    orientation: str
    mirrored: bool = False
    previous: Previous | None = None
    outputs: int | None = None


@dataclass(frozen=True)
class NetworkModel:
    """A network of one stage or two, and which nerve each of its labels is.

    ``labels`` names label 1 and up; None for one that is left out. ``sha256`` is over names and
    contents of all files of the model. ``ganglia`` are the labels that are the ganglion of their
    root.
    """

    name: str
    version: str
    library: NetworkLibrary
    stages: tuple[OnnxStage | NnunetStage, ...]
    labels: Mapping[int, NerveKey | None]
    sha256: str
    files: Mapping[str, str]
    ganglia: frozenset[int] = frozenset()

    @property
    def words(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}".strip()

    @property
    def nerves(self) -> tuple[NerveKey, ...]:
        """Nerves that it knows, each once."""
        return tuple(dict.fromkeys(key for key in self.labels.values() if key is not None))
