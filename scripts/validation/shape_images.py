"""Nerves of known size alone on muscle: courses, noisy images and rough traces of them.

Drawn by the phantom's own sub-voxels, blurred along the echo train and given Rician noise.
Symbols: n points of an axis.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from plexus_mri.core.anatomy import Nerve, NerveKey, Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.frame import PatientFrame, SideProof
from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.core.volume import Volume
from plexus_mri.synthetic import AcquisitionSpec
from plexus_mri.synthetic.acquire import rician
from plexus_mri.synthetic.caliber import Section
from plexus_mri.synthetic.nerve_layer import draw_nerves
from plexus_mri.synthetic.plexus import NervePath
from plexus_mri.synthetic.shapes import section_axis
from plexus_mri.synthetic.tissue import signal_scale

KEYS: tuple[NerveKey, ...] = tuple((side, nerve) for nerve in Nerve for side in Side)
SCALE = signal_scale(AcquisitionSpec(), nerve_t2_ms=65.0, muscle_t2_ms=40.0)
STEP_MM, LENGTH_MM = 0.5, 40.0
# A tube runs on beyond both ends of its trace.
BEYOND_MM = 7.0
MARGIN_MM = 10.0
# A trace lies aside by 0.3 mm (SD) and waves by half of it; its radius is a guess.
TRACE_ERROR_MM = 0.3
TRACE_RADIUS = (0.8, 1.25)
BLUR_VOXELS = (0.3, 0.6)
# Along axes that are blurred tubes are drawn on voxels cut by this and blurred before they are put
# together: sampled on whole voxels, a Gaussian of 0.3 voxel is one of 0.09.
CUT = 2


@dataclass(frozen=True)
class Pose:
    """How tubes lie and what their sections are.

    Parameters
    ----------
    tilt_deg
        Angle to the x axis seen in the xy plane and in the xz plane.
    bend_deg
        Turn of the axis over its length, on a circle.
    ratio
        Long over short axis of the section.
    """

    tilt_deg: tuple[float, float] = (0.0, 0.0)
    bend_deg: float = 0.0
    ratio: float = 1.0


@dataclass(frozen=True, eq=False)
class Solid:
    """One tube of constant section: its axis (n, 3) and the radius of the disc of its area."""

    axis_mm: FloatArray
    radius_mm: float
    ratio: float = 1.0

    @property
    def inner_mm(self) -> FloatArray:
        """The part of the axis that is traced."""
        skipped = round(BEYOND_MM / STEP_MM)
        return self.axis_mm[skipped:-skipped]


@dataclass(frozen=True, eq=False)
class Picture:
    """Tubes, their image before noise, and the blur (3,) in voxels that it was given."""

    solids: Mapping[NerveKey, Solid]
    clean: Volume
    blur_voxels: FloatArray

    def noisy(self, signal_to_noise: float, rng: np.random.Generator) -> Volume:
        """Image with Rician noise; the nerve's signal is ``signal_to_noise`` times its SD."""
        sigma = SCALE.nerve / signal_to_noise
        return self.clean.with_data(rician(np.asarray(self.clean.data, np.float32), sigma, rng))

    def traced(self, rng: np.random.Generator, *, shorter_mm: float = 0.0) -> NerveTree:
        """Rough traces of all tubes, each end ``shorter_mm`` sooner."""
        nerves = {key: _traced(solid, rng, shorter_mm) for key, solid in self.solids.items()}
        return NerveTree(nerves)

    @property
    def frame(self) -> PatientFrame:
        """A straight canal at the edge of the image."""
        corners = self.clean.grid.corners_mm
        low, high = corners.min(axis=0), corners.max(axis=0)
        middle = (low + high) / 2
        canal = [[low[0], middle[1], z] for z in (high[2], low[2])]
        proof = SideProof("made by hand", "made by hand", None, None, proven=True)
        return PatientFrame(Centerline(np.array(canal)), np.array([1.0, 0.0, 0.0]), proof)


def row_of_tubes(
    pose: Pose, radii_mm: Sequence[float], gaps_mm: Sequence[float], rng: np.random.Generator
) -> list[Solid]:
    """Parallel tubes beside each other; ``gaps_mm`` lie between the rims of neighbours."""
    axis, aside = _course(pose, rng)
    reach = [_reach(radius, pose.ratio) for radius in radii_mm]
    steps = [a + gap + b for a, gap, b in zip(reach, gaps_mm, reach[1:], strict=False)]
    places = np.concatenate([[0.0], np.cumsum(steps)])
    places = places - places.mean()
    return [
        Solid(axis + place * aside, radius, pose.ratio)
        for place, radius in zip(places, radii_mm, strict=True)
    ]


def drawn(
    solids: Sequence[Solid],
    spacing_mm: tuple[float, float, float],
    rng: np.random.Generator,
    *,
    blur_voxels: tuple[float, float, float] | None = None,
) -> Picture:
    """Picture of tubes, named in the order of `KEYS`; the grid lies anywhere to the tubes.

    The blur is that of an echo train along z, of 0.3-0.6 voxel, where none is given.
    """
    grid = _grid(solids, spacing_mm, rng)
    named = dict(zip(KEYS, solids, strict=False))
    paths = [_path(key, solid, rng) for key, solid in named.items()]
    signals = [np.full(len(path.points_mm), SCALE.nerve) for path in paths]
    blur = np.array(blur_voxels or (0.0, 0.0, rng.uniform(*BLUR_VOXELS)))
    cuts = np.where(blur > 0.0, CUT, 1)
    layer = draw_nerves(_cut(grid, cuts), paths, signals)
    image = SCALE.muscle + layer.share * (layer.signal - SCALE.muscle)
    image = ndimage.gaussian_filter(image, blur * cuts)
    wide, deep, high = grid.shape
    whole = image.reshape(wide, cuts[0], deep, cuts[1], high, cuts[2]).mean(axis=(1, 3, 5))
    return Picture(named, Volume(whole, grid), blur)


def _cut(grid: Grid, cuts: FloatArray) -> Grid:
    """Grid over the same box whose voxels are cut into so many (3,) along its axes."""
    affine = grid.affine.copy()
    affine[:3, :3] = affine[:3, :3] / cuts
    affine[:3, 3] = grid.to_world(0.5 / cuts - 0.5)
    wide, deep, high = (int(n) for n in np.array(grid.shape) * cuts)
    return Grid((wide, deep, high), affine)


def _reach(radius_mm: float, ratio: float) -> float:
    """Long semi-axis of the section."""
    return float(radius_mm * np.sqrt(ratio))


def _course(pose: Pose, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Axis (n, 3) through the origin and the direction (3,) in which its copies lie."""
    along = np.arange(-LENGTH_MM / 2, LENGTH_MM / 2 + 1e-9, STEP_MM)
    slopes = np.tan(np.deg2rad(pose.tilt_deg))
    ahead = np.array([1.0, *slopes])
    ahead = ahead / np.linalg.norm(ahead)
    aside = np.cross(ahead, [0.0, 0.0, 1.0])
    aside = aside / np.linalg.norm(aside)
    if pose.bend_deg == 0.0:
        return along[:, None] * ahead, aside
    turn = np.deg2rad(pose.bend_deg)
    radius_mm = LENGTH_MM / turn
    angle = along / radius_mm
    flat = np.stack([np.sin(angle), 1 - np.cos(angle), 0 * angle], axis=1) * radius_mm
    flat = flat - flat.mean(axis=0)
    lie = Rotation.random(random_state=rng).as_matrix()
    return flat @ lie.T, lie @ np.array([0.0, 0.0, 1.0])


def _grid(
    solids: Sequence[Solid], spacing_mm: tuple[float, float, float], rng: np.random.Generator
) -> Grid:
    points = np.concatenate([solid.axis_mm for solid in solids])
    low, high = points.min(axis=0) - MARGIN_MM, points.max(axis=0) + MARGIN_MM
    spacing = np.array(spacing_mm)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = low + rng.uniform(-0.5, 0.5, 3) * spacing
    shape = np.ceil((high - low) / spacing).astype(int)
    return Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine)


def _path(key: NerveKey, solid: Solid, rng: np.random.Generator) -> NervePath:
    """Tube as the phantom draws it, its long axis anywhere."""
    count = np.ones(len(solid.axis_mm))
    short_mm = 2 * solid.radius_mm / np.sqrt(solid.ratio)
    turn = float(rng.uniform(0, 180))
    section = Section(solid.ratio * short_mm * count, short_mm * count, turn * count, count, count)
    reference = np.array([0.28, 0.35, 0.89])
    return NervePath(
        key, solid.axis_mm, section_axis(solid.axis_mm, reference, angle_deg=turn), section
    )


def _traced(solid: Solid, rng: np.random.Generator, shorter_mm: float) -> TracedNerve:
    cut = round(shorter_mm / STEP_MM)
    points = solid.inner_mm[cut : len(solid.inner_mm) - cut]
    wave = np.sin(np.linspace(0, 4 * np.pi, len(points)) + rng.uniform(0, 6))[:, None]
    shift = rng.normal(0.0, TRACE_ERROR_MM, 3) + wave * rng.normal(0.0, TRACE_ERROR_MM / 2, 3)
    radius = np.full(len(points), solid.radius_mm * rng.uniform(*TRACE_RADIUS))
    return TracedNerve(Centerline(points + shift), 0.9, {"support": 0.9}, radius)
