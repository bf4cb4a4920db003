"""Compile the numeric kernels once, so that the first case does not wait for it."""

import numpy as np

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.frame import PatientFrame, SideProof
from plexus_mri.core.grid import Grid
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.core.volume import Volume
from plexus_mri.measure.measure import measure_nerves
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.segmentation.settings import SegmentationSettings
from plexus_mri.segmentation.tubularity import bright_tubes


def main() -> None:
    """Filter and measure two short tubes in a small volume."""
    affine = np.eye(4)
    affine[:3, 3] = -20.0
    grid = Grid((50, 40, 40), affine)
    i, j, k = np.indices(grid.shape)
    noise = np.random.default_rng(0).normal(0, 3, grid.shape)
    tubes = [(j - at) ** 2 + (k - 20) ** 2 < 5 for at in (18, 24)]
    image = Volume(50 + 100 * (tubes[0] | tubes[1]) + noise + 0 * i, grid)
    x = np.linspace(-15, 20, 36)
    nerves = {
        (Side.RIGHT, nerve): TracedNerve(
            Centerline(np.stack([x, 0 * x + at - 20, 0 * x], axis=1)),
            1.0,
            {"warm_up": 1.0},
            np.full(len(x), 2.0),
        )
        for nerve, at in ((Nerve.C6, 18), (Nerve.C7, 24))
    }
    canal = Centerline(np.array([[-20.0, 0, 20], [-20.0, 0, -20]]))
    proof = SideProof("", "", None, None, proven=True)
    frame = PatientFrame(canal, np.array([1.0, 0, 0]), proof)
    bright_tubes(image.data, SegmentationSettings().tube_scales_mm, 1.0)
    measure_nerves(image, NerveTree(nerves), frame, MeasureSettings())


if __name__ == "__main__":
    main()
