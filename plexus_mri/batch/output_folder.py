"""The output folder: checked before any work, and cleared of a case's older results."""

import json
from contextlib import suppress
from itertools import chain
from pathlib import Path

from plexus_mri.batch.viewer_page import viewer_path
from plexus_mri.errors import OutputError, SettingsError
from plexus_mri.io.atomic import TEMPORARY, is_left_over, output_error
from plexus_mri.io.derivatives import case_paths, case_stem

# Files of a study that a run writes anew.
STUDY_FILES = (
    "index.html",
    "status.tsv",
    "participants.tsv",
    "group_measures.tsv",
    "group_asymmetry.tsv",
    "group_excluded.tsv",
)


def check_output(out: Path, source: Path | None) -> None:
    """Prove that the output folder can be made and written; leaves no trace.

    Raises
    ------
    SettingsError
        When the results would be taken for input at the next run.
    OutputError
        When it cannot be made or written, or holds another data set.
    """
    if source is not None and _would_be_input(out.resolve(), source.resolve()):
        msg = f"--out '{out}' lies in the input and would be read as one; give another folder"
        raise SettingsError(msg)
    _refuse_foreign(out)
    missing = [folder for folder in (out, *out.parents) if not folder.exists()]
    probe = out / ".tmp-probe"
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"probe")
        probe.unlink()
        for folder in missing:
            folder.rmdir()
    except OSError as error:
        raise output_error(out, error) from error


def settings_path(out: Path, subject: str, session: str | None) -> Path:
    """Where the settings in force are stored beside a case's tables."""
    summary = case_paths(out, subject, session).summary
    return summary.with_name(f"{case_stem(subject, session)}_desc-settings_recipe.yaml")


def clear_case(out: Path, subject: str, session: str | None) -> None:
    """Remove what an earlier run wrote for this case, so that no old number outlives a refusal."""
    stem = case_stem(subject, session)
    paths = case_paths(out, subject, session)
    folder = paths.summary.parent
    ours = [*folder.glob(f"{stem}_desc-*"), *(folder.parent / "figures").glob(f"{stem}_*")]
    for path in [*ours, paths.html, viewer_path(out, subject, session)]:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise output_error(path, error) from error
    for empty in (folder, folder.parent / "figures", folder.parent, folder.parent.parent):
        if empty != out:
            with suppress(OSError):  # not there, or not empty: then it is not ours to remove
                empty.rmdir()


def clear_leftovers(out: Path) -> None:
    """Remove temporary files that a killed run left behind, in the folders that it writes."""
    places = [out.glob(TEMPORARY), (out / "logs").glob(TEMPORARY)]
    places += [folder.rglob(TEMPORARY) for folder in out.glob("sub-*") if folder.is_dir()]
    for path in chain.from_iterable(places):
        if path.is_file() and is_left_over(path):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise output_error(path, error) from error


def _would_be_input(out: Path, source: Path) -> bool:
    """Whether ``out`` lies where the inventory looks; it leaves ``derivatives`` out."""
    if source.is_file():  # the folder of raw images is no place for results either
        return out == source.parent
    return out.is_relative_to(source) and "derivatives" not in out.relative_to(source).parts


def _refuse_foreign(out: Path) -> None:
    """Refuse a folder with another data set, or with files of our names that are not ours."""
    description = out / "dataset_description.json"
    if description.is_file():
        if not _is_ours(description):
            msg = f"--out '{out}' holds another data set; give a folder of its own"
            raise OutputError(msg)
        return
    theirs = next((name for name in STUDY_FILES if (out / name).exists()), None)
    if theirs is not None:
        msg = f"--out '{out}' holds a '{theirs}' that is not ours; give a folder of its own"
        raise OutputError(msg)


def _is_ours(description: Path) -> bool:
    try:
        makers = json.loads(description.read_text(encoding="utf-8"))["GeneratedBy"]
        return any(maker["Name"] == "plexus-mri" for maker in makers)
    except (OSError, ValueError, LookupError, TypeError):
        return False
