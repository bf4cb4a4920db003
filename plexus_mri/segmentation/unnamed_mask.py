"""A mask that paints nerves without naming them, as evidence before the image's own tubes."""

from dataclasses import replace

import numpy as np
from scipy import ndimage

from plexus_mri.core.evidence import NerveEvidence
from plexus_mri.core.volume import LabelMap

# Softens the steps of the mask, so that paths keep to the middle of what is painted: half a usual
# voxel (ADR-111).
SOFT_MM = 0.5
# What tubes of the image are worth that nobody painted: enough to cross the divisions, which
# masks of named nerves leave out (ADR-111).
UNPAINTED_SHARE = 0.35


def led_by_mask(evidence: NerveEvidence, painted: LabelMap) -> NerveEvidence:
    """Evidence that is certain where a nerve is painted, and weak elsewhere; ganglia stay.

    Parameters
    ----------
    painted
        Above 0 where there is a nerve, on any grid.
    """
    work, grid = evidence.tubularity.grid, painted.grid
    soft = ndimage.gaussian_filter((painted.data > 0).astype(np.float32), SOFT_MM / grid.spacing)
    mask_from_work = np.linalg.inv(grid.affine) @ work.affine
    share = ndimage.affine_transform(
        soft, mask_from_work[:3, :3], mask_from_work[:3, 3], output_shape=work.shape, order=1
    )
    tubes = np.maximum(np.clip(share, 0.0, 1.0), UNPAINTED_SHARE * evidence.tubularity.data)
    return replace(evidence, tubularity=evidence.tubularity.with_data(tubes))
