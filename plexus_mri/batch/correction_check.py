"""An edited label map, checked and kept as a correction of a study."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from plexus_mri import __version__
from plexus_mri.batch.corrections import CaseKey, automatic_sha256, redrawn_before
from plexus_mri.batch.status import CaseState, CaseStatus, read_status
from plexus_mri.batch.steps import stored_step
from plexus_mri.batch.stored import read_summary
from plexus_mri.batch.work_folder import brief_lock, case_folder
from plexus_mri.core.anatomy import NERVE_KEYS, NerveKey, label_index
from plexus_mri.core.case import OwnMask
from plexus_mri.core.correction import Correction
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import Grid, same_grid
from plexus_mri.core.volume import LabelMap
from plexus_mri.errors import InputError
from plexus_mri.io.corrections import (
    check_rater,
    draft_path,
    encoded_mask,
    mask_path,
    read_corrections,
    write_corrections,
    write_mask,
)
from plexus_mri.io.derivatives import case_paths
from plexus_mri.io.mask import read_own_mask
from plexus_mri.io.nifti import nifti_grid, read_label_array
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.found import labels_sha256
from plexus_mri.report.rating_form import rated_case
from plexus_mri.settings import settings_from_mapping
from plexus_mri.tracing.own_mask import trace_own_mask


def add_correction(out: Path, case: CaseKey, mask: Path, rater: str) -> Correction:
    """Check an edited label map as a user's own mask is checked, and keep it in the study.

    Parameters
    ----------
    case
        Subject and session without their prefixes; an absent session is empty.
    mask
        NIfTI with the label numbers of the case's own label map, on any grid.

    Raises
    ------
    SettingsError
        When the rater is no ID.
    InputError, RefusedError
        When the study holds no finished result of the case, or the mask fails a check.
    OutputError
        When it cannot be written.
    """
    check_rater(rater)
    row = finished_row(out, case)
    paths = case_paths(out, row.subject, row.session)
    summary = read_summary(paths.summary)
    edited_sha256 = str(rated_case(summary)["mask_sha256"])
    draft = draft_path(out, row.subject, row.session, edited_sha256)
    _refuse_old_draft(mask, draft)
    own = read_own_mask(mask, paths.label_table, nifti_grid(paths.labels))
    _check_nerves(own, _frame(out, row), summary)
    content, mask_sha256 = encoded_mask(own.labels)
    correction = Correction(
        row.subject,
        row.session,
        rater,
        datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        row.input_sha256,
        edited_sha256,
        automatic_sha256(summary),
        mask_sha256,
        __version__,
        _redrawn(own.labels, read_label_array(paths.labels), summary),
    )
    with brief_lock(out, "corrections"):
        write_mask(out, correction, content)
        same = mask_path(out, correction)
        others = [c for c in read_corrections(out) if mask_path(out, c) != same]
        write_corrections(out, [*others, correction])
    if mask.resolve() == draft.resolve():
        draft.unlink(missing_ok=True)
    return correction


def finished_row(out: Path, case: CaseKey) -> CaseStatus:
    """Row of a case that was measured.

    Raises
    ------
    InputError
        When the study does not know the case, or holds no result of it.
    """
    rows = {row.key: row for row in read_status(out)}
    if case not in rows:
        known = ", ".join(row.name for row in rows.values()) or "no case"
        msg = f"this study has no case '{' '.join(filter(None, case))}'; there are: {known}"
        raise InputError(msg, ReasonCode.INPUT_MISSING)
    if rows[case].state is not CaseState.FINISHED:
        msg = (
            f"{rows[case].name} has no result to correct (it is {rows[case].state}); "
            "draw a mask of your own and give it with --segmentation and --labels"
        )
        raise InputError(msg, ReasonCode.INPUT_MISSING)
    return rows[case]


def _refuse_old_draft(mask: Path, draft: Path) -> None:
    """Refuse what was begun on a label map that a later run replaced."""
    if mask.resolve().parent == draft.resolve().parent and mask.name != draft.name:
        msg = (
            f"'{mask.name}' was begun on a label map that has changed since; "
            "open the case again, or give the file another place if you are sure"
        )
        raise InputError(msg, ReasonCode.CORRECTION_STALE)


def _redrawn(
    edited: LabelMap, stored: tuple[npt.NDArray[np.int16], Grid], summary: Mapping[str, object]
) -> tuple[NerveKey, ...]:
    """Nerves whose voxels are others than in the label map of the result, and those before.

    All of them where that cannot be told: on another grid, or when the result's own file was
    written over.

    Raises
    ------
    InputError
        When nothing was edited.
    """
    before, after = LabelMap(*stored).to_ras(), edited.to_ras()
    known = labels_sha256(before) == str(rated_case(summary)["mask_sha256"])
    if not known or not same_grid(before.grid, after.grid):
        return NERVE_KEYS
    differs = before.data != after.data
    numbers = {*np.unique(before.data[differs]), *np.unique(after.data[differs])}
    changed = {key for key in NERVE_KEYS if label_index(*key) in numbers}
    if not changed:
        msg = "the map is the case's own label map, nothing was edited; edit it first"
        raise InputError(msg, ReasonCode.MASK_LABELS)
    changed |= set(redrawn_before(summary))
    return tuple(key for key in NERVE_KEYS if key in changed)


def _check_nerves(mask: OwnMask, frame: PatientFrame, summary: Mapping[str, object]) -> None:
    """Sides against the midline, stray pieces, and that a nerve can be followed at all."""
    stored = summary.get("settings")
    settings = settings_from_mapping(dict(stored) if isinstance(stored, dict) else {})
    if not trace_own_mask(mask, frame, (), settings.tracing).nerves:
        msg = "no label of the edited map is long enough to follow; edit the case's own label map"
        raise InputError(msg, ReasonCode.TOO_SHORT)


def _frame(out: Path, row: CaseStatus) -> PatientFrame:
    """Midline of a case, as its last run found it."""
    frame = stored_step(case_folder(out, row.subject, row.session), "frame")
    if not isinstance(frame, PatientFrame):
        msg = (
            f"the midline of {row.name} was not found or is not kept any more, so sides cannot "
            "be checked; measure the case again"
        )
        raise InputError(msg, ReasonCode.MIDLINE_NOT_FOUND)
    return frame
