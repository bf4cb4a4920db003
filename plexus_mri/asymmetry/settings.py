"""What the comparison of sides can be told."""

from dataclasses import dataclass

from plexus_mri.core.anatomy import GANGLION_MM


@dataclass(frozen=True)
class AsymmetrySettings:
    """Limits, errors and levels of the comparison of sides.

    The ``…_model_error_percent`` are one standard deviation, per side, of what the fit gets
    wrong on one side and not on the other (neighbours, blur, partial volume); averaging along
    the nerve does not lessen them. A part that both sides share cancels and is not counted.
    """

    # Chance of any false flag in a case without a difference; half for verdicts, half for
    # patterns (ADR-0011).
    family_error_percent: float = 5.0
    # Coverage of the interval beside each index; the usual choice.
    interval_percent: float = 95.0

    # A trace at least this sure may be compared: tracing calls the rest low (ADR-0010).
    least_confidence: float = 0.5
    # Usable length that both sides must share: what is left of a root's 25-35 mm between its
    # ganglion and its trunk is 8-17 mm on synthetic cases (ADR-0010).
    least_common_mm: float = 5.0
    # A root's first stretch is its ganglion, nearly twice as wide as the nerve (ADR-0010).
    ganglion_mm: float = GANGLION_MM
    # Where a root begins at the end of its label, its ganglion's centre lies up to this far on:
    # 5 to 8 mm in labels of whole roots (ADR-103).
    painted_ganglion_mm: float = 8.0
    # The last stretch of a trace: half of its section slab is missing and the curve is free to
    # stray (ADR-0010).
    trace_end_mm: float = 3.0
    # A flatter section (long over short axis) holds two nerves side by side; sound sections on
    # synthetic cases stay below 1.55, true ones below 1.52 (ADR-0010).
    flattest_ratio: float = 2.0
    # Steepest change of the logarithm of area from node to node that a nerve can have: a lesion
    # that widens it 1.8-fold within 5 mm changes by 0.36 per mm. Beyond a steeper one another
    # structure is measured (ADR-0010).
    steepest_area_change_per_mm: float = 0.4
    # So it is where the area changes by less but the centre steps aside at once: the fit has taken
    # in a neighbour. A bend of 10 mm radius steps aside by 0.25 mm per mm (ADR-43).
    area_change_of_sidestep_per_mm: float = 0.15
    sidestep_mm_per_mm: float = 0.4
    # Both are counted beyond what this many standard errors of the two sections explain: 5 %,
    # two-sided (ADR-136).
    jump_z: float = 1.96
    # The largest value is that of a running mean this long, so that one node cannot make it.
    max_window_mm: float = 3.0

    # Model errors: chosen on synthetic cases, see ADR-0043 and ADR-84.
    area_mean_model_error_percent: float = 0.5
    # What rests on a few nodes has the model error of a node: neighbours that move one move all.
    area_max_model_error_percent: float = 5.0
    diameter_mean_model_error_percent: float = 0.25
    diameter_point_model_error_percent: float = 2.5
    # Shading that bias correction leaves: 1.9 % between the sides (ADR-0040).
    signal_mean_model_error_percent: float = 3.0
    ratio_mean_model_error_percent: float = 2.8
    ratio_max_model_error_percent: float = 5.0
    area_node_model_error_percent: float = 5.0
    ratio_node_model_error_percent: float = 5.0
    # A nerve whose common error is larger on a side is not compared: that of one 1.15 times as
    # wide as the longest voxel edge, whose sides would have to differ by about 90 % (ADR-124).
    largest_common_error_percent: float = 20.0
    # Mean areas of the sides further apart than this are not compared: a trace that left its nerve
    # is likelier than such a swelling (ADR-104).
    largest_area_ratio: float = 4.0
    # Where a nerve touches a neighbour its model error is this many times as large; chosen on
    # synthetic cases, see ADR-0012.
    touching_model_error_factor: float = 2.0

    # A differing stretch reaches as far as single nodes differ at this many standard errors
    # (5 % two-sided); that there is one at all is decided at the family-wise level.
    extent_z: float = 1.96
    # Shortest stretch that is called one, and the gap across which two are one; both about one
    # and a half voxels of a usual image (ADR-0013).
    least_run_mm: float = 3.0
    merge_gap_mm: float = 2.0
    # One standard deviation of the place of node 0 along the nerve, per side: that of a root is
    # its ganglion, that of a trunk where two curves come together, that of a cord where the
    # plexus gathers. As measured on synthetic cases, a root's with some room (ADR-124).
    root_start_error_mm: float = 0.7
    trunk_start_error_mm: float = 2.1
    cord_start_error_mm: float = 1.7
    # That of a painted root whose ganglion was not found, so that its label's own end is node 0:
    # half of the 8 mm between a ganglion's centre and where it has ended (ADR-103).
    painted_end_error_mm: float = 4.0

    # A difference over this share of the common length is diffuse (ADR-0013).
    diffuse_percent: float = 60.0
    # Shading and misplacement that remain in the signal of a muscle, per side: beside the spine,
    # and at the shoulder, further from the coil's middle. Chosen on synthetic cases (ADR-0096).
    neck_muscle_model_error_percent: float = 3.0
    shoulder_muscle_model_error_percent: float = 4.0
