"""Files about a whole study: group tables, what ratings leave out, and the study's page."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from plexus_mri.batch.group_profiles import group_profiles
from plexus_mri.batch.participants import read_groups
from plexus_mri.batch.ratings import StudyRatings, left_out, study_ratings
from plexus_mri.batch.status import CaseState, CaseStatus
from plexus_mri.batch.stored import read_summary, read_thumbnail
from plexus_mri.errors import InputError
from plexus_mri.io.atomic import write_text
from plexus_mri.io.derivatives import case_paths, write_group_tables
from plexus_mri.io.ratings import rating_row
from plexus_mri.quality.outliers import CUTOFF_WORDS, outlier_limits
from plexus_mri.report.index_page import index_entry, render_index
from plexus_mri.report.study_charts import Distribution, profile_charts
from plexus_mri.report.study_model import Metric, case_metrics

CaseKey = tuple[str, str]
Entry = dict[str, object]
_ALL = "all cases"


def write_study_files(out: Path, rows: Iterable[CaseStatus]) -> None:
    """Write the group tables and ``index.html`` from what is complete.

    Cases that a rating fails are left out of the group tables and profiles, and listed in
    ``group_excluded.tsv``.

    Raises
    ------
    InputError
        When a stored table is damaged.
    OutputError
        When a file cannot be written.
    """
    ratings = study_ratings(out)
    without = left_out(ratings)
    write_group_tables(out, left_out=without)
    groups = read_groups(out)
    made = [_entry(out, row, groups) for row in sorted(rows, key=lambda row: row.key)]
    counted = {
        key: groups.get(key[0], "no group") if groups else _ALL
        for key, entry, _ in made
        if entry["state"] == CaseState.FINISHED.value and key not in without
    }
    page = render_index(
        [entry | {"left_out": without.get(key)} for key, entry, _ in made],
        ratings=_rating_rows(ratings),
        distributions=distributions([(entry, metrics) for _, entry, metrics in made]),
        cutoff=CUTOFF_WORDS,
        profiles=profile_charts(group_profiles(out, counted)),
    )
    write_text(out / "index.html", page)


def distributions(
    cases: Sequence[tuple[Mapping[str, object], Mapping[Metric, float]]],
) -> list[Distribution]:
    """Each number that at least two cases have, with its limits."""
    metrics = dict.fromkeys(metric for _, values in cases for metric in values)
    found = []
    for metric in metrics:
        own = [(values[metric], str(e["link"])) for e, values in cases if metric in values]
        if len(own) > 1:
            numbers = tuple(value for value, _ in own)
            limits = outlier_limits(numbers)
            found.append(
                Distribution(
                    metric.words,
                    metric.unit,
                    numbers,
                    tuple(link for _, link in own),
                    None if limits is None else (limits.low, limits.high),
                )
            )
    return found


def _rating_rows(ratings: StudyRatings) -> list[dict[str, object]]:
    return [rating_row(r) | {"stale": r in ratings.stale} for r in ratings.ratings]


def _entry(
    out: Path, row: CaseStatus, groups: Mapping[str, str]
) -> tuple[CaseKey, Entry, Mapping[Metric, float]]:
    entry: Entry = {
        "subject": row.subject,
        "session": row.session,
        "state": row.state.value,
        "reason": f"{row.reason.text} ({row.reason})" if row.reason else None,
        "reasons": [row.reason.value] if row.reason else [],
        "group": groups.get(row.subject),
    }
    if row.state is CaseState.FINISHED:
        try:
            finished, metrics = _finished_entry(out, row)
        except InputError as error:
            # Results that someone removed or edited by hand must not cost the others their page.
            return row.key, entry | {"reason": str(error)}, {}
        return row.key, entry | finished, metrics
    return row.key, entry, {}


def _finished_entry(out: Path, row: CaseStatus) -> tuple[Entry, Mapping[Metric, float]]:
    paths = case_paths(out, row.subject, row.session)
    summary = read_summary(paths.summary)
    thumbnail = read_thumbnail(paths, summary)
    entry = index_entry(summary, thumbnail, state=row.state.value, link=paths.html.name)
    return dict(entry), case_metrics(summary)
