"""Settings: every stage's settings in one value, from defaults, a file and the command line."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import get_type_hints

import cattrs
import yaml

from plexus_mri.asymmetry.settings import AsymmetrySettings
from plexus_mri.core.ranges import range_of
from plexus_mri.errors import SettingsError
from plexus_mri.io.strict_yaml import strict_converter
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.preprocess.settings import PreprocessSettings
from plexus_mri.quality.settings import QualitySettings
from plexus_mri.registration.settings import RegistrationSettings
from plexus_mri.report.settings import ReportSettings
from plexus_mri.segmentation.settings import SegmentationSettings
from plexus_mri.tracing.settings import TracingSettings


@dataclass(frozen=True)
class Settings:
    """One field per stage that has settings; the defaults are ``configs/default.yaml``.

    Every number has a range (`core.ranges`, ADR-74), shown beside it in that file.
    """

    preprocess: PreprocessSettings = field(default_factory=PreprocessSettings)
    registration: RegistrationSettings = field(default_factory=RegistrationSettings)
    segmentation: SegmentationSettings = field(default_factory=SegmentationSettings)
    tracing: TracingSettings = field(default_factory=TracingSettings)
    measure: MeasureSettings = field(default_factory=MeasureSettings)
    asymmetry: AsymmetrySettings = field(default_factory=AsymmetrySettings)
    quality: QualitySettings = field(default_factory=QualitySettings)
    report: ReportSettings = field(default_factory=ReportSettings)

    def __post_init__(self) -> None:
        """Refuse a number outside its range, an empty list, and a stretch that does not rise.

        Raises
        ------
        SettingsError
            Names key, value and range.
        """
        for stage in fields(self):
            value = getattr(self, stage.name)
            rising = stretches(type(value))
            for key, limits in stage_ranges(type(value)).items():
                wrong = _what_is_wrong(getattr(value, key), limits, rises=key in rising)
                if wrong:
                    msg = f"setting '{stage.name}.{key}' must {wrong}"
                    raise SettingsError(msg)


def _what_is_wrong(found: object, limits: tuple[float, float], *, rises: bool) -> str:
    """What a number, or several, must be and what it is; empty where nothing is wrong."""
    numbers = found if isinstance(found, tuple) else (found,)
    shown = ", ".join(f"{number:g}" for number in numbers) or "none"
    low, high = limits
    if not numbers or any(not low <= number <= high for number in numbers):
        return f"be {low:g} to {high:g}, got {shown}"
    if rises and numbers[0] >= numbers[1]:
        return f"rise from its first number to its second, got {shown}"
    return ""


def stage_ranges(stage: type) -> dict[str, tuple[float, float]]:
    """Smallest and largest value of each numeric setting of a stage, by key.

    >>> stage_ranges(TracingSettings)["node_step_mm"]
    (0.1, 10.0)
    """
    defaults = {item.name: getattr(stage(), item.name) for item in fields(stage)}
    return {key: range_of(key, value) for key, value in defaults.items() if _is_numeric(value)}


def stretches(stage: type) -> frozenset[str]:
    """Settings of a stage that say from where to where: two numbers.

    >>> sorted(stretches(PreprocessSettings))
    ['softer_gain_percent']
    """
    kinds = get_type_hints(stage)
    return frozenset(key for key, kind in kinds.items() if kind == tuple[float, float])


def _is_numeric(value: object) -> bool:
    if isinstance(value, tuple):
        return bool(value) and all(_is_numeric(item) for item in value)
    return isinstance(value, int | float) and not isinstance(value, bool)


def settings_from_mapping(mapping: Mapping[str, object]) -> Settings:
    """Settings with the mapping's values in place of the defaults.

    Parameters
    ----------
    mapping
        Stage to key to value, e.g. ``{"tracing": {"step_mm": 0.5}}``.

    Raises
    ------
    SettingsError
        An unknown key (names the nearest one), or a value of the wrong kind.
    """
    try:
        return strict_converter().structure(mapping, Settings)
    except cattrs.BaseValidationError as error:
        lines = cattrs.transform_error(error, format_exception=_complaint)
        raise SettingsError("; ".join(_sentence(line) for line in lines)) from error


def settings_to_mapping(settings: Settings) -> dict[str, object]:
    """Settings as plain dicts, lists and scalars, which ``settings_from_mapping`` takes back."""
    return {stage.name: _plain(getattr(settings, stage.name)) for stage in fields(settings)}


def override(mapping: Mapping[str, object], assignments: Sequence[str]) -> dict[str, object]:
    """Mapping with ``a.b=value`` assignments applied in order; values are read as YAML.

    >>> override({"tracing": {"step_mm": 1.0}}, ["tracing.step_mm=0.5"])
    {'tracing': {'step_mm': 0.5}}
    """
    merged = dict(mapping)
    for assignment in assignments:
        key, sign, text = assignment.partition("=")
        if not sign or not all(part.strip() for part in key.split(".")):
            msg = f"--set needs key=value, got {assignment!r}"
            raise SettingsError(msg)
        merged = _with_value(merged, key.strip().split("."), _read_value(key.strip(), text))
    return merged


def known_keys() -> tuple[str, ...]:
    """Every key in its dotted form, e.g. ``tracing.step_mm``."""
    return tuple(_dotted(Settings()))


def _with_value(
    mapping: Mapping[str, object], path: Sequence[str], value: object
) -> dict[str, object]:
    inner = mapping.get(path[0])
    if len(path) > 1:
        value = _with_value(inner if isinstance(inner, Mapping) else {}, path[1:], value)
    return {**mapping, path[0]: value}


def _read_value(key: str, text: str) -> object:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        msg = f"setting {key!r} has a value that cannot be read: {text!r}"
        raise SettingsError(msg) from error


def _plain(value: object) -> object:
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _dotted(value: object, prefix: str = "") -> list[str]:
    if not is_dataclass(value):
        return [prefix]
    return [
        key
        for item in fields(value)
        for key in _dotted(getattr(value, item.name), f"{prefix}.{item.name}".lstrip("."))
    ]


def _complaint(error: BaseException, kind: type | None) -> str:
    """What is wrong, in words that still lack the key."""
    if isinstance(error, cattrs.ForbiddenExtraKeysError):
        return "unknown " + " ".join(sorted(map(str, error.extra_fields)))
    if isinstance(error, TypeError):
        wanted = "a group of settings" if is_dataclass(kind) else "a list"
        return f"must be {wanted}"
    return str(error)


def _sentence(line: str) -> str:
    """One sentence from cattrs' ``complaint @ $.stage.key``."""
    complaint, _, path = line.rpartition(" @ $")
    path = path.lstrip(".")
    if complaint.startswith("setting "):  # of Settings itself: it names the key already
        return complaint
    if not complaint.startswith("unknown "):
        return f"setting {path!r} {complaint}"
    name = f"{path}.{complaint.split()[1]}".lstrip(".")
    known = known_keys() if "." in name else [stage.name for stage in fields(Settings)]
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
    return f"unknown setting {name!r}; the nearest one is {nearest!r}"
