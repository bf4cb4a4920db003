"""Rules: the contrast of a series from its words and numbers, and which series is measured."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Self

import cattrs
import yaml

from plexus_mri.errors import SettingsError

UNKNOWN = "unknown"
_ISOTROPIC = 1.3  # largest over smallest spacing, up to which no direction is thick


@dataclass(frozen=True)
class WordRule:
    """A contrast and the pattern of words that names it."""

    contrast: str
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
class ChoiceRule:
    """A condition on a series; series that meet an earlier rule are preferred."""

    rule: str
    contrasts: tuple[str, ...] = ()
    planes: tuple[str, ...] = ()
    largest_spacing_mm: float | None = None
    or_isotropic: bool = False

    def met_by(self, contrast: str, plane: str, spacing: Sequence[float]) -> bool:
        """Whether a series of this contrast, plane and spacing (mm) meets the rule."""
        if self.contrasts and contrast not in self.contrasts:
            return False
        if self.largest_spacing_mm is not None and max(spacing) > self.largest_spacing_mm:
            return False
        isotropic = self.or_isotropic and max(spacing) <= _ISOTROPIC * min(spacing)
        return not self.planes or plane in self.planes or isotropic


@dataclass(frozen=True)
class SeriesRules:
    """All rules, in the order in which they are tried."""

    contrasts: tuple[WordRule, ...]
    numbers: tuple[NumberRule, ...]
    choice: tuple[ChoiceRule, ...]
    never: tuple[str, ...] = ()

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
            content = yaml.safe_load(source.read_text(encoding="utf-8"))
            converter = cattrs.Converter(forbid_extra_keys=True)
            rules = converter.structure(content, cls)
            for word_rule in rules.contrasts:
                re.compile(word_rule.pattern)
        except (OSError, UnicodeDecodeError, yaml.YAMLError, re.error) as error:
            msg = f"the rules file '{name}' cannot be read: {type(error).__name__}"
            raise SettingsError(msg) from error
        except cattrs.BaseValidationError as error:
            msg = f"the rules file '{name}': {'; '.join(cattrs.transform_error(error))}"
            raise SettingsError(msg) from error
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
