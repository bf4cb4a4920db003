"""Image and label map of a case, opened in the user's own editor."""

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from plexus_mri.batch.correction_check import finished_row
from plexus_mri.batch.corrections import CaseKey
from plexus_mri.batch.plan import survey
from plexus_mri.batch.recipe import files_sha256
from plexus_mri.batch.request import StudyRequest
from plexus_mri.batch.status import CaseStatus
from plexus_mri.batch.stored import read_summary
from plexus_mri.batch.work_folder import case_folder
from plexus_mri.errors import InputError, SettingsError
from plexus_mri.io.atomic import write_bytes
from plexus_mri.io.corrections import draft_path
from plexus_mri.io.derivatives import case_paths
from plexus_mri.io.inventory import read_series
from plexus_mri.io.nifti import write_volume
from plexus_mri.io.series_row import SeriesRow
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.rating_form import rated_case

_SLICER = (
    "import slicer; slicer.util.loadVolume({image!r}); slicer.util.loadSegmentation({labels!r})"
)
# Program -> its arguments, in the order in which they are looked for.
_EDITORS: dict[str, tuple[str, ...]] = {
    "Slicer": ("--python-code", _SLICER),
    "itksnap": ("-g", "{image}", "-s", "{labels}"),
    "fsleyes": ("{image}", "{labels}", "-ot", "label"),
    "napari": ("{image}", "{labels}"),
}
_NAMES = "3D Slicer (Slicer), ITK-SNAP (itksnap), FSLeyes (fsleyes), napari"
_NAME_DIGITS = 16


@dataclass(frozen=True)
class OpenCase:
    """Files to be opened: the image, and a copy of the label map that may be edited."""

    image: Path
    labels: Path


def find_editor(wanted: str | None) -> tuple[str, ...]:
    """Program and arguments, with ``{image}`` and ``{labels}`` where the files are to go.

    Parameters
    ----------
    wanted
        The user's own command; by default the first known editor on the path.

    Raises
    ------
    SettingsError
        When the command cannot be read, or there is no such program.
    """
    if wanted is None:
        known = next((name for name in _EDITORS if shutil.which(name)), None)
        if known is None:
            msg = f"no editor was found: {_NAMES}; install one, or give yours with --editor"
            raise SettingsError(msg)
        return (known, *_EDITORS[known])
    words = _words(wanted)
    if shutil.which(words[0]) is None:
        msg = f"--editor: there is no program '{words[0]}'; give its full path"
        raise SettingsError(msg)
    if any("{image}" in word or "{labels}" in word for word in words):
        return words
    return (*words, *_EDITORS.get(Path(words[0]).name, ("{image}", "{labels}")))


def filled(words: Sequence[str], files: OpenCase) -> tuple[str, ...]:
    """Words of a command with the files in their places; Slicer's are Python, quoted as such."""
    image, labels = str(files.image), str(files.labels)
    return tuple(
        word.format(image=image, labels=labels)
        if word == _SLICER
        else word.replace("{image}", image).replace("{labels}", labels)
        for word in words
    )


def open_in_editor(command: Sequence[str]) -> None:
    """Run an editor and wait for its end.

    Raises
    ------
    SettingsError
        When it cannot be started or ends with an error.
    """
    try:
        # The user's own program with words of his, split by us; no shell.
        code = subprocess.run(command, check=False).returncode  # noqa: S603
    except OSError as error:
        msg = f"'{command[0]}' cannot be started ({error.strerror}); give another --editor"
        raise SettingsError(msg) from error
    if code:
        msg = f"'{command[0]}' ended with code {code}; give another --editor"
        raise SettingsError(msg)


def files_to_open(out: Path, case: CaseKey, source: Path | None) -> OpenCase:
    """Image and label map of a case as files; what was begun to be edited is taken up again.

    The image is written into the study's private folder once, the map that is edited is a copy:
    a run would write over the case's own.

    Parameters
    ----------
    source
        The input that was measured; needed when the image was not opened before.

    Raises
    ------
    InputError
        When there is no result of the case, or no such image in the input.
    OutputError
        When a copy cannot be written.
    """
    row = finished_row(out, case)
    folder = case_folder(out, row.subject, row.session)
    image = folder / f"image-{row.input_sha256[:_NAME_DIGITS]}.nii.gz"
    if not image.is_file():
        volume, _ = read_series(_measured_row(out, row, source), assert_orientation=True)
        write_volume(image, volume)
    paths = case_paths(out, row.subject, row.session)
    edited = str(rated_case(read_summary(paths.summary))["mask_sha256"])
    draft = draft_path(out, row.subject, row.session, edited)
    if not draft.is_file():
        write_bytes(draft, paths.labels.read_bytes())
    return OpenCase(image.absolute(), draft.absolute())


def _measured_row(out: Path, row: CaseStatus, source: Path | None) -> SeriesRow:
    """Series that a case was measured on, told by the hash of its files."""
    if source is None:
        msg = f"give --source INPUT, where the image of {row.name} lies: results hold no copy"
        raise SettingsError(msg)
    rows = survey(StudyRequest(source, out, assert_orientation=True), out).rows
    likely = sorted(rows, key=lambda r: r.subject.removeprefix("sub-") != row.subject)
    for found in likely:
        if found.paths and files_sha256(found.paths) == row.input_sha256:
            return found
    msg = f"'{source.name}' holds no image that {row.name} was measured on; give another --source"
    raise InputError(msg, ReasonCode.INPUT_MISSING)


def _words(command: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(command))
    except ValueError as error:
        msg = f"--editor {command!r} cannot be read ({error}); mind the quotes"
        raise SettingsError(msg) from error
    if not words:
        raise SettingsError("--editor is empty; give a program")
    return words
