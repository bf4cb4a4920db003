"""From stored to real values: which scaling a DICOM header states, and whether slices agree.

DICOM PS3.3 C.11.1 (Modality LUT) and C.7.6.16.2.11 (real world value map). Philips adds a private
scale, by which values become comparable between series (Chenevert et al. 2014, Transl Oncol 7:65).
It divides the whole image by one number, so no ratio depends on it, and it is not applied.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from plexus_mri.io.dicom_attributes import Attributes
from plexus_mri.io.dicom_checks import Problem
from plexus_mri.reasons import ReasonCode

# Units that say nothing: slices with scales of their own cannot be compared by them.
_NO_UNITS = frozenset({"", "US", "UNSPECIFIED", "NORMALIZED", "1", "NO UNITS"})


@dataclass(frozen=True)
class Scaling:
    """Slope and intercept from stored to real values; None where the file states none.

    ``unit`` is empty when the header gives none that means something.
    """

    slope: float | None
    intercept: float | None
    philips_scale: float | None = None
    unit: str = ""
    from_map: bool = False

    @property
    def words(self) -> str:
        """Which scaling is used, for people."""
        if self.slope is None:
            return "stored values"
        if self.from_map:
            return "real world value map"
        private = ", private Philips scale not applied" if self.philips_scale else ""
        return f"rescale slope and intercept{private}"


def scaling(known: Attributes, philips_scale: float | None) -> Scaling:
    """Rescale slope and intercept; without them the real world value map, if it is a line."""
    slope = known.number("RescaleSlope")
    if slope is not None:
        unit = known.text("RescaleType").upper()
        intercept = known.number("RescaleIntercept")
        return Scaling(slope, intercept, philips_scale, "" if unit in _NO_UNITS else unit)
    slope = known.number("RealWorldValueSlope")
    if slope is None:
        return Scaling(None, known.number("RescaleIntercept"), philips_scale)
    unit = known.text("LUTLabel").upper()
    intercept = known.number("RealWorldValueIntercept")
    return Scaling(
        slope, intercept, philips_scale, "" if unit in _NO_UNITS else unit, from_map=True
    )


def scaling_problem(scalings: Sequence[Scaling]) -> Problem | None:
    """Slices whose values cannot be compared."""
    stated = sum(s.slope is not None for s in scalings)
    if 0 < stated < len(scalings):
        detail = f"{stated} of {len(scalings)} slices state a rescale slope"
        return ReasonCode.PIXEL_RESCALE, detail
    if any(s.slope == 0 for s in scalings):
        return ReasonCode.PIXEL_RESCALE, "a rescale slope is zero"
    kinds = len(set(scalings))
    units = {s.unit for s in scalings}
    private = any(s.philips_scale is not None for s in scalings)
    if kinds > 1 and (private or len(units) > 1 or "" in units):
        detail = f"the slices have {kinds} different scalings and no unit that makes them one"
        return ReasonCode.PIXEL_RESCALE, detail
    return None
