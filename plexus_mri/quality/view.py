"""What the field of view holds: reach to either side and suppression of the fat."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from plexus_mri.core.anatomy import Side
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import Grid
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.volume import Volume

FARTHEST_MM = 300
# The body is looked for at this voxel size: fine enough for a rim of 12 mm.
COARSE_MM = 3.0
# Voxels brighter than this share of the reference muscle are body; air is far below.
BODY_SHARE = 0.3
LEAST_RIM_VOXELS = 100


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


def midline_margin_mm(nerves: NerveTree, frame: PatientFrame) -> float | None:
    """Smallest distance of any traced nerve to the midline; None without nerves."""
    margins = [
        float((frame.lateral_mm(nerves[key].centerline.points_mm) * key[0].sign).min())
        for key in nerves
    ]
    return min(margins, default=None)


def rim_to_muscle(
    image: Volume, frame: PatientFrame, side: Side, muscle: float, rim_mm: float
) -> float | None:
    """Brightness of the rim under the skin over muscle: high where fat is not suppressed.

    The 90th percentile of the outermost ``rim_mm`` of the body on one side. The edge of the
    field of view is no skin.
    """
    stride = np.maximum(np.round(COARSE_MM / image.grid.spacing).astype(int), 1)
    every = tuple(slice(None, None, int(s)) for s in stride)
    smooth = ndimage.uniform_filter(image.data, size=tuple(stride.tolist()), mode="nearest")[every]
    depth_mm = _depth_mm(smooth > BODY_SHARE * muscle, image.grid.spacing * stride)
    rim = (depth_mm > 0) & (depth_mm <= rim_mm)
    ijk = np.argwhere(rim) * stride
    lateral = frame.lateral_mm(image.grid.to_world(ijk)) * side.sign
    values = smooth[rim][lateral > 0]
    if len(values) < LEAST_RIM_VOXELS:
        return None
    return float(np.percentile(values, 90) / muscle)


def _depth_mm(
    bright: npt.NDArray[np.bool_], spacing_mm: npt.NDArray[np.floating]
) -> npt.NDArray[np.floating]:
    """Depth below the skin of each voxel of the largest bright body, 0 outside, in mm."""
    closed = ndimage.binary_closing(np.pad(bright, 2, mode="edge"), iterations=2)[2:-2, 2:-2, 2:-2]
    parts, count = ndimage.label(closed)
    if count == 0:
        return np.zeros(bright.shape)
    largest = int(np.bincount(parts.ravel())[1:].argmax()) + 1
    body = ndimage.binary_fill_holes(parts == largest)
    depth: npt.NDArray[np.floating] = ndimage.distance_transform_edt(body, sampling=spacing_mm)
    return depth
