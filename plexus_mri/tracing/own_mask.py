"""The user's own mask to the NerveTree: one centerline a nerve, sides checked."""

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from plexus_mri.core.anatomy import NERVE_KEYS, NerveKey
from plexus_mri.core.case import OwnMask
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.evidence import Ganglion
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode
from plexus_mri.tracing.label_course import course_of_labels, pieces_of_nerve
from plexus_mri.tracing.painted import FARTHEST_PIECE_MM, begun_at_ganglion, with_junctions
from plexus_mri.tracing.refine import RefinedCurve
from plexus_mri.tracing.settings import TracingSettings


def trace_own_mask(
    mask: OwnMask, frame: PatientFrame, ganglia: Sequence[Ganglion], settings: TracingSettings
) -> NerveTree:
    """Centerlines of the labels of the user's mask; node 0 of a root is its ganglion.

    Parameters
    ----------
    ganglia
        Those seen in the image, for roots whose ganglion is no label of its own (ADR-101).

    Raises
    ------
    InputError
        When a label lies on the other side of the midline than its name says, or has a piece
        far away from the rest of it.
    """
    nerves: dict[NerveKey, TracedNerve] = {}
    missing = dict.fromkeys(NERVE_KEYS, ReasonCode.NERVE_NOT_FOUND)
    for key in mask.nerves:
        _check_pieces(mask, key, frame)
        found = course_of_labels(mask, key, frame, settings)
        if found is None:
            continue
        missing[key] = ReasonCode.TOO_SHORT
        if isinstance(found, RefinedCurve):
            _check_side(found.line, mask, key, frame)
            curve, doubts = begun_at_ganglion(found, mask, key, ganglia, settings)
            if curve.line.length_mm >= settings.least_length_mm:
                evidence = {"own_mask": 1.0}
                nerves[key] = TracedNerve(
                    curve.line, 1.0, evidence, curve.radius_mm, reasons=doubts
                )
                del missing[key]
    return NerveTree(with_junctions(nerves, settings), missing)


def _check_side(line: Centerline, mask: OwnMask, key: NerveKey, frame: PatientFrame) -> None:
    """Refuse a nerve on the wrong side of the patient."""
    found = frame.side_of(line.points_mm)
    if found is not key[0]:
        place = line.points_mm[len(line.points_mm) // 2].round(1).tolist()
        msg = (
            f"label {_numbers(mask, key)} is named {key[1]} {key[0]} but lies on the patient's "
            f"{found} side, around {place} mm (RAS+); correct the label table or the mask"
        )
        raise InputError(msg, ReasonCode.MASK_SIDE)


def _check_pieces(mask: OwnMask, key: NerveKey, frame: PatientFrame) -> None:
    """Refuse a nerve with a piece far from its largest one, with the place of it in mm."""
    pieces, low = pieces_of_nerve(mask, key)
    voxels = np.argwhere(pieces > 1)
    if len(voxels) == 0:
        return
    grid = mask.labels.grid
    points_mm = grid.to_world((voxels + low).astype(float))
    gaps_mm, _ = cKDTree(grid.to_world((np.argwhere(pieces == 1) + low).astype(float))).query(
        points_mm
    )
    number = pieces[tuple(voxels.T)]
    nearest = {int(k): float(gaps_mm[number == k].min()) for k in np.unique(number)}
    stray, gap_mm = max(nearest.items(), key=lambda item: item[1])
    if gap_mm <= FARTHEST_PIECE_MM:
        return
    piece_mm = points_mm[number == stray]
    msg = (
        f"label {_numbers(mask, key)}, {key[1]} {key[0]}, has a piece {gap_mm:.0f} mm away from "
        f"the rest of it, around {piece_mm.mean(axis=0).round(1).tolist()} mm (RAS+) on the "
        f"patient's {frame.side_of(piece_mm)} side; erase it, or join the two"
    )
    alike = frame.side_of(piece_mm) is key[0]
    raise InputError(msg, ReasonCode.MASK_STRAY if alike else ReasonCode.MASK_SIDE)


def _numbers(mask: OwnMask, key: NerveKey) -> str:
    """Numbers of the labels of a nerve, in words."""
    return " and ".join(str(index) for index in mask.indices_of(key))
