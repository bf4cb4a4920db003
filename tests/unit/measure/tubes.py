"""Volumes of tubes whose partial volume, blur and noise are computed by brute force."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from plexus_mri.core.anatomy import Nerve, NerveKey, Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.frame import PatientFrame, SideProof
from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.core.volume import Volume

KEY: NerveKey = (Side.LEFT, Nerve.C6)
MUSCLE, NERVE, FAT = 1.0, 2.0, 0.2
# Sub-voxels of 0.25 mm with soft rims: the area of a 1 mm tube is then exact to 0.2 %.
_SUB_MM = 0.25


@dataclass(frozen=True, eq=False)
class Tube:
    """A tube along dense points (n, 3) with radius (n,) and signal (n,)."""

    points_mm: FloatArray
    radius_mm: FloatArray
    signal: FloatArray


def straight(
    direction: tuple[float, float, float],
    radius_mm: float,
    *,
    offset_mm: tuple[float, float, float] = (0.13, -0.21, 0.08),
    length_mm: float = 46.0,
    signal: float = NERVE,
) -> Tube:
    """Straight tube of constant caliber."""
    unit = np.array(direction) / np.linalg.norm(direction)
    along = np.arange(-length_mm / 2, length_mm / 2, 0.25)
    points = along[:, None] * unit + np.array(offset_mm)
    return Tube(points, np.full(len(along), radius_mm), np.full(len(along), signal))


def grid_of(
    spacing_mm: tuple[float, float, float],
    size_mm: tuple[float, float, float] = (32.0, 26.0, 26.0),
    rotation: FloatArray | None = None,
) -> Grid:
    """Grid centred on the world's origin."""
    shape = tuple(int(np.ceil(size / s)) for size, s in zip(size_mm, spacing_mm, strict=True))
    affine = np.eye(4)
    affine[:3, :3] = (np.eye(3) if rotation is None else rotation) * np.array(spacing_mm)
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Grid((shape[0], shape[1], shape[2]), affine)


def turned(angle_deg: float, axis: tuple[float, float, float]) -> FloatArray:
    """Rotation matrix (3, 3)."""
    unit = np.array(axis) / np.linalg.norm(axis)
    return Rotation.from_rotvec(np.deg2rad(angle_deg) * unit).as_matrix()


def picture(
    grid: Grid,
    tubes: list[Tube],
    *,
    blur_voxels: tuple[float, float, float] = (0.3, 0.3, 0.3),
    background: Callable[[FloatArray], FloatArray] | None = None,
) -> Volume:
    """Noise-free image of tubes (later ones over earlier ones) on a background of muscle."""
    counts = np.ceil(grid.spacing / _SUB_MM).astype(int)
    shape = np.array(grid.shape) * counts
    axes = [(np.arange(n) + 0.5) / c - 0.5 for n, c in zip(shape, counts, strict=True)]
    points = grid.to_world(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3))
    image = np.full(len(points), MUSCLE) if background is None else background(points)
    soft = float((grid.spacing / counts).mean())
    for tube in tubes:
        distance, nearest = cKDTree(tube.points_mm).query(
            points, distance_upper_bound=float(tube.radius_mm.max()) + 1.0
        )
        near = np.isfinite(distance)
        k = nearest[near]
        inward = tube.radius_mm[k] - _to_axis(points[near], tube.points_mm, k)
        share = np.clip(0.5 + inward / soft, 0.0, 1.0)
        image[near] += share * (tube.signal[k] - image[near])
    fine = ndimage.gaussian_filter(image.reshape(shape), np.array(blur_voxels) * counts)
    blocks = [v for n, c in zip(grid.shape, counts, strict=True) for v in (n, c)]
    return Volume(fine.reshape(blocks).mean(axis=(1, 3, 5)), grid)


def noisy(image: Volume, sigma: float, seed: int) -> Volume:
    """Image with Rician noise of ``sigma`` in each channel."""
    rng = np.random.default_rng(seed)
    real = image.data + rng.normal(0.0, sigma, image.grid.shape)
    return image.with_data(np.hypot(real, rng.normal(0.0, sigma, image.grid.shape)))


def traced(
    tube: Tube, *, margin_mm: float = 7.0, error_mm: float = 0.3, seed: int = 0
) -> TracedNerve:
    """Traced nerve: the tube's axis without its ends, shifted and waved by ``error_mm``."""
    rng = np.random.default_rng(seed)
    arc = np.arange(len(tube.points_mm)) * 0.25
    inner = (arc > margin_mm) & (arc < arc[-1] - margin_mm)
    points = tube.points_mm[inner][::2]
    wave = np.sin(np.linspace(0, 4 * np.pi, len(points)) + rng.uniform(0, 6))[:, None]
    shift = rng.normal(0.0, error_mm, 3) + wave * rng.normal(0.0, 0.5 * error_mm, 3)
    radius = tube.radius_mm[inner][::2] * rng.uniform(0.8, 1.25)
    return TracedNerve(Centerline(points + shift), 0.9, {"support": 0.9}, radius)


def tree_of(nerves: Mapping[NerveKey, TracedNerve]) -> NerveTree:
    """Tree of traced nerves, nothing missing."""
    return NerveTree(nerves)


@cache
def frame() -> PatientFrame:
    """Patient frame with a straight canal 20 mm off the tubes."""
    canal = np.stack([np.full(40, 20.0), np.zeros(40), np.linspace(30, -30, 40)], axis=1)
    proof = SideProof("made by hand", "made by hand", None, None, proven=True)
    return PatientFrame(Centerline(canal), np.array([1.0, 0.0, 0.0]), proof)


def _to_axis(points: FloatArray, line: FloatArray, nearest: np.ndarray) -> FloatArray:
    """Distance (m,) of points (m, 3) to the segments around their nearest node."""
    best = np.full(len(points), np.inf)
    for step in (-1, 0):
        start = np.clip(nearest + step, 0, len(line) - 2)
        a, along = line[start], line[start + 1] - line[start]
        share = ((points - a) * along).sum(axis=1) / (along**2).sum(axis=1)
        foot = a + np.clip(share, 0.0, 1.0)[:, None] * along
        best = np.minimum(best, np.linalg.norm(points - foot, axis=1))
    return best
