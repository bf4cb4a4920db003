"""Facts of the report about how left and right were proven."""

from collections.abc import Mapping

import numpy as np

from plexus_mri.core.case import CaseResult
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import Grid

_MIDLINE_STEP_MM = 10.0  # a neck bends less than 1 mm over this


def side_proof_facts(result: CaseResult) -> Mapping[str, object]:
    """How left and right were proven, as numbers and as one paragraph."""
    if result.frame is None:
        return {
            "proven": False,
            "method": None,
            "orientation_source": result.case.series.orientation_source,
            "midline_uncertainty_mm": None,
            "smallest_margin_mm": None,
            "midline": None,
            "sentence": (
                "No midline was found, so no side is proven and nothing was compared. The letters "
                "on the pictures follow the image's own orientation "
                f"({result.case.series.orientation_source}) alone."
            ),
        }
    proof = result.frame.proof
    return {
        "proven": proof.proven,
        "method": proof.method,
        "orientation_source": proof.orientation_source,
        "midline_uncertainty_mm": proof.midline_uncertainty_mm,
        "midline_estimates": [
            {
                "source": e.source,
                "offset_mm": e.offset_mm,
                "uncertainty_mm": e.uncertainty_mm,
            }
            for e in proof.estimates
        ],
        "smallest_margin_mm": proof.smallest_margin_mm,
        "midline": _midline(result.frame, result.image.grid),
        "sentence": _proof_sentence(result),
    }


def _midline(frame: PatientFrame, grid: Grid) -> Mapping[str, object]:
    """Canal and direction to the patient's right at heights z of the image, RAS+ mm, and up."""
    bottom, top = (float(f(grid.corners_mm[:, 2])) for f in (np.min, np.max))
    heights = np.linspace(bottom, top, int((top - bottom) / _MIDLINE_STEP_MM) + 2)
    points = frame.canal_at_z(heights)
    return {
        "points_mm": points.round(2).tolist(),
        "right": frame.right_at(points).round(4).tolist(),
        "up": frame.up.round(4).tolist(),
    }


def _proof_sentence(result: CaseResult) -> str:
    if result.frame is None:
        return ""
    proof = result.frame.proof
    first = (
        "Sides are proven." if proof.proven else "Sides are not proven: report no side from it."
    )
    parts = [
        first,
        f"Orientation of the image: {proof.orientation_source}.",
        f"Midline: {proof.method}.",
    ]
    if proof.midline_uncertainty_mm is not None:
        apart = f"{proof.midline_uncertainty_mm:.1f} mm"
        parts.append(f"Independent estimates of the midline differ by {apart}.")
    parts.extend(
        f"By the {e.source} alone it lies {abs(e.offset_mm):.1f} mm to the "
        f"{'right' if e.offset_mm >= 0 else 'left'} (error {e.uncertainty_mm:.1f} mm)."
        for e in proof.estimates
        if e.offset_mm is not None
    )
    if proof.smallest_margin_mm is not None:
        parts.append(
            f"The nerve nearest to the midline stays {proof.smallest_margin_mm:.1f} mm from it."
        )
    return " ".join(parts)
