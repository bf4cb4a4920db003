"""A search for the way to the best of many ends, which stops once no other can be better."""

import numpy as np
from skimage.graph import MCP_Geometric

from plexus_mri.core.grid import FloatArray
from plexus_mri.tracing.field import IndexArray


class EndSearch(MCP_Geometric):  # type: ignore[misc]
    """Cheapest ways from seeds, followed only as far as an end may still be the best.

    The value of an end is ``factor · cost + onward``, with factors of at least 1: an end that is
    farther than the best value so far cannot be better.

    Parameters
    ----------
    cost : (nx, ny, nz)
        Cost per mm; infinite where no way leads.
    """

    def __init__(self, cost: FloatArray) -> None:
        super().__init__(cost)
        self._shape = cost.shape
        self._ends: dict[int, tuple[float, float]] = {}
        self._nearest_onward = 0.0
        self._best = np.inf

    def values(
        self, seeds: IndexArray, ends: IndexArray, factor: FloatArray, onward: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Cost and value (m,) of ends (m, 3); infinite where an end cannot be the best.

        Parameters
        ----------
        seeds : (s, 3)
            Voxels that ways start from.
        factor, onward : (m,)
            What the value of each end is made of.
        """
        flat = np.ravel_multi_index(tuple(ends.T), self._shape, order="F")
        worth = zip(factor.tolist(), onward.tolist(), strict=True)
        self._ends = dict(zip(flat.tolist(), worth, strict=True))
        self._nearest_onward, self._best = float(onward.min()), np.inf
        costs, _ = self.find_costs(list(map(tuple, seeds)), list(map(tuple, ends)))
        reached = costs[tuple(ends.T)]
        return reached, reached * factor + onward

    def goal_reached(self, index: int, cumcost: float) -> int:
        """2 (stop) when no end this far or farther can be the best; called by the search."""
        end = self._ends.get(index)
        if end is not None:
            self._best = min(self._best, cumcost * end[0] + end[1])
        return 2 if cumcost + self._nearest_onward > self._best else 0
