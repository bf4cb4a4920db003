"""The inventory: every series below an input, what it is, and which one is measured."""

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from plexus_mri.core.case import SeriesInfo
from plexus_mri.core.volume import Volume
from plexus_mri.errors import InputError, PlexusError, RefusedError
from plexus_mri.io.choose import choose
from plexus_mri.io.dicom import read_stack
from plexus_mri.io.dicom_frames import Reading
from plexus_mri.io.discover import Found, discover, nothing_found
from plexus_mri.io.disguise import Disguise, StudySecret
from plexus_mri.io.file_kind import counted_words
from plexus_mri.io.header_index import HeaderIndex
from plexus_mri.io.headers import look_at
from plexus_mri.io.identity import with_identity
from plexus_mri.io.nifti import read_nifti
from plexus_mri.io.series_row import SeriesRow, draft_rows, error_of
from plexus_mri.io.series_rules import SeriesRules
from plexus_mri.io.source_hash import source_sha256
from plexus_mri.io.stored_rows import Drafts, StoredRows
from plexus_mri.io.stored_stack import StoredStack
from plexus_mri.reasons import ReasonCode

# Of an image whose zero means no signal only noise about it and ringing at edges are below; a
# judgement. Centred images have more than half.
_MOST_NEGATIVE = 0.25


@dataclass(frozen=True)
class ForNextRun:
    """Headers and rows of an input."""

    index: HeaderIndex
    rows: StoredRows
    drafts: Drafts

    def save(self) -> None:
        """Write them; a folder that cannot be written costs only time."""
        self.index.save()
        self.rows.write(self.drafts)


@dataclass(frozen=True)
class Inventory:
    """All series of an input.

    ``ignored`` counts files that are no images at all, also by kind in words. ``for_next_run`` is
    what spares a next run the reading, once it is saved; None when there is nothing new.
    """

    rows: tuple[SeriesRow, ...]
    ignored: int = 0
    ignored_words: str = ""
    for_next_run: ForNextRun | None = field(default=None, repr=False, compare=False)

    def subjects(self) -> tuple[tuple[str, str | None], ...]:
        """Every (subject, session) once, in the order of the rows."""
        return tuple(dict.fromkeys((row.subject, row.session) for row in self.rows))

    def chosen(self, subject: str, session: str | None) -> SeriesRow | None:
        """The series to be measured, or None when none is fit."""
        for row in self.rows:
            if row.chosen and (row.subject, row.session) == (subject, session):
                return row
        return None

    def why_none(self, subject: str, session: str | None) -> PlexusError:
        """The error for a subject without a series that can be measured."""
        rows = [row for row in self.rows if (row.subject, row.session) == (subject, session)]
        counts = Counter(row.reason.value for row in rows if row.reason)
        listed = ", ".join(f"{count} {code}" for code, count in sorted(counts.items()))
        msg = f"no series of {subject} can be measured ({listed or 'none was found'})"
        errors = [error_of(row) for row in rows if row.reason]
        doubtful = [e for e in errors if isinstance(e, RefusedError)]
        if doubtful:
            return RefusedError(f"{msg}; {doubtful[0]}", doubtful[0].reason)
        reason = errors[0].reason if errors else ReasonCode.INPUT_EMPTY
        return InputError(f"{msg}; {errors[0]}" if errors else msg, reason)


def take_inventory(
    source: Path,
    *,
    subject: str | None = None,
    session: str | None = None,
    secret: StudySecret | None = None,
    rules: SeriesRules | None = None,
    assert_orientation: bool = False,
) -> Inventory:
    """Every series below ``source``: a file, folder, zip, DICOMDIR or BIDS dataset.

    Only headers are read, and one slice of each DICOM series to prove that it decodes.

    Parameters
    ----------
    subject, session
        Names the only subject or session of the input, or picks one of several.
    secret
        Key of the pseudonyms for subjects whose folder is not called ``sub-<label>``, and where
        the index of headers lies.
    rules
        Rules for contrast and choice; the built-in ones by default.
    assert_orientation
        The user vouches for NIfTI headers that say nothing about left and right.

    Raises
    ------
    InputError
        When the input does not exist, holds no image, or ``subject`` or ``session`` fits none.
    """
    found = discover(source)
    rules, secret = rules or SeriesRules.read(), secret or StudySecret()
    reading = Reading(rules, Disguise(secret.salt))
    drafts, kept = _drafts(found, reading, secret.folder, assert_orientation=assert_orientation)
    others, words = sum(drafts.others.values()), counted_words(drafts.others)
    if not drafts.rows:
        raise nothing_found(source, words)
    rows = with_identity(drafts.rows, found, reading.disguise, subject=subject, session=session)
    return Inventory(choose(rows, rules), others, words if others else "", kept)


def _drafts(
    found: Found, reading: Reading, folder: Path | None, *, assert_orientation: bool
) -> tuple[Drafts, ForNextRun | None]:
    """Rows of all files, those of an earlier run when nothing has changed; and what to keep."""
    stored = folder and StoredRows.of(
        folder, found, reading, assert_orientation=assert_orientation
    )
    drafts = stored.read() if stored else None
    if drafts is not None:
        return drafts, None
    index = HeaderIndex.open(folder, found, reading) if folder else None
    looked = look_at(found, reading, index)
    rows = draft_rows(
        looked, found, reading.rules, assert_orientation=assert_orientation, index=index
    )
    drafts = Drafts(rows, looked.others)
    return drafts, ForNextRun(index, stored, drafts) if index and stored else None


def read_series(row: SeriesRow, *, assert_orientation: bool = False) -> tuple[Volume, SeriesInfo]:
    """Volume of one row and what is known of it.

    Raises
    ------
    InputError, RefusedError
        When the row is refused, or its pixels turn out to be damaged.
    """
    vouched = assert_orientation and row.reason is ReasonCode.SIDE_UNPROVEN
    if not (row.sound or vouched):
        raise error_of(row)
    if row.stack is not None:
        stack = row.stack.opened() if isinstance(row.stack, StoredStack) else row.stack
        volume, orientation = read_stack(stack), "DICOM image position and orientation"
    else:
        volume, orientation = read_nifti(row.paths[0], assert_orientation=assert_orientation)
    if volume.data.max() == volume.data.min():
        detail = f"all pixels are {volume.data.flat[0]:g}; export it again"
        raise error_of(replace(row, reason=ReasonCode.PIXEL_CONSTANT, detail=detail))
    below = float(np.mean(volume.data < 0.0))
    if below > _MOST_NEGATIVE:
        detail = (
            f"{100.0 * below:.0f} % of its values are below 0, so 0 does not mean no signal; "
            "export the magnitude image, without centring or other scaling"
        )
        raise error_of(replace(row, reason=ReasonCode.PIXEL_NEGATIVE, detail=detail))
    info = SeriesInfo(
        series=row.series,
        contrast=row.contrast,
        plane=row.plane,
        orientation_source=orientation,
        files=row.files,
        source_sha256=source_sha256(volume),
        rule=row.rule,
        acquisition=dict(row.acquisition),
    )
    return volume, info
