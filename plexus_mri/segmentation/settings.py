"""Settings of finding nerves without weights."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SegmentationSettings:
    """Sizes of what is looked for, all in mm."""

    # Working grid of detection; nothing is measured on it.
    work_spacing_mm: float = 1.0
    # How far from the midline, and before and behind the canal, nerves are looked for.
    reach_lateral_mm: float = 140.0
    reach_depth_mm: float = 60.0
    # A tube of radius r answers most at r/sqrt(2.5): 1.0 to 3.6 mm finds 3.2 to 11 mm wide nerves,
    # and thinner ones at the least scale (healthy roots from 2.7 mm, Won 2012; diseased ones to
    # 10 mm).
    tube_scales_mm: tuple[float, ...] = (1.0, 1.5, 2.2, 3.0, 3.6)
    # Ganglia are 6.0 to 6.7 mm wide (caliper, domain table 1a): a ball of radius r answers most
    # at r/sqrt(3).
    ganglion_scale_mm: float = 2.0
    # Response of a nerve in units of the ganglia's blob contrast that counts as a full tube;
    # healthy roots gave 0.35-0.65 on synthetic cases (ADR-21, ADR-122).
    full_tube: float = 0.6
    # Where ganglia lie from the canal's centre: 13-14 mm lateral, 5-7 mm anterior in the
    # waypoints built from PAM50; widened for body size and pose.
    ganglion_nearest_mm: float = 8.0
    ganglion_farthest_mm: float = 26.0
    ganglion_behind_mm: float = 12.0
    ganglion_before_mm: float = 22.0
    # Candidates below this share of the typical ganglion are left out
    # (chosen on synthetic cases, see ADR-21).
    ganglion_least_strength: float = 0.25
