"""Commands for people who edit label maps: what to look at, and edits taken in."""

import typer

from plexus_mri.batch.correction_check import add_correction
from plexus_mri.batch.corrections import CaseKey
from plexus_mri.batch.editor import files_to_open, filled, find_editor, open_in_editor
from plexus_mri.batch.outcome import OK, outcome_of_error
from plexus_mri.batch.review import cases_to_review
from plexus_mri.cli.reader_options import CorrectOptions, ReviewOptions
from plexus_mri.cli.text import counted, table
from plexus_mri.errors import InputError, SettingsError
from plexus_mri.io.derivatives import case_stem


def review(options: ReviewOptions) -> int:
    """Carry out ``review``."""
    if options.open_case is not None:
        return _open(options, options.open_case)
    if options.editor is not None or options.images is not None:
        raise SettingsError("--editor and --source need --open CASE")
    found = cases_to_review(options.folder)
    for case in found:
        labels = "no label map" if case.labels is None else str(case.labels)
        typer.echo(f"{case.name}  {labels}")
        rows = [("", text) for text in (*case.reasons, *case.corrections)]
        typer.echo("\n".join(table(("", ""), rows).splitlines()[1:]))
    typer.echo(f"{counted(len(found), 'case')} to review; exit code {OK}")
    return OK


def add(options: CorrectOptions) -> int:
    """Carry out ``corrections add``."""
    case = _key(case_stem(options.of_subject, options.of_session))
    try:
        kept = add_correction(options.folder, case, options.mask, options.rater)
    except InputError as error:
        outcome = outcome_of_error(error)
        typer.echo(f"plexus-mri: {error}", err=True)
        typer.echo(f"nothing was kept; exit code {outcome.exit_code}")
        return outcome.exit_code
    typer.echo(
        f"{case_stem(*kept.case)}: {kept.words} kept; the next 'run' or 'batch' into this folder "
        f"measures the case from it; exit code {OK}"
    )
    return OK


def _open(options: ReviewOptions, case: str) -> int:
    editor = find_editor(options.editor)
    files = files_to_open(options.folder, _key(case), options.images)
    open_in_editor(filled(editor, files))
    subject, session = _key(case)
    of_case = f"--subject {subject}" + (f" --session {session}" if session else "")
    typer.echo(
        f"keep what you saved with: plexus-mri corrections add {options.folder} {of_case} "
        f"--mask {files.labels} --rater ID\nexit code {OK}"
    )
    return OK


def _key(case: str) -> CaseKey:
    """Subject and session of a case's name: ``sub-01_ses-1``, ``sub-01`` or ``01``.

    >>> _key("sub-01_ses-1"), _key("01")
    (('01', '1'), ('01', ''))
    """
    subject, _, session = case.replace(" ", "_").partition("_")
    case_stem(subject, session or None)
    return subject.removeprefix("sub-"), session.removeprefix("ses-")
