"""Where the pictures cut the patient: depths and heights chosen from what was found."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plexus_mri.core.anatomy import ROOTS, Side
from plexus_mri.core.case import CaseResult
from plexus_mri.core.grid import FloatArray
from plexus_mri.report.planes import (
    LabelPicture,
    Picture,
    axial_slice,
    coronal_slab,
    labels_on_axial,
)
from plexus_mri.report.settings import ReportSettings

_HEIGHT_STEP_MM = 1.0


@dataclass(frozen=True)
class Views:
    """Depths (y) of the coronal pictures and heights (z) of the axial ones, in mm.

    ``reason`` says in words what decided them.
    """

    canal_slab_mm: tuple[float, float]
    nerve_slab_mm: tuple[float, float]
    projection_mm: tuple[float, float]
    proof_height_mm: float
    nerve_height_mm: float
    reason: str


@dataclass(frozen=True, eq=False)
class Cuts:
    """Pictures through the nerves that more than one figure shows.

    ``axial_labels`` are on the pixels of ``axial``.
    """

    projection: Picture
    axial: Picture
    axial_labels: LabelPicture


def cut(result: CaseResult, views: Views) -> Cuts:
    """Maximum projection and axial plane of the chosen views."""
    axial = axial_slice(result.image, views.nerve_height_mm)
    return Cuts(
        coronal_slab(result.image, *views.projection_mm, maximum=True),
        axial,
        labels_on_axial(result.labels, axial, views.nerve_height_mm),
    )


def choose_views(result: CaseResult, settings: ReportSettings) -> Views:
    """Cuts through the canal and the nerves; through the middle where they were not found."""
    corners = result.image.grid.corners_mm
    low, high = corners.min(axis=0), corners.max(axis=0)
    middle = (low + high) / 2.0
    canal_y = middle[1]
    if result.frame is not None:
        canal_y = float(np.median(result.frame.canal.points_mm[:, 1]))
    nerves = _points(result, roots_only=False)
    half = settings.slab_thickness_mm / 2.0
    if nerves is None:
        heights = middle[2] if result.frame is None else _canal_middle(result)
        return Views(
            _slab(canal_y, half),
            _slab(canal_y, half),
            (float(low[1]), float(high[1])),
            heights,
            heights,
            "through the middle, as no nerve was found",
        )
    roots = _points(result, roots_only=True)
    depth = float(np.median((nerves if roots is None else roots)[:, 1]))
    margin = settings.projection_margin_mm
    return Views(
        _slab(canal_y, half),
        _slab(depth, half),
        (
            max(float(nerves[:, 1].min()) - margin, float(low[1])),
            min(float(nerves[:, 1].max()) + margin, float(high[1])),
        ),
        _first_nodes_height(result),
        _busiest_height(result),
        "through the nerves that were found",
    )


def _slab(depth_mm: float, half_mm: float) -> tuple[float, float]:
    return float(depth_mm - half_mm), float(depth_mm + half_mm)


def _canal_middle(result: CaseResult) -> float:
    if result.frame is None:
        raise AssertionError("called without a frame")
    return float(np.median(result.frame.canal.points_mm[:, 2]))


def _points(result: CaseResult, *, roots_only: bool) -> FloatArray | None:
    """Points (n, 3) of the traced nerves, or of the roots; None when there are none."""
    lines = [
        traced.centerline.points_mm
        for (_, nerve), traced in result.nerves.nerves.items()
        if nerve in ROOTS or not roots_only
    ]
    return np.concatenate(lines) if lines else None


def _first_nodes_height(result: CaseResult) -> float:
    """Height of the middle one of the nerves' first nodes, roots before others."""
    starts = {
        key: float(traced.centerline.points_mm[0, 2])
        for key, traced in result.nerves.nerves.items()
    }
    roots = [z for (_, nerve), z in starts.items() if nerve in ROOTS]
    heights = sorted(roots or starts.values())
    return heights[len(heights) // 2]


def _busiest_height(result: CaseResult) -> float:
    """Height z whose axial plane meets the most nerves on the worse side; the middle of ties."""
    spans = [
        (side, traced.centerline.points_mm[:, 2].min(), traced.centerline.points_mm[:, 2].max())
        for (side, _), traced in result.nerves.nerves.items()
    ]
    first, last = min(low for _, low, _ in spans), max(high for _, _, high in spans)
    heights = np.arange(first, last + _HEIGHT_STEP_MM, _HEIGHT_STEP_MM)
    counts = [_crossings(spans, float(z)) for z in heights]
    best = [k for k, count in enumerate(counts) if count == max(counts)]
    return float(heights[best[len(best) // 2]])


def _crossings(spans: Sequence[tuple[Side, float, float]], z_mm: float) -> tuple[int, int]:
    """Nerves met on the side with fewer, then in all."""
    sides = [side for side, low, high in spans if low <= z_mm <= high]
    return min(sides.count(side) for side in Side), len(sides)
