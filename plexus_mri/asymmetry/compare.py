"""The comparison of sides of a whole case."""

import logging
from collections.abc import Mapping

import numpy as np

from plexus_mri.asymmetry.contrast import (
    COURSE_OF,
    COURSE_OF_MEAN,
    Evidence,
    contrast,
    gather,
    is_tested,
)
from plexus_mri.asymmetry.family import holm_levels
from plexus_mri.asymmetry.index import Contrast, asymmetry_percent
from plexus_mri.asymmetry.pairing import Course
from plexus_mri.asymmetry.pattern import Established, Spread, find_spread
from plexus_mri.asymmetry.pooled import with_q_values
from plexus_mri.asymmetry.settings import AsymmetrySettings
from plexus_mri.core.anatomy import Nerve
from plexus_mri.core.comparison import Comparison, Pattern, Verdict
from plexus_mri.core.measurement import COMPARED, MeasurementTable, Quantity
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.reasons import ReasonCode

logger = logging.getLogger(__name__)

Key = tuple[Nerve, Quantity]
SPREAD_OF = {
    Course.AREA: Course.AREA,
    Course.DIAMETER: Course.AREA,
    Course.SIGNAL: Course.RATIO,
    Course.RATIO: Course.RATIO,
}
DIFFERENT = frozenset({Verdict.LEFT_LARGER, Verdict.RIGHT_LARGER})
NO_SPREAD = Spread(Pattern.NONE)


def compare_sides(
    table: MeasurementTable, nerves: NerveTree, settings: AsymmetrySettings
) -> tuple[Comparison, ...]:
    """Left against right of every nerve and quantity that is compared, in the order of both lists.

    Quantities along the nerve are taken again from the profiles over the stretch that both
    sides cover, so they may differ from the measurements of the whole traces. A row that cannot
    be compared has a reason and no number; one that is given without being tested says so.
    """
    evidence = gather(table, nerves, settings)
    keys = [(nerve, quantity) for nerve in Nerve for quantity in COMPARED]
    contrasts = {key: contrast(evidence, *key) for key in keys}
    known = {key: c for key, c in contrasts.items() if isinstance(c, Contrast)}
    levels = _levels(known, settings)
    verdicts = {key: _verdict(known[key], levels.get(key)) for key in known}
    spreads = _spreads(evidence, verdicts)
    flagged = sum(v in DIFFERENT for v in verdicts.values())
    logger.info("compared %d of %d rows, %d differ", len(known), len(keys), flagged)
    rows = [
        _row(known[key], levels.get(key), verdicts[key], spreads, settings)
        if key in known
        else _refused(key, contrasts[key])
        for key in keys
    ]
    return with_q_values(rows)


def _levels(known: Mapping[Key, Contrast], settings: AsymmetrySettings) -> dict[Key, float]:
    """Level of each test; what is not tested has none."""
    tested = [key for key, contrast in known.items() if is_tested(contrast)]
    p_values = np.array([known[key].p_value for key in tested])
    family = settings.family_error_percent / 100.0 / 2.0
    return dict(zip(tested, holm_levels(p_values, family).tolist(), strict=True))


def _verdict(contrast: Contrast, level: float | None) -> Verdict:
    """What may be said of one row."""
    if level is None or contrast.p_value > level:
        return Verdict.NO_DIFFERENCE
    return Verdict.LEFT_LARGER if contrast.log_ratio > 0 else Verdict.RIGHT_LARGER


def _spreads(
    evidence: Evidence, verdicts: Mapping[Key, Verdict]
) -> dict[tuple[Nerve, Course], Spread]:
    """Pattern of area and of signal ratio of each nerve that is compared along its course.

    Where node 0 is no landmark there is none: a stretch is told by its distance from node 0.
    """
    compared = {
        (nerve, course)
        for nerve, quantity in verdicts
        if (course := COURSE_OF.get(quantity)) in (Course.AREA, Course.RATIO)
        and not evidence.pairs[nerve, course].begins_anywhere
    }
    if not compared:
        return {}
    settings = evidence.settings
    node_error = {
        Course.AREA: settings.area_node_model_error_percent / 100.0,
        Course.RATIO: settings.ratio_node_model_error_percent / 100.0,
    }
    return {
        (nerve, course): find_spread(
            evidence.pairs[nerve, course],
            evidence.noise[course],
            node_error=node_error[course],
            level=settings.family_error_percent / 100.0 / 2.0 / len(compared),
            established=_established(verdicts, nerve, course),
            settings=settings,
        )
        for nerve, course in sorted(compared)
    }


def _established(verdicts: Mapping[Key, Verdict], nerve: Nerve, course: Course) -> Established:
    """What the verdicts have found to differ along this course."""
    differing = {
        quantity
        for quantity, of in COURSE_OF.items()
        if of is course and verdicts.get((nerve, quantity), Verdict.NO_DIFFERENCE) in DIFFERENT
    }
    if differing & COURSE_OF_MEAN.keys():
        return Established.MEAN
    return Established.LARGEST if differing else Established.NOTHING


def _row(
    contrast: Contrast,
    level: float | None,
    verdict: Verdict,
    spreads: Mapping[tuple[Nerve, Course], Spread],
    settings: AsymmetrySettings,
) -> Comparison:
    """Row of a nerve and quantity that could be compared."""
    interval = contrast.interval_percent(settings.interval_percent / 100.0)
    course = COURSE_OF.get(contrast.quantity)
    spread = spreads.get((contrast.nerve, SPREAD_OF[course]), NO_SPREAD) if course else NO_SPREAD
    return Comparison(
        nerve=contrast.nerve,
        quantity=contrast.quantity,
        left=contrast.left,
        right=contrast.right,
        asymmetry_percent=asymmetry_percent(contrast.left, contrast.right),
        ci_low=interval[0] if interval else None,
        ci_high=interval[1] if interval else None,
        smallest_detectable_percent=contrast.smallest_detectable_percent(level) if level else None,
        verdict=verdict,
        pattern=spread.pattern,
        from_mm=spread.from_mm,
        to_mm=spread.to_mm,
        reason=None if level else ReasonCode.NOT_TESTED,
        log_ratio_se=contrast.log_ratio_se,
        p_value=contrast.p_value if level else None,
    )


def _refused(key: Key, reason: Contrast | ReasonCode) -> Comparison:
    """Row of a nerve and quantity that could not be compared: no number at all."""
    return Comparison(
        nerve=key[0],
        quantity=key[1],
        left=None,
        right=None,
        asymmetry_percent=None,
        ci_low=None,
        ci_high=None,
        smallest_detectable_percent=None,
        verdict=Verdict.NOT_COMPARABLE,
        pattern=Pattern.NONE,
        reason=reason if isinstance(reason, ReasonCode) else ReasonCode.SIDE_MISSING,
    )
