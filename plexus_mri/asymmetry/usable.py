"""Which nodes of a profile show this nerve and nothing else.

Shapes: ``m`` nodes of one profile, ``u`` usable ones.
"""

import math

import numpy as np

from plexus_mri.asymmetry.settings import AsymmetrySettings
from plexus_mri.core.anatomy import ROOTS
from plexus_mri.core.grid import BoolArray, FloatArray
from plexus_mri.core.measurement import UNUSABLE, Profile

# Steps over which the course before a node is taken.
_COURSE = 4
# Of a section's rim, the radius is the mean of the points and a centre twice their mean along an
# axis; so a centre is known this many times less well.
_CENTRE_OVER_RADIUS = math.sqrt(2.0)


def usable_nodes(profile: Profile, settings: AsymmetrySettings) -> BoolArray:
    """Whether each node (m,) shows this nerve and nothing else, up to the first jump in area.

    A jump that the very next node takes back is one stray section: it alone is left out (ADR-131).
    """
    usable = _sound(profile, settings)
    while (jump := _first_jump(profile, usable, settings)) is not None:
        before, at = jump
        without = usable & (np.arange(len(usable)) != at)
        if not _taken_back(profile, without, before, settings):
            return usable & (np.arange(len(usable)) < at)
        usable = without
    return usable


def skip_mm(profile: Profile, settings: AsymmetrySettings) -> float:
    """Length of a nerve's first stretch that is its ganglion, or may hold it."""
    skipped = settings.ganglion_mm if profile.nerve in ROOTS else 0.0
    return skipped + (settings.painted_ganglion_mm if profile.begins_anywhere else 0.0)


def _sound(profile: Profile, settings: AsymmetrySettings) -> BoolArray:
    """Nodes (m,) with a fit, not too flat, not flagged, beyond the ganglion."""
    with np.errstate(divide="ignore", invalid="ignore"):  # what is not finite is not sound
        flatness = profile.long_mm / profile.short_mm
        sound = np.isfinite(np.log(profile.csa_mm2)) & (flatness <= settings.flattest_ratio)
    sound &= ~profile.flagged(UNUSABLE)
    return np.asarray(sound & (profile.arc_length_mm >= skip_mm(profile, settings)))


def _first_jump(
    profile: Profile, usable: BoolArray, settings: AsymmetrySettings
) -> tuple[int, int] | None:
    """Nodes before and after the first jump among the usable ones (m,); None without any.

    What the errors of both nodes may have made of a step is not counted.
    """
    nodes = np.flatnonzero(usable)
    arc, log_area = profile.arc_length_mm[nodes], np.log(profile.csa_mm2[nodes])
    # A gap of failed fits does not make a step less steep: it is where a neighbour is taken in.
    step_mm = np.minimum(np.diff(arc), np.diff(profile.arc_length_mm).min())
    by_error, aside_by_error_mm = _steps_by_error(profile, nodes, settings)
    change = np.maximum(np.abs(np.diff(log_area)) - by_error, 0.0) / step_mm
    aside_mm = _sidesteps_mm(profile.points_mm[nodes]) - aside_by_error_mm
    aside = np.maximum(aside_mm, 0.0) / np.diff(arc)
    jumps = (change > settings.steepest_area_change_per_mm) | (
        (change > settings.area_change_of_sidestep_per_mm) & (aside > settings.sidestep_mm_per_mm)
    )
    k = int(np.argmax(jumps)) if jumps.any() else -1
    return None if k < 0 else (int(nodes[k]), int(nodes[k + 1]))


def _steps_by_error(
    profile: Profile, nodes: np.ndarray, settings: AsymmetrySettings
) -> tuple[FloatArray, FloatArray]:
    """What errors may make of the steps between usable nodes (u,).

    Steps (u - 1,) of the logarithm of area, and of the centre in mm.
    """
    area = profile.csa_mm2[nodes]
    log_area_se = np.nan_to_num(profile.csa_se_mm2[nodes] / area)
    radius_se_mm = 0.5 * log_area_se * np.sqrt(area / np.pi)
    by_error, aside_by_error_mm = (
        settings.jump_z * np.hypot(se[:-1], se[1:])
        for se in (log_area_se, _CENTRE_OVER_RADIUS * radius_se_mm)
    )
    return by_error, aside_by_error_mm


def _taken_back(
    profile: Profile, usable: BoolArray, before: int, settings: AsymmetrySettings
) -> bool:
    """Whether the next usable node is as wide as ``before`` and lies on its course."""
    after = np.flatnonzero(usable & (np.arange(len(usable)) > before))
    if not len(after):
        return False
    change = np.abs(np.log(profile.csa_mm2[after[0]] / profile.csa_mm2[before]))
    step_mm = float(np.diff(profile.arc_length_mm).min())
    if change > settings.area_change_of_sidestep_per_mm * step_mm:
        return False
    jump = _first_jump(profile, usable, settings)
    return jump is None or jump[0] != before


def _sidesteps_mm(points_mm: FloatArray) -> FloatArray:
    """How far each next point (m - 1,) lies beside the course of the ``_COURSE`` before it."""
    aside = np.zeros(max(len(points_mm) - 1, 0))
    course = points_mm[_COURSE:-1] - points_mm[: -_COURSE - 1]
    length = np.linalg.norm(course, axis=1, keepdims=True)
    course = course / np.maximum(length, 1e-9)
    step = np.diff(points_mm[_COURSE:], axis=0)
    along = np.sum(step * course, axis=1, keepdims=True)
    aside[_COURSE:] = np.linalg.norm(step - course * along, axis=1)
    return aside
