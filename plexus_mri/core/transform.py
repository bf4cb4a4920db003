"""RigidTransform and AffineTransform: motions of points, never a mirror."""

from dataclasses import dataclass

import numpy as np

from plexus_mri.core.grid import FloatArray, frozen
from plexus_mri.errors import StageError
from plexus_mri.reasons import ReasonCode


@dataclass(frozen=True, eq=False)
class RigidTransform:
    """Maps source points to target points, both RAS+ mm.

    Parameters
    ----------
    target_from_source : (4, 4)
        Homogeneous matrix with an orthonormal rotation of determinant +1.
    """

    target_from_source: FloatArray

    def __post_init__(self) -> None:
        matrix = np.array(self.target_from_source, dtype=float)
        rotation = matrix[:3, :3]
        if matrix.shape != (4, 4) or not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-6):
            msg = f"not a rigid transform: {matrix.tolist()}"
            raise StageError(msg, ReasonCode.SIDE_UNPROVEN)
        if np.linalg.det(rotation) < 0:
            msg = "a rigid transform must not mirror: determinant is -1"
            raise StageError(msg, ReasonCode.SIDE_UNPROVEN)
        object.__setattr__(self, "target_from_source", frozen(matrix))

    @classmethod
    def from_rotation(cls, rotation: FloatArray, translation_mm: FloatArray) -> "RigidTransform":
        """Build from a (3, 3) rotation and a (3,) translation in mm."""
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = rotation, translation_mm
        return cls(matrix)

    def apply(self, points_mm: FloatArray) -> FloatArray:
        """Target points (n, 3) of source points (n, 3)."""
        moved: FloatArray = points_mm @ self.target_from_source[:3, :3].T
        return moved + self.target_from_source[:3, 3]

    def inverse(self) -> "RigidTransform":
        """Give the transform from target to source."""
        rotation = self.target_from_source[:3, :3].T
        return RigidTransform.from_rotation(rotation, -rotation @ self.target_from_source[:3, 3])

    def __matmul__(self, other: "RigidTransform") -> "RigidTransform":
        """First ``other``, then this one."""
        return RigidTransform(self.target_from_source @ other.target_from_source)


@dataclass(frozen=True, eq=False)
class AffineTransform:
    """Maps source points to target points, both RAS+ mm, with scaling and shear.

    Parameters
    ----------
    target_from_source : (4, 4)
        Homogeneous matrix whose determinant is positive, so that it never mirrors.
    """

    target_from_source: FloatArray

    def __post_init__(self) -> None:
        matrix = np.array(self.target_from_source, dtype=float)
        if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
            msg = f"not an affine transform: {matrix.tolist()}"
            raise StageError(msg, ReasonCode.SIDE_UNPROVEN)
        determinant = float(np.linalg.det(matrix[:3, :3]))
        if determinant <= 0:
            msg = f"an affine transform must not mirror: determinant is {determinant:.3g}"
            raise StageError(msg, ReasonCode.SIDE_UNPROVEN)
        object.__setattr__(self, "target_from_source", frozen(matrix))

    @classmethod
    def identity(cls) -> "AffineTransform":
        """Give the transform that moves nothing."""
        return cls(np.eye(4))

    def apply(self, points_mm: FloatArray) -> FloatArray:
        """Target points (..., 3) of source points (..., 3)."""
        moved: FloatArray = points_mm @ self.target_from_source[:3, :3].T
        return moved + self.target_from_source[:3, 3]

    def mirrored(self) -> "AffineTransform":
        """Mirror both worlds: x changes its sign in either."""
        mirror = np.diag([-1.0, 1.0, 1.0, 1.0])
        return AffineTransform(mirror @ self.target_from_source @ mirror)

    def inverse(self) -> "AffineTransform":
        """Give the transform from target to source."""
        return AffineTransform(np.linalg.inv(self.target_from_source))

    def __matmul__(self, other: "AffineTransform") -> "AffineTransform":
        """First ``other``, then this one."""
        return AffineTransform(self.target_from_source @ other.target_from_source)
