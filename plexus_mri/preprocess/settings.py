"""Settings of bias correction."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PreprocessSettings:
    """How slow intensity changes of the receive coil are removed."""

    correct_bias: bool = True
    # Coarse grid on which the field is fitted; field and anatomy differ in scale, so 8 mm is
    # ample (chosen on synthetic cases, see ADR-3).
    fit_spacing_mm: float = 8.0
    # Control-point spacing of the field's B-spline; coil profiles vary over 10 cm and more.
    control_spacing_mm: float = 100.0
    # Iterations at each of three levels [Tustison 2010, IEEE TMI 29:1310].
    iterations: int = 20
    # Largest correction, either way: a factor of 3 is beyond any usable coil profile.
    largest_factor: float = 3.0
