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
from plexus_mri.quality.view import (
    FatLevel,
    fat_level,
    height_in_view_mm,
    lateral_reach_mm,
    midline_margin_mm,
)

SIDE_WORDS = {Side.LEFT: "left", Side.RIGHT: "right"}
NO_CUTOFF = "none"
# Without a reference muscle, half of the bright tenth of the image stands in for it.
BRIGHT_PERCENTILE = 90.0
# The magnitude of pure noise is 1.25 standard deviations, with room for its spread; suppressed fat
# is 0.3 times as bright as muscle on synthetic cases, and air is darker than either.
NOISE_FLOOR = 2.0
FAT_TO_MUSCLE = 0.25
AIR_TO_MUSCLE = 0.15


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
        "Protocols in use reach 2; chosen on synthetic cases.",
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
    contrasts = [
        _number(
            f"nerve_muscle_cnr_{SIDE_WORDS[side]}",
            _ratio(nerve_above_muscle(table, side), sigma),
            "1",
            "Rose criterion: below 5 a detail is not seen surely (Rose 1948).",
            least=settings.least_contrast_to_noise,
        )
        for side in Side
    ]
    yield from contrasts
    # Noise has slopes of its own: without contrast they would pass for edges.
    sure = any(number.passed for number in contrasts)
    yield _number(
        "edge_width_mm",
        edge_width_mm(image, table) if sure else None,
        "mm",
        "1.2 mm on sound synthetic images, 1.75 mm with 1 mm of motion.",
        most=settings.largest_edge_width_mm,
    )


def _of_view(
    image: Volume, frame: PatientFrame | None, table: MeasurementTable, settings: QualitySettings
) -> Iterator[QualityNumber]:
    """Numbers of height, and of reach and fat suppression of each side."""
    yield _number(
        "height_in_view_mm",
        height_in_view_mm(image),
        "mm",
        "Roots span 63-79 mm of height, roots to cords 105-138 mm (synthetic anatomy, 30 bodies).",
        least=settings.least_height_mm,
    )
    for side in Side:
        reach = lateral_reach_mm(image.grid, frame, side) if frame else None
        yield _number(
            f"lateral_reach_{SIDE_WORDS[side]}_mm",
            reach,
            "mm",
            "Cords gather 85-90 mm lateral of the midline (synthetic anatomy).",
            least=settings.least_lateral_mm,
        )
    yield from _of_fat(_fat(image, frame, table, settings), reference_level(table), settings)


def _fat(
    image: Volume, frame: PatientFrame | None, table: MeasurementTable, settings: QualitySettings
) -> FatLevel:
    """Level of fat; unknown without midline or muscle, and where noise is as bright as fat."""
    unknown = FatLevel(None, {})
    muscle = reference_level(table)
    if frame is None or muscle is None:
        return unknown
    sigma = noise_sigma(image, 0.5 * muscle)
    if sigma is None or NOISE_FLOOR * sigma > FAT_TO_MUSCLE * muscle:
        return unknown
    air = max(AIR_TO_MUSCLE * muscle, NOISE_FLOOR * sigma)
    where = {"medial_mm": settings.medial_mm, "lateral_mm": settings.lateral_mm}
    return fat_level(image, frame, air, **where)


def _of_fat(
    fat: FatLevel, muscle: float | None, settings: QualitySettings
) -> Iterator[QualityNumber]:
    """Numbers of fat suppression: at all, and towards each shoulder."""
    yield _number(
        "fat_to_muscle_ratio",
        _ratio(fat.medial, muscle),
        "1",
        "Nulled fat (TI 220-265 ms) is 0.0-0.6 times as bright as muscle; synthetic cases.",
        most=settings.largest_fat_to_muscle_ratio,
    )
    for side in Side:
        yield _number(
            f"fat_lateral_to_medial_{SIDE_WORDS[side]}",
            _ratio(fat.lateral.get(side), fat.medial),
            "1",
            "1 where suppression holds, 1.9 where half of it fails; chosen on synthetic cases.",
            most=settings.largest_fat_lateral_to_medial_ratio,
        )


def _ratio(above: float | None, below: float | None) -> float | None:
    """Quotient, None where there is none."""
    return above / below if above is not None and below else None


def _of_nerves(
    frame: PatientFrame | None,
    nerves: NerveTree,
    table: MeasurementTable,
    settings: QualitySettings,
) -> Iterator[QualityNumber]:
    """Numbers of reference muscle, traced nerves and their distance to the midline."""
    ratio = table.reference.left_right_ratio
    difference = None if ratio is None else abs(200.0 * (ratio - 1.0) / (ratio + 1.0))
    yield _number(
        "muscle_side_difference_percent",
        difference,
        "%",
        "Denervated muscle is 1.24-1.38 times as bright in T2, more on STIR; synthetic cases.",
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
        "Roots start outside the canal, 8.3-9.3 mm from its middle (PAM50); synthetic cases.",
        least=settings.least_midline_margin_mm,
    )
