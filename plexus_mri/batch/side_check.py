"""Whether left and right are treated alike: a case measured as it is and mirrored."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from scipy.spatial import cKDTree

from plexus_mri.core.anatomy import NERVE_KEYS, NerveKey, label_index
from plexus_mri.core.case import Case, CaseResult, OwnMask
from plexus_mri.core.correction import Correction
from plexus_mri.core.measurement import Measurement, Quantity
from plexus_mri.core.volume import LabelMap
from plexus_mri.reasons import ReasonCode

_MIRROR = np.array([-1.0, 1.0, 1.0])
Measure = Callable[[Case], CaseResult]


@dataclass(frozen=True)
class NerveAgreement:
    """One nerve of the patient, found in the image and in its mirror image.

    Parameters
    ----------
    dice
        Overlap of its two painted labels, 0 to 1; 1 means that mirroring changes nothing.
    caliber_percent
        200·(mirrored - original)/(mirrored + original) of the mean area.
    position_mm
        Mean distance between the two centerlines.
    reason
        Why a number is missing; None where none is.
    """

    key: NerveKey
    dice: float | None = None
    csa_original_mm2: float | None = None
    csa_mirrored_mm2: float | None = None
    caliber_percent: float | None = None
    position_mm: float | None = None
    reason: ReasonCode | None = None


@dataclass(frozen=True)
class SideSummary:
    """Medians over the nerves found in both; ``one_only`` counts those found in one alone."""

    nerves: int
    one_only: int
    dice: float | None
    caliber_percent: float | None
    position_mm: float | None


def check_sides(case: Case, measure: Measure) -> tuple[NerveAgreement, ...]:
    """Measure a case and its mirror image, and compare them nerve by nerve.

    Parameters
    ----------
    measure
        The segmenter, tracer and measuring to be judged; it is given both images as equals.

    Raises
    ------
    RefusedError, InputError
        As ``measure``.
    """
    original, mirrored = measure(case), measure(mirrored_case(case))
    return agreements(original, mirrored)


def mirrored_case(case: Case) -> Case:
    """The anatomy mirrored at x = 0, and with it the user's own mask and landmarks."""
    own = case.own_mask
    if own is not None:
        swapped = {i: (side.opposite, nerve) for i, (side, nerve) in own.nerve_of_index.items()}
        correction = own.correction and _swapped(own.correction)
        own = OwnMask(own.labels.mirrored(), swapped, correction, own.ganglia, own.unnamed)
    stated = case.stated and case.stated.mirrored()
    return replace(case, image=case.image.mirrored(), own_mask=own, stated=stated)


def _swapped(correction: Correction) -> Correction:
    redrawn = tuple((side.opposite, nerve) for side, nerve in correction.redrawn)
    return replace(correction, redrawn=redrawn)


def agreements(original: CaseResult, mirrored: CaseResult) -> tuple[NerveAgreement, ...]:
    """Each nerve of the patient in both results; the second is that of the mirror image."""
    back = mirrored.labels.mirrored().to_ras()
    return tuple(_agreement(original, mirrored, back, key) for key in NERVE_KEYS)


def summary_of(nerves: tuple[NerveAgreement, ...]) -> SideSummary:
    """Medians of the absolute differences of a case."""
    both = [n for n in nerves if n.position_mm is not None]
    return SideSummary(
        nerves=len(both),
        one_only=sum(n.reason is ReasonCode.SIDE_MISSING for n in nerves),
        dice=_median([n.dice for n in both]),
        caliber_percent=_median([n.caliber_percent for n in both]),
        position_mm=_median([n.position_mm for n in both]),
    )


def _agreement(
    original: CaseResult, mirrored: CaseResult, back: LabelMap, key: NerveKey
) -> NerveAgreement:
    """One nerve; in the mirror image it bears the name of the other side."""
    other = (key[0].opposite, key[1])
    found = key in original.nerves, other in mirrored.nerves
    if not all(found):
        missing = original.nerves.missing.get(key, ReasonCode.NERVE_NOT_FOUND)
        return NerveAgreement(key, reason=ReasonCode.SIDE_MISSING if any(found) else missing)
    one, two = _mean_area(original, key), _mean_area(mirrored, other)
    caliber = None
    if one.value is not None and two.value is not None:
        caliber = 200.0 * (two.value - one.value) / (two.value + one.value)
    return NerveAgreement(
        key,
        _dice(original.labels.mask(label_index(*key)), back.mask(label_index(*other))),
        one.value,
        two.value,
        caliber,
        _apart_mm(
            original.nerves[key].centerline.points_mm,
            mirrored.nerves[other].centerline.points_mm * _MIRROR,
        ),
        None if caliber is not None else one.reason or two.reason,
    )


def _mean_area(result: CaseResult, key: NerveKey) -> Measurement:
    """Mean area of a nerve; without a value where it was not measured."""
    found = result.table.get(key[1], key[0], Quantity.CSA_MEAN)
    unmeasured = Measurement(key[1], key[0], Quantity.CSA_MEAN, None, reason=ReasonCode.FIT_FAILED)
    return found or unmeasured


def _dice(one: np.ndarray, two: np.ndarray) -> float | None:
    total = int(one.sum()) + int(two.sum())
    return 2.0 * float((one & two).sum()) / total if total else None


def _apart_mm(one_mm: np.ndarray, two_mm: np.ndarray) -> float:
    """Mean distance between lines (n, 3) and (m, 3), each point to the nearest of the other."""
    there, _ = cKDTree(two_mm).query(one_mm)
    back, _ = cKDTree(one_mm).query(two_mm)
    return float((there.mean() + back.mean()) / 2.0)


def _median(values: list[float | None]) -> float | None:
    known = [abs(value) for value in values if value is not None]
    return median(known) if known else None
