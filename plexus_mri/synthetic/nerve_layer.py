"""Nerves on the voxel grid: share, mean signal and label of each voxel, by sub-voxels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from plexus_mri.core.anatomy import label_index
from plexus_mri.core.grid import BoolArray, FloatArray, Grid
from plexus_mri.synthetic.kernels import paint
from plexus_mri.synthetic.plexus import NervePath
from plexus_mri.synthetic.raster import IntArray, kernel_arguments, segment_boxes

SUB_VOXEL_MM = 0.3


@dataclass(frozen=True, eq=False)
class NerveLayer:
    """Nerves drawn on a grid.

    Parameters
    ----------
    share
        Part of each voxel that is nerve, 0-1.
    signal
        Mean intensity of that part.
    labels
        Named nerve that holds most of a voxel that is at least half named nerve; else 0.
    """

    share: npt.NDArray[np.float32]
    signal: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int16]


def nerve_samples(grid: Grid) -> tuple[int, int, int]:
    """Sub-voxels along each axis: at most 0.3 mm apart, at least 3."""
    counts = np.clip(np.ceil(grid.spacing / SUB_VOXEL_MM), 3, 10).astype(int)
    return int(counts[0]), int(counts[1]), int(counts[2])


def draw_nerves(
    grid: Grid, paths: Sequence[NervePath], signals: Sequence[FloatArray]
) -> NerveLayer:
    """Draw nerves with their signal (n,) per node; where two overlap the first one stays."""
    samples = nerve_samples(grid)
    active = np.zeros(grid.shape, dtype=bool)
    boxes = [segment_boxes(grid, path.tube) for path in paths]
    for low, high in (box for nerve in boxes for box in nerve):
        active[low[0] : high[0], low[1] : high[1], low[2] : high[2]] = True
    row = np.full(grid.shape, -1, dtype=np.int32)
    row[active] = np.arange(active.sum(), dtype=np.int32)
    cells = (int(active.sum()), samples[0] * samples[1] * samples[2])
    share = np.zeros(cells, dtype=np.float32)
    signal = np.zeros(cells, dtype=np.float32)
    owner = np.zeros(cells, dtype=np.int16)
    for path, levels, box in zip(paths, signals, boxes, strict=True):
        label = 0 if path.key is None else label_index(*path.key)
        painted = (np.ascontiguousarray(levels, dtype=np.float64), np.int16(label))
        paint(
            share, signal, owner, row, box, *painted, *kernel_arguments(grid, path.tube, samples)
        )
    return _reduce(active, share, signal, owner)


def _reduce(
    active: BoolArray,
    share: npt.NDArray[np.float32],
    signal: npt.NDArray[np.float32],
    owner: IntArray,
) -> NerveLayer:
    """From sub-voxels to voxels."""
    out_share = np.zeros(active.shape, dtype=np.float32)
    out_signal = np.zeros(active.shape, dtype=np.float32)
    labels = np.zeros(active.shape, dtype=np.int16)
    total = share.sum(axis=1)
    out_share[active] = total / share.shape[1]
    out_signal[active] = (share * signal).sum(axis=1) / np.maximum(total, 1e-6)
    best, most, named = np.zeros((3, len(share)), dtype=np.float32)
    for label in np.unique(owner[owner > 0]):
        held = np.where(owner == label, share, 0).sum(axis=1)
        named += held
        best = np.where(held > most, label, best)
        most = np.maximum(held, most)
    labels[active] = np.where(named >= 0.5 * share.shape[1], best, 0).astype(np.int16)
    return NerveLayer(out_share, out_signal, labels)
