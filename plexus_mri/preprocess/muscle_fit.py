"""One round of the field through muscle: what is muscle, and what is to be fitted to it.

Which voxels are muscle is told by a mixture of three tissues (darker, muscle, brighter) that
share the field [Wells et al. 1996, IEEE Trans Med Imaging 15:429].

Symbols: a, b, c counts of the coarse grid along its axes; k control points of an axis.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.interpolate import BSpline

from plexus_mri.core.grid import BoolArray, FloatArray
from plexus_mri.preprocess.left_out import SplineFit
from plexus_mri.preprocess.settings import PreprocessSettings
from plexus_mri.preprocess.tissue_mixture import Mixture, brightest_mode, fit_mixture

# Tolerance about muscle, in the logarithm of intensity. A wider one takes a shoulder of denervated
# muscle, 1.5 times as bright, for shading (ADR-97).
TOLERANCE = 0.12
# Tolerance above muscle over that below: disease brightens muscle (ADR-130).
_ABOVE = 0.7


@dataclass(frozen=True, eq=False)
class Tissue:
    """Logarithm of intensities (a, b, c) on the coarse grid, what is body, and weights in it."""

    log: FloatArray
    body: BoolArray
    weights: FloatArray

    def every(self, step: int) -> "Tissue":
        """Every so manyth voxel along each axis."""
        part = (slice(None, None, step),) * 3
        return Tissue(self.log[part], self.body[part], self.weights[part])


def muscle_fit(
    tissue: Tissue,
    field: FloatArray,
    tolerance: float,
    factor: float,
    settings: PreprocessSettings,
) -> SplineFit:
    """Tell muscle by the last round's field (a, b, c), and what is to be fitted to it next.

    ``tolerance`` is that about muscle in the logarithm; ``factor`` multiplies the stiffness.
    """
    left = tissue.log - field
    logs, worth = left[tissue.body], tissue.weights[tissue.body]
    mode = brightest_mode(logs, worth, max(0.5 * tolerance, 0.12))
    mixture = fit_mixture(logs - mode, worth, tolerance)
    off = left - mode - mixture.means[1]
    share = tissue.weights * _muscle_share(off, mixture, tolerance)
    bases, penalty = _splines(left.shape, settings.fit_spacing_mm, settings.control_spacing_mm)
    stiffness = factor * settings.stiffness * share.sum() / len(penalty)
    return SplineFit(field + off, share, bases, stiffness * penalty)


def _muscle_share(off: FloatArray, mixture: Mixture, tolerance: float) -> FloatArray:
    """How surely a voxel that is ``off`` (a, b, c) muscle's mean is muscle: 0-1."""
    reach = np.where(off > 0.0, _ABOVE * tolerance, tolerance)
    near: FloatArray = mixture.share_of_muscle(off + mixture.means[1]) * np.exp(
        -0.5 * (off / reach) ** 2
    )
    return near


@lru_cache(maxsize=4)
def _splines(
    shape: tuple[int, ...], step_mm: float, control_mm: float
) -> tuple[Sequence[FloatArray], FloatArray]:
    """Splines (count, k) of each axis of a grid and the bending penalty (n, n) of a field of them.

    A search for the field asks for those of two grids hundreds of times.
    """
    bases = tuple(_spline_basis(count, step_mm, control_mm) for count in shape)
    return bases, _bending([basis.shape[1] for basis in bases])


def _spline_basis(count: int, step_mm: float, control_mm: float) -> FloatArray:
    """Cubic B-splines (count, k) over an axis, the same from either end."""
    extent = (count - 1) * step_mm
    spans = spans_of_axis(count, step_mm, control_mm)
    knots = np.arange(-3, spans + 4) * extent / spans
    places = np.minimum(np.arange(count) * step_mm, extent * (1.0 - 1e-12))
    basis: FloatArray = BSpline.design_matrix(places, knots, 3).toarray()
    return basis


def spans_of_axis(count: int, step_mm: float, control_mm: float) -> int:
    """Stretches between the control points of an axis."""
    return max(1, int(np.ceil((count - 1) * step_mm / control_mm - 1e-9)))


def _bending(sizes: Sequence[int]) -> FloatArray:
    """Penalty (n, n) on second differences of the control points along each axis."""
    whole = np.zeros((int(np.prod(sizes)),) * 2)
    for axis in range(3):
        factors = [np.eye(size) for size in sizes]
        bend = np.diff(np.eye(sizes[axis]), 2, axis=0)
        factors[axis] = bend.T @ bend
        whole += np.kron(np.kron(factors[0], factors[1]), factors[2])
    return whole
