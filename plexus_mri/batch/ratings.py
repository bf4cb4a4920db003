"""Ratings of a study: taken in, merged, checked against the results, and what they leave out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from plexus_mri.batch.stored import read_summary
from plexus_mri.batch.work_folder import brief_lock
from plexus_mri.core.rating import (
    SCORE_WORDS,
    Rating,
    RatingItem,
    RatingReason,
    RatingVerdict,
    newest,
)
from plexus_mri.errors import InputError
from plexus_mri.io.derivatives import case_paths
from plexus_mri.io.ratings import read_ratings, write_ratings
from plexus_mri.quality.agreement import Kappa, cohens_kappa
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.rating_form import rated_case

FOLDER = "ratings"
CaseKey = tuple[str, str]


@dataclass(frozen=True)
class StudyRatings:
    """All ratings of a study; ``stale`` are those of results that have changed since.

    ``unknown`` are cases of which the study holds no result.
    """

    ratings: tuple[Rating, ...] = ()
    stale: frozenset[Rating] = frozenset()
    unknown: frozenset[CaseKey] = frozenset()

    @property
    def current(self) -> tuple[Rating, ...]:
        """Ratings of the results as they are now."""
        return tuple(r for r in self.ratings if r not in self.stale)


@dataclass(frozen=True)
class Agreement:
    """Agreement of two raters on one question of one item."""

    item: RatingItem
    question: str
    raters: tuple[str, str]
    kappa: Kappa


def study_ratings(out: Path) -> StudyRatings:
    """Ratings stored in a study, checked against its results; none when there are none.

    Raises
    ------
    InputError
        When the stored table is damaged.
    """
    path = out / FOLDER / "ratings.tsv"
    return checked(out, read_ratings(path)) if path.is_file() else StudyRatings()


def checked(out: Path, ratings: Sequence[Rating]) -> StudyRatings:
    """Ratings with those found stale whose image or labels are not those of the result."""
    hashes = {case: _hashes(out, case) for case in {r.case for r in ratings}}
    stale = {r for r in ratings if (r.image_sha256, r.mask_sha256) != hashes[r.case]}
    unknown = frozenset(case for case, found in hashes.items() if found is None)
    return StudyRatings(tuple(ratings), frozenset(stale), unknown)


def _hashes(out: Path, case: CaseKey) -> tuple[str, str] | None:
    """Hashes of the present result; None when there is none."""
    try:
        now = rated_case(read_summary(case_paths(out, case[0], case[1] or None).summary))
    except InputError:
        return None
    return str(now["image_sha256"]), str(now["mask_sha256"])


def import_ratings(out: Path, files: Sequence[Path]) -> StudyRatings:
    """Take the ratings of files into the study; newer ones take the place of older ones.

    Raises
    ------
    InputError
        When the folder is no study, or a file holds what is no rating.
    OutputError
        When the study's tables cannot be written.
    """
    if not (out / "status.tsv").is_file():
        msg = f"'{out}' holds no study; give the output folder of 'run' or 'batch'"
        raise InputError(msg, ReasonCode.INPUT_MISSING)
    return add_ratings(out, merged(files))


def add_ratings(out: Path, ratings: Sequence[Rating]) -> StudyRatings:
    """Add ratings to those of the study and write its tables again.

    Servers and imports on one study wait for each other, or one would write over the rows that
    another has just added.
    """
    with brief_lock(out, "ratings"):
        kept = checked(out, newest((*study_ratings(out).ratings, *ratings)))
        write_ratings(out / FOLDER, kept.ratings, kept.stale)
    return kept


def merged(files: Iterable[Path]) -> tuple[Rating, ...]:
    """Ratings of several files, the newest of each case, item and rater."""
    return newest(tuple(rating for path in files for rating in read_ratings(path)))


def left_out(ratings: StudyRatings) -> dict[CaseKey, str]:
    """Cases that a rating leaves out of the group tables, and why.

    One fail that is not stale is enough, whoever gave it and for whichever item (ADR-0062).
    """
    fails: dict[CaseKey, list[str]] = {}
    for rating in ratings.current:
        if rating.verdict is RatingVerdict.FAIL:
            why = f"{rating.item.value} rated fail by {rating.rater}"
            why += f" ({', '.join(rating.reasons)})" if rating.reasons else ""
            fails.setdefault(rating.case, []).append(why)
    return {case: "; ".join(why) for case, why in fails.items()}


def agreements(ratings: Sequence[Rating]) -> tuple[Agreement, ...]:
    """Kappa of every two raters, per item: verdict, score and each reason that anyone gave.

    Where a rater judged a case both blinded and not, the blinded rating counts.
    """
    found: list[Agreement] = []
    for item in RatingItem:
        by_rater: dict[str, dict[CaseKey, Rating]] = {}
        for rating in newest(tuple(ratings)):
            if rating.item is item:
                by_rater.setdefault(rating.rater, {})[rating.case] = rating
        for one, two in combinations(sorted(by_rater), 2):
            shared = sorted(set(by_rater[one]) & set(by_rater[two]))
            pairs = [(by_rater[one][case], by_rater[two][case]) for case in shared]
            found += [
                Agreement(item, question, (one, two), kappa)
                for question, kappa in _questions(item, pairs)
            ]
    return tuple(found)


def _questions(
    item: RatingItem, pairs: Sequence[tuple[Rating, Rating]]
) -> list[tuple[str, Kappa]]:
    verdicts = [(a.verdict.value, b.verdict.value) for a, b in pairs]
    rows = [("verdict", cohens_kappa(verdicts, [v.value for v in RatingVerdict]))]
    scores = [(str(a.score), str(b.score)) for a, b in pairs if a.score and b.score]
    levels = [str(k) for k in SCORE_WORDS]
    rows.append(("score, linear weights", cohens_kappa(scores, levels, ordered=True)))
    for reason in RatingReason:
        given = [(_yes(reason in a.reasons), _yes(reason in b.reasons)) for a, b in pairs]
        if reason.item is item and any("yes" in pair for pair in given):
            rows.append((f"reason {reason.value}", cohens_kappa(given, ["no", "yes"])))
    return rows


def _yes(given: bool) -> str:  # noqa: FBT001  (the one thing it takes)
    return "yes" if given else "no"
