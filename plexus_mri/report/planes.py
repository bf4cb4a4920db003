"""Plane pictures of a volume in millimetres, in radiological convention.

The image's own voxels are sampled where a picture needs them; nothing is measured on them.
Picture arrays have row 0 at the top and column 0 at the left, which is the patient's right.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from plexus_mri.core.grid import FloatArray
from plexus_mri.core.volume import LabelMap, Volume

LabelPicture = npt.NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class Picture:
    """A plane picture and where it lies.

    Parameters
    ----------
    pixels : (rows, columns)
        Intensities; NaN outside the field of view.
    left_mm, right_mm, bottom_mm, top_mm
        Outer edges; for coronal and axial pictures left_mm > right_mm, as x grows to the
        patient's right.
    """

    pixels: FloatArray
    left_mm: float
    right_mm: float
    bottom_mm: float
    top_mm: float

    @property
    def width_mm(self) -> float:
        """Width."""
        return abs(self.right_mm - self.left_mm)

    @property
    def height_mm(self) -> float:
        """Height."""
        return abs(self.top_mm - self.bottom_mm)

    @property
    def centers_mm(self) -> tuple[FloatArray, FloatArray]:
        """Pixel centres along the columns and along the rows: (columns,), (rows,)."""
        rows, columns = self.pixels.shape
        across = _centers(self.left_mm, self.right_mm, columns)
        return across, _centers(self.top_mm, self.bottom_mm, rows)


def _centers(first_mm: float, last_mm: float, count: int) -> FloatArray:
    step = (last_mm - first_mm) / count
    centers: FloatArray = first_mm + step * (np.arange(count) + 0.5)
    return centers


def _frame_mm(volume: Volume, rows_axis: int) -> tuple[tuple[float, ...], FloatArray, FloatArray]:
    """Edges of the field of view, and pixel centres along x (falling) and along the rows."""
    corners = volume.grid.corners_mm
    low, high = corners.min(axis=0), corners.max(axis=0)
    pixel_mm = float(volume.grid.spacing.min())
    counts = np.maximum(1, np.round((high - low) / pixel_mm).astype(int))
    edges = tuple(float(e) for e in (high[0], low[0], low[rows_axis], high[rows_axis]))
    across = _centers(edges[0], edges[1], int(counts[0]))
    return edges, across, _centers(edges[3], edges[2], int(counts[rows_axis]))


def _plane_points(x_mm: FloatArray, rows_mm: FloatArray, rows_axis: int, at: float) -> FloatArray:
    """World points (rows, columns, 3) of a plane; ``at`` is the place along the third axis."""
    points = np.empty((len(rows_mm), len(x_mm), 3))
    points[..., 0] = x_mm[None, :]
    points[..., rows_axis] = rows_mm[:, None]
    points[..., 3 - rows_axis] = at
    return points


def coronal_slab(
    volume: Volume, from_mm: float, to_mm: float, *, maximum: bool = False
) -> Picture:
    """Mean or maximum of a coronal slab between two depths y, seen from the front."""
    edges, x_mm, z_mm = _frame_mm(volume, 2)
    step_mm = max(float(volume.grid.spacing.min()), 0.5)
    count = max(1, int(np.ceil((to_mm - from_mm) / step_mm)))
    depths = _centers(from_mm, to_mm, count)
    total = np.full((len(z_mm), len(x_mm)), np.nan)
    seen = np.zeros(total.shape)
    for depth in depths:
        layer = volume.sample(_plane_points(x_mm, z_mm, 2, float(depth)))
        total = np.fmax(total, layer) if maximum else np.nansum(np.stack([total, layer]), axis=0)
        seen += np.isfinite(layer)
    if not maximum:
        total = np.where(seen > 0, total / np.maximum(seen, 1), np.nan)
    return Picture(total, *edges)


def axial_slice(volume: Volume, z_mm: float) -> Picture:
    """Axial plane at a height z, seen from the feet: anterior is up."""
    edges, x_mm, y_mm = _frame_mm(volume, 1)
    return Picture(volume.sample(_plane_points(x_mm, y_mm, 1, z_mm)), *edges)


def labels_on_coronal(labels: LabelMap, picture: Picture, depths_mm: FloatArray) -> LabelPicture:
    """Label of each pixel of a coronal slab: the first label met from the front."""
    x_mm, z_mm = picture.centers_mm
    found = np.zeros(picture.pixels.shape, dtype=np.int16)
    for depth in sorted(depths_mm, reverse=True):
        layer = _labels_at(labels, _plane_points(x_mm, z_mm, 2, float(depth)))
        found = np.where(found == 0, layer, found)
    return found


def labels_on_axial(labels: LabelMap, picture: Picture, z_mm: float) -> LabelPicture:
    """Label of each pixel of an axial picture."""
    x_mm, y_mm = picture.centers_mm
    return _labels_at(labels, _plane_points(x_mm, y_mm, 1, z_mm))


def _labels_at(labels: LabelMap, points_mm: FloatArray) -> LabelPicture:
    ijk = labels.grid.to_voxel(points_mm.reshape(-1, 3))
    values: LabelPicture = ndimage.map_coordinates(
        labels.data, ijk.T, order=0, mode="constant", cval=0
    )
    return values.reshape(points_mm.shape[:-1])


@dataclass(frozen=True, eq=False)
class SectionAxes:
    """Axes of a plane across a nerve, laid so that left and right can be compared by shape.

    ``across`` points away from anterior (anterior is at the picture's left), ``up`` to cranial;
    each (..., 3), unit vectors.
    """

    across: FloatArray
    up: FloatArray


def section_axes(tangents: FloatArray) -> SectionAxes:
    """Picture axes of the planes perpendicular to unit tangents (..., 3).

    The same rule serves both sides, so a mirrored nerve gives the same picture.
    """
    anterior = np.where(
        np.abs(tangents[..., 1:2]) > 0.95,  # noqa: PLR2004 - within 18° of it, no direction left
        np.array([0.0, 0.0, -1.0]),
        np.array([0.0, 1.0, 0.0]),
    )
    forward = np.sum(anterior * tangents, axis=-1, keepdims=True)
    across = tangents * forward - anterior
    across = across / np.linalg.norm(across, axis=-1, keepdims=True)
    up = np.cross(tangents, across)
    lateral = up[..., :1] * np.sign(tangents[..., :1])
    level = np.abs(up[..., 2:]) <= 1e-6  # noqa: PLR2004 - rounding only
    leaning = np.where(level, lateral, up[..., 2:])
    return SectionAxes(across, np.where(leaning >= 0, up, -up))


def section_picture(
    volume: Volume, center_mm: FloatArray, axes: SectionAxes, *, width_mm: float, pixel_mm: float
) -> Picture:
    """Square picture (cubic interpolation) of the plane across a nerve, centred on it."""
    count = max(2, round(width_mm / pixel_mm))
    half = width_mm / 2.0
    along = _centers(-half, half, count)
    points = center_mm + along[None, :, None] * axes.across + along[::-1][:, None, None] * axes.up
    return Picture(volume.sample(points, order=3), -half, half, -half, half)
