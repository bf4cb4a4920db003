"""Stored axis order: the same picture with its voxels in another order."""

from typing import TypeVar

import numpy as np

from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import LabelMap, Volume
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode

AXES = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1), "I": (2, -1)}
Gridded = TypeVar("Gridded", Volume, LabelMap)


def stored_as(image: Gridded, axis_codes: str) -> Gridded:
    """Permute and flip an image in RAS axis order so that its axes run as the codes say.

    No world point changes its value.

    Raises
    ------
    InputError
        When the codes do not name each of the three axes once.
    """
    if sorted(AXES.get(code, (-1, 0))[0] for code in axis_codes) != [0, 1, 2]:
        msg = f"axis codes must name each axis once, such as 'RAS' or 'LSP', got {axis_codes!r}"
        raise InputError(msg, ReasonCode.SETTINGS_BAD)
    order = [AXES[code][0] for code in axis_codes]
    signs = [AXES[code][1] for code in axis_codes]
    old_from_new = np.zeros((4, 4))
    old_from_new[3, 3] = 1.0
    for new, (old, sign) in enumerate(zip(order, signs, strict=True)):
        old_from_new[old, new] = sign
        old_from_new[old, 3] = 0 if sign > 0 else image.grid.shape[old] - 1
    data = np.transpose(image.data, order)
    data = data[tuple(slice(None, None, sign) for sign in signs)]
    shape = (data.shape[0], data.shape[1], data.shape[2])
    grid = Grid(shape, image.grid.affine @ old_from_new)
    return type(image)(np.ascontiguousarray(data), grid)
