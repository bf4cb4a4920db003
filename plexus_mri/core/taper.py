"""Taper: how a nerve of one side changes along its course, whatever the other side does."""

from dataclasses import dataclass
from enum import StrEnum

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.norms import Within
from plexus_mri.reasons import ReasonCode


class Trend(StrEnum):
    """What the interval of a taper allows to say."""

    NARROWER = "narrower_distally"
    WIDER = "wider_distally"
    NOT_SHOWN = "no_change_shown"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Taper:
    """Change of the area of one nerve of one side from proximal to distal.

    ``percent_per_10mm`` is the change of area over 10 mm of arc length, negative where the nerve
    narrows; ``distal_over_proximal`` the mean area of the last third over that of the first. Both
    are over the usable stretch from ``from_mm`` to ``to_mm``, beyond the ganglion, each with its
    95 % interval. Numbers are None where the stretch is too short or absent, for ``reason``.
    """

    nerve: Nerve
    side: Side
    from_mm: float | None = None
    to_mm: float | None = None
    percent_per_10mm: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    distal_over_proximal: float | None = None
    ratio_ci_low: float | None = None
    ratio_ci_high: float | None = None
    reason: ReasonCode | None = None

    @property
    def trend(self) -> Trend:
        """Whether the interval of the taper excludes 0, for this row alone."""
        if self.ci_low is None or self.ci_high is None:
            return Trend.UNKNOWN
        if self.ci_high < 0.0:
            return Trend.NARROWER
        return Trend.WIDER if self.ci_low > 0.0 else Trend.NOT_SHOWN

    @property
    def within_healthy_range(self) -> Within:
        """Always without a norm: none of MRI is published for a taper, with its spread."""
        return Within.NO_NORM
