"""Lymph nodes and small veins around the plexus: bright, and not nerve."""

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from plexus_mri.core.anatomy import Side
from plexus_mri.core.grid import FloatArray
from plexus_mri.synthetic.atlas import UP, Part
from plexus_mri.synthetic.plexus import NervePath
from plexus_mri.synthetic.posture import Posture
from plexus_mri.synthetic.skin import skin_depth_at
from plexus_mri.synthetic.spec import PhantomSpec
from plexus_mri.synthetic.tissue import Tissue

# Template boxes, low and high corner: supraclavicular fat, axilla, jugular chain.
NODE_BOXES = np.array(
    [[[38, 14, -12], [86, 42, 34]], [[92, -6, -78], [142, 26, -36]], [[30, 20, 10], [46, 40, 95]]]
)
UNDER_SKIN_MM = 6.0
BESIDE_NERVE_MM = 1.5
TRIES = 50
VEIN_BOX = np.array([[30, -20, -70], [130, 36, 50]])


def clutter_parts(
    spec: PhantomSpec, posture: Posture, paths: Sequence[NervePath]
) -> list[tuple[Part, Side]]:
    """Nodes and small veins of both sides; they may touch a nerve but not cover it."""
    tree = cKDTree(np.vstack([path.points_mm for path in paths]))
    parts: list[tuple[Part, Side]] = []
    for side in Side:
        rng = np.random.default_rng([spec.anatomy.side(side).seed, 4])
        it = spec.anatomy.side(side)
        parts.extend((_node(rng, posture, side, tree), side) for _ in range(it.lymph_nodes))
        parts.extend((_vein(rng, posture, side), side) for _ in range(it.small_veins))
    return parts


def _node(rng: np.random.Generator, posture: Posture, side: Side, tree: cKDTree) -> Part:
    """Bean of 5-12 mm by 3-6 mm, its surface at least 1.5 mm from every nerve's axis."""
    half = rng.uniform(2.5, 6.0)
    thick = rng.uniform(0.45, 0.7) * half
    lean = rng.normal(size=3)
    lean *= half / np.linalg.norm(lean)
    for _ in range(TRIES):
        low, high = NODE_BOXES[rng.choice(3, p=[0.5, 0.35, 0.15])]
        center = rng.uniform(low, high)
        placed = posture.place(center, side)
        clear = tree.query(placed)[0][0] > half + BESIDE_NERVE_MM
        if clear and skin_depth_at(placed, posture)[0] > half + UNDER_SKIN_MM:
            break
    places = np.linspace(-0.98, 0.98, 9)
    sizes = tuple(float(thick * np.sqrt(1 - place**2)) for place in places)
    course = _points(center + places[:, None] * lean)
    return Part("node", Tissue.NODE, course, sizes, sizes, UP, share=float(rng.uniform(0.6, 1.0)))


def _vein(rng: np.random.Generator, posture: Posture, side: Side) -> Part:
    """Thin winding vein under the skin, mostly running down and outward like the nerves do."""
    for _ in range(TRIES):
        start = rng.uniform(*VEIN_BOX)
        steps = rng.normal([9.0, 0.0, -7.0], 6.0, size=(4, 3))
        course = start + np.vstack([np.zeros(3), np.cumsum(steps, axis=0)])
        if skin_depth_at(posture.place(course, side), posture).min() > UNDER_SKIN_MM:
            break
    size, share = float(rng.uniform(0.5, 1.3)), float(rng.uniform(0.5, 1.0))
    return Part("small_vein", Tissue.BLOOD, _points(course), (size,), (size,), UP, share=share)


def _points(course: FloatArray) -> tuple[tuple[float, float, float], ...]:
    return tuple((float(x), float(y), float(z)) for x, y, z in course)
