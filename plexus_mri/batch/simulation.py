"""Synthetic cases as files: the image, and its truth in the tables of measured results."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from plexus_mri.core.anatomy import CORDS, NERVE_KEYS, ROOTS, Nerve, NerveKey, Side
from plexus_mri.core.comparison import Comparison, Pattern, Verdict
from plexus_mri.core.grid import BoolArray, FloatArray
from plexus_mri.core.measurement import (
    COMPARED,
    Measurement,
    MeasurementTable,
    Profile,
    Quality,
    Quantity,
)
from plexus_mri.core.simulated import ImageFormat
from plexus_mri.io.dicom_write import SyntheticSeries
from plexus_mri.io.simulated import write_image, write_truth
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.reasons import ReasonCode
from plexus_mri.synthetic import simulate
from plexus_mri.synthetic.spec import AcquisitionSpec, Lesion, PhantomSpec, Sequence
from plexus_mri.synthetic.truth import PhantomTruth

# Below it a true difference is called none: no image of nerves shows a hundredth.
_NO_DIFFERENCE_PERCENT = 1.0
_WORDS = {
    Sequence.STIR: ("STIR", "STIR"),
    Sequence.T2_DIXON_WATER: ("T2 Dixon water", "T2"),
    Sequence.T1: ("T1", "T1"),
}


@dataclass(frozen=True)
class SimulationJob:
    """One synthetic case to write.

    Parameters
    ----------
    study, truth
        Folders for the images and for the true answers.
    """

    spec: PhantomSpec
    subject: str
    stored_as: ImageFormat
    study: Path
    truth: Path


def write_simulated_case(job: SimulationJob) -> Path:
    """Simulate one case and write its image and truth; gives the image's path.

    Raises
    ------
    OutputError
        When a file cannot be written.
    """
    case = simulate(job.spec)
    acquisition = job.spec.acquisition
    series = _series(job.subject, job.spec.seed, acquisition)
    path = write_image(
        job.study, case.image, series, stored_as=job.stored_as, plane=acquisition.plane
    )
    table = truth_table(case.truth)
    facts = {"spec": job.spec.to_dict(), "truth": _without_curves(case.truth)}
    comparisons = truth_comparisons(table, case.truth.lesions)
    write_truth(job.truth, job.subject, facts, case.truth.labels, table, comparisons)
    return path


def truth_table(truth: PhantomTruth) -> MeasurementTable:
    """True values as measurements without error.

    Means and maxima leave out the ganglion and the junctions, as the measured ones do. Nerves are
    whole; where a part of one lies outside the field of view, quality and reason say so.
    """
    profiles = {key: _profile(truth, key) for key in NERVE_KEYS}
    measurements = [m for profile in profiles.values() for m in _measurements(profile)]
    return MeasurementTable(tuple(measurements), profiles)


def truth_comparisons(
    table: MeasurementTable, lesions: tuple[Lesion, ...]
) -> tuple[Comparison, ...]:
    """True asymmetry of every nerve and compared quantity, with the pattern of its lesion."""
    return tuple(
        _comparison(table, nerve, quantity, lesions) for nerve in Nerve for quantity in COMPARED
    )


def _series(subject: str, seed: int, acquisition: AcquisitionSpec) -> SyntheticSeries:
    description, contrast = _WORDS[acquisition.sequence]
    inverted = acquisition.sequence is Sequence.STIR
    return SyntheticSeries(
        subject,
        seed,
        description=description,
        acquisition_contrast=contrast,
        repetition_time_ms=acquisition.tr_ms,
        echo_time_ms=acquisition.te_ms,
        inversion_time_ms=acquisition.ti_ms if inverted else None,
    )


def _without_curves(truth: PhantomTruth) -> dict[str, object]:
    """What the profile table does not hold already."""
    return {name: value for name, value in truth.to_dict().items() if name != "nerves"}


def _profile(truth: PhantomTruth, key: NerveKey) -> Profile:
    nerve, exact = truth.nerves[key], np.zeros(len(truth.nerves[key].csa_mm2))
    return Profile(
        nerve=key[1],
        side=key[0],
        arc_length_mm=nerve.centerline.arc_length_mm,
        points_mm=nerve.centerline.points_mm,
        csa_mm2=nerve.csa_mm2,
        csa_se_mm2=exact,
        long_mm=nerve.long_mm,
        short_mm=nerve.short_mm,
        angle_deg=nerve.angle_deg,
        signal=nerve.signal,
        signal_se=exact,
        reference=nerve.signal / nerve.signal_ratio,
        common_error=exact,
        quality=tuple(
            Quality.GOOD if inside else Quality.EDGE_OF_VIEW for inside in truth.covered(key)
        ),
    )


def _measurements(profile: Profile) -> list[Measurement]:
    cut = any(quality is Quality.EDGE_OF_VIEW for quality in profile.quality)
    coverage = ReasonCode.COVERAGE_LEFT if profile.side is Side.LEFT else ReasonCode.COVERAGE_RIGHT
    known = {q: v for q, v in _values(profile).items() if v is not None and math.isfinite(v)}
    return [
        Measurement(
            profile.nerve,
            profile.side,
            quantity,
            known.get(quantity),
            standard_error=0.0,
            quality=Quality.EDGE_OF_VIEW if cut else Quality.GOOD,
            reason=(coverage if cut else None) if quantity in known else ReasonCode.TOO_SHORT,
        )
        for quantity in COMPARED
    ]


def _values(profile: Profile) -> dict[Quantity, float | None]:
    """True values of one nerve, over the stretch from which the measured ones come."""
    arc_mm, diameter_mm = profile.arc_length_mm, profile.diameter_mm
    body = _body(profile)
    return {
        Quantity.LENGTH: float(arc_mm[-1]),
        Quantity.CSA_MEAN: _mean(profile.csa_mm2[body], arc_mm[body]),
        Quantity.CSA_MAX: _largest(profile.csa_mm2[body]),
        Quantity.DIAMETER_MEAN: _mean(diameter_mm[body], arc_mm[body]),
        Quantity.DIAMETER_AT_0: float(diameter_mm[0]),
        Quantity.DIAMETER_AT_10: float(np.interp(10.0, arc_mm, diameter_mm, right=np.nan)),
        Quantity.SIGNAL_MEAN: _mean(profile.signal[body], arc_mm[body]),
        Quantity.SIGNAL_RATIO_MEAN: _mean(profile.signal_ratio[body], arc_mm[body]),
        Quantity.SIGNAL_RATIO_MAX: _largest(profile.signal_ratio[body]),
    }


def _body(profile: Profile) -> BoolArray:
    """Nodes (n,) of a nerve without its ganglion and without the places where nerves join."""
    settings, arc_mm = MeasureSettings(), profile.arc_length_mm
    start_mm = settings.root_start_mm if profile.nerve in ROOTS else settings.junction_reach_mm
    end_mm = 0.0 if profile.nerve in CORDS else settings.junction_reach_mm
    body: BoolArray = (arc_mm >= start_mm) & (arc_mm <= arc_mm[-1] - end_mm)
    return body


def _mean(values: FloatArray, arc_mm: FloatArray) -> float | None:
    """Mean over the length, whatever the spacing of the nodes; None of fewer than two."""
    if len(values) < 2:
        return None
    return float(np.trapezoid(values, arc_mm) / (arc_mm[-1] - arc_mm[0]))


def _largest(values: FloatArray) -> float | None:
    return float(values.max()) if len(values) else None


def _comparison(
    table: MeasurementTable, nerve: Nerve, quantity: Quantity, lesions: tuple[Lesion, ...]
) -> Comparison:
    pair = [table.get(nerve, side, quantity) for side in Side]
    left, right = (m.value if m else None for m in pair)
    reason = next((m.reason for m in pair if m and m.reason), None)
    if left is None or right is None:
        words = (Verdict.NOT_COMPARABLE, Pattern.NONE)
        return Comparison(nerve, quantity, left, right, *(None,) * 4, *words, reason=reason)
    index = round(200 * (left - right) / (left + right), 6)
    verdict = _verdict(index)
    pattern, from_mm, to_mm = Pattern.NONE, None, None
    if verdict is not Verdict.NO_DIFFERENCE and quantity is not Quantity.LENGTH:
        pattern, from_mm, to_mm = _stretch(table, nerve, lesions)
    return Comparison(
        nerve,
        quantity,
        left,
        right,
        index,
        *(None,) * 3,
        verdict,
        pattern,
        from_mm,
        to_mm,
        reason,
    )


def _verdict(index_percent: float) -> Verdict:
    if abs(index_percent) < _NO_DIFFERENCE_PERCENT:
        return Verdict.NO_DIFFERENCE
    return Verdict.LEFT_LARGER if index_percent > 0 else Verdict.RIGHT_LARGER


def _stretch(
    table: MeasurementTable, nerve: Nerve, lesions: tuple[Lesion, ...]
) -> tuple[Pattern, float | None, float | None]:
    """Pattern and bounds of the lesion of a nerve."""
    found = next((lesion for lesion in lesions if lesion.nerve is nerve), None)
    if found is None:
        return Pattern.NONE, None, None
    length_mm = float(table.profiles[(found.side, nerve)].arc_length_mm[-1])
    if not found.centers_mm:
        return found.pattern, 0.0, length_mm
    from_mm = max(0.0, min(found.centers_mm) - found.half_length_mm)
    return found.pattern, from_mm, min(length_mm, max(found.centers_mm) + found.half_length_mm)
