"""How well a field through muscle tells muscle that it was not fitted to.

Symbols: a, b, c counts of the coarse grid along its axes; n control points of the field, k of
them along an axis; m voxels of a block.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from plexus_mri.core.grid import FloatArray

# A block tells nothing unless this share of it is muscle.
_LEAST_SHARE = 0.02


@dataclass(frozen=True, eq=False)
class SplineFit:
    """A penalised spline through weighted values on a grid.

    Parameters
    ----------
    values, weights : (a, b, c)
        What is fitted, and how much each voxel counts: 0-1.
    bases
        B-splines of each axis: (a, k), (b, k), (c, k).
    penalty : (n, n)
        On the control points.
    """

    values: FloatArray
    weights: FloatArray
    bases: Sequence[FloatArray]
    penalty: FloatArray

    @property
    def sizes(self) -> tuple[int, ...]:
        """Control points along each axis."""
        return tuple(basis.shape[1] for basis in self.bases)

    def field(self) -> FloatArray:
        """Fitted values (a, b, c)."""
        points = np.linalg.solve(self.system(), self._right()).reshape(self.sizes)
        fitted: FloatArray = np.einsum("abc,xa,yb,zc->xyz", points, *self.bases, optimize=True)
        return fitted

    def system(self) -> FloatArray:
        """Matrix (n, n) of the normal equations, penalty and a little ridge included."""
        pairs = [np.einsum("ni,nj->nij", b, b).reshape(len(b), -1) for b in self.bases]
        normal = np.einsum("xyz,xa,yb,zc->abc", self.weights, *pairs, optimize=True)
        normal = normal.reshape([size for k in self.sizes for size in (k, k)])
        normal = normal.transpose(0, 2, 4, 1, 3, 5).reshape(len(self.penalty), -1)
        ridge = 1e-6 * float(np.trace(normal)) / len(normal) * np.eye(len(normal))
        whole: FloatArray = normal + self.penalty + ridge
        return whole

    def _right(self) -> FloatArray:
        """Right side (n,) of the normal equations."""
        right: FloatArray = np.einsum(
            "xyz,xa,yb,zc->abc", self.weights * self.values, *self.bases, optimize=True
        ).ravel()
        return right

    def left_out_error(self, block: int) -> float:
        """RMS of how far off the mean of a block is when the block is left out of the fit.

        Nerves lie between muscles, not in them: this is the error of a field at places about a
        block away from what it was fitted to. Blocks count by the muscle in them.

        Parameters
        ----------
        block
            Voxels of a block along each axis; blocks lie about the grid's centre, so that a
            mirrored image has the mirrored blocks.
        """
        inverse = np.linalg.inv(self.system())
        points = inverse @ self._right()
        errors, shares = [], []
        for part in self._blocks(block):
            off = part.values - part.rows @ _without(part, inverse, points)
            errors.append(float(part.weights @ off / part.weights.sum()))
            shares.append(float(part.weights.sum()))
        return float(np.sqrt(np.average(np.square(errors), weights=shares))) if errors else 0.0

    def _blocks(self, block: int) -> Iterator["_Block"]:
        """Every block that holds enough muscle."""
        parts = [_parts(len(basis), block) for basis in self.bases]
        for cut in product(*parts):
            weights = self.weights[cut].ravel()
            if weights.sum() < _LEAST_SHARE * block**3:
                continue
            bases = [basis[piece] for basis, piece in zip(self.bases, cut, strict=True)]
            rows, points = _rows(bases, self.sizes)
            used = weights > 0.0
            values = self.values[cut].ravel()
            yield _Block(values[used], weights[used], rows[used], points)


@dataclass(frozen=True, eq=False)
class _Block:
    """Voxels that are left out together.

    Parameters
    ----------
    values, weights : (m,)
        What is fitted there, and how much each voxel counts.
    rows : (m, q)
        The splines that reach into the block, at its voxels.
    points : (q,)
        Which control points they belong to.
    """

    values: FloatArray
    weights: FloatArray
    rows: FloatArray
    points: npt.NDArray[np.intp]


def _without(part: _Block, inverse: FloatArray, points: FloatArray) -> FloatArray:
    """Control points (q,) that reach into a block, of the fit without it.

    A block changes the equations at its own control points alone, so a system of their number is
    solved (Woodbury's identity) [Golub & Van Loan 2013, Matrix Computations, 2.1.4].

    Parameters
    ----------
    inverse : (n, n)
        Of the matrix of the whole fit.
    points : (n,)
        Control points of the whole fit.
    """
    weighted = part.rows * part.weights[:, None]
    own = inverse[np.ix_(part.points, part.points)]
    told = points[part.points] - own @ (weighted.T @ part.values)
    without: FloatArray = np.linalg.solve(np.eye(len(own)) - own @ (weighted.T @ part.rows), told)
    return without


def _parts(count: int, block: int) -> list[slice]:
    """An axis of ``count`` voxels cut into blocks about its middle."""
    number = np.round((np.arange(count) - (count - 1) / 2) / block)
    starts = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
    return [slice(s, e) for s, e in zip(starts, [*starts[1:], count], strict=True)]


def _rows(
    bases: Sequence[FloatArray], sizes: Sequence[int]
) -> tuple[FloatArray, npt.NDArray[np.intp]]:
    """Splines (m, q) at the voxels of a block, and the control points (q,) they belong to."""
    used = [np.flatnonzero(basis.any(axis=0)) for basis in bases]
    parts = [basis[:, u] for basis, u in zip(bases, used, strict=True)]
    rows = np.einsum("xa,yb,zc->xyzabc", *parts)
    points = np.ravel_multi_index(tuple(np.meshgrid(*used, indexing="ij")), tuple(sizes))
    return rows.reshape(int(np.prod(rows.shape[:3])), -1), points.ravel()
