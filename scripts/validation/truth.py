"""Known truth in one shape, from the project's phantom or from a foreign simulator's files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from plexus_mri.core.anatomy import ROOTS, Nerve, NerveKey, Side
from plexus_mri.core.grid import FloatArray
from plexus_mri.synthetic import PhantomTruth

GANGLION_ARC_MM = 8.0  # of the external cases' roots, by their README


@dataclass(frozen=True, eq=False)
class Course:
    """True course of one nerve: points (n, 3) in mm, area and signal (n,) along it."""

    points_mm: FloatArray
    csa_mm2: FloatArray
    signal: FloatArray
    signal_ratio: FloatArray | None

    def project(self, points_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Distance (m,) of points to the course, and the nearest true node (m,) of each."""
        steps = np.linspace(0, len(self.points_mm) - 1, 8 * len(self.points_mm))
        dense = np.stack(
            [np.interp(steps, np.arange(len(self.points_mm)), c) for c in self.points_mm.T], axis=1
        )
        distance, nearest = cKDTree(dense).query(points_mm)
        return distance, steps[nearest]

    def nodes_at(self, arc_length_mm: FloatArray) -> FloatArray:
        """Fractional nodes (m,) at distances (m,) along the course from its first point."""
        steps = np.linalg.norm(np.diff(self.points_mm, axis=0), axis=1)
        arc = np.concatenate([[0.0], np.cumsum(steps)])
        return np.interp(arc_length_mm, arc, np.arange(len(arc)))

    def at(self, nodes: FloatArray, values: FloatArray) -> FloatArray:
        """Values (m,) at fractional nodes (m,)."""
        return np.interp(nodes, np.arange(len(values)), values)


def phantom_courses(truth: PhantomTruth) -> dict[NerveKey, Course]:
    """Courses of the project's own phantom, cut to the field of view."""
    courses = {}
    for key, nerve in truth.nerves.items():
        seen = truth.covered(key)
        if seen.sum() >= 2:
            courses[key] = Course(
                nerve.centerline.points_mm[seen],
                nerve.csa_mm2[seen],
                nerve.signal[seen],
                nerve.signal_ratio[seen],
            )
    return courses


def external_courses(path: Path) -> dict[NerveKey, Course]:
    """Courses of a foreign simulator's truth file (`side|nerve|field` arrays)."""
    with np.load(path, allow_pickle=False) as stored:
        fields: Mapping[str, FloatArray] = {name: stored[name] for name in stored.files}
    courses = {}
    for side, word in ((Side.LEFT, "left"), (Side.RIGHT, "right")):
        for nerve in Nerve:
            if f"{word}|{nerve}|points" not in fields:
                continue
            arc = fields[f"{word}|{nerve}|arc"]
            keep = arc >= GANGLION_ARC_MM if nerve in ROOTS else np.ones(len(arc), dtype=bool)
            courses[side, nerve] = Course(
                fields[f"{word}|{nerve}|points"][keep],
                np.pi * fields[f"{word}|{nerve}|radius"][keep] ** 2,
                fields[f"{word}|{nerve}|signal"][keep],
                None,
            )
    return courses
