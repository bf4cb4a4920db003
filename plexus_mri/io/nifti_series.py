"""NIfTI files as series: what name, sidecar and header say, each with at most one problem."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from plexus_mri.core.grid import Grid
from plexus_mri.errors import InputError, RefusedError
from plexus_mri.io.dicom_acquisition import About, maker_word
from plexus_mri.io.dicom_checks import Problem
from plexus_mri.io.nifti import nifti_grid
from plexus_mri.io.series_rules import SeriesRules
from plexus_mri.reasons import ReasonCode

_NOT_IMAGES = frozenset({"dseg", "mask", "probseg", "seg", "label", "labels", "centerline"})
_MAX_SIDECAR_BYTES = 4 * 2**20
_MS_PER_S = 1000.0
# BIDS states times in seconds.
_TIMES = {
    "RepetitionTime": "repetition_time_ms",
    "EchoTime": "echo_time_ms",
    "InversionTime": "inversion_time_ms",
}
_NUMBERS = {
    "MagneticFieldStrength": "field_strength_t",
    "FlipAngle": "flip_angle_deg",
    "SliceThickness": "slice_thickness_mm",
}
_WORDS = ("SeriesDescription", "ProtocolName", "SequenceName", "PulseSequenceName", "ScanOptions")
_SEQUENCES = ("SE", "IR", "GR", "EP")


@dataclass(frozen=True)
class NiftiSeries:
    """One NIfTI file; ``grid`` is None when ``problem`` says why."""

    path: Path
    about: About = field(default_factory=About)
    grid: Grid | None = None
    problem: Problem | None = None


def nifti_series(
    path: Path, rules: SeriesRules, *, assert_orientation: bool = False
) -> NiftiSeries:
    """What can be said of a NIfTI file without its pixels; damage comes back as ``problem``."""
    stem = path.name.split(".")[0]
    sidecar = _sidecar(path)
    # The subject's label is no description: a "sub-T2" would be taken for a contrast.
    parts = [p for p in stem.split("_") if not p.startswith(("sub-", "ses-"))]
    kind = _about(parts, sidecar, rules)
    if parts and parts[-1].lower() in _NOT_IMAGES:
        problem = (ReasonCode.KIND_NOT_IMAGE, "a segmentation by its name")
        return NiftiSeries(path, kind, problem=problem)
    try:
        grid = nifti_grid(path, assert_orientation=assert_orientation)
    except (InputError, RefusedError) as error:
        # The sentence names the file, which may name the patient.
        detail = str(error).replace(f"'{path.name}'", "the file", 1)
        return NiftiSeries(path, kind, problem=(error.reason, detail))
    return NiftiSeries(path, kind, grid)


def _about(parts: Sequence[str], sidecar: Mapping[str, object], rules: SeriesRules) -> About:
    """Contrast, body part and acquisition by name and sidecar."""
    words = " ".join(["_".join(["", *parts]), *(str(sidecar.get(key, "")) for key in _WORDS)])
    numbers = _acquisition(sidecar)
    stated = str(sidecar.get("BodyPartExamined", sidecar.get("BodyPart", ""))).lower()
    return About(
        rules.contrast(words.lower(), numbers),
        rules.body_part(stated, words.lower()),
        tuple(numbers.items()),
    )


def _sidecar(path: Path) -> dict[str, object]:
    """Content of the JSON file of the same name; empty when there is none or it is damaged."""
    beside = path.with_name(re.split(r"\.(?:nii|hdr)", path.name)[0] + ".json")
    try:
        if beside.stat().st_size > _MAX_SIDECAR_BYTES:
            return {}
        content = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _acquisition(sidecar: Mapping[str, object]) -> dict[str, float | str]:
    """Times, field strength, maker and sequence that a sidecar states."""
    found: dict[str, float | str] = {}
    for key, name in (_TIMES | _NUMBERS).items():
        value = sidecar.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            found[name] = round(float(value) * (_MS_PER_S if key in _TIMES else 1.0), 3)
    if maker := maker_word(str(sidecar.get("Manufacturer", ""))):
        found["manufacturer"] = maker
    stated = str(sidecar.get("ScanningSequence", "")).upper()
    if kinds := [kind for kind in _SEQUENCES if kind in stated]:
        found["sequence"] = "+".join(sorted(kinds))
    if (dimensions := sidecar.get("MRAcquisitionType")) in {"2D", "3D"}:
        found["dimensions"] = str(dimensions)
    return found
