"""Settings of the report: what the pictures show, never what is measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReportSettings:
    """How pictures and pages are drawn.

    No number of a measurement depends on these settings.
    """

    window_low_percent: float = 1.0  # darkest shown intensity, percentile of the picture
    window_high_percent: float = 99.7  # brightest; leaves nerve and canal apart on STIR
    slab_thickness_mm: float = 6.0  # coronal slab: about a root's diameter and its curvature
    projection_margin_mm: float = 4.0  # maximum projection: nerves' depth and this much more
    section_arc_mm: tuple[float, ...] = (0.0, 10.0, 20.0)  # 0 and 10 mm: van Rosmalen 2021
    section_width_mm: float = 22.0  # a nerve of 5 mm with its neighbours
    section_pixel_mm: float = 0.25  # finer than any voxel, so that shapes are not blocky
    straight_width_mm: float = 18.0  # straightened nerves: a root of 6 mm with its neighbours
    straight_px_per_mm: float = 7.0  # both sides at one scale; a picture about 900 wide
    picture_width_px: int = 960  # grey pictures: 3 pixels a mm on a 320 mm field of view
    thumbnail_width_px: int = 240  # study page: 500 subjects stay under 30 MB
    webp_quality_percent: int = 80  # grey pictures: no visible loss on a screen
