"""Finished cases of an output folder as the population of a template.

The image is the small copy that the viewer page shows, so no input is read again.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from plexus_mri.core.anatomy import Nerve, NerveKey, Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.frame import WORLD_UP, PatientFrame, SideProof
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.template_case import TemplateCase
from plexus_mri.core.volume import LabelMap, Volume
from plexus_mri.errors import InputError
from plexus_mri.io.derivatives import case_files
from plexus_mri.io.nifti import read_label_array, read_nifti
from plexus_mri.io.tables import read_table
from plexus_mri.reasons import ReasonCode

_SUMMARY = "_desc-summary_report.json"


def template_cases(out: Path) -> Iterator[TemplateCase]:
    """Cases of an output folder whose sides are proven, in the order of their names.

    Raises
    ------
    InputError
        When a case's results are damaged; names the case.
    """
    for path in case_files(out, _SUMMARY):
        stem = path.name.removesuffix(_SUMMARY)
        try:
            summary = json.loads(path.read_text(encoding="utf-8"))
            case = _case(path.parent, stem, summary)
        except (OSError, LookupError, TypeError, ValueError) as error:
            msg = f"the results of '{stem}' lack something or are damaged; measure it again"
            raise InputError(msg, ReasonCode.INPUT_UNREADABLE) from error
        if case is not None:
            yield case


def _case(anat: Path, stem: str, summary: Mapping[str, object]) -> TemplateCase | None:
    """The case; None without a proven midline or a nerve that is traced without doubt."""
    frame = _frame(summary["side_proof"])
    rows = read_table(anat / f"{stem}_desc-profile_measures.tsv")
    trusted = set(_trusted(summary["nerves"]))
    rows = [row for row in rows if (Side(row["side"]), Nerve(row["nerve"])) in trusted]
    if frame is None or not rows:
        return None
    image, _ = read_nifti(anat.parent / "figures" / f"{stem}_viewer_image.nii.gz")
    labels, grid = read_label_array(anat / f"{stem}_desc-nerve_dseg.nii.gz")
    in_muscle = image.to_ras()
    in_muscle = in_muscle.with_data(in_muscle.data / _muscle(in_muscle, rows))
    return TemplateCase(in_muscle, frame, LabelMap(labels, grid), dict(_courses(rows)))


def _frame(proof: object) -> PatientFrame | None:
    if not isinstance(proof, Mapping) or not proof["proven"] or proof["midline"] is None:
        return None
    midline = proof["midline"]
    points, rights = (np.array(midline[name], dtype=float) for name in ("points_mm", "right"))
    stated = SideProof(proof["orientation_source"], proof["method"], None, None, proven=True)
    order = np.argsort(-points[:, 2])
    up = np.array(midline.get("up", WORLD_UP), dtype=float)
    return PatientFrame(Centerline(points[order]), rights.mean(axis=0), stated, rights[order], up)


def _trusted(nerves: object) -> Iterator[NerveKey]:
    """Nerves that were traced to their end and are not doubted."""
    for row in nerves if isinstance(nerves, Sequence) else ():
        if row["traced"] and not row["doubts"]:
            yield Side(row["side"]), Nerve(row["nerve"])


def _courses(rows: Sequence[Mapping[str, str]]) -> Iterator[tuple[NerveKey, Centerline]]:
    for (side, nerve), nodes in groupby(rows, lambda row: (row["side"], row["nerve"])):
        points = _points(list(nodes))
        if len(points) > 1:
            yield (Side(side), Nerve(nerve)), Centerline(points)


def _points(rows: Sequence[Mapping[str, str]]) -> FloatArray:
    return np.array([[float(row[f"{axis}_mm"]) for axis in "xyz"] for row in rows])


def _muscle(image: Volume, rows: Sequence[Mapping[str, str]]) -> float:
    """Level of muscle in the small copy, which has a scale of its own: black stays black.

    The copy is known at the nodes, where signal and reference muscle were measured.
    """
    known = [row for row in rows if "n/a" not in (row["signal"], row["reference"])]
    share = np.array([float(row["reference"]) / float(row["signal"]) for row in known])
    return float(np.nanmedian(image.sample(_points(known)) * share))
