"""Norms from a YAML file: published values, or the controls of the user."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import cattrs

from plexus_mri.core.anatomy import Nerve
from plexus_mri.core.measurement import Quantity
from plexus_mri.core.norms import Modality, Norm, Norms, NormSource
from plexus_mri.errors import SettingsError
from plexus_mri.io.strict_yaml import complaint, strict_converter
from plexus_mri.io.yaml_files import read_mapping

_BUILT_IN = "reference.yaml"
_REMEDY = "configs/reference.yaml shows how it is written"


@dataclass(frozen=True)
class _Value:
    """One entry of ``values``, as it is written."""

    nerve: Nerve
    quantity: Quantity
    n: int
    source: str
    mean: float | None = None
    sd: float | None = None
    side_difference_mean_percent: float | None = None
    side_difference_sd_percent: float | None = None


@dataclass(frozen=True)
class _Source:
    """One entry of ``sources``, as it is written."""

    name: str
    citation: str
    modality: Modality
    method: str
    people: str
    contrasts: tuple[str, ...] = ()


@dataclass(frozen=True)
class _File:
    sources: dict[str, _Source] = field(default_factory=dict)
    values: tuple[_Value, ...] = ()


def read_norms(path: Path | None = None) -> Norms:
    """Norms of a YAML file; the built-in, published ones without a path.

    Raises
    ------
    SettingsError
        When the file cannot be read, or an entry is incomplete, unknown or contradicts another;
        names the file and the entry.
    """
    with resources.as_file(resources.files("plexus_mri.io").joinpath(_BUILT_IN)) as built_in:
        chosen = path or built_in
        mapping = read_mapping(chosen)
        digest = hashlib.sha256(chosen.read_bytes()).hexdigest()
    try:
        return Norms(tuple(_norms(mapping)), digest)
    except cattrs.BaseValidationError as error:
        lines = cattrs.transform_error(error, format_exception=complaint)
        problem = "; ".join(_placed(line) for line in lines)
        msg = f"the norms file '{chosen.name}': {problem}; {_REMEDY}"
        raise SettingsError(msg) from error
    except SettingsError as error:
        msg = f"the norms file '{chosen.name}': {error}; {_REMEDY}"
        raise SettingsError(msg) from error


def _placed(line: str) -> str:
    """Place before the complaint, from cattrs' ``complaint @ $.values[0].n``."""
    words, _, place = line.rpartition(" @ $")
    return f"{place.lstrip('.')} {words}".strip()


def _norms(mapping: Mapping[str, object]) -> Iterator[Norm]:
    content = strict_converter(Nerve, Quantity, Modality).structure(mapping, _File)
    sources = {key: _source(key, written) for key, written in content.sources.items()}
    for value in content.values:
        if value.source not in sources:
            known = ", ".join(sources) or "none"
            msg = f"values name the source '{value.source}', there are: {known}"
            raise SettingsError(msg)
        yield Norm(**{**vars(value), "source": sources[value.source]})


def _source(key: str, written: _Source) -> NormSource:
    try:
        return NormSource(**vars(written))
    except SettingsError as error:
        msg = f"source '{key}': {error}"
        raise SettingsError(msg) from error
