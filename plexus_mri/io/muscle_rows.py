"""The table of muscles and the label map of tissues that were sampled."""

from collections.abc import Mapping, Sequence

import numpy as np

from plexus_mri.core.anatomy import Side
from plexus_mri.core.caveats import CAVEATS
from plexus_mri.core.comparison import Verdict
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.muscle import (
    Muscle,
    MuscleComparison,
    MuscleSample,
    MuscleTable,
    muscle_index,
)
from plexus_mri.core.tissue_map import MARROW_INDEX, REFERENCE_INDEX
from plexus_mri.io.case_rows import check_reason, error_of_interval
from plexus_mri.io.columns import REASON, SESSION, SIDE, SUBJECT, WORLD
from plexus_mri.io.tables import Column, number

_MUSCLE = Column(
    "muscle",
    "Muscle; beside it, which nerves feed it",
    levels={muscle.value: muscle.supply for muscle in Muscle},
)
_VERDICTS = {
    Verdict.NO_DIFFERENCE: "no difference in signal shown",
    Verdict.LEFT_LARGER: "the left muscle is brighter",
    Verdict.RIGHT_LARGER: "the right muscle is brighter",
    Verdict.NOT_COMPARABLE: "not comparable",
}
MUSCLE_COLUMNS = (
    SUBJECT,
    SESSION,
    _MUSCLE,
    SIDE,
    Column("places", "Places of the muscle at which it was sampled on this side"),
    Column("volume_mm3", "Volume of the voxels sampled", "mm^3"),
    Column("x_mm", f"Middle of the voxels sampled, first coordinate {WORLD}", "mm"),
    Column("y_mm", f"Middle of the voxels sampled, second coordinate {WORLD}", "mm"),
    Column("z_mm", f"Middle of the voxels sampled, third coordinate {WORLD}", "mm"),
    Column("signal", "Mean intensity after bias correction, each place counted once", "1"),
    Column("standard_error", "Standard error of signal from how uneven muscle is", "1"),
    Column("spread_percent", "Standard deviation of voxels about their mean, noise included", "%"),
    Column("signal_ratio", "Signal over the reference muscle that both sides share", "1"),
    Column("common_places", "Places that both sides have; the index rests on these alone"),
    Column(
        "asymmetry_percent",
        "200·(L - R)/(L + R) of the signal ratio; positive: the left is brighter. The same in the "
        "rows of both sides; apart from any nerve. " + " ".join(CAVEATS),
        "%",
    ),
    Column("ci_low", "Lower end of the 95 % interval of asymmetry_percent", "%"),
    Column("ci_high", "Upper end of that interval", "%"),
    Column(
        "smallest_detectable_percent",
        "Smallest size of asymmetry_percent that would have been called a difference here",
        "%",
    ),
    Column(
        "verdict",
        "What the numbers allow to say",
        levels={verdict.value: words for verdict, words in _VERDICTS.items()},
    ),
    REASON,
)
TISSUE_LABEL_COLUMNS = (
    Column("index", "Number of the label in the image"),
    Column("tissue", "Muscle, or reference tissue"),
    SIDE,
    Column("name", "Tissue and side in one word"),
)


def muscle_rows(table: MuscleTable, who: Mapping[str, object]) -> list[dict[str, object]]:
    """Rows of ``muscle_measures``: one per muscle and side, the left first.

    Raises
    ------
    StageError
        When a number is missing without a reason.
    """
    compared = {one.muscle: one for one in table.comparisons}
    return [
        {**who, **_sample_cells(s), **_comparison_cells(s, compared.get(s.muscle))}
        for s in table.samples
    ]


def _sample_cells(sample: MuscleSample) -> dict[str, object]:
    what = f"signal of {sample.muscle.value} {sample.side.value}"
    check_reason(what, sample.signal, sample.reason)
    return {
        "muscle": sample.muscle,
        "side": sample.side,
        "places": int(np.isfinite(sample.place_ratios).sum()),
        "volume_mm3": number(sample.volume_mm3, 1.0),
        **_place_cells(sample.place_mm),
        "signal": number(sample.signal, sample.standard_error),
        "standard_error": number(sample.standard_error, sample.standard_error),
        "spread_percent": number(sample.spread_percent, 1.0),
        "signal_ratio": number(sample.signal_ratio, 0.01),
    }


def _place_cells(place_mm: FloatArray | None) -> dict[str, object]:
    names = ("x_mm", "y_mm", "z_mm")
    if place_mm is None:
        return dict.fromkeys(names, number(None))
    return {name: number(float(v), 0.1) for name, v in zip(names, place_mm, strict=True)}


def _comparison_cells(
    sample: MuscleSample, comparison: MuscleComparison | None
) -> dict[str, object]:
    if comparison is None:
        return {"verdict": Verdict.NOT_COMPARABLE, "reason": sample.reason}
    check_reason(
        f"asymmetry of {sample.muscle.value}", comparison.asymmetry_percent, comparison.reason
    )
    error = error_of_interval(comparison.ci_low, comparison.ci_high)
    names = ("asymmetry_percent", "ci_low", "ci_high", "smallest_detectable_percent")
    return {
        "common_places": comparison.places,
        **{name: number(getattr(comparison, name), error) for name in names},
        "verdict": comparison.verdict,
        "reason": sample.reason or comparison.reason,
    }


def tissue_label_rows() -> Sequence[dict[str, object]]:
    """Rows of the label table of tissues, by rising label number."""
    rows: list[dict[str, object]] = [
        {
            "index": muscle_index(side, muscle),
            "tissue": muscle.value,
            "side": side,
            "name": f"{muscle.value}_{side.value}",
        }
        for side in Side
        for muscle in Muscle
    ]
    reference = {"index": REFERENCE_INDEX, "tissue": "reference muscle", "name": "reference"}
    marrow = {"index": MARROW_INDEX, "tissue": "vertebral marrow", "name": "marrow"}
    return [*rows, reference, marrow]
