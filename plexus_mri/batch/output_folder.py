"""The output folder: checked before any work, and cleared of a case's older results."""

import json
from pathlib import Path

from plexus_mri.errors import OutputError, SettingsError
from plexus_mri.io.atomic import output_error
from plexus_mri.io.derivatives import case_paths, case_stem


def check_output(out: Path, source: Path) -> None:
    """Make the output folder and prove that it can be written.

    Raises
    ------
    SettingsError
        When the folder is the input itself, holds the input, or is someone's raw data set.
    OutputError
        When it cannot be made or written.
    """
    inside = source.resolve()
    if out.resolve() in (inside, *inside.parents):
        msg = f"--out '{out}' is or holds the input; give a folder of its own"
        raise SettingsError(msg)
    _refuse_foreign(out)
    probe = out / ".tmp-probe"
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"probe")
        probe.unlink()
    except OSError as error:
        raise output_error(out, error) from error


def clear_case(out: Path, subject: str, session: str | None) -> None:
    """Remove what an earlier run wrote for this case, so that no old number outlives a refusal."""
    stem = case_stem(subject, session)
    paths = case_paths(out, subject, session)
    folder = paths.summary.parent
    ours = [*folder.glob(f"{stem}_desc-*"), *(folder.parent / "figures").glob(f"{stem}_*")]
    for path in [*ours, paths.html]:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise output_error(path, error) from error


def clear_leftovers(out: Path) -> None:
    """Remove temporary files that a killed run left behind."""
    for path in out.rglob(".tmp-*"):
        path.unlink(missing_ok=True)


def _refuse_foreign(out: Path) -> None:
    description = out / "dataset_description.json"
    if not description.is_file():
        return
    try:
        makers = json.loads(description.read_text(encoding="utf-8")).get("GeneratedBy", [])
        ours = any(maker.get("Name") == "plexus-mri" for maker in makers)
    except (OSError, ValueError, AttributeError):
        ours = False
    if not ours:
        msg = f"--out '{out}' holds another data set; give a folder of its own"
        raise OutputError(msg)
