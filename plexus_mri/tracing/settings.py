"""Settings of tracing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TracingSettings:
    """How ganglia become levels, levels become names and voxels become curves."""

    # Neighbouring ganglia lie 16.5-23 mm apart along the canal (PAM50, domain table 7a);
    # the range leaves room for body size.
    level_step_mm: float = 18.0
    level_step_least_mm: float = 11.0
    level_step_most_mm: float = 28.0
    # Left and right ganglion of one level differ in height by less than this
    # (chosen on synthetic cases, see ADR-22).
    level_pair_mm: float = 7.0
    # A ganglion a step of 5 mm out of the row of its neighbours loses a quarter of its strength
    # (chosen on synthetic cases, see ADR-22).
    row_penalty_per_mm: float = 0.05
    # Where the plexus has gathered: prototype figures (ADR-22) are for 85-90 mm.
    gather_lateral_mm: float = 88.0
    # Without this much of a side in view the roots cannot be told by what they join.
    least_lateral_mm: float = 60.0
    # How far out cords are followed; farther out veins and branches run against them and traces
    # strayed on synthetic cases (ADR-22).
    farthest_lateral_mm: float = 115.0
    # Cost of travel: 1/(floor + share squared) per mm, where the share is tubularity over the
    # easy one, at most 1. Healthy C5 roots have a tubularity of 0.55 and more (ADR-21).
    cost_floor: float = 0.02
    easy_tubularity: float = 0.6
    # A gap in a nerve is bridged over this length at most; wider gaps end it. Below this
    # tubularity a place counts as gap (both chosen on synthetic cases, see ADR-22).
    bridge_mm: float = 6.0
    least_tubularity: float = 0.15
    # The first stretch of a root is its own: foramina end 5-6 mm beyond the ganglion and trunks
    # form 30 mm and more beyond (domain waypoints 7e). Closer than this is on the other root.
    own_stretch_mm: float = 12.0
    own_distance_mm: float = 3.5
    # The canal is no way for a nerve: half of 16.5-18.5 mm (PAM50).
    canal_half_width_mm: float = 7.5
    # Paths that end within this radius at the gathering distance belong to the plexus.
    bundle_radius_mm: float = 14.0
    # Support of a path is the lowest mean tubularity over this length (ADR-22).
    support_window_mm: float = 12.0
    # A root with less support than this is reported as not found (ADR-22).
    least_support: float = 0.25
    # The best run of five levels must win over the next one by this much mean strain, or the
    # names are doubted (ADR-22).
    naming_margin: float = 0.15
    # A stated level is that of the ganglia seen within this distance along the canal: half of the
    # smallest usual step from level to level, 16.5 mm (PAM50, domain table 7a). Foramina, discs
    # and ganglia of one level lie 0-3 mm apart along it (waypoints 7e, ADR-110).
    stated_level_mm: float = 8.0
    # With a mean strain above this nothing in the image is a plexus: ln 2, so that ways cost twice
    # those of a clear nerve on its expected course, half-way to lost ones. The right names gave
    # 0.03 to 0.4 on synthetic cases, necks drawn without nerves 0.81 and 0.87 (ADR-100).
    largest_mean_strain: float = 0.69
    # The more spots there are that could be ganglia, the better some five levels fit by chance:
    # from the first of these numbers of spots to the second the limit falls to this one. Images
    # with nerves had 19-48 spots; necks drawn without nerves with strains from 0.33 to 0.69 had
    # 109-154 (ADR-134).
    spots_few_to_many: tuple[float, float] = (60.0, 110.0)
    largest_mean_strain_of_many: float = 0.25
    # Painted roots begin at the ganglion that is seen in the image within this distance of their
    # course, within this stretch from its medial end on. On synthetic cases it lay up to 0.8 mm
    # aside and 5 to 8 mm from the medial end of labels of the whole root, with a strength of 0.83
    # and more; no other spot lay on the first 15 mm (ADR-101).
    painted_ganglion_aside_mm: float = 3.0
    painted_ganglion_reach_mm: float = 15.0
    painted_ganglion_least_strength: float = 0.6
    # A label that begins this much lateral of the ganglion still begins at it: as well as node 0
    # is known otherwise (ADR-42, ADR-101).
    painted_ganglion_short_mm: float = 1.0
    # How far before a label its ganglion is looked for, so that nothing else is taken for it.
    painted_ganglion_before_mm: float = 10.0
    # Painted nerves meet where an end comes nearer to another's course than both radii and half a
    # usual voxel for the rim of each (ADR-102).
    painted_touch_mm: float = 1.0
    # Node distance of the finished curves.
    node_step_mm: float = 1.0
    # Smoothing of curves along their length: below the nerves' own bending radius of 10 mm.
    smooth_mm: float = 2.0
    # Trunks and cords: lengths 35-40 and 45-49 mm (Hlongwane 2022); the division zone between
    # is left unmeasured, since its borders cannot be seen without the clavicle.
    trunk_mm: float = 25.0
    cord_mm: float = 40.0
    # Shortest stretch worth reporting.
    least_length_mm: float = 8.0
    # Confidence below this is reported as low; comparisons then say so (ADR-22).
    least_confidence: float = 0.5
