"""Volumes for SimpleITK, whose physical points are then our world points."""

import numpy as np
import SimpleITK as sitk  # noqa: N813 - the library's own short name

from plexus_mri.core.volume import Volume


def itk_image(volume: Volume) -> sitk.Image:
    """SimpleITK image of a volume whose axes are orthogonal."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(volume.data.transpose(2, 1, 0)))
    spacing = volume.grid.spacing
    image.SetSpacing(spacing.tolist())
    image.SetOrigin(volume.grid.affine[:3, 3].tolist())
    image.SetDirection((volume.grid.affine[:3, :3] / spacing).ravel().tolist())
    return image
