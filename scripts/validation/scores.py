"""What is right and wrong about one case, as plain numbers that travel between processes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from plexus_mri.asymmetry import AsymmetrySettings
from plexus_mri.asymmetry.contrast import COURSE_OF
from plexus_mri.asymmetry.pairing import pair_courses
from plexus_mri.core.anatomy import ROOTS, Nerve, NerveKey, Side
from plexus_mri.core.case import CaseResult
from plexus_mri.core.comparison import Comparison, Verdict
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.measurement import Profile, Quality, Quantity
from validation.truth import Course

GANGLION_MM = 5.0  # of a root, left out of caliber, as the measures leave it out
RIGHT_NAME_MM = 3.0  # neighbouring roots are 16 mm apart: this is unmistakably the same nerve
NO_DIFFERENCE_PERCENT = 2.0  # a true index below this is called none


@dataclass
class NerveScore:
    """One nerve of one side."""

    side: str
    nerve: str
    found: bool
    named: bool = False
    other_side: bool = False
    confidence: float = 0.0
    line_errors_mm: list[float] = field(default_factory=list)
    diameter_errors_mm: list[float] = field(default_factory=list)
    pulls: list[float] = field(default_factory=list)
    ratio_errors_percent: list[float] = field(default_factory=list)


@dataclass
class PairScore:
    """One nerve and quantity compared between sides.

    ``inside_interval`` judges the interval by the truth at the very nodes that were compared,
    ``inside_by_distance`` by that at the same distances from the true beginning of the nerve.
    """

    nerve: str
    quantity: str
    true_percent: float
    found_percent: float | None
    inside_interval: bool | None
    verdict: str
    right: bool | None
    inside_by_distance: bool | None = None


@dataclass
class CaseScore:
    """One case; ``failure`` holds the reason when it gave no result."""

    name: str
    kind: str
    nerves: list[NerveScore] = field(default_factory=list)
    pairs: list[PairScore] = field(default_factory=list)
    false_flags: list[str] = field(default_factory=list)
    seconds: float = 0.0
    failure: str = ""


def score_case(
    name: str, kind: str, result: CaseResult, courses: Mapping[NerveKey, Course]
) -> CaseScore:
    """Everything that is compared with truth, for one case."""
    score = CaseScore(name, kind, seconds=sum(result.stage_seconds.values()))
    for key, course in courses.items():
        score.nerves.append(_nerve_score(key, course, result, courses))
    for nerve in Nerve:
        for quantity in (Quantity.CSA_MEAN, Quantity.SIGNAL_RATIO_MEAN):
            pair = _pair_score(nerve, quantity, result, courses)
            if pair is not None:
                score.pairs.append(pair)
    if kind == "symmetric":
        score.false_flags = [
            f"{c.nerve} {c.quantity} {c.asymmetry_percent:+.0f} %"
            for c in result.asymmetry
            if c.verdict in {Verdict.LEFT_LARGER, Verdict.RIGHT_LARGER}
        ]
    return score


def _nerve_score(
    key: NerveKey, course: Course, result: CaseResult, courses: Mapping[NerveKey, Course]
) -> NerveScore:
    """Course, name, caliber and signal of one nerve."""
    side, nerve = key
    if key not in result.nerves:
        return NerveScore(side, nerve, found=False)
    traced = result.nerves[key]
    points = traced.centerline.points_mm
    distance, nodes = course.project(points)
    inner = (nodes > 0) & (nodes < len(course.points_mm) - 1)
    family = [k for k in courses if (k[1] in ROOTS) == (nerve in ROOTS)]
    nearest = min(family, key=lambda k: float(np.median(courses[k].project(points)[0])))
    # The first part of a trunk may still run on its root, and its start is a convention: a name
    # is right when no nerve of the same kind lies nearer.
    named = nearest == key and float(np.median(distance[inner] if inner.any() else distance)) < (
        RIGHT_NAME_MM
    )
    score = NerveScore(
        side,
        nerve,
        found=True,
        named=named,
        other_side=nearest[0] is not side,
        confidence=traced.confidence,
    )
    score.line_errors_mm = distance[inner].tolist()
    profile = result.table.profiles.get(key)
    if profile is not None and named:
        _add_caliber(score, profile, course)
    return score


def _usable(profile: Profile) -> FloatArray:
    """Nodes (n,) that count in a mean."""
    clean = [not q & (Quality.POOR_FIT | Quality.JUNCTION) for q in profile.quality]
    start = GANGLION_MM if profile.nerve in ROOTS else 0.0
    return np.isfinite(profile.csa_mm2) & clean & (profile.arc_length_mm >= start)


def _add_caliber(score: NerveScore, profile: Profile, course: Course) -> None:
    """Errors of diameter (mm), of area in its own standard errors, and of the signal ratio."""
    keep = _usable(profile)
    _, nodes = course.project(profile.points_mm[keep])
    true_csa = course.at(nodes, course.csa_mm2)
    error = profile.diameter_mm[keep] - 2 * np.sqrt(true_csa / np.pi)
    score.diameter_errors_mm = error.tolist()
    score.pulls = ((profile.csa_mm2[keep] - true_csa) / profile.csa_error_mm2[keep]).tolist()
    if course.signal_ratio is not None:
        true_ratio = course.at(nodes, course.signal_ratio)
        ratio = 100 * (profile.signal_ratio[keep] / true_ratio - 1)
        score.ratio_errors_percent = ratio[np.isfinite(ratio)].tolist()


def _pair_score(
    nerve: Nerve, quantity: Quantity, result: CaseResult, courses: Mapping[NerveKey, Course]
) -> PairScore | None:
    """Index of one nerve against the true one over the same stretch."""
    keys = ((Side.LEFT, nerve), (Side.RIGHT, nerve))
    if not all(key in courses for key in keys):
        return None
    found = next(c for c in result.asymmetry if (c.nerve, c.quantity) == (nerve, quantity))
    true = _true_index(keys, quantity, result, courses)
    if true is None:
        return PairScore(nerve, quantity, float("nan"), None, None, found.verdict, None)
    placed = _true_index(keys, quantity, result, courses, by_distance=True)
    inside, inside_placed = (_holds(found, index) for index in (true, placed))
    right = _verdict_right(found, true)
    percent = found.asymmetry_percent
    return PairScore(nerve, quantity, true, percent, inside, found.verdict, right, inside_placed)


def _holds(found: Comparison, true_percent: float | None) -> bool | None:
    """Whether the interval holds the true index; None without either."""
    if true_percent is None or found.ci_low is None or found.ci_high is None:
        return None
    return found.ci_low <= true_percent <= found.ci_high


def _true_index(
    keys: tuple[NerveKey, NerveKey],
    quantity: Quantity,
    result: CaseResult,
    courses: Mapping[NerveKey, Course],
    *,
    by_distance: bool = False,
) -> float | None:
    """True index where the sides were compared; None where they were not.

    At the very nodes, or ``by_distance`` at nodes as far from the true beginning of each nerve as
    those were from node 0, which an interval claims to hold.
    """
    pair = pair_courses(result.table, AsymmetrySettings()).get((keys[0][1], COURSE_OF[quantity]))
    if pair is None:
        return None
    means = []
    for key in keys:
        profile, course = result.table.profiles[key], courses[key]
        if by_distance:
            nodes = course.nodes_at(pair.arc_length_mm)
        else:
            columns = [
                np.interp(pair.arc_length_mm, profile.arc_length_mm, profile.points_mm[:, k])
                for k in range(3)
            ]
            _, nodes = course.project(np.stack(columns, axis=1))
        values = course.csa_mm2 if quantity is Quantity.CSA_MEAN else course.signal
        means.append(float(course.at(nodes, values).mean()))
    return 200 * (means[0] - means[1]) / (means[0] + means[1])


def _verdict_right(found: Comparison, true: float) -> bool | None:
    """Whether a verdict is right; None where the truth is too small to be seen, or none is given.

    A true difference above the stated smallest detectable one must be called, with its side; a
    difference that is not there must not be.
    """
    limit = found.smallest_detectable_percent
    if found.verdict is Verdict.NOT_COMPARABLE or limit is None:
        return None
    if abs(true) < NO_DIFFERENCE_PERCENT:
        return found.verdict is Verdict.NO_DIFFERENCE
    if abs(true) < limit:
        return None
    return found.verdict is (Verdict.LEFT_LARGER if true > 0 else Verdict.RIGHT_LARGER)
