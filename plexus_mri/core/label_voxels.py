"""Voxels of nerves in a mask, without what lies between them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from plexus_mri.core.anatomy import NerveKey
from plexus_mri.core.case import OwnMask
from plexus_mri.core.grid import Grid


@dataclass(frozen=True, eq=False)
class LabelVoxels:
    """Voxels (n, 3) that a mask gives to one nerve, on the mask's own grid."""

    grid: Grid
    ijk: npt.NDArray[np.int32]


NerveLabels = Mapping[NerveKey, LabelVoxels]


def label_voxels(mask: OwnMask) -> dict[NerveKey, LabelVoxels]:
    """Voxels of every nerve of a mask; several labels of one nerve are taken together."""
    ijk = np.argwhere(mask.labels.data != 0)
    index = mask.labels.data[tuple(ijk.T)]
    found: dict[NerveKey, LabelVoxels] = {}
    for key in dict.fromkeys(mask.nerve_of_index.values()):
        own = [k for k, nerve in mask.nerve_of_index.items() if nerve == key]
        inside = np.isin(index, own)
        if inside.any():
            found[key] = LabelVoxels(mask.labels.grid, ijk[inside].astype(np.int32))
    return found
