"""What the field of view holds: reach to either side and level of the fat."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from plexus_mri.core.anatomy import Side
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.volume import Volume

FARTHEST_MM = 300
# Fat fills regions far wider than this, so the image is averaged to it first.
COARSE_MM = 3.0
LEAST_VOXELS = 200


def lateral_reach_mm(grid: Grid, frame: PatientFrame, side: Side) -> float | None:
    """How far the field of view reaches from the midline to a side, in mm.

    The middle over the heights of the canal that lie in the field of view; None when none does.
    """
    inside = grid.contains(frame.canal.points_mm)
    canal = frame.canal.points_mm[inside]
    if len(canal) == 0:
        return None
    steps_mm = np.arange(FARTHEST_MM + 1.0)
    places = canal[:, None] + side.sign * steps_mm[:, None] * frame.right
    return float(np.median(grid.contains(places).sum(axis=1) - 1.0))


def height_in_view_mm(image: Volume) -> float:
    """Height over which the image (RAS axis order) shows something: slices of one value do not."""
    shown = np.ptp(image.data, axis=(0, 1)) > 0.0
    up_mm = abs(float(image.grid.affine[2, 2]))
    return float(shown.sum()) * up_mm


def midline_margin_mm(nerves: NerveTree, frame: PatientFrame) -> float | None:
    """Smallest distance of any traced nerve to the midline; None without nerves."""
    margins = [
        float((frame.lateral_mm(nerves[key].centerline.points_mm) * key[0].sign).min())
        for key in nerves
    ]
    return min(margins, default=None)


@dataclass(frozen=True, eq=False)
class FatLevel:
    """Intensity of the darkest quarter of the body, which is fat where fat is suppressed.

    ``medial`` lies beside the spine, ``lateral`` of each side towards the shoulders, where
    suppression fails first; None where the field of view holds too little.
    """

    medial: float | None
    lateral: Mapping[Side, float | None]


def fat_level(
    image: Volume, frame: PatientFrame, air: float, *, medial_mm: float, lateral_mm: float
) -> FatLevel:
    """Level of fat near the spine and towards the shoulders, in image units.

    Parameters
    ----------
    air
        What is darker than this is no tissue.
    medial_mm, lateral_mm
        Medial is nearer to the midline than the first, lateral is farther than the second.
    """
    stride = np.maximum(np.round(COARSE_MM / image.grid.spacing).astype(int), 1)
    every = tuple(slice(None, None, int(s)) for s in stride)
    coarse = ndimage.uniform_filter(image.data, size=tuple(stride.tolist()), mode="nearest")[every]
    body = coarse > air
    values = coarse[body]
    from_midline_mm = frame.lateral_mm(image.grid.to_world(np.argwhere(body) * stride))
    lateral = {
        side: _dark_quarter(values[from_midline_mm * side.sign > lateral_mm]) for side in Side
    }
    return FatLevel(_dark_quarter(values[np.abs(from_midline_mm) < medial_mm]), lateral)


def _dark_quarter(values: FloatArray) -> float | None:
    """Intensity below which a quarter of the voxels lie."""
    return float(np.percentile(values, 25)) if len(values) >= LEAST_VOXELS else None
