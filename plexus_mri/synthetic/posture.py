"""From the template of an upright right side to the patient as he lies in the scanner.

Template: x lateral, y anterior of the cord centre, z above the disc C7/T1, in mm.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial.transform import Rotation

from plexus_mri.core.anatomy import Side
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.transform import RigidTransform
from plexus_mri.synthetic.spec import AnatomySpec, SideAnatomy

C3_HEIGHT_MM = 85.0
WANDER_MODES = 5


@dataclass(frozen=True, eq=False)
class Wander:
    """A smooth random displacement of one side, so that neighbours move together."""

    waves: FloatArray
    phases: FloatArray
    pushes: FloatArray

    @classmethod
    def draw(cls, side: SideAnatomy) -> "Wander":
        """Draw wavelengths of 70-160 mm and a root mean square of ``wander_mm`` in all."""
        rng = np.random.default_rng([side.seed, 1])
        directions = rng.normal(size=(WANDER_MODES, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        waves = directions * (2 * np.pi / rng.uniform(70, 160, WANDER_MODES))[:, None]
        pushes = rng.normal(size=(WANDER_MODES, 3)) * side.wander_mm
        return cls(waves, rng.uniform(0, 2 * np.pi, WANDER_MODES), pushes / WANDER_MODES**0.5)

    def at(self, points_mm: FloatArray) -> FloatArray:
        """Displacement (n, 3) at template points (n, 3); none at the midline."""
        waves = np.sin(points_mm @ self.waves.T + self.phases)
        taper = np.clip((points_mm[:, :1] - 6.0) / 20.0, 0.0, 1.0)
        displacement: FloatArray = taper * (waves @ self.pushes)
        return displacement


@dataclass(frozen=True, eq=False)
class Posture:
    """Places template points in the world for one patient."""

    anatomy: AnatomySpec

    @cached_property
    def world_from_patient(self) -> RigidTransform:
        """Rigid pose of the patient: turned, tilted, nodding, off centre."""
        it = self.anatomy
        turns = Rotation.from_euler("zyx", [it.turn_deg, it.tilt_deg, it.nod_deg], degrees=True)
        return RigidTransform.from_rotation(turns.as_matrix(), np.array(it.offset_mm))

    @cached_property
    def _wander(self) -> dict[Side, Wander]:
        return {side: Wander.draw(self.anatomy.side(side)) for side in Side}

    def place(
        self, template_mm: FloatArray, side: Side | None, *, jitter_mm: FloatArray | float = 0.0
    ) -> FloatArray:
        """World points (n, 3) of template points (n, 3) on a side; None for the midline."""
        points = np.atleast_2d(np.asarray(template_mm, dtype=float))
        if side is not None:
            points = points + self._wander[side].at(points) + jitter_mm
            points = points * np.array([side.sign, 1.0, 1.0])
        return self.world_from_patient.apply(self.bend(points * self.anatomy.size))

    def bend(self, points_mm: FloatArray) -> FloatArray:
        """Twist and bow the neck: z is kept, so the bend can be undone exactly."""
        angle, shift = self._bow(points_mm[:, 2])
        x_mm, y_mm = points_mm[:, 0], points_mm[:, 1]
        turned = np.stack(
            [
                np.cos(angle) * x_mm - np.sin(angle) * y_mm,
                np.sin(angle) * x_mm + np.cos(angle) * y_mm,
            ],
            axis=1,
        )
        return np.column_stack([turned + shift, points_mm[:, 2]])

    def unbend(self, points_mm: FloatArray) -> FloatArray:
        """Undo ``bend``."""
        angle, shift = self._bow(points_mm[:, 2])
        x_mm, y_mm = (points_mm[:, :2] - shift).T
        return np.column_stack(
            [
                np.cos(angle) * x_mm + np.sin(angle) * y_mm,
                -np.sin(angle) * x_mm + np.cos(angle) * y_mm,
                points_mm[:, 2],
            ]
        )

    def direction(self, vector: tuple[float, float, float], side: Side | None) -> FloatArray:
        """World direction (3,) of a template direction."""
        sign = 1 if side is None else side.sign
        mirrored = np.array(vector) * np.array([sign, 1.0, 1.0])
        rotated: FloatArray = self.world_from_patient.target_from_source[:3, :3] @ mirrored
        return rotated

    def _bow(self, z_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Twist (n,) in radians and shift (n, 2) in mm at heights (n,)."""
        it = self.anatomy
        height = np.clip((z_mm + 20.0) / (C3_HEIGHT_MM + 20.0), 0.0, 1.4)
        ease = height**2 * (3 - 2 * np.minimum(height, 1.0)) / np.maximum(height, 1.0)
        angle = np.deg2rad(it.twist_deg) * ease
        lateral = np.tan(np.deg2rad(it.bend_deg)) * (C3_HEIGHT_MM + 20.0) * height**2 / 2
        forward = it.lordosis_mm * (1 - ((z_mm - 25.0) / 60.0) ** 2).clip(-2.0, 1.0)
        return angle, np.stack([lateral, forward], axis=1)
