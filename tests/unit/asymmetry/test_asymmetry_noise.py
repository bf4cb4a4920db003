import numpy as np
import pytest

from plexus_mri.asymmetry import AsymmetrySettings
from plexus_mri.asymmetry.noise import NodeNoise, mean_estimate
from plexus_mri.asymmetry.pairing import Course, pair_courses
from plexus_mri.core.anatomy import Nerve, Side
from tests.nerve_tables import profile, table_of

SE_PERCENT = 6.0


def test_independent_nodes_average_out():
    sides = [profile(Nerve.C6, s, se_percent=SE_PERCENT) for s in Side]
    pair = pair_courses(table_of(*sides), AsymmetrySettings())[Nerve.C6, Course.AREA]
    expected = SE_PERCENT / 100.0 / np.sqrt(len(pair.left))
    found = mean_estimate(pair, pair.left, pair.left_se, NodeNoise(lag_one=0.0, scatter=1.0))
    assert found.relative_se == pytest.approx(expected)
