"""Context of the report: what a pattern is described with in the literature, cited, not ranked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

import cattrs
import yaml

from plexus_mri.core.anatomy import Nerve
from plexus_mri.core.comparison import Comparison, Pattern, Verdict
from plexus_mri.report.results import HEADLINES, headline_of
from plexus_mri.report.words import nerve_words

_STATEMENT = (
    "Background from the literature. It says nothing about this case: a pattern is shared by many "
    "conditions and by healthy people, no entry is more or less likely than another, and entries "
    "stand in alphabetical order, the same in every report."
)
_NOT_COVERED = "No cited figure was found for: {}. That they are not listed means nothing."
_LARGER = (Verdict.LEFT_LARGER, Verdict.RIGHT_LARGER)


class Seen(StrEnum):
    """What the findings are sorted by."""

    NONE = "none"
    FOCAL = "focal"
    MULTIFOCAL = "multifocal"
    DIFFUSE = "diffuse"
    ONE_SIDE = "one_side"
    BRIGHTNESS = "brightness"


_SEEN_WORDS = {
    Seen.NONE: "No difference shown, or an image without a finding",
    Seen.FOCAL: "A difference in one stretch (focal)",
    Seen.MULTIFOCAL: "Differences in several stretches (multifocal)",
    Seen.DIFFUSE: "A difference along the nerve (diffuse)",
    Seen.ONE_SIDE: "One side larger",
    Seen.BRIGHTNESS: "One side brighter",
}


@dataclass(frozen=True)
class Statement:
    """A sentence and the keys of its sources."""

    text: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """What was found in a group of people with one condition."""

    pattern: Seen
    name: str
    text: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Context:
    """The whole table of the literature, as in ``configs/context.yaml``."""

    sources: dict[str, str]
    severity: Statement
    symmetry: Statement
    findings: tuple[Finding, ...]
    not_covered: tuple[str, ...]

    def cited(self, keys: Sequence[str]) -> list[str]:
        """Citations of these sources in full."""
        return [self.sources[key] for key in keys]

    def sentence(self, statement: Statement) -> str:
        """A statement with its citations behind it."""
        return f"{statement.text} [{'; '.join(self.cited(statement.sources))}]"


@cache
def read_context() -> Context:
    """The built-in table."""
    text = resources.files("plexus_mri.report").joinpath("context.yaml").read_text("utf-8")
    return cattrs.Converter(forbid_extra_keys=True).structure(yaml.safe_load(text), Context)


def context_facts(comparisons: Sequence[Comparison]) -> Mapping[str, object]:
    """The whole table in every report, with where each pattern is shown in the case."""
    context = read_context()
    shown: dict[Seen, list[str]] = {seen: [] for seen in Seen}
    for seen, where in _patterns(comparisons):
        shown[seen].append(where)
    return {
        "statement": _STATEMENT,
        "severity": context.sentence(context.severity),
        "symmetry": context.sentence(context.symmetry) if shown[Seen.NONE] else None,
        "count": len(context.findings),
        "patterns": [_group(context, seen, shown[seen]) for seen in Seen],
        "not_covered": _NOT_COVERED.format(", ".join(context.not_covered)),
    }


def _group(context: Context, seen: Seen, shown_here: Sequence[str]) -> Mapping[str, object]:
    rows = [finding for finding in context.findings if finding.pattern is seen]
    return {
        "pattern": seen.value,
        "words": _SEEN_WORDS[seen],
        "shown_here": list(shown_here),
        "also_seen_in": [
            {"name": row.name, "text": row.text, "sources": context.cited(row.sources)}
            for row in sorted(rows, key=lambda row: row.name)
        ],
    }


def _patterns(comparisons: Sequence[Comparison]) -> Iterator[tuple[Seen, str]]:
    """What each nerve shows, by the comparisons that stand for its size and its signal."""
    for nerve in Nerve:
        for kind in HEADLINES:
            c = headline_of(comparisons, nerve, kind)
            if c is None or c.verdict is Verdict.NOT_COMPARABLE:
                continue
            where = f"{nerve_words(nerve)} ({kind})"
            if c.pattern is not Pattern.NONE or c.verdict is Verdict.NO_DIFFERENCE:
                yield Seen(c.pattern.value), where
            if c.verdict in _LARGER:
                yield (Seen.BRIGHTNESS if kind == "signal" else Seen.ONE_SIDE), where
