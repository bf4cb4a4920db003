"""Facts of the report about the input and the image."""

from collections.abc import Mapping

import numpy as np

from plexus_mri.core.case import CaseResult, CaseWarning, QualityNumber
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import Grid
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.map_rows import map_rows
from plexus_mri.report.rounding import plain_number
from plexus_mri.report.template_facts import template_facts
from plexus_mri.report.words import reason_words

_UNITS = {"ms": "ms", "mm": "mm", "t": "T", "deg": "°", "hz": "Hz"}
_WORLD_AXES = ("left to right", "posterior to anterior", "inferior to superior")


def input_facts(result: CaseResult) -> Mapping[str, object]:
    """What was measured on: the series, its grid and what it covers."""
    case, series = result.case, result.case.series
    grid = case.image.grid
    return {
        "series": series.series,
        "contrast": series.contrast,
        "plane": series.plane,
        "rule": series.rule,
        "orientation_source": series.orientation_source,
        "files": series.files,
        "shape": grid.shape,
        "spacing_mm": grid.spacing,
        "spacing_words": " × ".join(plain_number(float(s)) for s in grid.spacing) + " mm",
        "field_of_view_mm": field_of_view_mm(grid),
        "coverage": coverage_words(result),
        "acquisition": dict(series.acquisition),
        "acquisition_words": [
            _parameter_words(name, value) for name, value in series.acquisition.items()
        ],
        "source_sha256": series.source_sha256,
        "own_mask": case.own_mask is not None,
    }


def _parameter_words(name: str, value: float | str) -> str:
    """Name, value and unit of an acquisition parameter.

    >>> _parameter_words("repetition_time_ms", 3000.0), _parameter_words("sequence", "IR+SE")
    ('repetition time 3000 ms', 'sequence IR+SE')
    """
    words, _, last = name.replace("_", " ").rpartition(" ")
    printed = f"{value:.4g}" if isinstance(value, float) else str(value)
    if last in _UNITS and words:
        return f"{words} {printed} {_UNITS[last]}"
    return f"{name.replace('_', ' ')} {printed}"


def field_of_view_mm(grid: Grid) -> Mapping[str, float]:
    """Extent of the field of view along the patient's axes."""
    extent = np.ptp(grid.corners_mm, axis=0)
    return dict(zip(_WORLD_AXES, (float(e) for e in extent), strict=True))


def coverage_words(result: CaseResult) -> str:
    """How far the image reaches, from the midline when there is one."""
    corners = result.image.grid.corners_mm
    low, high = corners.min(axis=0), corners.max(axis=0)
    size = high - low
    sentence = (
        f"The image covers {size[0]:.0f} mm from side to side, {size[1]:.0f} mm from front to "
        f"back and {size[2]:.0f} mm from top to bottom"
    )
    if result.frame is None:
        return f"{sentence}; how this lies about the midline is unknown, as none was found."
    centre = result.frame.canal.points_mm.mean(axis=0)
    return (
        f"{sentence}: {high[0] - centre[0]:.0f} mm to the patient's right and "
        f"{centre[0] - low[0]:.0f} mm to the left of the midline."
    )


def registration_facts(result: CaseResult) -> Mapping[str, object]:
    """Midline found and how the patient lay."""
    if result.frame is None:
        return {
            "midline_found": False,
            "reason": ReasonCode.MIDLINE_NOT_FOUND.value,
            "reason_text": ReasonCode.MIDLINE_NOT_FOUND.text,
            "sentence": ReasonCode.MIDLINE_NOT_FOUND.text,
            "resampled": False,
            "maps": map_rows(result),
            "template": template_facts(result),
        }
    canal = result.frame.canal
    return {
        "midline_found": True,
        "reason": None,
        "reason_text": None,
        "canal_length_mm": canal.length_mm,
        "canal_z_mm": [float(canal.points_mm[:, 2].min()), float(canal.points_mm[:, 2].max())],
        "midline_x_mm": float(canal.points_mm[:, 0].mean()),
        "turned_deg": _turned_deg(result.frame),
        "tilted_deg": _tilted_deg(result.frame),
        "sentence": _midline_sentence(result.frame),
        "resampled": False,
        "maps": map_rows(result),
        "template": template_facts(result),
    }


def _midline_sentence(frame: PatientFrame) -> str:
    canal, turned, tilted = frame.canal, _turned_deg(frame), _tilted_deg(frame)
    forward = "right" if turned > 0 else "left"
    lean = "right" if tilted > 0 else "left"
    midline_mm = float(canal.points_mm[:, 0].mean())
    aside = "right" if midline_mm > 0 else "left"
    return (
        f"The canal was followed over {canal.length_mm:.0f} mm. The shoulders are turned by "
        f"{abs(turned):.0f}° ({forward} one forward) and the canal leans by "
        f"{abs(tilted):.0f}° (head end to the {lean}); the midline lies "
        f"{abs(midline_mm):.0f} mm {aside} of the scanner's x = 0. Sides are counted from the "
        "midline, not from the scanner."
    )


def _turned_deg(frame: PatientFrame) -> float:
    return float(np.degrees(np.arctan2(frame.right[1], frame.right[0])))


def _tilted_deg(frame: PatientFrame) -> float:
    """Lean of the canal's cranial end to the patient's right."""
    along = frame.canal.points_mm[-1] - frame.canal.points_mm[0]
    along = -along if along[2] < 0 else along
    return float(np.degrees(np.arctan2(along[0], along[2])))


def quality_rows(result: CaseResult) -> tuple[Mapping[str, object], ...]:
    """Quality numbers with their cut-offs and where these come from."""
    return tuple(_quality_row(number) for number in result.quality)


def _quality_row(number: QualityNumber) -> Mapping[str, object]:
    words = {True: "within the cut-off", False: "outside the cut-off", None: "no cut-off"}
    missing = number.value is None
    unit = "" if number.unit == "1" else number.unit
    printed = "not measured" if number.value is None else f"{plain_number(number.value)} {unit}"
    return {
        "name": number.name,
        "words": number.words,
        "value": number.value,
        "printed": printed.strip(),
        "unit": number.unit,
        "cutoff": f"{number.cutoff} {unit}".strip()
        if number.cutoff.startswith("at ")
        else number.cutoff,
        "source": number.source,
        "passed": number.passed,
        "passed_words": "not judged" if missing else words[number.passed],
    }


def warning_rows(result: CaseResult) -> tuple[Mapping[str, object], ...]:
    """Warnings with their code in words."""
    return tuple(_warning_row(warning) for warning in result.warnings)


def _warning_row(warning: CaseWarning) -> Mapping[str, object]:
    text, sentence = reason_words(warning.reason), warning.sentence
    return {
        "reason": warning.reason.value,
        "reason_text": text,
        "where": warning.where,
        "sentence": sentence,
        "words": sentence if text in sentence else f"{sentence.rstrip('.')}. {text}",
    }
