"""What is painted goes before the image's own tubes; ganglia stay those seen."""

import numpy as np
import pytest

from plexus_mri.core.anatomy import Side
from plexus_mri.core.evidence import Ganglion, NerveEvidence
from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import LabelMap, Volume
from plexus_mri.segmentation.unnamed_mask import UNPAINTED_SHARE, led_by_mask

WORK = Grid((30, 30, 30), np.diag([0.8, 0.8, 0.8, 1.0]))
SEEN = Ganglion(Side.RIGHT, np.array([9.0, 9.0, 9.0]), 5.0, 12.0, 3.0, 1.0)
EVIDENCE = NerveEvidence(Volume(np.full(WORK.shape, 0.9, np.float32), WORK), (SEEN,), 1.0)


def painted(grid):
    """A bar 6 mm wide along x, about y = z = 12 mm."""
    points_mm = grid.to_world(np.argwhere(np.ones(grid.shape)).astype(float))
    inside = (np.abs(points_mm[:, 1:] - 12.0) <= 3.0).all(axis=1).reshape(grid.shape)
    return LabelMap(np.where(inside, np.int16(4), np.int16(0)), grid)


@pytest.mark.parametrize("spacing_mm", [0.8, 1.0])
def test_what_is_painted_is_certain_whatever_grid_it_is_on(spacing_mm):
    grid = Grid((30, 30, 30), np.diag([spacing_mm] * 3 + [1.0]))
    found = led_by_mask(EVIDENCE, painted(grid))
    along = np.array([[12.0, 12.0, 12.0], [12.0, 12.0, 17.0], [12.0, 6.0, 12.0]])
    middle, *beside = found.tubularity.sample(along)
    assert middle == pytest.approx(1.0, abs=0.01)
    # 2 mm beyond the rim, four times its softening, the image's own tubes of 0.9 are left.
    assert beside == pytest.approx([UNPAINTED_SHARE * 0.9] * 2, abs=0.01)
    assert found.ganglia == (SEEN,)


def test_the_mirrored_mask_gives_the_mirrored_evidence():
    found = led_by_mask(EVIDENCE, painted(WORK)).tubularity
    tubes = EVIDENCE.tubularity.mirrored()
    twin = led_by_mask(NerveEvidence(tubes, (), 1.0), painted(WORK).mirrored()).tubularity
    assert np.allclose(twin.data, found.mirrored().data, atol=1e-6)
