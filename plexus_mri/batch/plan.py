"""From a request to the cases it asks for, and the subjects that have no usable image."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from plexus_mri.batch.case_process import CaseJob
from plexus_mri.batch.outcome import CaseOutcome, outcome_of_reason
from plexus_mri.batch.pseudonym import pseudonym_salt
from plexus_mri.batch.recipe import recipe_sha256
from plexus_mri.batch.request import StudyRequest
from plexus_mri.errors import InputError, SettingsError
from plexus_mri.io.inventory import Inventory, InventoryRow, take_inventory
from plexus_mri.reasons import ReasonCode

CaseName = tuple[str, str | None]


@dataclass(frozen=True)
class Unusable:
    """A subject of the input with no image that can be measured, and why."""

    subject: str
    session: str | None
    outcome: CaseOutcome


@dataclass(frozen=True)
class StudyPlan:
    """What a study comes to: its inventory, the cases to measure and those that cannot be."""

    inventory: Inventory
    jobs: tuple[CaseJob, ...]
    unusable: tuple[Unusable, ...]


def make_plan(request: StudyRequest) -> StudyPlan:
    """Read the input's headers and decide what to measure; writes nothing.

    Raises
    ------
    InputError
        When the input does not exist.
    SettingsError
        When a participant, mask or name asked for does not fit the input.
    """
    if not request.source.exists():
        msg = f"the input '{request.source}' does not exist"
        raise InputError(msg, ReasonCode.INPUT_MISSING)
    inventory = take_inventory(
        request.source,
        subject=request.subject,
        session=request.session,
        salt=pseudonym_salt(),
    )
    rows = chosen_participants(inventory.rows, request.participants)
    names = list(dict.fromkeys((row.subject, row.session) for row in rows))
    _check_names(request, names)
    chosen = {(row.subject, row.session): row for row in rows if row.chosen}
    return StudyPlan(
        inventory,
        tuple(_job(request, chosen[name]) for name in names if name in chosen),
        tuple(_unusable(name, rows) for name in names if name not in chosen),
    )


def chosen_participants(
    rows: Sequence[InventoryRow], participants: Iterable[str]
) -> tuple[InventoryRow, ...]:
    """Rows of the asked-for subjects; all rows when none are asked for.

    Raises
    ------
    SettingsError
        When a label matches nobody; names those who exist.
    """
    wanted = [label.removeprefix("sub-") for label in participants]
    present = sorted({row.subject for row in rows})
    missing = sorted(set(wanted) - set(present))
    if missing:
        known = ", ".join(present) or "none"
        msg = f"no participant {', '.join(missing)} in the input; there are: {known}"
        raise SettingsError(msg)
    return tuple(row for row in rows if not wanted or row.subject in wanted)


def _check_names(request: StudyRequest, names: Sequence[CaseName]) -> None:
    if request.labels is not None and request.segmentation is None:
        raise SettingsError("--labels needs --segmentation, the mask whose labels it explains")
    if len(names) > 1 and request.segmentation and "{subject}" not in request.segmentation:
        msg = (
            f"one mask '{request.segmentation}' cannot fit {len(names)} cases; "
            "put {subject} (and {session}) into its path"
        )
        raise SettingsError(msg)


def _job(request: StudyRequest, row: InventoryRow) -> CaseJob:
    mask = _mask_path(request, row)
    files = (mask, request.labels)
    return CaseJob(
        subject=row.subject,
        session=row.session,
        row=row,
        out=request.out,
        settings=request.settings,
        segmentation=mask,
        labels=request.labels,
        assert_orientation=request.assert_orientation,
        recipe_sha256=recipe_sha256(request.settings, files, request.assert_orientation),
    )


def _mask_path(request: StudyRequest, row: InventoryRow) -> Path | None:
    if request.segmentation is None:
        return None
    named = request.segmentation.replace("{subject}", row.subject)
    path = Path(named.replace("{session}", row.session or ""))
    if not path.is_file():
        msg = f"the mask '{os.fspath(path)}' does not exist"
        raise InputError(msg, ReasonCode.INPUT_MISSING)
    return path


def _unusable(name: CaseName, rows: Sequence[InventoryRow]) -> Unusable:
    """Worst reason of a subject's series: a refusal for safety before anything else."""
    reasons = [row.reason for row in rows if (row.subject, row.session) == name and row.reason]
    outcomes = [outcome_of_reason(reason) for reason in reasons]
    none = outcome_of_reason(ReasonCode.INPUT_EMPTY)
    return Unusable(*name, max(outcomes, key=lambda o: o.exit_code, default=none))
