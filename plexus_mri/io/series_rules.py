"""Rules: what a series is, by its words and numbers, and which one serves for what."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Self, TypeVar

import cattrs
import yaml

from plexus_mri.errors import SettingsError
from plexus_mri.io.yaml_files import check_depth

UNKNOWN = "unknown"
_Rules = TypeVar("_Rules", bound="SeriesRules")
TIES = ("covers_more", "one_volume", "largest_volume", "finest", "first")
_ISOTROPIC = 1.3  # largest over smallest spacing, up to which no direction is thick


@dataclass(frozen=True)
class WordRule:
    """A contrast and the pattern of words that names it."""

    contrast: str
    pattern: str


@dataclass(frozen=True)
class BodyPartRule:
    """A body part and the pattern of words that names it."""

    body_part: str
    pattern: str


@dataclass(frozen=True)
class NumberRule:
    """A contrast and the ranges of acquisition numbers that make it."""

    contrast: str
    sequence: str = ""
    inversion_time_ms: tuple[float, float] | None = None
    echo_time_ms: tuple[float, float] | None = None
    repetition_time_ms: tuple[float, float] | None = None

    def holds(self, acquisition: Mapping[str, float | str]) -> bool:
        """Whether every stated condition is met; a number that is missing meets none."""
        if self.sequence not in {"", *str(acquisition.get("sequence", "")).split("+")}:
            return False
        for name in ("inversion_time_ms", "echo_time_ms", "repetition_time_ms"):
            limits = getattr(self, name)
            value = acquisition.get(name)
            if limits and not (isinstance(value, float) and limits[0] <= value <= limits[1]):
                return False
        return True


@dataclass(frozen=True)
class CoverageRule:
    """How much of the plexus a field of view of at least this extent can hold; mm."""

    coverage: str
    right_left_mm: float = 0.0
    front_back_mm: float = 0.0
    head_foot_mm: float = 0.0

    def holds(self, extent_mm: Sequence[float]) -> bool:
        """Whether the extents along the patient's x, y and z reach the stated ones."""
        least = (self.right_left_mm, self.front_back_mm, self.head_foot_mm)
        return all(got >= asked for got, asked in zip(extent_mm, least, strict=True))


@dataclass(frozen=True)
class ChoiceRule:
    """A condition on a series; series that meet an earlier rule are preferred."""

    rule: str
    contrasts: tuple[str, ...] = ()
    planes: tuple[str, ...] = ()
    body_parts: tuple[str, ...] = ()
    coverages: tuple[str, ...] = ()
    largest_spacing_mm: float | None = None
    or_isotropic: bool = False

    def met_by(self, facts: Mapping[str, str], spacing: Sequence[float]) -> bool:
        """Whether a series meets the rule.

        Parameters
        ----------
        facts
            Its ``contrast``, ``plane``, ``body_part`` and ``coverage``.
        spacing : (3,)
            In mm.
        """
        for wanted, name in (
            (self.contrasts, "contrast"),
            (self.body_parts, "body_part"),
            (self.coverages, "coverage"),
        ):
            if wanted and facts[name] not in wanted:
                return False
        if self.largest_spacing_mm is not None and max(spacing) > self.largest_spacing_mm:
            return False
        isotropic = self.or_isotropic and max(spacing) <= _ISOTROPIC * min(spacing)
        return not self.planes or facts["plane"] in self.planes or isotropic


@dataclass(frozen=True)
class RoleRule:
    """What a series serves for beside the main image."""

    role: str
    contrasts: tuple[str, ...]


@dataclass(frozen=True)
class SeriesRules:
    """All rules, in the order in which they are tried."""

    contrasts: tuple[WordRule, ...]
    numbers: tuple[NumberRule, ...]
    choice: tuple[ChoiceRule, ...]
    never: tuple[str, ...] = ()
    body_parts: tuple[BodyPartRule, ...] = ()
    elsewhere: tuple[str, ...] = ()
    coverage: tuple[CoverageRule, ...] = ()
    ties: tuple[str, ...] = TIES
    roles: tuple[RoleRule, ...] = ()
    digest: str = field(default="", compare=False)

    @classmethod
    def read(cls, path: Path | None = None) -> Self:
        """Rules of a YAML file; the built-in ones without a path.

        Raises
        ------
        SettingsError
            When the file cannot be read or a rule has an unknown key or a bad pattern.
        """
        name = "series_rules.yaml" if path is None else path.name
        try:
            source = path or resources.files("plexus_mri.io").joinpath(name)
            text = source.read_text(encoding="utf-8")
            rules = _structured(cls, text)
        except (OSError, UnicodeDecodeError, yaml.YAMLError, re.error) as error:
            msg = f"the rules file '{name}' cannot be read: {_first_line(error)}"
            raise SettingsError(msg) from error
        except cattrs.BaseValidationError as error:
            msg = f"the rules file '{name}': {'; '.join(cattrs.transform_error(error))}"
            raise SettingsError(msg) from error
        if unknown := sorted(set(rules.ties) - set(TIES)):
            msg = f"the rules file '{name}': no tie break '{unknown[0]}'; there are {list(TIES)}"
            raise SettingsError(msg)
        return rules

    def contrast(self, words: str, acquisition: Mapping[str, float | str]) -> str:
        """Contrast of a series in one of the rules' own words, or ``unknown``.

        Parameters
        ----------
        words
            Free text about the series in lower case.
        acquisition
            Its numbers, as in `SeriesInfo.acquisition`.
        """
        for word_rule in self.contrasts:
            if re.search(word_rule.pattern, words):
                return word_rule.contrast
        held = (rule.contrast for rule in self.numbers if rule.holds(acquisition))
        return next(held, UNKNOWN)

    def body_part(self, stated: str, words: str) -> str:
        """Body part by what the header states for it, else by its free text, both lower case."""
        for text in (words, stated):
            for rule in self.body_parts:
                if re.search(rule.pattern, text):
                    return rule.body_part
        return UNKNOWN

    def covered(self, extent_mm: Sequence[float]) -> str:
        """How much of the plexus a field of view (x, y, z in mm) can hold."""
        held = (rule.coverage for rule in self.coverage if rule.holds(extent_mm))
        return next(held, UNKNOWN)

    def role(self, contrast: str) -> str:
        """What a series of this contrast serves for beside the main image; empty for nothing."""
        fit = (rule.role for rule in self.roles if contrast in rule.contrasts)
        return next(fit, "")


def _first_line(error: Exception) -> str:
    """What is wrong in one line; the system's own words never name the folder."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    mark = getattr(error, "problem_mark", None)
    where = f" in line {mark.line + 1}" if mark is not None else ""
    return str(getattr(error, "problem", None) or error).splitlines()[0] + where


def _structured(cls: type[_Rules], text: str) -> _Rules:
    converter = cattrs.Converter(forbid_extra_keys=True)
    check_depth(text)
    mapping = yaml.safe_load(text)
    if not isinstance(mapping, dict):
        msg = f"must hold 'key: value' lines, got {type(mapping).__name__}"
        raise yaml.YAMLError(msg)
    rules = converter.structure(mapping, cls)
    patterns = [rule.pattern for rule in rules.contrasts]
    for pattern in [*patterns, *(rule.pattern for rule in rules.body_parts)]:
        re.compile(pattern)
    return replace(rules, digest=hashlib.sha256(text.encode()).hexdigest())
