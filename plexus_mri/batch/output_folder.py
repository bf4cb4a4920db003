"""The output folder: checked before any work, and cleared of a case's older results."""

from collections.abc import Iterable
from contextlib import suppress
from itertools import chain
from pathlib import Path

from plexus_mri.batch.pseudonym import private_folder
from plexus_mri.batch.viewer_page import viewer_path
from plexus_mri.batch.work_folder import has_claims, is_ours, refuse_foreign_names
from plexus_mri.errors import OutputError, SettingsError
from plexus_mri.io.atomic import TEMPORARY, is_left_over, output_error
from plexus_mri.io.corrections import FOLDER as CORRECTIONS
from plexus_mri.io.derivatives import case_paths, case_stem
from plexus_mri.report.viewer import viewer_name

_TABLES = ("status", "group_measures", "group_asymmetry", "group_excluded", "participants")
# What is written about the whole study.
_OF_STUDY = (
    "index.html",
    *(f"{name}.{kind}" for name in _TABLES for kind in ("tsv", "json")),
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


def names_of_study(keys: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Names in the output folder that a study of these cases (subject, session) is written to."""
    stems = [case_stem(subject, session) for subject, session in keys]
    folders = {stem.split("_")[0] for stem in stems}
    pages = (page for stem in stems for page in (f"{stem}.html", viewer_name(stem)))
    return (*_OF_STUDY, *sorted(folders), *pages)


def settings_path(out: Path, subject: str, session: str | None) -> Path:
    """Where the settings in force are stored beside a case's tables."""
    summary = case_paths(out, subject, session).summary
    return summary.with_name(f"{case_stem(subject, session)}_desc-settings_recipe.yaml")


def clear_case(out: Path, subject: str, session: str | None) -> None:
    """Remove what an earlier run wrote for this case, so that no old number outlives a refusal."""
    stem = case_stem(subject, session)
    paths = case_paths(out, subject, session)
    folder = paths.summary.parent
    figures = folder.parent / "figures"
    ours = [*folder.glob(f"{stem}_desc-*"), *folder.glob(f"{stem}_space-template_*")]
    ours += figures.glob(f"{stem}_*")
    ours += [*folder.glob(TEMPORARY), *figures.glob(TEMPORARY)]  # of a run that was killed
    for path in [*ours, paths.html, viewer_path(out, subject, session)]:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise output_error(path, error) from error
    for empty in (folder, figures, folder.parent, folder.parent.parent):
        if empty != out:
            with suppress(OSError):  # not there, or not empty: then it is not ours to remove
                empty.rmdir()


def clear_leftovers(out: Path) -> None:
    """Remove temporary files that a killed run left behind, in the folders that it writes."""
    places = [out.glob(TEMPORARY), (out / "logs").glob(TEMPORARY)]
    folders = (private_folder(out), out / CORRECTIONS, *out.glob("sub-*"))
    places += [folder.rglob(TEMPORARY) for folder in folders if folder.is_dir()]
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
    if (out / "dataset_description.json").is_file():
        if not is_ours(out):
            msg = f"--out '{out}' holds another data set; give a folder of its own"
            raise OutputError(msg)
    elif not has_claims(out):
        refuse_foreign_names(out, _OF_STUDY)
