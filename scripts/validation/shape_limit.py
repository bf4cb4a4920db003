"""The least standard error that any unbiased estimate of a section's radius can have."""

import numpy as np
from shape_images import SCALE, Picture, Solid

from plexus_mri.core.anatomy import NerveKey
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.measure.blur import point_spread
from plexus_mri.measure.nerve_state import traced_states
from plexus_mri.measure.section_fit import PER_NERVE, model_and_slopes
from plexus_mri.measure.section_problem import section_at
from plexus_mri.measure.settings import MeasureSettings


def radius_limits_mm(
    picture: Picture, signal_to_noise: float, settings: MeasureSettings
) -> dict[NerveKey, float]:
    """Cramér-Rao bound of each tube's radius in the middle of its course, in mm.

    For one section of the model that the product fits: centre, area, ellipse, signal and the six
    terms of the background all unknown, nothing known from other sections, the blur known. A
    voxel that lies in the slab by a share counts by that share.
    """
    lines = {key: _true_trace(solid) for key, solid in picture.solids.items()}
    states = traced_states(NerveTree(lines), picture.clean.grid.directions, settings)
    spread = point_spread(picture.clean, picture.blur_voxels, settings)
    sigma = SCALE.nerve / signal_to_noise
    limits = {}
    for key, solid in picture.solids.items():
        node = len(states[key].radius_mm) // 2
        alone = {key: states[key]}
        section = section_at(picture.clean, spread, alone, (key, node), settings)
        if section is None:
            continue
        theta = np.zeros(len(section.start))
        theta[:PER_NERVE] = 0.0, 0.0, np.log(solid.radius_mm), 0.0, 0.0, SCALE.nerve
        theta[PER_NERVE] = SCALE.muscle
        slopes = model_and_slopes(theta, section.scene)[1]
        known = slopes.T @ (slopes * section.data[1][:, None]) / sigma**2
        limits[key] = float(solid.radius_mm * np.sqrt(np.linalg.inv(known)[2, 2]))
    return limits


def _true_trace(solid: Solid) -> TracedNerve:
    radius = np.full(len(solid.inner_mm), solid.radius_mm)
    return TracedNerve(Centerline(solid.inner_mm), 1.0, {}, radius)
