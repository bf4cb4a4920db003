"""Labels of a network to the NerveTree: what a user is asked to mend is doubted here instead."""

from collections.abc import Sequence

import numpy as np

from plexus_mri.core.anatomy import NERVE_KEYS, NerveKey
from plexus_mri.core.case import OwnMask
from plexus_mri.core.evidence import Ganglion
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode
from plexus_mri.tracing.label_course import course_of_labels, pieces_of_nerve
from plexus_mri.tracing.painted import begun_at_ganglion, with_junctions
from plexus_mri.tracing.refine import RefinedCurve
from plexus_mri.tracing.settings import TracingSettings

# Share of a nerve's voxels that lie on its side, apart from the piece that is followed, from which
# on the nerve is torn and not spotted: spots of a trained network held 4 to 8 % (ADR-93).
_TORN_SHARE = 0.1


def trace_network_labels(
    mask: OwnMask, frame: PatientFrame, ganglia: Sequence[Ganglion], settings: TracingSettings
) -> NerveTree:
    """Centerlines of the labels of a network; node 0 of a root is its ganglion.

    Only the largest piece of a nerve is followed. The confidence is its share of the nerve's
    voxels; where the rest lies on the nerve's own side it was followed part of the way only, and
    says so (NERVE_LOST). A nerve on the other side of the patient than its name says is left out.

    Parameters
    ----------
    ganglia
        Those seen in the image, for roots whose ganglion is no label of its own (ADR-101).

    Raises
    ------
    InputError
        When most labels lie on the other side: then the model's table or orientation is wrong.
    """
    nerves: dict[NerveKey, TracedNerve] = {}
    missing = dict.fromkeys(NERVE_KEYS, ReasonCode.NERVE_NOT_FOUND)
    astray: list[NerveKey] = []
    for key in mask.nerves:
        found = course_of_labels(mask, key, frame, settings)
        if not isinstance(found, RefinedCurve):
            missing[key] = found or missing[key]
            continue
        if frame.side_of(found.line.points_mm) is not key[0]:
            astray.append(key)
            missing[key] = ReasonCode.MASK_SIDE
            continue
        curve, doubts = begun_at_ganglion(found, mask, key, ganglia, settings)
        missing[key] = ReasonCode.TOO_SHORT
        if curve.line.length_mm >= settings.least_length_mm:
            followed, rest = _shares(mask, key, frame)
            if rest >= _TORN_SHARE:
                doubts = (*doubts, ReasonCode.NERVE_LOST)
            nerves[key] = _nerve(curve, followed, doubts, settings)
            del missing[key]
    _check_sides(len(nerves), astray)
    return NerveTree(with_junctions(nerves, settings), missing)


def _nerve(
    found: RefinedCurve,
    share: float,
    reasons: tuple[ReasonCode, ...],
    settings: TracingSettings,
) -> TracedNerve:
    if share < settings.least_confidence:
        reasons = (*reasons, ReasonCode.LOW_CONFIDENCE)
    evidence = {"largest_piece": share}
    return TracedNerve(found.line, share, evidence, found.radius_mm, reasons=reasons)


def _shares(mask: OwnMask, key: NerveKey, frame: PatientFrame) -> tuple[float, float]:
    """Share of a nerve's voxels in its largest piece, and in others on the nerve's own side.

    A ganglion apart from its root is no stray piece: it is where the nerve begins.
    """
    pieces, low = pieces_of_nerve(mask, key)
    window = tuple(slice(a, a + n) for a, n in zip(low, pieces.shape, strict=True))
    own = mask.voxels(key)[window]
    count = np.count_nonzero(own)
    rest = np.argwhere(own & (pieces > 1))
    lateral_mm = frame.lateral_mm(mask.labels.grid.to_world((rest + low).astype(float)))
    torn = np.count_nonzero(lateral_mm * key[0].sign > 0)
    return 1.0 - len(rest) / count, torn / count


def _check_sides(traced: int, astray: list[NerveKey]) -> None:
    if len(astray) > traced:
        names = ", ".join(f"{nerve} {side}" for side, nerve in astray)
        msg = (
            f"the model put {names} on the other side of the patient; correct the label table or "
            "the orientation in its manifest"
        )
        raise InputError(msg, ReasonCode.MASK_SIDE)
