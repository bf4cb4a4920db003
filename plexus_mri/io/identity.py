"""Who a series belongs to, without saying who that is."""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath

from plexus_mri.errors import InputError
from plexus_mri.io.discover import Found
from plexus_mri.io.disguise import Disguise
from plexus_mri.io.file_kind import is_nifti_name
from plexus_mri.io.series_row import Origin, SeriesRow
from plexus_mri.io.shown import shown
from plexus_mri.reasons import ReasonCode

_SUBJECT = re.compile(r"(?:^|_)(sub-[0-9A-Za-z]+)(?:_|$)")
_SESSION = re.compile(r"(?:^|_)ses-([0-9A-Za-z]+)(?:_|$)")
_ABOVE_ROOT = 3  # a BIDS folder may be given as .../sub-01/ses-1/anat
_DIGITS = 8  # of a pseudonym; more when two people of one input would share it


def with_identity(
    drafts: Sequence[SeriesRow],
    found: Found,
    disguise: Disguise,
    *,
    subject: str | None = None,
    session: str | None = None,
) -> list[SeriesRow]:
    """Rows in a fixed order with number, subject, session and source.

    Parameters
    ----------
    drafts
        Rows that lack these.
    found
        The files that they come from.
    disguise
        Makes the pseudonyms.
    subject, session
        Name the only one there is, or pick one of several.

    Raises
    ------
    InputError
        When there are several and none is the one asked for.
    """
    secrets = frozenset(mark for row in drafts for mark in row.origin.secrets)
    names = _names([_person(row, found, disguise) for row in drafts])
    rows = [
        _named(row, name, found, partial(shown, secrets=secrets, disguise=disguise))
        for row, name in zip(drafts, names, strict=True)
    ]
    rows = _adopted(_with_sessions(rows))
    rows = _asked_for(rows, "subject", f"sub-{subject.removeprefix('sub-')}" if subject else None)
    rows = _asked_for(rows, "session", session.removeprefix("ses-") if session else None)
    rows.sort(key=lambda row: _place(row, found))
    return [replace(row, series=number) for number, row in enumerate(rows, start=1)]


def _place(row: SeriesRow, found: Found) -> tuple[object, ...]:
    """Order of the rows: by subject, visit, the scanner's own number, and file."""
    session = row.session or ""
    visit = (int(session) if session.isdecimal() else 0, session)
    places = tuple(found.relative(path) for path in row.paths[:1])
    return row.subject, visit, row.origin.series_number, places


def _person(row: SeriesRow, found: Found, disguise: Disguise) -> str:
    """BIDS label that the input gives a subject; else the mark of a person.

    A person is told by the patient ID, without it by the subject's folder or the input's name.
    """
    path = found.relative(row.paths[0])
    subject, _ = _labels(path, found)
    if subject is not None:
        return subject
    parts = path.parts
    folder = parts[0] if len(parts) > 1 else found.given.name
    return row.origin.patient or disguise.mark(folder)


def _names(people: Sequence[str]) -> list[str]:
    """Subject of each row: labels as they are, marks cut as short as keeps people apart."""
    marks = {person for person in people if not person.startswith("sub-")}
    digits = _DIGITS
    while len({mark[:digits] for mark in marks}) < len(marks):
        digits += 1
    return [person if person.startswith("sub-") else f"sub-{person[:digits]}" for person in people]


def _named(
    row: SeriesRow, subject: str, found: Found, show: Callable[[PurePath], str]
) -> SeriesRow:
    """Row with its subject, its session as far as folders tell it, and where it lies."""
    path = found.relative(row.paths[0])
    _, session = _labels(path, found)
    file = show(PurePath(path.name)) if is_nifti_name(path) else ""
    return replace(row, subject=subject, session=session, source=show(path.parent), file=file)


def _labels(relative: Path, found: Found) -> tuple[str | None, str | None]:
    """Subject (``sub-01``) and session (``1``) that file and folder names state in BIDS words."""
    name = relative.name.split(".")[0]
    parts = [*found.given.parts[-_ABOVE_ROOT:], *relative.parts[:-1], name]
    subjects = [match[1] for part in parts if (match := _SUBJECT.search(part))]
    sessions = [match[1] for part in parts if (match := _SESSION.search(part))]
    return (subjects[-1] if subjects else None), (sessions[-1] if sessions else None)


def _adopted(rows: Sequence[SeriesRow]) -> list[SeriesRow]:
    """Give files that name nobody (damaged ones) to the patient whose folder they lie in."""
    orphans = [row for row in rows if _is_orphan(row)]
    homes = {row.paths[0].parent: row for row in reversed(rows) if not _is_orphan(row)}
    owners = {(row.subject, row.session) for row in homes.values()}
    adopted = []
    for row in rows:
        home = homes.get(row.paths[0].parent)
        if home is None and len(owners) == 1:
            home = next(iter(homes.values()))
        if orphans and home is not None and _is_orphan(row):
            adopted.append(replace(row, subject=home.subject, session=home.session))
        else:
            adopted.append(row)
    return adopted


def _is_orphan(row: SeriesRow) -> bool:
    lost = row.reason in {ReasonCode.INPUT_UNREADABLE, ReasonCode.INPUT_MISSING}
    return lost and row.origin == Origin() and not is_nifti_name(row.paths[0])


def _with_sessions(rows: Sequence[SeriesRow]) -> list[SeriesRow]:
    """Number the studies of a subject by date when there are several and no folder names them."""
    studies: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for row in rows:
        if row.session is None and row.origin.study[1]:
            studies[row.subject].add(row.origin.study)
    numbered = []
    for row in rows:
        several = sorted(studies[row.subject])
        if row.session is None and row.origin.study in several and len(several) > 1:
            numbered.append(replace(row, session=str(several.index(row.origin.study) + 1)))
        else:
            numbered.append(row)
    return numbered


def _asked_for(rows: list[SeriesRow], what: str, label: str | None) -> list[SeriesRow]:
    """Rows renamed to, or picked by, the label of a subject or session."""
    labels = {getattr(row, what) for row in rows}
    if label is None:
        return rows
    if len(labels) == 1 and what == "subject":
        return [replace(row, subject=label) for row in rows]
    if len(labels) == 1:
        return [replace(row, session=label) for row in rows]
    picked = [row for row in rows if getattr(row, what) == label]
    if not picked:
        msg = f"the input holds {len(labels)} {what}s and none is '{label}'; see the inventory"
        raise InputError(msg, ReasonCode.INPUT_AMBIGUOUS)
    return picked
