"""The quality numbers of a case."""

from collections.abc import Iterator

import numpy as np

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.case import QualityNumber
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.measurement import MeasurementTable
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.volume import Volume
from plexus_mri.quality.edges import edge_width_mm
from plexus_mri.quality.noise import nerve_above_muscle, noise_sigma, reference_level
from plexus_mri.quality.settings import QualitySettings
from plexus_mri.quality.view import lateral_reach_mm, midline_margin_mm, rim_to_muscle

SIDE_WORDS = {Side.LEFT: "left", Side.RIGHT: "right"}
NO_CUTOFF = "none"
# Without a reference muscle, half of the bright tenth of the image stands in for it.
BRIGHT_PERCENTILE = 90.0


def assess_quality(
    image: Volume,
    frame: PatientFrame | None,
    nerves: NerveTree,
    table: MeasurementTable,
    settings: QualitySettings,
) -> tuple[QualityNumber, ...]:
    """All quality numbers, in a fixed order; ``value`` is None where one cannot be had.

    Nothing is refused here: a number that fails its cut-off becomes a warning.
    """
    return (
        *_of_grid(image, settings),
        *_of_signal(image, table, settings),
        *_of_view(image, frame, table, settings),
        *_of_nerves(frame, nerves, table, settings),
    )


def _number(
    name: str,
    value: float | None,
    unit: str,
    source: str,
    *,
    least: float | None = None,
    most: float | None = None,
) -> QualityNumber:
    """One number and whether it holds its cut-off; without a value nothing is said."""
    limit = least if least is not None else most
    cutoff = NO_CUTOFF
    passed = None
    if limit is not None:
        cutoff = f"{'at least' if least is not None else 'at most'} {limit:g}"
        if value is not None:
            passed = value >= limit if least is not None else value <= limit
    return QualityNumber(name, value, unit, cutoff, source, passed)


def _of_grid(image: Volume, settings: QualitySettings) -> Iterator[QualityNumber]:
    """Numbers of the voxels."""
    spacing = image.grid.spacing
    yield _number(
        "voxel_size_largest_mm",
        float(spacing.max()),
        "mm",
        "Three voxels across a nerve of 4.2 mm (Won 2012).",
        most=settings.largest_voxel_mm,
    )
    yield _number(
        "slice_thickness_ratio",
        float(spacing.max() / spacing.min()),
        "1",
        "Protocols in use reach 2; chosen on synthetic cases, ADR-0014.",
        most=settings.largest_thickness_ratio,
    )


def _of_signal(
    image: Volume, table: MeasurementTable, settings: QualitySettings
) -> Iterator[QualityNumber]:
    """Numbers of noise, contrast and sharpness."""
    muscle = reference_level(table)
    bright = float(np.percentile(image.data, BRIGHT_PERCENTILE))
    sigma = noise_sigma(image, 0.5 * (muscle if muscle is not None else bright))
    yield _number("noise_sigma", sigma, "1", "No cut-off: image units differ between scanners.")
    for side in Side:
        above = nerve_above_muscle(table, side)
        yield _number(
            f"nerve_muscle_cnr_{SIDE_WORDS[side]}",
            above / sigma if above is not None and sigma else None,
            "1",
            "Rose criterion: below 5 a detail is not seen surely (Rose 1948).",
            least=settings.least_contrast_to_noise,
        )
    yield _number(
        "edge_width_mm",
        edge_width_mm(image, table),
        "mm",
        "Two voxels of a usual image; chosen on synthetic cases, ADR-0014.",
        most=settings.largest_edge_width_mm,
    )


def _of_view(
    image: Volume, frame: PatientFrame | None, table: MeasurementTable, settings: QualitySettings
) -> Iterator[QualityNumber]:
    """Numbers of reach and fat suppression of each side."""
    muscle = reference_level(table)
    for side in Side:
        reach = lateral_reach_mm(image.grid, frame, side) if frame else None
        yield _number(
            f"lateral_reach_{SIDE_WORDS[side]}_mm",
            reach,
            "mm",
            "Cords gather 85-90 mm lateral of the midline (synthetic anatomy, ADR-0014).",
            least=settings.least_lateral_mm,
        )
    for side in Side:
        ratio = (
            rim_to_muscle(image, frame, side, muscle, settings.rim_mm)
            if frame and muscle
            else None
        )
        yield _number(
            f"fat_rim_to_muscle_{SIDE_WORDS[side]}",
            ratio,
            "1",
            "Fat that is nulled is darker than muscle; chosen on synthetic cases, ADR-0014.",
            most=settings.largest_rim_to_muscle_ratio,
        )


def _of_nerves(
    frame: PatientFrame | None,
    nerves: NerveTree,
    table: MeasurementTable,
    settings: QualitySettings,
) -> Iterator[QualityNumber]:
    """Numbers of reference muscle, traced nerves and their distance to the midline."""
    left, right = (reference_level(table, side) for side in Side)
    difference = abs(200.0 * (left - right) / (left + right)) if left and right else None
    yield _number(
        "muscle_side_difference_percent",
        difference,
        "%",
        "Denervated muscle is 1.24-1.38 times as bright in T2, more on STIR; ADR-0014.",
        most=settings.largest_muscle_difference_percent,
    )
    for side in Side:
        count = sum((side, nerve) in nerves for nerve in Nerve)
        source = f"No cut-off: {len(Nerve)} when the whole plexus is in view."
        yield _number(f"nerves_traced_{SIDE_WORDS[side]}", float(count), "nerves", source)
    yield _number(
        "midline_margin_mm",
        midline_margin_mm(nerves, frame) if frame else None,
        "mm",
        "Roots start outside the canal, 8.3-9.3 mm from its middle (PAM50); ADR-0014.",
        least=settings.least_midline_margin_mm,
    )
