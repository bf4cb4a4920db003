"""What averaging along a nerve hides is part of a section's error."""

import numpy as np
import pytest

from plexus_mri.measure.averaging_error import averaging_error

ARC = np.arange(0.0, 30.0)


def test_a_straight_taper_loses_nothing():
    assert averaging_error(ARC, 9.0 - 0.1 * ARC, 1.5)[2:-2] == pytest.approx(0.0, abs=1e-9)


def test_beside_a_ganglion_it_is_what_the_slab_adds():
    # An area that falls from 19 to 4.5 mm² like a bell of 2.5 mm: the mean over 3 mm is known.
    def area(s):
        return 4.5 + 14.5 * np.exp(-0.5 * (s / 2.5) ** 2)

    slab = np.mean([area(ARC + step) for step in np.linspace(-1.5, 1.5, 301)], axis=0)
    off = np.abs(slab - area(ARC))
    found = averaging_error(ARC, area(ARC), 1.5)
    # Beyond the beginning the course is taken as level, so the first nodes are left out; a fifth
    # and 0.05 mm²: the course between nodes is taken as straight.
    assert found[2:-2] == pytest.approx(off[2:-2], rel=0.2, abs=0.05)


def test_a_gap_and_a_nerve_without_sections_lose_nothing():
    level = np.where((ARC > 9) & (ARC < 14), np.nan, 7.0)
    assert averaging_error(ARC, level, 1.5).tolist() == [0.0] * len(ARC)
    assert averaging_error(ARC, np.full(len(ARC), np.nan), 1.5).tolist() == [0.0] * len(ARC)
