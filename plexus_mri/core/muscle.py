"""Muscles: what was sampled of each on each side, and how the sides compare."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from plexus_mri.core.anatomy import Side
from plexus_mri.core.comparison import Verdict
from plexus_mri.core.grid import FloatArray
from plexus_mri.reasons import ReasonCode

VoxelIndices = npt.NDArray[np.int32]


class Muscle(StrEnum):
    """Muscles that are sampled; ``supply`` says which nerves feed them."""

    supply: str

    def __new__(cls, name: str, supply: str) -> Self:
        """Make a member whose value is the column word."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.supply = supply
        return member

    SCALENES = "scalenes", "branches of the roots C3 to C8, beside the plexus"
    PARASPINALS = "paraspinals", "dorsal rami, not the plexus"
    SUPRASPINATUS = "supraspinatus", "suprascapular nerve, from the upper trunk"
    DELTOID = "deltoid", "axillary nerve, from the posterior cord"


MuscleKey = tuple[Side, Muscle]


@dataclass(frozen=True, eq=False)
class MuscleSample:
    """What was sampled of one muscle on one side.

    Parameters
    ----------
    place_ratios : (k,)
        Signal over reference muscle at each of the muscle's places, NaN where it has none there;
        left and right have the same places, mirrored.
    signal, standard_error
        Mean bias-corrected intensity over the places and the error that it has alone.
    spread_percent
        Standard deviation of its voxels about their mean, noise included.
    signal_ratio
        ``signal`` over the reference muscle that both sides share.
    volume_mm3
        Volume of the voxels that were sampled.
    place_mm : (3,)
        Their middle, RAS+ mm; None when there are none.
    voxels : (n, 3)
        Their indices in the bias-corrected image's grid (RAS axis order).
    reason
        Why it was not sampled.
    """

    muscle: Muscle
    side: Side
    place_ratios: FloatArray
    signal: float | None = None
    standard_error: float | None = None
    spread_percent: float | None = None
    signal_ratio: float | None = None
    volume_mm3: float = 0.0
    place_mm: FloatArray | None = None
    voxels: VoxelIndices = field(default_factory=lambda: np.empty((0, 3), np.int32))
    reason: ReasonCode | None = None


@dataclass(frozen=True)
class MuscleComparison:
    """Left against right of one muscle's signal, apart from any nerve.

    Numbers and verdict as those of `core.comparison.Comparison`; ``places`` counts the places
    that both sides have.
    """

    muscle: Muscle
    places: int
    asymmetry_percent: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    smallest_detectable_percent: float | None = None
    verdict: Verdict = Verdict.NOT_COMPARABLE
    reason: ReasonCode | None = None


@dataclass(frozen=True, eq=False)
class MuscleTable:
    """Samples of every muscle and side, left before right, in the order of ``Muscle``."""

    samples: tuple[MuscleSample, ...] = ()
    comparisons: tuple[MuscleComparison, ...] = ()

    def get(self, side: Side, muscle: Muscle) -> MuscleSample | None:
        """Sample of a muscle on a side; None when it was not looked for."""
        return self._by_key.get((side, muscle))

    @cached_property
    def _by_key(self) -> Mapping[MuscleKey, MuscleSample]:
        return {(s.side, s.muscle): s for s in self.samples}


def muscle_index(side: Side, muscle: Muscle) -> int:
    """Number of a muscle in label maps: 1-4 on the left, 101-104 on the right.

    >>> muscle_index(Side.RIGHT, Muscle.SCALENES)
    101
    """
    return list(Muscle).index(muscle) + (1 if side is Side.LEFT else 101)
