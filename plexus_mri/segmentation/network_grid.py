"""Image to what a network sees, and back: cropped, scaled and resampled as nnU-Net does it.

Networks give what they were trained to give only when they see what they were trained with; most
are trained with nnU-Net v2, so its conventions hold here [Isensee 2021, Nat Methods 18:203]. Array
axes are those of the network's own orientation: (a, b, c), with ``k`` channels before them.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.transform import resize

from plexus_mri.core.grid import BoolArray, FloatArray
from plexus_mri.core.network import Normalization, OnnxStage, Previous

Float32Array = npt.NDArray[np.float32]
LabelArray = npt.NDArray[np.int16]
Box = tuple[slice, slice, slice]
Shape = tuple[int, int, int]

# From this ratio of the largest to the smallest spacing on, slices are resampled one by one, and
# nearest along the thick axis (nnU-Net v2, `ANISO_THRESHOLD`).
_ANISOTROPIC = 3.0
_LEAST = 1e-8  # spread of a constant image; nnU-Net v2


@dataclass(frozen=True, eq=False)
class NetworkInput:
    """What a network sees of an image.

    Parameters
    ----------
    channels : (k, a, b, c)
        The image, then what it is told of the stage before.
    box
        The part of the image that is not empty; all else is background.
    shape, spacing_mm
        Those of the image.
    """

    channels: Float32Array
    box: Box
    shape: Shape
    spacing_mm: FloatArray


def network_input(
    image: Float32Array,
    previous: LabelArray | None,
    spacing_mm: FloatArray,
    stage: OnnxStage,
    channels: int,
) -> NetworkInput:
    """Channels of an image on the network's own voxels.

    Parameters
    ----------
    image, previous : (a, b, c)
        Intensities and the labels of the stage before, in the stage's orientation.
    spacing_mm : (3,)
        Voxel of the image along the same axes.
    channels
        How many the network takes: with one-hot labels, one more than there are labels.
    """
    as_number = previous is not None and stage.previous is Previous.LABELS
    filled = (image != 0) | (previous != 0) if as_number else image != 0
    box = _box(filled)
    inside = ndimage.binary_fill_holes(filled[box])
    size = _network_shape(image[box].shape, spacing_mm, stage)
    seen = [normalized(image[box], inside, stage.normalization)]
    if previous is not None and as_number:
        seen.append(previous[box].astype(np.float32))
    own_mm = np.array(stage.spacing_mm)
    found = [resampled(c, size, spacing_mm, own_mm, order=3) for c in seen]
    if previous is not None and not as_number:
        labels = resampled_labels(previous[box], size, spacing_mm, own_mm)
        found += [(labels == k).astype(np.float32) for k in range(1, channels)]
    shape = (image.shape[0], image.shape[1], image.shape[2])
    return NetworkInput(np.stack(found).astype(np.float32, copy=False), box, shape, spacing_mm)


def labels_on_image(logits: FloatArray, seen: NetworkInput, stage: OnnxStage) -> LabelArray:
    """Label with the largest output at each voxel of the image: (a, b, c).

    Outputs are resampled one after the other: all of them on the image's voxels at once would
    take more memory than the rest of the program.

    Parameters
    ----------
    logits : (labels, …)
        Outputs on the network's own voxels.
    """
    labels = np.zeros(seen.shape, np.int16)
    size, own_mm = labels[seen.box].shape, np.array(stage.spacing_mm)
    best = np.full(size, -np.inf, logits.dtype)
    winner = np.zeros(size, np.int16)
    for index, one in enumerate(logits):
        value = resampled(one, size, own_mm, seen.spacing_mm, order=1).astype(logits.dtype)
        larger = value > best
        best[larger] = value[larger]
        winner[larger] = index
    labels[seen.box] = winner
    return labels


def normalized(image: Float32Array, inside: BoolArray, how: Normalization) -> Float32Array:
    """Intensities as the network knows them.

    Parameters
    ----------
    inside
        Where the image is not empty, for what counts nothing else.

    >>> normalized(np.float32([1, 3]), np.array([True, True]), Normalization.ZSCORE).tolist()
    [-1.0, 1.0]
    """
    if how is Normalization.NONE:
        return image
    if how is Normalization.RESCALE:
        lifted: Float32Array = image - image.min()
        lifted /= max(lifted.max(), _LEAST)
        return lifted
    by_mask = how is Normalization.ZSCORE_NONZERO
    counted = image[inside] if by_mask else image
    scaled = image - counted.mean()
    scaled /= max(counted.std(), _LEAST)
    return np.where(inside, scaled, image) if by_mask else scaled


def resampled(
    array: FloatArray,
    shape: tuple[int, ...],
    from_mm: FloatArray,
    to_mm: FloatArray,
    *,
    order: int,
) -> FloatArray:
    """Array on other voxels of the same box: splines, or slice by slice across thick slices.

    Parameters
    ----------
    array : (a, b, c)
    shape
        Voxels that the result has.
    from_mm, to_mm : (3,)
        Voxels of the array and of the result.
    order
        Of the spline: 1 or 3.
    """
    if array.shape == shape:
        return array
    axis = _thick_axis(from_mm, to_mm)
    if axis is None:
        return _resized(array, shape, order)
    slices = np.moveaxis(array, axis, 0)
    size = tuple(int(n) for n in np.delete(shape, axis))
    flat = np.stack([_resized(one, size, order) for one in slices])
    count = len(slices)
    nearest = np.floor((np.arange(shape[axis]) + 0.5) * count / shape[axis]).astype(int)
    found: FloatArray = flat[np.minimum(nearest, count - 1)]
    return np.moveaxis(found, 0, axis)


def resampled_labels(
    labels: LabelArray, shape: tuple[int, ...], from_mm: FloatArray, to_mm: FloatArray
) -> LabelArray:
    """Labels on other voxels of the same box: where half of a voxel or more is of a label."""
    out = np.zeros(shape, np.int16)
    for index in np.unique(labels):
        share = resampled((labels == index).astype(np.float32), shape, from_mm, to_mm, order=1)
        out[share >= 0.5] = index  # noqa: PLR2004
    return out


def _resized(array: FloatArray, shape: tuple[int, ...], order: int) -> FloatArray:
    if array.shape == shape:
        return array
    out: FloatArray = resize(array.astype(float), shape, order, mode="edge", anti_aliasing=False)
    return out.astype(array.dtype)


def _thick_axis(from_mm: FloatArray, to_mm: FloatArray) -> int | None:
    """The axis along which slices are far thicker than a voxel is wide; None without one."""
    for spacing_mm in (from_mm, to_mm):
        if spacing_mm.max() / spacing_mm.min() > _ANISOTROPIC:
            thick = np.flatnonzero(spacing_mm == spacing_mm.max())
            return int(thick[0]) if len(thick) == 1 else None
    return None


def _network_shape(
    shape: tuple[int, ...], spacing_mm: FloatArray, stage: OnnxStage
) -> tuple[int, ...]:
    """Voxels that the network sees of a box of the image, one at least along each axis."""
    exact = spacing_mm / np.array(stage.spacing_mm) * np.array(shape)
    return tuple(max(1, round(float(n))) for n in exact)


def _box(filled: BoolArray) -> Box:
    """Smallest box that holds all filled voxels; the whole array when none is."""
    places = ndimage.find_objects(filled.astype(np.uint8))
    if not places:
        return slice(0, filled.shape[0]), slice(0, filled.shape[1]), slice(0, filled.shape[2])
    a, b, c = places[0]
    return a, b, c
