"""Pictures that prove the sides: the canal, the midline and the first node of every nerve."""

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.axes import Axes

from plexus_mri.core.anatomy import Side
from plexus_mri.core.case import CaseResult
from plexus_mri.core.grid import FloatArray
from plexus_mri.report.base_picture import DIRECTION_NOTE, base_axes
from plexus_mri.report.canvas import WEBP, Figure, to_webp
from plexus_mri.report.planes import axial_slice, coronal_slab
from plexus_mri.report.settings import ReportSettings
from plexus_mri.report.views import Views

_CANAL_COLOR = "#56B4E9"
_FIRST_NODES = {Side.RIGHT: ("^", "#FF9D5C"), Side.LEFT: ("o", "#7CC7F2")}
_NEAR_MM = 5.0  # first nodes this far from the axial plane are drawn on it: about a ganglion
_FAR_MM = 400.0  # beyond any field of view


def side_figures(
    result: CaseResult, views: Views, settings: ReportSettings
) -> Mapping[str, Figure]:
    """Coronal slab and axial plane through the canal, with midline and both sides marked."""
    coronal = coronal_slab(result.image, *views.canal_slab_mm)
    axial = axial_slice(result.image, views.proof_height_mm)
    thick = f"{settings.slab_thickness_mm:.0f} mm"
    marks = _marks(result)
    near = f", within {_NEAR_MM:.0f} mm of this plane" if result.nerves.nerves else ""
    draw_axial = _encoded(result, views, settings)
    return {
        "side_proof_coronal": Figure(
            draw_axial(base_axes(result, coronal, settings), _mark_coronal),
            WEBP,
            f"Coronal slab through the spinal canal, patient's right on the left. {marks}.",
            f"Coronal slab, {thick}, at the depth of the canal. {marks}. {DIRECTION_NOTE}",
            "Side proof, coronal",
            "side_proof",
        ),
        "side_proof_axial": Figure(
            draw_axial(base_axes(result, axial, settings, views.proof_height_mm), _mark_axial),
            WEBP,
            f"Axial plane, seen from the feet, patient's right on the left. {marks}.",
            f"Axial plane, seen from the feet, front of the patient up. {marks}"
            f"{near}. {DIRECTION_NOTE}",
            "Side proof, axial",
            "side_proof",
        ),
    }


def _marks(result: CaseResult) -> str:
    """What the marks mean."""
    nodes = "triangles (R) and circles (L) mark the first node of each nerve found"
    if result.frame is None:
        return "No midline was found; R? and L? follow the image's own orientation alone"
    line = "The dashed line is the midline through the spinal canal"
    if not result.nerves.nerves:
        return f"{line}; no nerve was found"
    return f"{line}; {nodes}"


Mark = Callable[[Axes, CaseResult, Views], None]


def _encoded(
    result: CaseResult, views: Views, settings: ReportSettings
) -> Callable[[Axes, Mark], bytes]:
    """Give a function that puts marks on axes and encodes them."""

    def encode(axes: Axes, mark: Mark) -> bytes:
        mark(axes, result, views)
        return to_webp(axes, quality_percent=settings.webp_quality_percent)

    return encode


def _mark_coronal(axes: Axes, result: CaseResult, views: Views) -> None:
    del views
    if result.frame is not None:
        canal = result.frame.canal.points_mm
        _dashed(axes, canal[:, 0], canal[:, 2])
    for side, points in first_nodes(result).items():
        _scatter(axes, side, points[:, 0], points[:, 2])


def _mark_axial(axes: Axes, result: CaseResult, views: Views) -> None:
    if result.frame is not None:
        centre = result.frame.canal_at_z(np.array([views.proof_height_mm]))[0]
        forward = np.cross(np.array([0.0, 0.0, 1.0]), result.frame.right)
        ends = centre[:2] + np.outer((-_FAR_MM, _FAR_MM), forward[:2])
        _dashed(axes, ends[:, 0], ends[:, 1])
        axes.scatter(centre[0], centre[1], s=420, fc="none", ec=_CANAL_COLOR, linewidths=2)
    for side, points in first_nodes(result).items():
        near = points[np.abs(points[:, 2] - views.proof_height_mm) <= _NEAR_MM]
        _scatter(axes, side, near[:, 0], near[:, 1])


def _dashed(axes: Axes, across_mm: FloatArray, along_mm: FloatArray) -> None:
    axes.plot(across_mm, along_mm, color="black", lw=3)
    axes.plot(across_mm, along_mm, color="white", lw=1.5, ls=(0, (6, 4)))


def _scatter(axes: Axes, side: Side, across_mm: FloatArray, along_mm: FloatArray) -> None:
    marker, color = _FIRST_NODES[side]
    axes.scatter(across_mm, along_mm, s=90, marker=marker, c=color, ec="black")


def first_nodes(result: CaseResult) -> Mapping[Side, FloatArray]:
    """First points (n, 3) of the nerves found on each side."""
    starts = {
        side: [
            t.centerline.points_mm[0] for (s, _), t in result.nerves.nerves.items() if s is side
        ]
        for side in Side
    }
    return {side: np.array(points).reshape(-1, 3) for side, points in starts.items()}
