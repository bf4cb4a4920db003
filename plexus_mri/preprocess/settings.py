"""Settings of bias correction."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PreprocessSettings:
    """How slow intensity changes of the receive coil are removed."""

    correct_bias: bool = True
    # Coarse grid on which the field is fitted: fine enough that muscle and the fat between
    # muscles stay apart (chosen on synthetic cases, see ADR-40).
    fit_spacing_mm: float = 3.0
    # Control-point spacing of the field's B-spline; coil profiles vary over 10 cm and more.
    control_spacing_mm: float = 60.0
    # Weight of the field's bending against a muscle voxel for each control point (ADR-40).
    stiffness: float = 0.1
    # A field this many times as stiff is taken where it tells muscle that it was not fitted to
    # better: shading that varies over 10 cm. None of it at the lower of these gains, all of it
    # at the upper one (ADR-98, ADR-130).
    softer: float = 0.01
    softer_gain_percent: tuple[float, float] = (10.0, 26.0)
    # Muscle is left out in cubes of this size: nerves lie up to about that far from muscle
    # (ADR-98).
    left_out_mm: float = 24.0
    # Rounds of telling muscle and refitting the field, the tolerance narrowing from 18 % to 12 %
    # (ADR-97).
    iterations: int = 7
    # Largest correction, either way: a factor of 3 is beyond any usable coil profile.
    largest_factor: float = 3.0

    @property
    def left_out_voxels(self) -> int:
        """Voxels of the coarse grid along each edge of what is left out at a time."""
        return max(1, round(self.left_out_mm / self.fit_spacing_mm))
