"""Average of several cases: the template that `template_from_subject` places patients in.

Shapes: ``n`` points, ``k`` nodes of a mean course.
"""

from collections.abc import Sequence

import numpy as np

from plexus_mri.core.anatomy import ROOTS, Nerve, Side, label_index
from plexus_mri.core.canal_space import CanalSpace
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.core.template import MeanCourse, Percents, Template
from plexus_mri.core.template_case import TemplateCase
from plexus_mri.core.template_transform import Deformation, TemplateTransform, voxel_points
from plexus_mri.core.transform import AffineTransform
from plexus_mri.core.volume import Volume
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode
from plexus_mri.registration.settings import RegistrationSettings
from plexus_mri.registration.template import template_from_subject

# From the middle of the neck to the second rib and to the ends of the cords on both sides, the
# midline in the middle of a voxel. Coarse, as the mean of several people is.
SPACING_MM, LOW_MM, SHAPE = 3.0, (-129.0, -60.0, -90.0), (87, 41, 56)
LEAST_CASES = 3
NODE_MM = 3.0
_MIRROR = np.array([-1.0, 1.0, 1.0])

_Placed = tuple[TemplateCase, TemplateTransform]


def build_template(
    cases: Sequence[TemplateCase], source: str, settings: RegistrationSettings
) -> Template:
    """Mean anatomy of the cases and of their mirror images, so that it has no side of its own.

    The first mean rests on the levels of the ganglia alone; the cases are registered to it once
    (ADR-53).

    Parameters
    ----------
    source
        Which cases these are, in words.

    Raises
    ------
    InputError
        When there are too few cases with a root on either side.
    """
    usable = [case for case in cases if any((side, Nerve.C7) in case.nerves for side in Side)]
    if len(usable) < LEAST_CASES:
        msg = (
            f"a template needs {LEAST_CASES} cases with a traced root C7, got {len(usable)}; "
            "give more cases"
        )
        raise InputError(msg, ReasonCode.INPUT_EMPTY)
    first = _mean(_by_ganglia(usable), source)
    found = [template_from_subject(first, c.image, c.frame, settings) for c in usable]
    placed = [
        (case, match.transform)
        for case, match in zip(usable, found, strict=True)
        if match.transform is not None
    ]
    return _mean(placed, source)


def _grid() -> Grid:
    affine = np.diag([SPACING_MM, SPACING_MM, SPACING_MM, 1.0])
    affine[:3, 3] = LOW_MM
    return Grid(SHAPE, affine)


def _by_ganglia(cases: Sequence[TemplateCase]) -> list[_Placed]:
    """Cases shifted and scaled so that the levels of their roots fit the mean levels best."""
    levels = np.array([_root_levels(case) for case in cases])
    above = levels - levels[:, [ROOTS.index(Nerve.C7)]]
    mean = np.nanmean(above, axis=0)
    still = Deformation.none(_grid())
    placed = []
    for case, own in zip(cases, levels, strict=True):
        seen = np.isfinite(own)
        size, shift_mm = np.polyfit(mean[seen], own[seen], 1) if seen.sum() > 1 else (1.0, own[2])
        matrix = np.diag([size, size, size, 1.0])
        matrix[2, 3] = shift_mm
        transform = TemplateTransform(CanalSpace(case.frame), AffineTransform(matrix), still)
        placed.append((case, transform))
    return placed


def _root_levels(case: TemplateCase) -> FloatArray:
    """Level (5,) of the first point of each root along the canal, mean of the sides seen."""
    canal = CanalSpace(case.frame)
    starts = [
        [case.nerves[s, nerve].points_mm[:1] for s in Side if (s, nerve) in case.nerves]
        for nerve in ROOTS
    ]
    return np.array(
        [
            np.mean([canal.from_world(p)[0, 2] for p in found]) if found else np.nan
            for found in starts
        ]
    )


def _mean(placed: Sequence[_Placed], source: str) -> Template:
    sides = {nerve: _curves(placed, nerve) for nerve in Nerve}
    right = {nerve: _mean_course(curves) for nerve, curves in sides.items() if curves}
    courses = {
        (side, nerve): course if side is Side.RIGHT else _mirrored(course)
        for nerve, course in right.items()
        for side in Side
    }
    shares = {nerve: _percents(placed, nerve) for nerve in right}
    probability = {
        (side, nerve): share if side is Side.RIGHT else share[::-1]
        for nerve, share in shares.items()
        for side in Side
    }
    return Template(_mean_image(placed), probability, courses, len(placed), source)


def _mean_image(placed: Sequence[_Placed]) -> Volume:
    grid = _grid()
    total, count = np.zeros(grid.shape), np.zeros(grid.shape)
    for case, transform in placed:
        values = case.image.sample(transform.to_world(voxel_points(grid))).reshape(grid.shape)
        for each in (values, values[::-1]):
            seen = np.isfinite(each)
            total += np.where(seen, each, 0.0)
            count += seen
    return Volume(total / np.maximum(count, 1), grid)


def _percents(placed: Sequence[_Placed], nerve: Nerve) -> Percents:
    """Percent of the sides, all put on the right, whose nerve holds each voxel."""
    grid = _grid()
    total, sides = np.zeros(grid.shape), 0
    for case, transform in placed:
        voxels = np.rint(case.labels.grid.to_voxel(transform.to_world(voxel_points(grid))))
        inside = ((voxels >= 0) & (voxels < case.labels.grid.shape)).all(axis=1)
        found = np.zeros(len(voxels), dtype=np.int16)
        found[inside] = case.labels.data[tuple(voxels[inside].astype(int).T)]
        found = found.reshape(grid.shape)
        for side in Side:
            if (side, nerve) in case.nerves:
                held = found == label_index(side, nerve)
                total += held if side is Side.RIGHT else held[::-1]
                sides += 1
    return np.round(100.0 * total / max(sides, 1)).astype(np.uint8)


def _curves(placed: Sequence[_Placed], nerve: Nerve) -> list[Centerline]:
    """Courses of a nerve of both sides in template space, all put on the right."""
    return [
        Centerline(
            transform.from_world(case.nerves[side, nerve].points_mm)
            * (_MIRROR if side is Side.LEFT else 1.0)
        )
        for case, transform in placed
        for side in Side
        if (side, nerve) in case.nerves
    ]


def _mean_course(curves: Sequence[Centerline]) -> MeanCourse:
    """Mean at equal shares of the length, and how far the curves pass by its nodes."""
    count = max(2, round(np.mean([curve.length_mm for curve in curves]) / NODE_MM) + 1)
    share = np.linspace(0.0, 1.0, count)
    nodes = np.mean([curve.at(share * curve.length_mm) for curve in curves], axis=0)
    apart = [MeanCourse(curve, np.zeros(0), 1).distance_mm(nodes) for curve in curves]
    return MeanCourse(Centerline(nodes), np.sqrt(np.mean(np.square(apart), axis=0)), len(curves))


def _mirrored(course: MeanCourse) -> MeanCourse:
    return MeanCourse(course.centerline.mirrored(), course.spread_mm, course.curves)
