"""The hash by which an image is known again, whatever file it came in."""

import hashlib

import numpy as np

from plexus_mri.core.volume import Volume

_AFFINE_DIGITS = 4  # a tenth of a micron: below it only rounding differs


def source_sha256(volume: Volume) -> str:
    """SHA-256 of the values (float32, in array order) and of the affine rounded to 0.1 µm.

    Recompressed files of one image are the same source.
    """
    digest = hashlib.sha256(np.ascontiguousarray(volume.data).tobytes())
    affine = np.round(volume.grid.affine, _AFFINE_DIGITS) + 0.0  # no negative zeros
    digest.update(affine.astype("<f8").tobytes())
    return digest.hexdigest()
