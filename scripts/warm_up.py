"""Compile the numeric kernels once, so that the first case does not wait for it."""

import subprocess
import sys

import numpy as np

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.frame import PatientFrame, SideProof
from plexus_mri.core.grid import Grid
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.core.volume import EvenImage, Volume
from plexus_mri.measure.blur import default_blur, point_spread
from plexus_mri.measure.measure import measure_nerves
from plexus_mri.measure.nerve_fit import fit
from plexus_mri.measure.nerve_state import traced_states
from plexus_mri.measure.section_problem import Section, section_at
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.measure.untraced import best_trials, trial_discs
from plexus_mri.segmentation.settings import SegmentationSettings
from plexus_mri.segmentation.tubularity import bright_tubes

SETTINGS = MeasureSettings()
_SEARCH = "--search"


def main() -> None:
    """Filter and measure two short tubes; another process compiles the search for neighbours."""
    searching = subprocess.Popen([sys.executable, __file__, _SEARCH])  # noqa: S603 - ourselves
    image, nerves, frame = _two_tubes()
    bright_tubes(image.data, SegmentationSettings().tube_scales_mm, 1.0)
    section = _section(image, nerves)
    fit(section, SETTINGS)
    searching.wait()
    measure_nerves(EvenImage(image), nerves, frame, SETTINGS)


def search() -> None:
    """Look for neighbours of one section."""
    image, nerves, _ = _two_tubes()
    section = _section(image, nerves)
    best_trials(
        section.start, section.prior, section.data, section.scene, (3.0, trial_discs(SETTINGS))
    )


def _section(image: Volume, nerves: NerveTree) -> Section:
    """Section of the first nerve in its middle."""
    states = traced_states(nerves, image.grid.directions, SETTINGS)
    key = next(iter(states))
    spread = point_spread(image, default_blur(SETTINGS), SETTINGS)
    middle = len(states[key].radius_mm) // 2
    section = section_at(image, spread, states, (key, middle), SETTINGS)
    if section is None:
        raise RuntimeError(key)
    return section


def _two_tubes() -> tuple[Volume, NerveTree, PatientFrame]:
    """Two parallel tubes in a small volume."""
    affine = np.eye(4)
    affine[:3, 3] = -20.0
    grid = Grid((50, 40, 40), affine)
    i, j, k = np.indices(grid.shape)
    noise = np.random.default_rng(0).normal(0, 3, grid.shape)
    tubes = [(j - at) ** 2 + (k - 20) ** 2 < 5 for at in (18, 24)]
    image = Volume(50 + 100 * (tubes[0] | tubes[1]) + noise + 0 * i, grid)
    x = np.linspace(-4, 4, 9)
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
    return image, NerveTree(nerves), frame


if __name__ == "__main__":
    search() if _SEARCH in sys.argv else main()
