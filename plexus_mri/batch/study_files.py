"""Files about a whole study: group tables, what ratings leave out, and the study's page.

They grow as cases finish.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from plexus_mri.batch.group_profiles import group_profiles
from plexus_mri.batch.ledger import Ledger
from plexus_mri.batch.participants import read_groups
from plexus_mri.batch.ratings import StudyRatings, left_out, study_ratings
from plexus_mri.batch.status import CaseState, CaseStatus
from plexus_mri.batch.study_entry import CaseKey, StudyEntry, stored_entry
from plexus_mri.batch.work_folder import brief_lock
from plexus_mri.errors import InputError, OutputError
from plexus_mri.io.atomic import write_text
from plexus_mri.io.group_tables import write_group_tables
from plexus_mri.io.ratings import rating_row
from plexus_mri.quality.outliers import CUTOFF_WORDS, outlier_limits
from plexus_mri.report.index_page import render_index
from plexus_mri.report.study_charts import Distribution, profile_charts
from plexus_mri.report.study_model import Metric

_ALL = "all cases"
# Tables and page are written again when the last writing is this many times as long ago as it
# took, so that all writings of a run together take 5 % of its time, however many cases there are.
_REST = 20.0


class GrowingFiles:
    """Group tables and page of a running study."""

    def __init__(self, out: Path, ledger: Ledger) -> None:
        self._out, self._ledger = out, ledger
        self._written, self._took = time.monotonic(), 0.0

    def refresh(self) -> None:
        """Write them again where that is due."""
        started = time.monotonic()
        if started - self._written <= _REST * self._took:
            return
        try:
            write_study_files(self._out, self._ledger.rows())
        except (InputError, OutputError):
            return  # said at the end of the run, where it is not in the way of a case
        self._written = time.monotonic()
        self._took = self._written - started


def write_study_files(
    out: Path, rows: Iterable[CaseStatus], damaged: Mapping[CaseKey, str] | None = None
) -> None:
    """Write the group tables and ``index.html`` from what is complete.

    Cases that a rating fails are left out of the group tables and profiles, and listed in
    ``group_excluded.tsv``. Of a case that is ``damaged`` the page says only why.

    Raises
    ------
    InputError
        When a stored table is damaged.
    OutputError
        When a file cannot be written.
    """
    with brief_lock(out, "study-files"):
        ratings = study_ratings(out)
        write_group_tables(out, left_out=left_out(ratings))
        write_text(out / "index.html", _page(out, rows, ratings, damaged or {}))


def _page(
    out: Path,
    rows: Iterable[CaseStatus],
    ratings: StudyRatings,
    damaged: Mapping[CaseKey, str],
) -> str:
    """The study's page; cases that a rating fails are on it, and in no profile."""
    without, groups = left_out(ratings), read_groups(out)
    made = [
        _entry(out, row, groups, damaged.get(row.key))
        for row in sorted(rows, key=lambda row: row.key)
    ]
    counted = [
        (groups.get(key[0], "no group") if groups else _ALL, entry.curves)
        for key, entry in made
        if key not in without
    ]
    return render_index(
        [{**entry.row, "left_out": without.get(key)} for key, entry in made],
        ratings=_rating_rows(ratings),
        distributions=distributions([(entry.row, entry.metrics) for _, entry in made]),
        cutoff=CUTOFF_WORDS,
        profiles=profile_charts(group_profiles(counted)),
    )


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
    out: Path, row: CaseStatus, groups: Mapping[str, str], damage: str | None
) -> tuple[CaseKey, StudyEntry]:
    shown: dict[str, object] = {
        "subject": row.subject,
        "session": row.session,
        "state": row.state.value,
        "reason": f"{row.reason.text} ({row.reason})" if row.reason else None,
        "reasons": [row.reason.value] if row.reason else [],
        "group": groups.get(row.subject),
    }
    if damage:
        return row.key, StudyEntry(shown | {"reason": damage}, {}, {})
    if row.state is CaseState.FINISHED:
        try:
            found = stored_entry(out, row.subject, row.session)
        except InputError as error:
            # Results that someone removed or edited by hand must not cost the others their page.
            return row.key, StudyEntry(shown | {"reason": str(error)}, {}, {})
        return row.key, StudyEntry({**shown, **found.row}, found.metrics, found.curves)
    return row.key, StudyEntry(shown, {}, {})
