"""Who a series belongs to, without saying who that is."""

import hashlib
import hmac
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from plexus_mri.errors import InputError
from plexus_mri.io.discover import Found, is_nifti_name
from plexus_mri.io.series_row import Origin, SeriesRow
from plexus_mri.reasons import ReasonCode

_SUBJECT = re.compile(r"(?:^|_)(sub-[0-9A-Za-z]+)(?:_|$)")
_SESSION = re.compile(r"(?:^|_)ses-([0-9A-Za-z]+)(?:_|$)")
_UID = re.compile(r"\d+(?:\.\d+){3,}")
# Written by anonymisers for everybody, so they tell no two patients apart.
_NOBODY = frozenset({"", "0", "anon", "anonym", "anonymous", "anonymized", "none", "unknown"})
_MIN_SECRET = 3  # shorter texts are found in harmless names
_ABOVE_ROOT = 3  # a BIDS folder may be given as .../sub-01/ses-1/anat


def pseudonym(salt: bytes, secret: str) -> str:
    """Label that stays the same for one secret and salt and cannot be turned back.

    >>> pseudonym(b"", "Doe^Jane") == pseudonym(b"", "Doe^Jane") != pseudonym(b"x", "Doe^Jane")
    True
    """
    digest = hmac.new(salt or b"plexus-mri", secret.encode("utf-8", "replace"), hashlib.sha256)
    return f"sub-{digest.hexdigest()[:8]}"


def with_identity(
    drafts: Sequence[SeriesRow],
    found: Found,
    salt: bytes,
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
    salt
        Key of the pseudonyms.
    subject, session
        Name the only one there is, or pick one of several.

    Raises
    ------
    InputError
        When there are several and none is the one asked for.
    """
    rows = [_named(row, found, salt) for row in drafts]
    rows = _adopted(_with_sessions(rows))
    rows = _asked_for(rows, "subject", f"sub-{subject.removeprefix('sub-')}" if subject else None)
    rows = _asked_for(rows, "session", session.removeprefix("ses-") if session else None)
    rows.sort(key=_place)
    return [replace(row, series=number) for number, row in enumerate(rows, start=1)]


def _place(row: SeriesRow) -> tuple[object, ...]:
    return row.subject, row.session or "", row.origin.series_number, row.paths


def _named(row: SeriesRow, found: Found, salt: bytes) -> SeriesRow:
    """Subject, session as far as folders tell it, and source."""
    path = row.paths[0]
    subject, session = _labels(path, found)
    if subject is None:
        subject = pseudonym(salt, _secret(row, path, found))
    with_name = is_nifti_name(path)
    source = shown_source(path, found.root, row.origin.secrets, with_name=with_name)
    return replace(row, subject=subject, session=session, source=source)


def _labels(path: Path, found: Found) -> tuple[str | None, str | None]:
    """Subject (``sub-01``) and session (``1``) that file and folder names state in BIDS words."""
    relative = path.relative_to(found.root)
    name = relative.name.split(".")[0]
    parts = [*found.given.parts[-_ABOVE_ROOT:], *relative.parts[:-1], name]
    subjects = [match[1] for part in parts if (match := _SUBJECT.search(part))]
    sessions = [match[1] for part in parts if (match := _SESSION.search(part))]
    return (subjects[-1] if subjects else None), (sessions[-1] if sessions else None)


def _secret(row: SeriesRow, path: Path, found: Found) -> str:
    """What a pseudonym is made of: the patient ID, else the subject's folder or the input."""
    if row.origin.patient.lower() not in _NOBODY:
        return row.origin.patient
    parts = path.relative_to(found.root).parts
    return parts[0] if len(parts) > 1 else found.given.name


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
    studies: dict[str, set[tuple[str, str]]] = defaultdict(set)
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


def shown_source(path: Path, root: Path, secrets: Iterable[str], *, with_name: bool) -> str:
    """Path relative to the root, for people; parts that name the patient become ``***``.

    Parameters
    ----------
    secrets
        Texts from headers that identify the patient.
    with_name
        Whether the file's own name is part of it.
    """
    relative = path.relative_to(root)
    parts = relative.parts if with_name else relative.parts[:-1]
    words = {w.lower() for text in secrets for w in _words(text) if len(w) >= _MIN_SECRET}
    hidden = [_UID.search(part) or any(w in part.lower() for w in words) for part in parts]
    shown = ["***" if h else part for h, part in zip(hidden, parts, strict=True)]
    return "/".join(shown) or "."


def _words(text: str) -> list[str]:
    """The text itself and its words: a name is stored as ``Family^Given``."""
    return [text, *re.split(r"[\^\s,=\\]+", text)]
