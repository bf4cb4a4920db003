"""Which voxels muscles and reference tissue were sampled from, as one label map."""

import numpy as np

from plexus_mri.core.grid import Grid
from plexus_mri.core.muscle import MuscleTable, muscle_index
from plexus_mri.core.reference import ReferenceTissue
from plexus_mri.core.volume import LabelMap

REFERENCE_INDEX, MARROW_INDEX = 201, 202


def tissue_labels(
    grid: Grid, muscles: MuscleTable, reference: ReferenceTissue, marrow: ReferenceTissue
) -> LabelMap:
    """Voxels that were sampled, by tissue; a muscle covers the reference where both were.

    Parameters
    ----------
    grid
        Of the bias-corrected image (RAS axis order), which both were sampled from.
    """
    data = np.zeros(grid.shape, np.int16)
    for tissue, index in ((reference, REFERENCE_INDEX), (marrow, MARROW_INDEX)):
        ijk = np.round(grid.to_voxel(tissue.points_mm)).astype(int)
        data[tuple(ijk.T)] = index
    for sample in muscles.samples:
        data[tuple(sample.voxels.T)] = muscle_index(sample.side, sample.muscle)
    return LabelMap(data, grid)
