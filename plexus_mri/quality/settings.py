"""Cut-offs of the quality numbers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class QualitySettings:
    """Cut-offs of image and result quality; each number's ``source`` repeats where it is from."""

    # Three voxels across 4.2 mm, the diameter of middle and lower trunk [Won 2012, 2·sqrt(A/π)].
    largest_voxel_mm: float = 1.4
    # 0.75 x 0.75 x 1 mm to 1 x 1 x 2 mm are in use; beyond that sections across a slanting nerve
    # mix lengths with widths. Chosen on synthetic cases, see ADR-0014.
    largest_thickness_ratio: float = 2.0
    # Rose criterion [Rose 1948, J. Opt. Soc. Am. 38:196]: below 5 a detail is not seen surely.
    least_contrast_to_noise: float = 5.0
    # Full width at half maximum of the blur where it is widest: 1.2 mm on sound synthetic images
    # of 1 mm voxels, 1.75 mm with motion blur of 1 mm sigma (ADR-0014).
    largest_edge_width_mm: float = 1.6
    # From the C5 ganglia to the lowest cord are at least 105 mm of height in 30 synthetic bodies.
    least_height_mm: float = 105.0
    # The cords gather 85-90 mm lateral of the midline on the synthetic anatomy (ADR-0014).
    least_lateral_mm: float = 85.0
    # Fat nulled at a TI of 220-265 ms is 0.0-0.6 times as bright as muscle by its T1 and T2
    # (ADR-0014).
    largest_fat_to_muscle_ratio: float = 0.8
    # Suppression that fails towards a shoulder brightens its fat against that near the spine:
    # 1.0 where it holds, 1.5 at 20 % and 1.9 at 50 % of failure on synthetic cases (ADR-0014).
    largest_fat_lateral_to_medial_ratio: float = 1.7
    # Where fat is looked for: beside the spine, and beyond the cords.
    medial_mm: float = 70.0
    lateral_mm: float = 90.0
    # Denervated muscle is 1.24-1.38 times as bright in T2 and 1.5-1.8 times on STIR; below that
    # the sides are taken as equal, see ADR-0014.
    largest_muscle_difference_percent: float = 20.0
    # A nerve nearer to the midline than this may belong to either side: half the canal's width
    # is 8.3-9.3 mm (PAM50), and roots start outside of it.
    least_midline_margin_mm: float = 5.0
