"""A network over an image that is larger than its window: overlapping windows, weighted.

Windows overlap by half, count most in their middle and are added up in half precision, as in
nnU-Net v2: a network gives here what it gave where it was trained. In single precision 1 to 3 in
1,000 voxels of a network with random weights were labelled otherwise (ADR-92).
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import combinations, product

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode

Float16Array = npt.NDArray[np.float16]
Float32Array = npt.NDArray[np.float32]
Shape = tuple[int, int, int]
Run = Callable[[Float32Array], Float32Array]

_STEP = 0.5  # of the window; nnU-Net v2, `tile_step_size`
_SIGMA = 1.0 / 8.0  # of the window; nnU-Net v2, `sigma_scale`
_LARGEST_WEIGHT = 10.0  # keeps small weights apart from 0; nnU-Net v2, `value_scaling_factor`


def slide(
    channels: Float32Array, run: Run, window: Shape, mirrored_axes: tuple[int, ...] = ()
) -> Float16Array:
    """Outputs of a network at every voxel.

    Parameters
    ----------
    channels : (k, a, b, c)
        What the network sees.
    run
        The network: from (k, *window) to (labels, *window).
    mirrored_axes
        Axes of the window along which it is also mirrored; the outputs are averaged.

    Returns
    -------
    (labels, a, b, c)
        Weighted mean over the windows.

    Raises
    ------
    InputError
        When outputs are too large for half precision.
    """
    padded, inner = _padded(channels, window)
    weight = window_weight(window)
    total: Float16Array | None = None
    weights = np.zeros(padded.shape[1:], np.float16)
    for place in windows((padded.shape[1], padded.shape[2], padded.shape[3]), window):
        out = _with_mirrored(run, padded[(slice(None), *place)], mirrored_axes)
        if total is None:
            total = np.zeros((len(out), *padded.shape[1:]), np.float16)
        part = total[(slice(None), *place)]
        with np.errstate(over="ignore"):
            part[...] = part + out * weight.astype(np.float32)
        weights[place] += weight
    if total is None or not np.isfinite(total).all():
        msg = (
            "the network's outputs are no numbers, or too large; it was not trained as nnU-Net is"
        )
        raise InputError(msg, ReasonCode.MODEL_UNUSABLE)
    total /= weights
    return total[(slice(None), *inner)]


def windows(shape: Shape, window: Shape) -> Iterator[tuple[slice, slice, slice]]:
    """Places of the windows, evenly spread, the first and last flush with the borders.

    >>> [place[0] for place in windows((110, 1, 1), (64, 1, 1))]
    [slice(0, 64, None), slice(23, 87, None), slice(46, 110, None)]
    """
    for starts in product(*(_starts(n, w) for n, w in zip(shape, window, strict=True))):
        a, b, c = (slice(s, s + w) for s, w in zip(starts, window, strict=True))
        yield a, b, c


@lru_cache(maxsize=2)
def window_weight(window: Shape) -> Float16Array:
    """Weight of each voxel of a window: a Gaussian about its middle, nowhere 0."""
    point = np.zeros(window)
    point[tuple(n // 2 for n in window)] = 1.0
    weight = ndimage.gaussian_filter(point, [n * _SIGMA for n in window], mode="constant")
    half = (weight * (_LARGEST_WEIGHT / weight.max())).astype(np.float16)
    least: Float16Array = half[half > 0].min()
    weights: Float16Array = np.maximum(half, least)
    return weights


def _starts(length: int, window: int) -> list[int]:
    steps = int(np.ceil((length - window) / (window * _STEP)))
    return [round((length - window) * k / max(steps, 1)) for k in range(steps + 1)]


def _padded(
    channels: Float32Array, window: Shape
) -> tuple[Float32Array, tuple[slice, slice, slice]]:
    """Channels with a rim of zeros where they are smaller than a window, and where they lie."""
    sizes = channels.shape[1:]
    lacks = [max(0, w - n) for n, w in zip(sizes, window, strict=True)]
    a, b, c = (slice(gap // 2, gap // 2 + n) for n, gap in zip(sizes, lacks, strict=True))
    rims = [(0, 0), *((gap // 2, gap - gap // 2) for gap in lacks)]
    return np.pad(channels, rims), (a, b, c)


def _with_mirrored(run: Run, seen: Float32Array, axes: tuple[int, ...]) -> Float32Array:
    """Mean output over all ways to mirror a window along the axes."""
    ways = [way for count in range(len(axes) + 1) for way in combinations(axes, count)]
    total: Float32Array | None = None
    for way in ways:
        flips = tuple(axis + 1 for axis in way)
        out = np.flip(run(np.ascontiguousarray(np.flip(seen, flips))), flips)
        total = out if total is None else total + out
    if total is None:
        raise AssertionError("not to mirror is a way, too")
    return total / np.float32(len(ways))
