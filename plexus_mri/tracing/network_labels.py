"""Labels of a network to the NerveTree: what a user is asked to mend is doubted here instead."""

import numpy as np

from plexus_mri.core.anatomy import NERVE_KEYS, NerveKey
from plexus_mri.core.case import OwnMask
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode
from plexus_mri.tracing.own_mask import curve_of_label, pieces_of_label
from plexus_mri.tracing.refine import RefinedCurve
from plexus_mri.tracing.settings import TracingSettings


def trace_network_labels(
    mask: OwnMask, frame: PatientFrame, settings: TracingSettings
) -> NerveTree:
    """Centerlines of the labels of a network; node 0 is the end nearer to the midline.

    Only the largest piece of a label is followed. The confidence is its share of the label's
    voxels, and a label on the other side of the patient than its name says is left out.

    Raises
    ------
    InputError
        When most labels lie on the other side: then the model's table or orientation is wrong.
    """
    nerves: dict[NerveKey, TracedNerve] = {}
    missing = dict.fromkeys(NERVE_KEYS, ReasonCode.NERVE_NOT_FOUND)
    astray: list[NerveKey] = []
    for index, key in sorted(mask.nerve_of_index.items()):
        found = curve_of_label(mask, index, frame, settings)
        if not isinstance(found, RefinedCurve):
            missing[key] = found or missing[key]
            continue
        if frame.side_of(found.line.points_mm) is not key[0]:
            astray.append(key)
            missing[key] = ReasonCode.MASK_SIDE
        elif found.line.length_mm < settings.least_length_mm:
            missing[key] = ReasonCode.TOO_SHORT
        else:
            nerves[key] = _nerve(found, _share_followed(mask, index), settings)
            del missing[key]
    _check_sides(len(nerves), astray)
    return NerveTree(nerves, missing)


def _nerve(found: RefinedCurve, share: float, settings: TracingSettings) -> TracedNerve:
    doubted = share < settings.least_confidence
    reasons = (ReasonCode.LOW_CONFIDENCE,) if doubted else ()
    evidence = {"largest_piece": share}
    return TracedNerve(found.line, share, evidence, found.radius_mm, reasons=reasons)


def _share_followed(mask: OwnMask, index: int) -> float:
    """Share of a label's voxels that lie in its largest piece."""
    pieces, _ = pieces_of_label(mask, index)
    return float(np.count_nonzero(pieces == 1) / np.count_nonzero(pieces))


def _check_sides(traced: int, astray: list[NerveKey]) -> None:
    if len(astray) > traced:
        names = ", ".join(f"{nerve} {side}" for side, nerve in astray)
        msg = (
            f"the model put {names} on the other side of the patient; correct the label table or "
            "the orientation in its manifest"
        )
        raise InputError(msg, ReasonCode.MASK_SIDE)
