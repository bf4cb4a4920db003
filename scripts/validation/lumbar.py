"""A lower back on coronal STIR: canal, ganglia and lumbar roots, but no plexus of an arm.

Sizes by eye from cross-sectional anatomy. World is RAS+ mm, the canal at about x = y = 0.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import ndimage
from shape_images import SCALE

from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.core.volume import Volume
from plexus_mri.synthetic.acquire import rician
from plexus_mri.synthetic.canvas import Canvas, Paint
from plexus_mri.synthetic.shapes import Tube, section_axis, smooth_curve

SHAPE, SPACING_MM = (280, 110, 200), (1.0, 1.0, 1.0)
LEVEL_STEP_MM = 35.0
LEVELS = 5
SIGNAL_TO_NOISE = 20.0
FAT, CORTEX, MARROW, DISC, FLUID, ORGAN = 20.0, 15.0, 110.0, 190.0, 700.0, 230.0
GANGLION = 1.2 * SCALE.nerve
Point = tuple[float, float, float]
# Solid: signal, radii along and across the reference direction, course.
Solid = tuple[float, tuple[float, float], Sequence[Point]]


def lumbar_image(seed: int) -> Volume:
    """Image of a lower back; the seed moves every part a little and draws the noise."""
    rng = np.random.default_rng([seed, 40])
    affine = np.diag([*SPACING_MM, 1.0])
    affine[:3, 3] = -(np.array(SHAPE) - 1) / 2 * SPACING_MM
    canvas = Canvas(Grid(SHAPE, affine))
    for signal, radii, course in _solids(rng):
        canvas.solid(_tube(course, radii), Paint(signal, 0.0))
    blurred = ndimage.gaussian_filter(canvas.water, (0.0, 0.0, rng.uniform(0.3, 0.6)))
    noisy = rician(blurred, SCALE.nerve / SIGNAL_TO_NOISE, rng)
    return Volume(noisy, canvas.grid)


def _solids(rng: np.random.Generator) -> Iterator[Solid]:
    """Parts in painting order."""
    yield FAT, (165.0, 105.0), [(0, 10, 140), (0, 10, 0), (0, 10, -140)]
    for side in (-1, 1):
        yield from _muscles(side, rng)
    yield ORGAN, (30.0, 22.0), [(62, 34, 95), (68, 30, 60), (72, 30, 30)]
    yield ORGAN, (28.0, 22.0), [(-60, 34, 100), (-66, 30, 66), (-70, 30, 36)]
    yield 25.0, (9.0, 9.0), [(-9, 46, 140), (-10, 44, 0), (-10, 46, -40)]
    yield 0.6 * SCALE.nerve, (11.0, 8.0), [(18, 46, 140), (19, 44, 0), (18, 46, -50)]
    yield from _spine()
    for level in range(LEVELS):
        for side in (-1, 1):
            yield from _root(level, side, rng)


def _muscles(side: int, rng: np.random.Generator) -> Iterator[Solid]:
    """Back, loin and hip flexor of one side, and the wall of the belly."""
    muscle = SCALE.muscle * float(rng.uniform(0.9, 1.1))
    yield muscle, (26.0, 22.0), [(s * side, -40, z) for s, z in ((24, 140), (26, 0), (24, -140))]
    yield muscle, (20.0, 13.0), [(s * side, -14, z) for s, z in ((58, 110), (64, 20), (70, -60))]
    flexor = ((26, 14, 110), (34, 16, 40), (46, 20, -30), (62, 32, -130))
    yield muscle, (19.0, 16.0), [(side * x, y, z) for x, y, z in flexor]
    yield muscle, (12.0, 30.0), [(s * side, 30, z) for s, z in ((125, 130), (128, 0), (120, -130))]


def _spine() -> Iterator[Solid]:
    """Bodies, discs, arches and the canal."""
    for k in range(-1, LEVELS + 1):
        z_mm = _height(k)
        yield CORTEX, (25.0, 17.0), [(0, 27, z_mm + 13), (0, 27, z_mm - 13)]
        yield MARROW, (24.0, 16.0), [(0, 27, z_mm + 12), (0, 27, z_mm - 12)]
        yield DISC, (23.0, 16.0), [(0, 27, z_mm - 14), (0, 27, z_mm - 20)]
        for side in (-1, 1):
            yield MARROW, (6.0, 4.0), [(14 * side, 14, z_mm + 6), (20 * side, -8, z_mm + 2)]
            yield MARROW, (4.0, 3.0), [(20 * side, 0, z_mm + 2), (44 * side, -6, z_mm + 2)]
        yield MARROW, (9.0, 3.0), [(0, -14, z_mm), (0, -40, z_mm - 6)]
    canal = [(0, 0, 140), (0, 2, 40), (0, -2, -60), (0, -8, -140)]
    yield FLUID, (10.0, 8.0), canal
    yield 0.8 * SCALE.nerve, (4.5, 3.5), [(0, 0, 140), (0, 2, 60), (0, 2, 45)]


def _root(level: int, side: int, rng: np.random.Generator) -> Iterator[Solid]:
    """Ganglion and root of one side, down into the hip flexor; the first also sends one aside."""
    off = rng.normal(0.0, 0.8, 3)
    z_mm = _height(level) - 8.0
    ganglion = [(15 * side, 1, z_mm), (17.5 * side, 2, z_mm - 4), (20 * side, 4, z_mm - 8)]
    course = [ganglion[-1], (25 * side, 9, z_mm - 25), (33 * side, 14, z_mm - 55)]
    course.append((44 * side, 20, z_mm - 95))
    yield SCALE.nerve, (2.2, 1.9), [_moved(p, off) for p in course]
    if level == 0:
        aside = [course[1], (55 * side, 0, z_mm - 40), (110 * side, 18, z_mm - 70)]
        yield SCALE.nerve, (1.2, 1.2), [_moved(p, off) for p in aside]
    yield GANGLION, (3.6, 2.9), [_moved(p, off) for p in ganglion]


def _height(level: int) -> float:
    return (LEVELS // 2 - level) * LEVEL_STEP_MM


def _moved(point: Point, off_mm: FloatArray) -> Point:
    x, y, z = np.array(point) + off_mm
    return float(x), float(y), float(z)


def _tube(course: Sequence[Point], radii: tuple[float, float]) -> Tube:
    """Tube whose longer radius points aside, or forward where it runs aside."""
    points = smooth_curve(np.array(course, dtype=float), step_mm=1.0 + 0.1 * max(radii))
    along = points[-1] - points[0]
    aside = np.array([1.0, 0.0, 0.0]) if abs(along[0]) < abs(along[2]) else np.array([0, 1.0, 0])
    lean = section_axis(points, aside + np.array([0.0, 0.05, 0.02]))
    ones = np.ones(len(points))
    return Tube(points, lean, radii[0] * ones, radii[1] * ones)
