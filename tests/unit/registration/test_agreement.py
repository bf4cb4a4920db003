import numpy as np
import pytest

from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import Volume
from plexus_mri.registration.agreement import BINS, BodySamples, ranks, similarity


def test_similarity_is_the_mutual_information_of_ranks_in_even_bins():
    rng = np.random.default_rng(3)
    # Whole numbers: many values are equal, and equal ones share the lowest rank.
    data = rng.integers(0, 90, (20, 20, 20)).astype(np.float32)
    moving = Volume(data, Grid(data.shape, np.eye(4)))
    places = np.argwhere(data >= 0).astype(float)
    values = data.ravel() + 20 * rng.normal(size=data.size)
    found, overlap = similarity(BodySamples(places, ranks(values)), moving, places)
    table = np.histogram2d(ranks(values), ranks(data.ravel()), BINS, ((0, 1), (0, 1)))[0]
    joint = table / table.sum()

    def bits(shares):
        return -(shares[shares > 0] * np.log2(shares[shares > 0])).sum()

    expected = (bits(joint.sum(axis=0)) + bits(joint.sum(axis=1))) / bits(joint) - 1
    assert found == pytest.approx(expected, rel=1e-9)
    assert overlap == 1
