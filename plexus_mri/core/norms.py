"""Norms: what healthy people show, who measured it and how, and whether a number lies within."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from typing import Self

from scipy.special import stdtrit

from plexus_mri.core.anatomy import Nerve
from plexus_mri.core.comparison import Comparison
from plexus_mri.core.measurement import Measurement, Quantity
from plexus_mri.errors import SettingsError

COVERAGE = 0.95  # share of healthy people within a range, as laboratories use it
# In the image's own unit.
_OWN_UNIT = (Quantity.SIGNAL_MEAN, Quantity.SIGNAL_RAW_MEAN, Quantity.SIGNAL_SPREAD_MEAN)
FEWEST_PEOPLE = 10  # below, the sd itself is uncertain by over a quarter, 1/sqrt(2·(n - 1))


class Modality(StrEnum):
    """How healthy people were measured; only MRI is a norm for MRI."""

    MRI = "MRI"
    ULTRASOUND = "ultrasound"
    HISTOLOGY = "histology"


class Within(StrEnum):
    """Whether a number lies within what healthy people show; neither is a diagnosis."""

    YES = "yes"
    NO = "no"
    NO_NORM = "no_norm"


@dataclass(frozen=True)
class NormSource:
    """A group of healthy people and how they were measured.

    ``contrasts`` are the MR contrasts, in the words of the inventory, that the numbers hold for:
    at least one for MRI, none for what is not MRI.
    """

    name: str
    citation: str
    modality: Modality
    method: str
    people: str
    contrasts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        empty = [key for key in ("name", "citation", "method", "people") if not self._said(key)]
        if empty:
            msg = f"'{empty[0]}' must not be empty"
            raise SettingsError(msg)
        if (self.modality is Modality.MRI) != bool(self.contrasts):
            msg = f"'contrasts' are needed for MRI and for nothing else, got {self.modality.value}"
            raise SettingsError(msg)

    def _said(self, key: str) -> bool:
        return bool(getattr(self, key).strip())


@dataclass(frozen=True)
class Norm:
    """What ``n`` healthy people show of one nerve and quantity.

    ``mean`` and ``sd`` are in the quantity's unit, over both sides; the side differences are those
    of 200·|L - R|/(L + R), in percent. Each pair may be missing, not both.
    """

    nerve: Nerve
    quantity: Quantity
    n: int
    source: NormSource
    mean: float | None = None
    sd: float | None = None
    side_difference_mean_percent: float | None = None
    side_difference_sd_percent: float | None = None

    def __post_init__(self) -> None:
        pairs = (
            (self.mean, self.sd),
            (self.side_difference_mean_percent, self.side_difference_sd_percent),
        )
        self._check(self.n >= FEWEST_PEOPLE, f"n must be at least {FEWEST_PEOPLE}, got {self.n}")
        for mean, sd in pairs:
            self._check((mean is None) == (sd is None), "a mean needs its sd, and an sd its mean")
            positive = all(v is None or (math.isfinite(v) and v > 0) for v in (mean, sd))
            self._check(positive, f"mean and sd must be above 0, got {mean} and {sd}")
        self._check(pairs != ((None, None),) * 2, "neither mean nor side difference is given")
        of_unit = self.quantity in _OWN_UNIT and self.mean is not None
        self._check(not of_unit, "its unit differs between scanners; use signal_ratio_mean")

    def _check(self, holds: bool, otherwise: str) -> None:  # noqa: FBT001  (a statement, no option)
        if not holds:
            msg = f"{self.nerve.value} {self.quantity.value}: {otherwise}"
            raise SettingsError(msg)

    @property
    def value_limits(self) -> tuple[float, float] | None:
        """Lower and upper limit of the range that holds 95 % of healthy people; never below 0.

        The prediction interval of one more person: mean ± t·sd·sqrt(1 + 1/n).

        References
        ----------
        Crawford & Howell 1998, Clin Neuropsychol 12:482.
        """
        if self.mean is None or self.sd is None:
            return None
        half = self._reach((1.0 + COVERAGE) / 2.0) * self.sd
        return max(0.0, self.mean - half), self.mean + half

    @property
    def largest_difference_percent(self) -> float | None:
        """Difference between the sides that 95 % of healthy people stay below."""
        mean, sd = self.side_difference_mean_percent, self.side_difference_sd_percent
        return None if mean is None or sd is None else mean + self._reach(COVERAGE) * sd

    def _reach(self, probability: float) -> float:
        """Standard deviations to the limit, for a group of this size."""
        return float(stdtrit(self.n - 1, probability)) * math.sqrt(1.0 + 1.0 / self.n)


@dataclass(frozen=True)
class Norms:
    """All norms there are, applied or background; ``digest`` is of the file they came from.

    ``contrast`` is that of the image whose numbers are asked about, in the words of the inventory;
    without one no norm is applied.

    Raises
    ------
    SettingsError
        When two of them could be applied to the same number.
    """

    norms: tuple[Norm, ...] = ()
    digest: str = ""
    contrast: str = ""

    def __post_init__(self) -> None:
        for one, other in combinations(self.norms, 2):
            shared = set(one.source.contrasts) & set(other.source.contrasts)
            if shared and (one.nerve, one.quantity) == (other.nerve, other.quantity):
                msg = f"{one.nerve.value} {one.quantity.value} has two norms for {min(shared)}"
                raise SettingsError(msg)

    def for_contrast(self, contrast: str) -> Self:
        """The same norms, asked about numbers of an MR image of this contrast."""
        return replace(self, contrast=contrast)

    def applied(self, nerve: Nerve, quantity: Quantity) -> Norm | None:
        """The norm for a number of the image; never one of another modality or contrast."""
        fit = (n for n in self._of(quantity) if self.contrast in n.source.contrasts)
        return next((norm for norm in fit if norm.nerve is nerve), None)

    def spread(self, nerve: Nerve, quantity: Quantity) -> Norm | None:
        """The norm that tells best how much the sides of healthy people differ.

        The one for this image, else the nerve's own of another modality, else the widest of any
        nerve: background, and only to be shown with its modality.
        """
        applied = self.applied(nerve, quantity)
        if applied is not None and applied.largest_difference_percent is not None:
            return applied
        known = [n for n in self._of(quantity) if n.source.modality is not Modality.MRI]
        known = [n for n in known if n.largest_difference_percent is not None]
        own = [norm for norm in known if norm.nerve is nerve]
        return max(own or known, key=lambda n: n.largest_difference_percent or 0.0, default=None)

    def difference_within(self, c: Comparison) -> Within | None:
        """Whether the sides differ no more than in healthy people; None when not comparable."""
        norm = self.applied(c.nerve, c.quantity)
        limit = None if norm is None else norm.largest_difference_percent
        if limit is None:
            return Within.NO_NORM
        if c.asymmetry_percent is None:
            return None
        return Within.YES if abs(c.asymmetry_percent) <= limit else Within.NO

    def value_within(self, m: Measurement) -> Within | None:
        """Whether a measured value lies in the healthy range; None when there is no value."""
        norm = self.applied(m.nerve, m.quantity)
        limits = None if norm is None else norm.value_limits
        if limits is None:
            return Within.NO_NORM
        if m.value is None:
            return None
        return Within.YES if limits[0] <= m.value <= limits[1] else Within.NO

    def _of(self, quantity: Quantity) -> Iterator[Norm]:
        return (norm for norm in self.norms if norm.quantity is quantity)
