"""What the study's page needs of a finished case, kept so that nobody reads its tables again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from plexus_mri.batch.group_profiles import (
    CaseCurves,
    curves_from_record,
    curves_to_record,
    read_curves,
)
from plexus_mri.batch.status import CaseState
from plexus_mri.batch.stored import read_summary, read_thumbnail, reading
from plexus_mri.batch.work_folder import case_folder, read_record, write_record
from plexus_mri.io.derivatives import CasePaths, case_paths
from plexus_mri.report.index_page import index_entry
from plexus_mri.report.study_model import Metric, case_metrics

CaseKey = tuple[str, str]


@dataclass(frozen=True)
class StudyEntry:
    """A finished case on the study's page: its row, its numbers and its profiles."""

    row: Mapping[str, object]
    metrics: Mapping[Metric, float]
    curves: CaseCurves


def keep_entry(out: Path, subject: str, session: str | None) -> StudyEntry:
    """Read a case's results and keep what the study's page says about it.

    Raises
    ------
    InputError
        When a stored result is missing or damaged.
    OutputError
        When it cannot be written.
    """
    paths = case_paths(out, subject, session)
    read_from = _marks(paths)
    entry = _read(paths)
    record = {
        "read_from": read_from,
        "row": dict(entry.row),
        "metrics": [[*asdict(metric).values(), value] for metric, value in entry.metrics.items()],
        "curves": curves_to_record(entry.curves),
    }
    write_record(_path(out, subject, session), record)
    return entry


def stored_entry(out: Path, subject: str, session: str | None) -> StudyEntry:
    """What was kept of a case; read from its results where they are others by now.

    Raises
    ------
    InputError
        When a stored result is missing or damaged.
    """
    paths = case_paths(out, subject, session)
    record = read_record(_path(out, subject, session))
    row, metrics, curves = (record.get(name) for name in ("row", "metrics", "curves"))
    if record.get("read_from") != _marks(paths) or not isinstance(row, dict):
        return _read(paths)
    if not isinstance(metrics, list) or not isinstance(curves, dict):
        return _read(paths)
    numbers = {Metric(name, words, unit): value for name, words, unit, value in metrics}
    return StudyEntry(row, numbers, curves_from_record(curves))


def _read(paths: CasePaths) -> StudyEntry:
    with reading(paths.html.stem):
        summary = read_summary(paths.summary)
        thumbnail = read_thumbnail(paths, summary)
        state = CaseState.FINISHED.value
        row = index_entry(summary, thumbnail, state=state, link=paths.html.name)
        return StudyEntry(dict(row), case_metrics(summary), read_curves(paths.profile_measures))


def _path(out: Path, subject: str, session: str | None) -> Path:
    return case_folder(out, subject, session) / "entry.json"


def _marks(paths: CasePaths) -> list[list[int]]:
    """Size and time of change of the files that an entry is read from; empty where missing."""
    return [_mark(paths.summary), _mark(paths.profile_measures)]


def _mark(path: Path) -> list[int]:
    try:
        stat = path.stat()
    except OSError:
        return []
    return [stat.st_size, stat.st_mtime_ns]
