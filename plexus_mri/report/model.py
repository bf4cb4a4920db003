"""The report as data: what the page says, before there is any page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

import numpy as np

from plexus_mri.core.case import CaseResult
from plexus_mri.core.caveats import CAVEATS
from plexus_mri.report.canvas import Figure
from plexus_mri.report.context import context_facts
from plexus_mri.report.facts import (
    input_facts,
    quality_rows,
    registration_facts,
    warning_rows,
)
from plexus_mri.report.found import segmentation_facts
from plexus_mri.report.healthy import norm_facts
from plexus_mri.report.methods import method_facts
from plexus_mri.report.muscles import muscle_rows, reference_facts
from plexus_mri.report.pooled import pooled_rows
from plexus_mri.report.results import asymmetry_rows, nerve_rows, verdict_facts
from plexus_mri.report.side_facts import side_proof_facts
from plexus_mri.report.tapers import taper_rows

# Of summaries; raised whenever a page reads what older ones lack.
SCHEMA_VERSION = "1.1"
_SIGNIFICANT_DIGITS = 6

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True)
class Section:
    """One part of the report: ``content`` is a mapping of facts or a table's rows."""

    key: str
    title: str
    content: Mapping[str, object] | tuple[Mapping[str, object], ...]


@dataclass(frozen=True)
class Report:
    """Everything the page says about one case.

    ``figures`` lists the pictures by name with what they show in words, not the pictures.
    """

    subject: str
    session: str | None
    sections: tuple[Section, ...]
    warnings: tuple[Mapping[str, object], ...]
    figures: tuple[Mapping[str, object], ...] = ()
    caveats: tuple[str, ...] = field(default=CAVEATS)
    schema_version: str = SCHEMA_VERSION


def build_report(
    result: CaseResult,
    *,
    settings: Mapping[str, object],
    software: Mapping[str, str],
    figures: Mapping[str, Figure] | None = None,
) -> Report:
    """Report of one case; the same result gives the same report.

    Parameters
    ----------
    result
        What was measured.
    settings
        All settings in force, by stage.
    software
        Versions by name, as they are to be printed.
    figures
        The drawn pictures, so that the report lists them; none when absent.
    """
    facts: tuple[tuple[str, str, Mapping[str, object]], ...] = (
        ("verdict", "Left and right", verdict_facts(result, settings)),
        ("inputs", "What was used", input_facts(result)),
        ("side_proof", "How the sides were proven", side_proof_facts(result)),
        ("registration", "Midline", registration_facts(result)),
        ("segmentation", "Nerves found", segmentation_facts(result)),
        ("reference", "Reference muscle", reference_facts(result)),
        ("norms", "Healthy range", norm_facts(result.case.norms)),
        ("context", "Also seen in", context_facts(result.asymmetry)),
        ("methods", "Methods", method_facts(result, settings, software)),
        ("settings", "Settings in force", settings),
        ("software", "Software", software),
    )
    tables = (
        ("quality", "Image quality", quality_rows(result)),
        ("nerves", "Measures of each nerve", nerve_rows(result)),
        ("asymmetry", "Left and right compared", asymmetry_rows(result, settings)),
        ("pooled", "Nerves together", pooled_rows(result)),
        ("taper", "Each side along its course", taper_rows(result)),
        ("muscles", "Muscles", muscle_rows(result)),
    )
    sections = tuple(Section(k, t, c) for k, t, c in facts)
    sections += tuple(Section(k, t, c) for k, t, c in tables)
    notes = tuple(figure.note(name) for name, figure in (figures or {}).items())
    return Report(result.case.subject, result.case.session, sections, warning_rows(result), notes)


def report_to_json(report: Report) -> dict[str, Json]:
    """Plain dictionary of a report, as stored in ``summary_report.json``.

    Numbers are cut to six significant digits: more would be noise of the computer.
    """
    head: dict[str, object] = {
        "schema_version": report.schema_version,
        "subject": report.subject,
        "session": report.session,
        "caveats": report.caveats,
    }
    body = {section.key: section.content for section in report.sections}
    tail = {"warnings": report.warnings, "figures": report.figures}
    return {key: plain(value) for key, value in {**head, **body, **tail}.items()}


def plain(value: object) -> Json:
    """Value as JSON knows it; NaN and infinities become None.

    >>> plain({"a": (1.23456789, float("nan"))})
    {'a': [1.23457, None]}
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(f"{value:.{_SIGNIFICANT_DIGITS}g}") if np.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return _plain_other(value)


def _plain_other(value: object) -> Json:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Sequence | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [plain(item) for item in items]
    return str(value)
