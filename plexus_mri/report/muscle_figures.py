"""Where muscles and reference muscle were sampled, on axial pictures."""

from collections.abc import Mapping

import numpy as np

from plexus_mri.core.anatomy import Side
from plexus_mri.core.case import CaseResult
from plexus_mri.core.muscle import Muscle, muscle_index
from plexus_mri.core.tissue_map import MARROW_INDEX, REFERENCE_INDEX, tissue_labels
from plexus_mri.core.volume import LabelMap
from plexus_mri.report.base_picture import DIRECTION_NOTE, base_axes
from plexus_mri.report.canvas import SIDE_COLORS, SIDE_LINES, WEBP, Figure, to_webp
from plexus_mri.report.planes import axial_slice, labels_on_axial
from plexus_mri.report.settings import ReportSettings

_DOT_COLORS = {REFERENCE_INDEX: "#F0E442", MARROW_INDEX: "#CC79A7"}


def muscle_figures(result: CaseResult, settings: ReportSettings) -> Mapping[str, Figure]:
    """An axial picture through each muscle that was sampled, and what was sampled of it."""
    labels = tissue_labels(
        result.image.grid, result.muscles, result.table.reference, result.table.marrow
    )
    heights = {muscle: _height_mm(result, muscle) for muscle in Muscle}
    return {
        f"muscle_{muscle.value}": _figure(result, labels, muscle, z_mm, settings)
        for muscle, z_mm in heights.items()
        if z_mm is not None
    }


def _height_mm(result: CaseResult, muscle: Muscle) -> float | None:
    """Height of the plane that meets most of a muscle's voxels; None when it has none."""
    samples = [result.muscles.get(side, muscle) for side in Side]
    voxels = [s.voxels for s in samples if s is not None and len(s.voxels)]
    if not voxels:
        return None
    z_mm = result.image.grid.to_world(np.concatenate(voxels).astype(float))[:, 2]
    return float(np.median(z_mm))


def _figure(
    result: CaseResult, labels: LabelMap, muscle: Muscle, z_mm: float, settings: ReportSettings
) -> Figure:
    picture = axial_slice(result.image, z_mm)
    shown = labels_on_axial(labels, picture, z_mm)
    axes = base_axes(result, picture, settings, z_mm)
    across, rows = picture.centers_mm
    for index, color in _DOT_COLORS.items():
        dots = np.argwhere(shown == index)
        axes.scatter(across[dots[:, 1]], rows[dots[:, 0]], s=1.0, c=color, alpha=0.5)
    for side in Side:
        inside = shown == muscle_index(side, muscle)
        if inside.any():
            axes.contour(
                across,
                rows,
                inside.astype(float),
                levels=[0.5],
                colors=[SIDE_COLORS[side]],
                linestyles=[SIDE_LINES[side]],
                linewidths=2.0,
            )
    words = (
        f"Axial plane seen from the feet, through the {muscle.value}. Outlines: where it was "
        "sampled. Dots: reference muscle (yellow) and vertebral marrow (purple)."
    )
    return Figure(
        to_webp(axes, quality_percent=settings.webp_quality_percent),
        WEBP,
        f"{words} Patient's right on the left.",
        f"{words} {DIRECTION_NOTE}",
        f"Muscle sampled: {muscle.value}",
        "muscles",
    )
