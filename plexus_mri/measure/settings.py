"""Settings of the measuring stage."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MeasureSettings:
    """How cross-sections are fitted, what muscle is compared with, how numbers are summed up."""

    # Nodes and windows
    # Nodes every voxel of a usual image; sections overlap, so nothing is skipped.
    node_step_mm: float = 1.0
    # The passes that only recentre fit every second node; neighbours share their voxels (ADR-41).
    every_in_first_passes: int = 2
    # Half-length of the slab that is averaged along the nerve (±1 mm in method trials; ADR-23).
    slab_half_length_mm: float = 1.5
    # How far beyond the nerve the fit looks for its background (ADR-23).
    window_margin_mm: float = 4.0
    # Thick slices are cut into parts no longer than this for the model (ADR-23).
    longest_voxel_part_mm: float = 1.25
    # Smoothing of the curve that sections stand on, before and after recentring (ADR-23).
    trace_smoothing_mm: float = 1.5
    recentred_smoothing_mm: float = 2.5
    # A nerve is taken to run on this far beyond its trace, as a neighbour of others (ADR-23).
    run_on_mm: float = 3.0
    # Priors (standard deviations)
    # Traces lie 0.1-0.3 mm off, single nodes up to 1 mm (docs/validation.md).
    trace_error_mm: float = 0.8
    # After recentring the centre is known this well (ADR-23).
    recentred_error_mm: float = 0.4
    # Rough radii of tracing scatter by this much (ADR-23).
    trace_radius_error_percent: float = 40.0
    # A neighbour already fitted is known this well (ADR-23).
    neighbor_radius_error_percent: float = 10.0
    # A fitted centre is believed to no less than this: keeps one node from pinning the curve.
    least_centre_error_mm: float = 0.05
    # Ellipses: log ratio of the axes; true sections stay below 1.5:1 (ADR-23).
    stretch_error: float = 0.15
    # The signal changes slowly along a nerve: window and looseness of that rule (ADR-23).
    signal_smoothing_mm: float = 5.0
    signal_change_percent: float = 5.0
    # Before the image's blur is known, which width and signal trade for (ADR-128).
    signal_change_before_blur_percent: float = 20.0
    # Curvature of the background, in percent of the contrast (ADR-23).
    background_bend_percent: float = 10.0
    # Bright blobs beside the nerve that are fitted along with it, at most (ADR-23).
    most_untraced: int = 4
    # Discs that are tried there: radii of vessels and how far their rim lies from the nerve's;
    # radii of muscles and how far theirs lies from its centre (chosen on synthetic cases, ADR-23).
    vessel_radii_mm: tuple[float, ...] = (1.2, 2.2)
    vessel_gaps_mm: tuple[float, ...] = (-0.6, 0.4, 1.5, 3.0)
    muscle_radii_mm: tuple[float, ...] = (5.0, 12.0)
    muscle_places_mm: tuple[float, ...] = (-1.5, -0.3, 0.9, 2.1, 3.5)
    # How well the centre of such a disc is known: newly found, carried from the node before.
    new_untraced_error_mm: float = 1.0
    carried_untraced_error_mm: float = 0.7
    # Coat of fat around a nerve, expected thickness, and how well its centre is known (ADR-41).
    coat_mm: float = 0.8
    coat_centre_error_mm: float = 0.15
    # A coat is there, or not, over at least this far to both sides of a section (ADR-117).
    coat_run_mm: float = 5.0
    # Neighbouring voxels' residuals are alike, so this share of the evidence for a coat is new.
    evidence_share: float = 0.4
    # Log odds of a coat, before looking, where the nerve lies in fat itself; even in muscle. What
    # the blur's shape leaves around a nerve looks like a coat with log odds of 1-7 (ADR-41).
    coat_log_odds_in_fat: float = -16.0
    # Residuals beyond this many noise SDs count less (robust loss; ADR-23).
    loss_turn_noise_units: float = 2.0
    # Blur
    blur_expected_voxels: float = 0.3
    blur_largest_voxels: float = 0.9
    # Sections that blur is estimated from (ADR-23).
    blur_sections: int = 60
    # Spread within a section
    # Voxels with at least this share of nerve are its core (chosen on tubes, ADR-106).
    core_least_share: float = 0.95
    # Fewest independent voxels of a core: a standard deviation is then known to 27 % (ADR-106).
    core_fewest_voxels: float = 8.0
    # Area of the mask's label
    # How far from the centre the label is looked at: twice the radius of a large ganglion.
    mask_reach_mm: float = 10.0
    # Fit and mask disagree when their areas differ by more than this and by more than so many
    # standard errors of the fit, and their diameters by more than so many of the mask's voxels:
    # who takes each voxel that is touched draws a voxel too wide (chosen, see ADR-107).
    mask_difference_percent: float = 50.0
    mask_standard_errors: float = 3.0
    mask_voxels: float = 1.5
    # Flags
    # Under three voxels across, area errors grow quickly (libraries side by side, ADR-23).
    thin_voxels: float = 3.0
    # Under two of the longest voxel edges across, a value at one place says little: on synthetic
    # cases with slices of 2.2 mm areas of single C5 nodes were off by up to 70 % (ADR-45).
    coarse_voxels: float = 2.0
    # Nerves with less between their borders than this are flagged as touching (one voxel).
    touching_gap_mm: float = 1.0
    # Sections nearer to a junction than this may hold two nerves (half a nerve and a slab).
    junction_reach_mm: float = 3.0
    # Below this a section is not trusted (Rose criterion is 5 for single details; ADR-23).
    least_contrast_to_noise: float = 3.0
    # A fit that moved farther from its trace has left the nerve (ADR-23).
    largest_shift_mm: float = 2.0
    # A fit less sure than this is not trusted (ADR-23).
    largest_radius_error_percent: float = 25.0
    # Traces below this confidence are flagged (ADR-22).
    least_confidence: float = 0.5
    # Reference muscle
    # Muscle is sampled on points this far apart.
    reference_step_mm: float = 1.5
    # How far around the canal muscle is looked for.
    reference_reach_mm: float = 60.0
    # Where the paraspinal muscles lie beside and behind the canal (anatomy; no source read).
    paraspinal_lateral_mm: tuple[float, float] = (7.0, 35.0)
    paraspinal_behind_mm: tuple[float, float] = (12.0, 50.0)
    # Wider shell around the canal when the field of view holds no paraspinal muscle (ADR-23).
    shell_mm: tuple[float, float] = (14.0, 45.0)
    # Muscle samples keep this distance from traced nerves.
    reference_off_nerves_mm: float = 6.0
    # Levels along the body and half-height of one (ADR-23); their course is a line (ADR-138).
    reference_level_step_mm: float = 2.0
    reference_level_half_mm: float = 8.0
    # Fewest samples in all and at a level for a stable mode (ADR-23).
    reference_fewest_voxels: int = 400
    reference_fewest_voxels_at_level: int = 60
    # Sides that differ by more are not pooled: the darker one serves both (ADR-96).
    reference_largest_side_difference_percent: float = 12.0
    # Cells whose means tell how even muscle is, and the fewest samples of one (ADR-44).
    unevenness_cell_mm: float = 12.0
    unevenness_fewest_samples: int = 60
    # Vertebral marrow
    # Where the vertebral bodies lie beside and before the canal's centre (ADR-96).
    marrow_lateral_mm: float = 7.0
    marrow_before_mm: tuple[float, float] = (12.0, 25.0)
    # Discs and end plates differ from the marrow within this window by so much, at gaps between
    # these, of which this share may not be wider (ADR-96).
    marrow_window_mm: float = 40.0
    marrow_break_percent: float = 10.0
    marrow_gap_mm: tuple[float, float] = (10.0, 30.0)
    marrow_least_regular: float = 0.75
    # Muscles
    # Balls of muscle of this radius are looked for within this reach of each expected place, on
    # samples this far apart (ADR-96).
    muscle_ball_mm: float = 5.0
    muscle_search_mm: float = 7.0
    muscle_step_mm: float = 2.0
    # A ball is even when it varies by less than this after averaging over 6 mm, and muscle when it
    # is this bright over reference muscle: marrow and fat are darker, nerves brighter (ADR-96).
    muscle_roughness_percent: float = 10.0
    muscle_least_ratio: float = 0.8
    muscle_largest_ratio: float = 2.5
    # Voxels further from a ball's median, up or down, are vessels or planes of fat (ADR-96).
    muscle_trim_percent: float = 40.0
    # Summary
    # The ganglion reaches about 4 mm beyond its centre; means of roots start beyond it.
    root_start_mm: float = 5.0
    # Where a root begins at the end of its label, its ganglion's centre lies up to this far on:
    # 5 to 8 mm in labels of whole roots (ADR-103).
    painted_ganglion_mm: float = 8.0
    # The last stretch of a trace: half of its section slab is missing and the curve is free to
    # stray (ADR-0010), so the last nodes would often be the largest.
    trace_end_mm: float = 3.0
    # Diameter at 0 mm is the mean within this distance of node 0.
    ganglion_reach_mm: float = 1.0
    # Node 0 lies this near to the centre of the ganglion, along the nerve (ADR-42).
    landmark_error_mm: float = 1.0
    # A root's diameter at 0 mm is given only if node 0 looks like a ganglion (ADR-42): up to
    # half of a ganglion's length on, nothing is wider by more than this ...
    ganglion_half_mm: float = 4.0
    ganglion_growth_percent: float = 8.0
    # ... and beyond it the narrowest place is narrower by this.
    beyond_ganglion_mm: tuple[float, float] = (5.0, 10.0)
    ganglion_bulge_percent: float = 12.0
    # Diameter at 10 mm is the mean within this distance (sites G0 and G1, van Rosmalen 2021).
    at_10_reach_mm: float = 2.0
    # Shortest stretch that gives a mean.
    shortest_mean_mm: float = 5.0
    # What is slower than this along a nerve is its course, what is faster its scatter (ADR-23).
    course_smoothing_mm: float = 6.0
    # Ends of a trace are known this well (one ganglion radius; ADR-23).
    length_error_mm: float = 2.0
    # What the model gets wrong beyond noise, one SD (docs/validation.md, ADR-23).
    area_model_error_percent: float = 2.5
    signal_model_error_percent: float = 2.0
    # Error of area and of signal that all nodes have in common where the longest voxel edge is as
    # long as the nerve is wide; it grows with the fourth power of the two's ratio (ADR-124).
    coarse_error_percent: float = 35.0
    # The same for the area of one section (ADR-41).
    section_model_error_percent: float = 1.2
    common_flag_percent: float = 30.0
