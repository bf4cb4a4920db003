"""Settings of the measuring stage."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MeasureSettings:
    """How cross-sections are fitted, what muscle is compared with, how numbers are summed up."""

    # Nodes and windows
    node_step_mm: float = 1.0
    slab_half_length_mm: float = 1.5
    window_margin_mm: float = 4.0
    longest_voxel_part_mm: float = 1.25
    trace_smoothing_mm: float = 1.5
    recentred_smoothing_mm: float = 2.5
    run_on_mm: float = 3.0
    # Priors (standard deviations)
    trace_error_mm: float = 0.8
    recentred_error_mm: float = 0.4
    trace_radius_error_percent: float = 40.0
    neighbor_radius_error_percent: float = 10.0
    stretch_error: float = 0.15
    signal_smoothing_mm: float = 5.0
    signal_change_percent: float = 5.0
    background_bend_percent: float = 10.0
    most_untraced: int = 4
    loss_turn_noise_units: float = 2.0
    # Blur
    blur_expected_voxels: float = 0.3
    blur_trial_voxels: tuple[float, ...] = (0.0, 0.3, 0.5, 0.7, 0.9)
    blur_sections: int = 60
    # Flags
    thin_voxels: float = 3.0
    touching_gap_mm: float = 1.0
    junction_reach_mm: float = 3.0
    least_contrast_to_noise: float = 3.0
    largest_shift_mm: float = 2.0
    largest_radius_error_percent: float = 25.0
    least_confidence: float = 0.5
    # Reference muscle
    reference_step_mm: float = 1.5
    reference_reach_mm: float = 60.0
    paraspinal_lateral_mm: tuple[float, float] = (7.0, 35.0)
    paraspinal_behind_mm: tuple[float, float] = (12.0, 50.0)
    shell_mm: tuple[float, float] = (14.0, 45.0)
    reference_off_nerves_mm: float = 6.0
    reference_level_step_mm: float = 2.0
    reference_level_half_mm: float = 8.0
    reference_smoothing_mm: float = 8.0
    reference_fewest_voxels: int = 400
    reference_fewest_voxels_at_level: int = 60
    # Summary
    root_start_mm: float = 5.0
    ganglion_reach_mm: float = 1.0
    at_10_reach_mm: float = 2.0
    shortest_mean_mm: float = 5.0
    course_smoothing_mm: float = 6.0
    length_error_mm: float = 2.0
    area_model_error_percent: float = 4.0
    signal_model_error_percent: float = 2.0
    common_flag_percent: float = 30.0
