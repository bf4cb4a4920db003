"""Field through muscle: what the logarithm of its intensity does over the image.

The field is a stiff B-spline through the logarithm of what looks like muscle. Which voxels those
are is told by a mixture of three tissues (darker, muscle, brighter) that share the field, in
rounds of narrowing tolerance [Wells et al. 1996, IEEE Trans Med Imaging 15:429].

Symbols: a, b, c counts of the coarse grid along its axes; k control points of an axis.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BSpline

from plexus_mri.core.grid import BoolArray, FloatArray
from plexus_mri.preprocess.left_out import SplineFit
from plexus_mri.preprocess.settings import PreprocessSettings
from plexus_mri.preprocess.tissue_mixture import Mixture, brightest_mode, fit_mixture

# Tolerance about muscle, in the logarithm of intensity, of the first and of the last round. A
# wider one takes a shoulder of denervated muscle, 1.5 times as bright, for shading (ADR-97).
_WIDEST, _NARROWEST = 0.18, 0.12
# Tolerance above muscle over that below: disease brightens muscle (ADR-130).
_ABOVE = 0.7
# The first rounds fit a stiffer field, so that no tissue is taken for shading at the start.
_STIFFER = (300.0, 100.0, 30.0, 10.0, 3.0)
# Slopes from which a field is sought, in the logarithm of intensity from the left end of the
# image's first axis to its right one; a mirrored image has the mirrored starts (ADR-130).
_SLOPES = (0.0, -0.4, 0.4)
# Rounds go on until none moves the field by more than this anywhere in the body.
_SETTLED, _MOST_ROUNDS = 1e-3, 60
# Fields closer than this everywhere are one and the same.
_SAME = 0.02
# Rounds of the softer field, which starts from the stiff one.
_SOFT_ROUNDS = 2


@dataclass(frozen=True, eq=False)
class Tissue:
    """Logarithm of intensities (a, b, c) on the coarse grid, what is body, and weights in it."""

    log: FloatArray
    body: BoolArray
    weights: FloatArray


def muscle_log_field(tissue: Tissue, settings: PreprocessSettings) -> tuple[FloatArray, float]:
    """Logarithm (a, b, c) of the bias field, up to a constant, and its relative error.

    The better a softer field tells left-out muscle than the stiff one, the more of it is taken.
    The error is the stiff one's in either case: shading that it misses muscle by, a softer one
    misses nerves by (ADR-98). How far the field went while it settled is part of the error
    (ADR-130).
    """
    stiff, left_out, way = stiff_field(tissue, settings)
    soft = stiff
    for _ in range(_SOFT_ROUNDS):
        fit = muscle_fit(tissue, soft, _NARROWEST, settings.softer, settings)
        soft = fit.field()
    gain = 1.0 - fit.left_out_error(left_out_block(settings)) / left_out if left_out > 0.0 else 0.0
    share = np.interp(100.0 * gain, settings.softer_gain_percent, (0.0, 1.0))
    return stiff + share * (soft - stiff), float(np.hypot(left_out, way))


def left_out_block(settings: PreprocessSettings) -> int:
    """Coarse voxels along each edge of what is left out at a time."""
    return max(1, round(settings.left_out_mm / settings.fit_spacing_mm))


def stiff_field(tissue: Tissue, settings: PreprocessSettings) -> tuple[FloatArray, float, float]:
    """Of the fields that rounds settle on, the one that tells most muscle best.

    A field can settle where it takes one tissue for another on one side. It then holds less
    muscle, or tells left-out muscle worse: the least left-out error for each share of the tissue
    that is muscle is chosen. Beside the field, its left-out error, and how far (RMS over the
    body) it is from where the first rounds from no slope had come: muscle that pins a field
    leaves it little way.
    """
    early = _first_rounds(tissue, 0.0, settings)
    fields: list[FloatArray] = []
    errors, worth = [], []
    for slope in _SLOPES:
        start = early if slope == 0.0 else _first_rounds(tissue, slope, settings)
        field, fit = _settled(tissue, start, settings)
        if any(_change(tissue, field, other) < _SAME for other in fields):
            continue
        fields.append(field)
        errors.append(fit.left_out_error(left_out_block(settings)))
        worth.append(errors[-1] / max(float(fit.weights.sum()), 1e-300))
    best = int(np.argmin(worth))
    way = float(np.std((fields[best] - early)[tissue.body]))
    return fields[best], errors[best], way


def _first_rounds(tissue: Tissue, slope: float, settings: PreprocessSettings) -> FloatArray:
    """Field (a, b, c) after the rounds of narrowing tolerance, from a start of one slope."""
    across = np.linspace(-0.5, 0.5, tissue.log.shape[0])[:, None, None]
    field: FloatArray = slope * across + np.zeros_like(tissue.log)
    tolerances = np.geomspace(_WIDEST, _NARROWEST, settings.iterations)
    stiffer = (*_STIFFER, *[1.0] * settings.iterations)
    for tolerance, factor in zip(tolerances, stiffer, strict=False):
        field = muscle_fit(tissue, field, tolerance, factor, settings).field()
    return field


def _settled(
    tissue: Tissue, field: FloatArray, settings: PreprocessSettings
) -> tuple[FloatArray, SplineFit]:
    """Stiff field that more rounds do not change, and the fit that gave it."""
    for _ in range(_MOST_ROUNDS):
        before = field
        fit = muscle_fit(tissue, before, _NARROWEST, 1.0, settings)
        field = fit.field()
        if _change(tissue, before, field) < _SETTLED:
            break
    return field, fit


def _change(tissue: Tissue, one: FloatArray, other: FloatArray) -> float:
    """Largest difference of two fields in the body, up to a constant."""
    off = (one - other)[tissue.body]
    return float(np.abs(off - off.mean()).max())


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
    bases = [
        _spline_basis(n, settings.fit_spacing_mm, settings.control_spacing_mm) for n in left.shape
    ]
    penalty = _bending([basis.shape[1] for basis in bases])
    stiffness = factor * settings.stiffness * share.sum() / len(penalty)
    return SplineFit(field + off, share, bases, stiffness * penalty)


def _muscle_share(off: FloatArray, mixture: Mixture, tolerance: float) -> FloatArray:
    """How surely a voxel that is ``off`` (a, b, c) muscle's mean is muscle: 0-1."""
    reach = np.where(off > 0.0, _ABOVE * tolerance, tolerance)
    near: FloatArray = mixture.share_of_muscle(off + mixture.means[1]) * np.exp(
        -0.5 * (off / reach) ** 2
    )
    return near


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
