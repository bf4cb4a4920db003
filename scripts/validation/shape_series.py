"""Pairs of sides and repeated images of shapes: errors of the index, scatter against errors."""

from dataclasses import dataclass

import numpy as np
from shape_cases import ALONE_MM, SETTINGS, Z95, Tube, tube_of
from shape_images import Picture, Pose, drawn, row_of_tubes
from shape_limit import radius_limits_mm

from plexus_mri.asymmetry import AsymmetrySettings, compare_sides
from plexus_mri.core.anatomy import ROOTS
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.measurement import Quantity
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.volume import EvenImage
from plexus_mri.measure.measure import measure_nerves
from plexus_mri.synthetic.caliber import AREA_MM2

CASES, PAIR_TO_NOISE = 6, (15.0, 20.0, 30.0)
# Area of the larger side over the smaller: none to half as large again.
LARGER = (1.0, 1.5)
IMAGES, REPEAT_TO_NOISE = 100, 20.0
REPEAT_RADII_MM, REPEAT_SHORTER_MM = (1.75, 2.75), 5.0
# Two nerves are too few for the blur to be estimated; it is what is then expected.
EXPECTED_BLUR = (SETTINGS.blur_expected_voxels,) * 3


@dataclass(frozen=True)
class Repeats:
    """Printed errors over scatter (medians over sections and nerves) and shares of intervals.

    The first two are of the errors by noise alone.
    """

    count: int
    section_noise_ratio: float
    mean_noise_ratio: float
    section_ratio: float
    mean_ratio: float
    section_held: float
    mean_held: float


@dataclass(frozen=True, eq=False)
class PairErrors:
    """Pairs of tubes as wide as healthy roots, in points of the index of mean area.

    Parameters
    ----------
    errors : (n,)
        Found minus true index.
    limits : (m,)
        Least standard error of each by the Cramér-Rao bound (see `_index_limits`).
    """

    errors: FloatArray
    limits: FloatArray


def asymmetry_errors(first_seed: int) -> PairErrors:
    """Errors of the index and their bounds."""
    cases = [_case_errors(first_seed + k, PAIR_TO_NOISE[k % 3]) for k in range(CASES)]
    return PairErrors(
        np.concatenate([case.errors for case in cases]),
        np.concatenate([case.limits for case in cases]),
    )


def _case_errors(seed: int, signal_to_noise: float) -> PairErrors:
    rng = np.random.default_rng([seed, 31])
    left = np.array([AREA_MM2[root] for root in ROOTS])
    right = left * rng.uniform(*LARGER, len(ROOTS)) ** rng.choice([-1, 1], len(ROOTS))
    radii = np.sqrt(np.stack([left, right], axis=1).reshape(-1) / np.pi)
    pose = Pose((float(rng.uniform(0, 50)), float(rng.uniform(0, 50))))
    solids = row_of_tubes(pose, radii.tolist(), [ALONE_MM] * (len(radii) - 1), rng)
    picture = drawn(solids, (1.0, 1.0, 1.0), rng)
    image = picture.noisy(signal_to_noise, rng)
    table = measure_nerves(EvenImage(image), picture.traced(rng), picture.frame, SETTINGS)
    rows = compare_sides(table, NerveTree({}), AsymmetrySettings())
    true = dict(zip(ROOTS, 200.0 * (left - right) / (left + right), strict=True))
    print(f"pairs of sides: seed {seed}", flush=True)
    errors = [
        row.asymmetry_percent - true[row.nerve]
        for row in rows
        if row.quantity is Quantity.CSA_MEAN
        and row.nerve in true
        and row.asymmetry_percent is not None
    ]
    return PairErrors(np.array(errors), _index_limits(picture, signal_to_noise))


def _index_limits(picture: Picture, signal_to_noise: float) -> FloatArray:
    """Least standard error of each pair's index: sections that share no voxels, each by itself."""
    limits = radius_limits_mm(picture, signal_to_noise, SETTINGS)
    relative = []
    for key, solid in picture.solids.items():
        steps_mm = np.linalg.norm(np.diff(solid.inner_mm, axis=0), axis=1)
        apart = steps_mm.sum() / (2.0 * SETTINGS.slab_half_length_mm)
        relative.append(2.0 * limits[key] / solid.radius_mm / np.sqrt(apart))
    return 100.0 * np.hypot(relative[::2], relative[1::2])


def repeats(first_seed: int) -> Repeats:
    """Measure images that differ in their noise alone."""
    rng = np.random.default_rng([first_seed, 32])
    solids = row_of_tubes(Pose((30.0, 20.0)), REPEAT_RADII_MM, [ALONE_MM], rng)
    picture = drawn(solids, (1.0, 1.0, 1.0), rng, blur_voxels=EXPECTED_BLUR)
    nerves = picture.traced(rng, shorter_mm=REPEAT_SHORTER_MM)
    found: dict[object, list[Tube]] = {key: [] for key in picture.solids}
    for k in range(IMAGES):
        image = picture.noisy(REPEAT_TO_NOISE, rng)
        table = measure_nerves(EvenImage(image), nerves, picture.frame, SETTINGS)
        for key, tubes in found.items():
            tubes.append(tube_of(table, key, picture, np.nan))
        if k % 20 == 19:
            print(f"repeated images: {k + 1}", flush=True)
    return _summed(list(found.values()))


def _summed(nerves: list[list[Tube]]) -> Repeats:
    own, own_mean, section, mean = [], [], [], []
    for tubes in nerves:
        areas = np.pi * np.stack([t.radius_mm for t in tubes]) ** 2
        scatter = np.nanstd(areas, axis=0, ddof=1) / np.nanmean(areas, axis=0)
        own.append(np.nanmean([t.noise_error for t in tubes], axis=0) / scatter)
        section.append(np.nanmean([t.relative_error for t in tubes], axis=0) / scatter)
        means = np.array([t.mean_mm2 for t in tubes])
        widths = np.array([np.diff(t.interval_mm2)[0] for t in tubes])
        own_mean.append(
            float(np.mean([t.mean_noise_mm2 for t in tubes]) / np.nanstd(means, ddof=1))
        )
        mean.append(float(np.nanmean(widths) / (2 * Z95) / np.nanstd(means, ddof=1)))
    every = [tube for tubes in nerves for tube in tubes]
    return Repeats(
        IMAGES,
        float(np.median(np.concatenate(own))),
        float(np.mean(own_mean)),
        float(np.median(np.concatenate(section))),
        float(np.mean(mean)),
        float(np.concatenate([t.held for t in every]).mean()),
        float(np.mean([t.holds_mean for t in every])),
    )
