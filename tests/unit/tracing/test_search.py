import numpy as np
from skimage.graph import MCP_Geometric

from plexus_mri.tracing.search import EndSearch


def maze():
    """Uneven costs with holes, a seed in one face and the open voxels of the other as ends."""
    rng = np.random.default_rng(0)
    cost = rng.uniform(1.0, 5.0, (20, 24, 28))
    cost[rng.uniform(size=cost.shape) < 0.3] = np.inf
    cost[0, 12, 14] = 1.0
    ends = np.argwhere(np.isfinite(cost) & (np.indices(cost.shape)[0] == 19))
    factor, onward = 1.0 + rng.uniform(0.0, 3.0, len(ends)), rng.uniform(0.0, 40.0, len(ends))
    return cost, np.array([[0, 12, 14]]), ends, factor, onward


def test_the_best_end_and_its_way_are_those_of_the_whole_search():
    cost, seed, ends, factor, onward = maze()
    whole = MCP_Geometric(cost)
    expected = whole.find_costs([tuple(seed[0])])[0][tuple(ends.T)] * factor + onward
    search = EndSearch(cost)
    _, found = search.values(seed, ends, factor, onward)
    best = int(np.argmin(expected))
    assert int(np.argmin(found)) == best
    assert found[best] == expected[best]
    assert search.traceback(tuple(ends[best])) == whole.traceback(tuple(ends[best]))


def test_ends_that_cannot_be_the_best_are_not_followed():
    cost, seed, ends, factor, onward = maze()
    _, found = EndSearch(cost).values(seed, ends, factor, onward)
    assert 0 < np.isfinite(found).sum() < len(ends)
