"""The folder of a network: a strict manifest, a label table and weights, all inside of it.

``model.yaml`` says what the network expects to see. Weights are hashed here and read when they are
needed; nothing of them is interpreted.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Generic, TypeVar

import cattrs

from plexus_mri.core.network import (
    ModelFile,
    NetworkLibrary,
    NetworkModel,
    NnunetStage,
    Normalization,
    OnnxStage,
    Previous,
)
from plexus_mri.errors import InputError, SettingsError
from plexus_mri.io.mask import read_label_table
from plexus_mri.io.strict_yaml import complaint, strict_converter
from plexus_mri.io.yaml_files import read_mapping
from plexus_mri.reasons import ReasonCode

MANIFEST = "model.yaml"
_REMEDY = "docs/networks.md shows how it is written"
_AXES = ("RL", "AP", "SI")
_MOST_STAGES = 2
_MOST_VOXELS = 512**3
# Voxel edges of images that show nerves; beyond them a value is a slip.
_FINEST_MM, _COARSEST_MM = 0.1, 20.0
_SHOWN = 10
_MOST_NAME = 80


@dataclass(frozen=True)
class _OnnxEntry:
    """One stage of an ONNX model, as it is written."""

    file: str
    orientation: str
    spacing_mm: tuple[float, float, float]
    patch: tuple[int, int, int]
    normalization: Normalization
    mirrored_axes: tuple[int, ...] = ()
    previous: Previous | None = None

    def stage(self, folder: Path) -> OnnxStage:
        """The stage, checked."""
        _check_orientation(self.orientation)
        if not all(_FINEST_MM <= step <= _COARSEST_MM for step in self.spacing_mm):
            msg = f"spacing_mm must be {_FINEST_MM} to {_COARSEST_MM}, got {list(self.spacing_mm)}"
            raise ValueError(msg)
        if min(self.patch) < 1 or self.patch[0] * self.patch[1] * self.patch[2] > _MOST_VOXELS:
            msg = f"patch must hold 1 to {_MOST_VOXELS} voxels, got {list(self.patch)}"
            raise ValueError(msg)
        if not set(self.mirrored_axes) <= {0, 1, 2}:
            msg = f"mirrored_axes are of 0, 1 and 2, got {list(self.mirrored_axes)}"
            raise ValueError(msg)
        return OnnxStage(
            _file(folder, self.file),
            self.orientation,
            self.spacing_mm,
            self.patch,
            self.normalization,
            tuple(sorted(set(self.mirrored_axes))),
            self.previous,
        )


@dataclass(frozen=True)
class _NnunetEntry:
    """One stage of an nnU-Net model, as it is written."""

    folder: str
    checkpoints: tuple[str, ...]
    configuration: str
    orientation: str
    mirrored: bool = False
    previous: Previous | None = None

    def stage(self, folder: Path) -> NnunetStage:
        """The stage, checked."""
        _check_orientation(self.orientation)
        if not self.checkpoints:
            raise ValueError("checkpoints must name a file at least")
        return NnunetStage(
            _file(folder, f"{self.folder}/plans.json"),
            _file(folder, f"{self.folder}/dataset.json"),
            tuple(_file(folder, f"{self.folder}/{name}") for name in self.checkpoints),
            self.configuration,
            self.orientation,
            self.mirrored,
            self.previous,
        )


_Entry = TypeVar("_Entry", _OnnxEntry, _NnunetEntry)


@dataclass(frozen=True)
class _Manifest(Generic[_Entry]):
    """A whole manifest, as it is written."""

    name: str
    library: NetworkLibrary
    labels: str
    stages: tuple[_Entry, ...]
    version: str = ""


def read_network_model(folder: Path) -> NetworkModel:
    """Model of a folder with a `MANIFEST`.

    Raises
    ------
    InputError
        MODEL_UNUSABLE when something is missing, unknown, of the wrong kind or outside of the
        folder, MASK_LABELS when the label table is wrong; names file and place.
    """
    place = folder.absolute()
    if not place.is_dir():
        msg = f"the model folder '{folder.name}' does not exist or is no folder; {_REMEDY}"
        raise InputError(msg, ReasonCode.MODEL_UNUSABLE)
    if not (place / MANIFEST).is_file():
        msg = f"the model folder '{folder.name}' holds no '{MANIFEST}'; {_REMEDY}"
        raise InputError(msg, ReasonCode.MODEL_UNUSABLE)
    try:
        manifest = _manifest(read_mapping(place / MANIFEST))
        return _model(place, manifest)
    except cattrs.BaseValidationError as error:
        lines = cattrs.transform_error(error, format_exception=complaint)
        problem = "; ".join(_placed(line) for line in lines)
    except (SettingsError, ValueError) as error:
        problem = str(error)
    msg = f"the model '{folder.name}', '{MANIFEST}': {problem}; {_REMEDY}"
    raise InputError(msg, ReasonCode.MODEL_UNUSABLE)


def _manifest(mapping: Mapping[str, object]) -> _Manifest[_OnnxEntry] | _Manifest[_NnunetEntry]:
    converter = strict_converter(NetworkLibrary, Normalization, Previous)
    if mapping.get("library") == NetworkLibrary.NNUNET.value:
        return converter.structure(mapping, _Manifest[_NnunetEntry])
    return converter.structure(mapping, _Manifest[_OnnxEntry])


def _model(
    folder: Path, manifest: _Manifest[_OnnxEntry] | _Manifest[_NnunetEntry]
) -> NetworkModel:
    _check_name(manifest.name)
    _check_name(manifest.version or "1")
    stages = tuple(entry.stage(folder) for entry in manifest.stages)
    if not 1 <= len(stages) <= _MOST_STAGES:
        msg = f"stages must be one or two, got {len(stages)}"
        raise ValueError(msg)
    for number, stage in enumerate(stages, 1):
        if (stage.previous is None) != (number == 1):
            msg = f"stage {number}: 'previous' belongs to the second stage, and to it alone"
            raise ValueError(msg)
    table = _file(folder, manifest.labels)
    named = read_label_table(folder / manifest.labels, several=True)
    nerves = named.nerve_of_index
    labels = {index: nerves.get(index) for index in sorted({*nerves, *named.ignored})}
    _check_gaps(table.name, labels)
    stages = (*stages[:-1], replace(stages[-1], outputs=len(labels) + 1))
    files = {f.name: f.sha256 for f in (_file(folder, MANIFEST), table, *_files_of(stages))}
    digest = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()
    return NetworkModel(
        manifest.name,
        manifest.version,
        manifest.library,
        stages,
        labels,
        digest,
        files,
        named.ganglia,
    )


def _files_of(stages: tuple[OnnxStage | NnunetStage, ...]) -> Iterator[ModelFile]:
    for stage in stages:
        if isinstance(stage, OnnxStage):
            yield stage.weights
        else:
            yield from (stage.plans, stage.dataset, *stage.checkpoints)


def _check_name(name: str) -> None:
    """The name goes into reports; it must not carry a path or a page's worth of text."""
    if not 0 < len(name) <= _MOST_NAME or not name.isprintable() or set(name) & {"/", "\\"}:
        msg = f"name and version are 1 to {_MOST_NAME} letters without slashes, got {name[:20]!r}"
        raise ValueError(msg)


def _check_orientation(text: str) -> None:
    axes = [axis for letter in text for axis in _AXES if letter in axis]
    if len(text) != len(_AXES) or sorted(axes) != sorted(_AXES):
        msg = f"orientation must be three letters such as RAS or SAR, got {text!r}"
        raise ValueError(msg)


def _check_gaps(table: str, labels: Mapping[int, object]) -> None:
    missing = sorted(set(range(1, max(labels) + 1)) - set(labels))
    if missing:
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        msg = (
            f"'{table}' does not name the labels {missing[:_SHOWN]}{more}; "
            "give them a nerve, or 'ignore'"
        )
        raise InputError(msg, ReasonCode.MASK_LABELS)


def _file(folder: Path, name: str) -> ModelFile:
    """File of the model by its name relative to the folder, which it must not leave."""
    path = folder / name
    try:
        inside, there = path.resolve().is_relative_to(folder.resolve()), path.is_file()
    except (OSError, RuntimeError) as error:  # a loop of links, or a name too long for a file
        msg = f"the file '{name[:_MOST_NAME]}' cannot be looked at"
        raise ValueError(msg) from error
    if not name or not inside or Path(name).is_absolute():
        msg = f"'{name}' is not inside the model's own folder"
        raise ValueError(msg)
    if not there:
        msg = f"the file '{name}' does not exist"
        raise ValueError(msg)
    shown = str(PurePosixPath(name))
    digest = _sha256(path, shown)
    return ModelFile(shown, digest, partial(_read_unchanged, path, shown, digest))


def _sha256(path: Path, name: str) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        msg = f"the file '{name}' cannot be read"
        raise ValueError(msg) from error


def _read_unchanged(path: Path, name: str, sha256: str) -> bytes:
    """Bytes of a file, if they are still those that were hashed when the case was planned."""
    try:
        content = path.read_bytes()
    except OSError as error:
        msg = f"the model's file '{name}' cannot be read any more"
        raise InputError(msg, ReasonCode.MODEL_UNUSABLE) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        msg = f"the model's file '{name}' changed while the study was running; start it again"
        raise InputError(msg, ReasonCode.MODEL_UNUSABLE)
    return content


def _placed(line: str) -> str:
    """Place before the complaint, from cattrs' ``complaint @ $.stages[0].patch``."""
    words, _, place = line.rpartition(" @ $")
    return f"{place.lstrip('.')} {words}".strip()
