"""Cut-offs of the quality numbers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class QualitySettings:
    """Cut-offs of image and result quality; each number's ``source`` repeats where it is from."""

    # Three voxels across a root of 4.2 mm (middle trunk and C6-C8, Won 2012 by 2·sqrt(A/π)).
    largest_voxel_mm: float = 1.4
    # 0.75 x 0.75 x 1 mm to 1 x 1 x 2 mm are in use; beyond that sections across a slanting nerve
    # mix lengths with widths. Chosen on synthetic cases, see ADR-0014.
    largest_thickness_ratio: float = 2.0
    # Rose criterion [Rose 1948, J. Opt. Soc. Am. 38:196]: below 5 a detail is not seen surely.
    least_contrast_to_noise: float = 5.0
    # Width of an edge between its 12 % and 88 % points; two voxels of a usual image (ADR-0014).
    largest_edge_width_mm: float = 3.0
    # The cords gather 85-90 mm lateral of the midline on the synthetic anatomy (ADR-0014).
    least_lateral_mm: float = 85.0
    # Fat nulled well is darker than muscle; chosen on synthetic cases, see ADR-0014.
    largest_rim_to_muscle_ratio: float = 1.5
    # Depth of the rim under the skin in which fat is looked for.
    rim_mm: float = 12.0
    # Denervated muscle is 1.24-1.38 times as bright in T2 and 1.5-1.8 times on STIR; below that
    # the sides are taken as equal, see ADR-0014.
    largest_muscle_difference_percent: float = 20.0
    # A nerve nearer to the midline than this may belong to either side: half the canal's width
    # is 8.3-9.3 mm (PAM50), and roots start outside of it.
    least_midline_margin_mm: float = 5.0
