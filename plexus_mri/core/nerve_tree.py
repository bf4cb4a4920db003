"""NerveTree: the traced nerves of a case, by side and name."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from plexus_mri.core.anatomy import Nerve, NerveKey, Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.reasons import ReasonCode


@dataclass(frozen=True, eq=False)
class TracedNerve:
    """One nerve's curve and how sure it is.

    Parameters
    ----------
    centerline
        Proximal to distal; for a root, the first point is the centre of its ganglion.
    confidence
        0-1, the smallest of ``evidence``.
    evidence
        What the confidence is made of, each 0-1, e.g. ``{"support": 0.9, "contrast": 1.0}``.
    radius_mm
        Rough radius (n,) at each node, for drawing and as a starting value.
    junction_mm
        Arc lengths at which the nerve meets another of the tree.
    reasons
        Why it ends early or is doubted.
    bridges_mm
        First and last arc length of each stretch that was not seen and is bridged.
    """

    centerline: Centerline
    confidence: float
    evidence: Mapping[str, float]
    radius_mm: npt.NDArray[np.floating]
    junction_mm: tuple[float, ...] = ()
    reasons: tuple[ReasonCode, ...] = ()
    bridges_mm: tuple[tuple[float, float], ...] = ()

    def mirrored(self) -> "TracedNerve":
        """Mirror the anatomy: x changes its sign."""
        return replace(self, centerline=self.centerline.mirrored())


@dataclass(frozen=True, eq=False)
class NerveTree:
    """All traced nerves; what is missing has a reason in ``missing``."""

    nerves: Mapping[NerveKey, TracedNerve]
    missing: Mapping[NerveKey, ReasonCode] = field(default_factory=dict)

    def __getitem__(self, key: NerveKey) -> TracedNerve:
        """Traced nerve of a side and name."""
        return self.nerves[key]

    def __contains__(self, key: object) -> bool:
        """Whether the nerve was traced."""
        return key in self.nerves

    def __iter__(self) -> Iterator[NerveKey]:
        """Keys of the traced nerves."""
        return iter(self.nerves)

    def pair(self, nerve: Nerve) -> tuple[TracedNerve | None, TracedNerve | None]:
        """Left and right of one nerve; None where it was not traced."""
        return self.nerves.get((Side.LEFT, nerve)), self.nerves.get((Side.RIGHT, nerve))

    def with_nerves_of(self, other: "NerveTree", keys: Iterable[NerveKey]) -> "NerveTree":
        """Tree in which these nerves, or the reasons why they are missing, are another's."""
        wanted = set(keys)
        nerves = {k: v for k, v in self.nerves.items() if k not in wanted}
        missing = {k: v for k, v in self.missing.items() if k not in wanted}
        nerves |= {k: v for k, v in other.nerves.items() if k in wanted}
        missing |= {k: v for k, v in other.missing.items() if k in wanted}
        return NerveTree(nerves, missing)

    def mirrored(self) -> "NerveTree":
        """Mirror the anatomy: sides swap, no length changes."""
        return NerveTree(
            {(side.opposite, n): traced.mirrored() for (side, n), traced in self.nerves.items()},
            {(side.opposite, n): reason for (side, n), reason in self.missing.items()},
        )
