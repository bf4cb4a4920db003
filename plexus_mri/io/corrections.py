"""Corrections on disk: ``corrections/corrections.tsv`` and the edited label maps beside it."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path

from plexus_mri.core.correction import Correction, key_of, key_text
from plexus_mri.core.volume import LabelMap
from plexus_mri.errors import InputError, SettingsError
from plexus_mri.io.atomic import write_bytes
from plexus_mri.io.case_rows import label_rows
from plexus_mri.io.columns import LABEL_COLUMNS
from plexus_mri.io.derivatives import case_stem
from plexus_mri.io.nifti import encoded_nifti
from plexus_mri.io.tables import MISSING, Column, read_table, write_table
from plexus_mri.reasons import ReasonCode

FOLDER = "corrections"
_TABLE = "corrections.tsv"
_COLUMNS = (
    Column("subject", "Subject label, without 'sub-'"),
    Column("session", "Session label, without 'ses-'"),
    Column("rater", "Who corrected: an ID of letters and digits"),
    Column("time_utc", "When it was checked and taken, UTC"),
    Column("input_sha256", "SHA-256 over the files of the series on which it was drawn"),
    Column("edited_sha256", "SHA-256 of the label map that was edited"),
    Column(
        "automatic_sha256",
        "SHA-256 of the label map without corrections that the edited one goes back to",
    ),
    Column("mask_sha256", "SHA-256 of the file of the edited label map"),
    Column(
        "redrawn",
        "Nerves followed from the edited map, joined by ';'; the others as without a correction",
    ),
    Column("software_version", "Version of plexus-mri that checked it"),
)
_RATER = re.compile(r"[0-9A-Za-z]{1,32}")
_NAME_DIGITS = 12


def check_rater(rater: str) -> str:
    """Give the ID back when it names nobody: letters and digits, 32 at most.

    >>> check_rater("R1")
    'R1'

    Raises
    ------
    SettingsError
        When it holds anything else.
    """
    if _RATER.fullmatch(rater) is None:
        shown = rater[:40].encode("unicode_escape").decode()
        msg = f"--rater '{shown}' must be an ID of 1 to 32 letters and digits, such as R1"
        raise SettingsError(msg)
    return rater


def mask_path(out: Path, correction: Correction) -> Path:
    """Where the edited label map of a correction lies; its name tells its content."""
    stem = case_stem(*correction.case)
    digits = correction.mask_sha256[:_NAME_DIGITS]
    return out / FOLDER / f"{stem}_rater-{correction.rater}_{digits}_dseg.nii.gz"


def draft_path(out: Path, subject: str, session: str | None, edited_sha256: str) -> Path:
    """Copy of a case's label map to edit; its name tells which label map it was."""
    stem = case_stem(subject, session)
    return out / FOLDER / "drafts" / f"{stem}_{edited_sha256[:_NAME_DIGITS]}_dseg.nii.gz"


def label_table_path(out: Path) -> Path:
    """Which nerve each number of an edited label map is."""
    return out / FOLDER / "dseg.tsv"


def encoded_mask(labels: LabelMap) -> tuple[bytes, str]:
    """File of an edited label map and its SHA-256; nothing of the editor's header stays."""
    content = encoded_nifti(labels.data, labels.grid)
    return content, hashlib.sha256(content).hexdigest()


def read_corrections(out: Path) -> tuple[Correction, ...]:
    """Corrections kept in a study, in the order in which they were added; none without.

    Raises
    ------
    InputError
        When the table is damaged.
    """
    path = out / FOLDER / _TABLE
    if not path.is_file():
        return ()
    return tuple(_correction(row) for row in read_table(path))


def write_corrections(out: Path, corrections: Iterable[Correction]) -> None:
    """Write the table of all corrections and the table of their labels.

    Raises
    ------
    OutputError
        When a file cannot be written.
    """
    write_table(label_table_path(out), LABEL_COLUMNS, label_rows())
    rows = [asdict(c) | {"redrawn": ";".join(map(key_text, c.redrawn))} for c in corrections]
    write_table(out / FOLDER / _TABLE, _COLUMNS, rows)


def write_mask(out: Path, correction: Correction, content: bytes) -> None:
    """Write the edited label map of a correction (`encoded_mask`).

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    write_bytes(mask_path(out, correction), content)


def _correction(row: Mapping[str, str]) -> Correction:
    try:
        texts = {f.name: row[f.name] for f in fields(Correction)}
        cells = {name: "" if text == MISSING else text for name, text in texts.items()}
        typed = {
            "session": cells["session"] or None,
            "redrawn": tuple(key_of(text) for text in cells["redrawn"].split(";")),
        }
        found = Correction(**{**cells, **typed})  # type: ignore[arg-type]
        case_stem(*found.case)
        check_rater(found.rater)
    except (KeyError, ValueError, SettingsError) as error:
        msg = f"'{_TABLE}' in the output folder is damaged ({error}); repair or remove it"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE) from error
    if re.fullmatch(r"[0-9a-f]{64}", found.mask_sha256) is None:
        msg = f"'{_TABLE}' in the output folder is damaged (a mask_sha256); repair or remove it"
        raise InputError(msg, ReasonCode.INPUT_UNREADABLE)
    return found
