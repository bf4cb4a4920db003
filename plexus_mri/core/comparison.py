"""Comparison: the left and right of one nerve and quantity, and what can be said of them."""

from dataclasses import dataclass
from enum import StrEnum

from plexus_mri.core.anatomy import Nerve
from plexus_mri.core.measurement import Quantity
from plexus_mri.reasons import ReasonCode


class Verdict(StrEnum):
    """What the measurement allows to say; never a diagnosis."""

    NO_DIFFERENCE = "no_difference"
    LEFT_LARGER = "left_larger"
    RIGHT_LARGER = "right_larger"
    NOT_COMPARABLE = "not_comparable"


class Pattern(StrEnum):
    """How a difference is spread along the nerve, seen node by node."""

    NONE = "none"
    FOCAL = "focal"
    MULTIFOCAL = "multifocal"
    DIFFUSE = "diffuse"


PATTERN_MEANINGS = {
    Pattern.NONE: "no stretch stands out",
    Pattern.FOCAL: "one stretch",
    Pattern.MULTIFOCAL: "several stretches",
    Pattern.DIFFUSE: "most of what is compared (setting diffuse_percent), or the mean alone",
}


@dataclass(frozen=True)
class Comparison:
    """Asymmetry of one nerve and quantity.

    ``asymmetry_percent`` is 200·(L - R)/(L + R), positive when the left is larger; its 95 %
    interval is (ci_low, ci_high). ``smallest_detectable_percent`` is the smallest |index| that
    would have been called a difference in this image. ``from_mm`` and ``to_mm`` bound the
    differing stretch in arc length from node 0. Numbers are None when not comparable.
    ``log_ratio_se`` is the standard error of ln(left / right). Of what is tested, ``p_value`` is
    the two-sided chance of an index this large between equal sides, for this row alone, and
    ``q_value`` the smallest false discovery rate, over all tested rows of the case, at which it
    would be among the findings. The verdict rests on neither.
    """

    nerve: Nerve
    quantity: Quantity
    left: float | None
    right: float | None
    asymmetry_percent: float | None
    ci_low: float | None
    ci_high: float | None
    smallest_detectable_percent: float | None
    verdict: Verdict
    pattern: Pattern
    from_mm: float | None = None
    to_mm: float | None = None
    reason: ReasonCode | None = None
    log_ratio_se: float | None = None
    p_value: float | None = None
    q_value: float | None = None


class Region(StrEnum):
    """Nerves that are taken together."""

    ROOTS = "roots"
    PLEXUS = "plexus"


@dataclass(frozen=True)
class PooledComparison:
    """Asymmetry of one quantity over several nerves; it carries no verdict.

    ``nerves`` are those that could be compared. ``asymmetry_percent`` is the index of the mean
    ``ln(left / right)`` over them, (ci_low, ci_high) its 95 % interval. Numbers are None where
    fewer than two nerves could be compared.
    """

    region: Region
    quantity: Quantity
    nerves: tuple[Nerve, ...]
    asymmetry_percent: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    q_value: float | None = None
    reason: ReasonCode | None = None
