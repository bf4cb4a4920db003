"""The stiff field through muscle, sought from several starts.

Rounds tell muscle by the field and fit the field to that muscle, until they settle. Where shading
is strong they can settle on a field under which one tissue on one side passes for another on the
other side, so they are begun from many slopes of the image.

Symbols: a, b, c counts of the coarse grid along its axes.
"""

from collections.abc import Iterable
from dataclasses import replace
from itertools import product

import numpy as np
from scipy import ndimage

from plexus_mri.core.grid import FloatArray
from plexus_mri.preprocess.left_out import SplineFit
from plexus_mri.preprocess.muscle_fit import TOLERANCE, Tissue, muscle_fit
from plexus_mri.preprocess.settings import PreprocessSettings

# Tolerance about muscle of the first of the narrowing rounds.
_WIDEST = 0.18
# These rounds fit a stiffer field, so that no tissue is taken for shading at the start.
_STIFFER = (300.0, 100.0, 30.0, 10.0, 3.0)
# Rounds go on until none moves the field by more than this anywhere in the body; fields closer
# than the last everywhere are one and the same.
_SETTLED, _MOST_ROUNDS, _SAME = 1e-3, 60, 0.02
# How far apart (RMS over the body) fields through different muscle of one image are thought to be.
# On development images they are 0.02-0.04 apart, to 0.13 where denervated muscle took one of them
# along (ADR-140).
_APART = 0.1
# The same of the search, which goes about its fields on a grid this many times as coarse, from no
# slope and slopes of this much (logarithm of intensity from end to end) along one or two axes; the
# image's mirror has the mirrored starts. So many of what it found are followed (ADR-137).
_SEARCH_SETTLED, _SEARCH_ROUNDS, _SEARCH_SAME = 5e-3, 12, 0.05
_SEARCH_COARSER, _SEARCH_SLOPE, _FOLLOWED = 2, 0.4, 3

# A field (a, b, c) that more rounds do not change, and the fit that gave it.
_Settled = tuple[FloatArray, SplineFit]


def stiff_field(
    tissue: Tissue, settings: PreprocessSettings, other: FloatArray | None = None
) -> tuple[FloatArray, float, float]:
    """Of the fields that rounds settle on, the one that tells most muscle best.

    A field that takes one tissue for another holds less muscle, or tells left-out muscle worse:
    the least left-out error for each share of the tissue that is muscle is chosen. Beside the
    field, its left-out error, and how far (RMS over the body) it is from where rounds of narrowing
    tolerance had come: muscle that pins a field leaves it little way.

    Parameters
    ----------
    other : (a, b, c)
        Field of the same shading by other tissue: one far from it must tell muscle much better.
    """
    early = _narrowing(tissue, settings)
    starts = (early, *_searched(tissue, settings))
    found = _distinct(
        tissue,
        [_settled(tissue, start, settings, (_SETTLED, _MOST_ROUNDS)) for start in starts],
        _SAME,
    )
    errors = [fit.left_out_error(settings.left_out_voxels) for _, fit in found]
    worse = [
        np.log(max(error, 1e-300) / _muscle(one)) + _unlikeness(tissue, one[0], other)
        for error, one in zip(errors, found, strict=True)
    ]
    best = int(np.argmin(worse))
    field = found[best][0]
    return field, errors[best], float(np.std((field - early)[tissue.body]))


def _unlikeness(tissue: Tissue, field: FloatArray, other: FloatArray | None) -> float:
    """How unlikely two fields (a, b, c) are of one shading: minus the logarithm of a Gaussian."""
    if other is None:
        return 0.0
    return 0.5 * (float(np.std((field - other)[tissue.body])) / _APART) ** 2


def _searched(tissue: Tissue, settings: PreprocessSettings) -> list[FloatArray]:
    """Fields (a, b, c) that rounds from many slopes settled on, on a coarser grid; best first."""
    coarse = tissue.every(_SEARCH_COARSER)
    spaced = replace(settings, fit_spacing_mm=_SEARCH_COARSER * settings.fit_spacing_mm)
    until = (_SEARCH_SETTLED, _SEARCH_ROUNDS)
    settled = [_settled(coarse, start, spaced, until) for start in _slopes(coarse.log.shape)]
    # Of two that are the same, the one with more muscle, which is the mirrored one in the mirror.
    settled.sort(key=_muscle, reverse=True)
    found = _distinct(coarse, settled, _SEARCH_SAME)
    found.sort(key=lambda one: one[1].left_out_error(spaced.left_out_voxels) / _muscle(one))
    places = np.indices(tissue.log.shape) / _SEARCH_COARSER
    return [
        ndimage.map_coordinates(field, places, order=1, mode="nearest")
        for field, _ in found[:_FOLLOWED]
    ]


def _slopes(shape: tuple[int, ...]) -> list[FloatArray]:
    """Fields (a, b, c) with no slope, and with slopes along one or two axes."""
    axes = np.meshgrid(*[np.linspace(-0.5, 0.5, count) for count in shape], indexing="ij")
    signs = [s for s in product((-1, 0, 1), repeat=len(shape)) if np.count_nonzero(s) <= 2]
    return [
        _SEARCH_SLOPE * np.sum([k * axis for k, axis in zip(s, axes, strict=True)], axis=0)
        for s in signs
    ]


def _distinct(tissue: Tissue, settled: Iterable[_Settled], same: float) -> list[_Settled]:
    """Fields that lie further apart than ``same`` somewhere; the first of those that do not."""
    found: list[_Settled] = []
    for one in settled:
        if all(_change(tissue, one[0], other[0]) >= same for other in found):
            found.append(one)
    return found


def _muscle(settled: _Settled) -> float:
    """Tissue that is muscle under a field, in voxels."""
    return max(float(settled[1].weights.sum()), 1e-300)


def _narrowing(tissue: Tissue, settings: PreprocessSettings) -> FloatArray:
    """Field (a, b, c) after the rounds of narrowing tolerance, from none."""
    field = np.zeros_like(tissue.log)
    tolerances = np.geomspace(_WIDEST, TOLERANCE, settings.iterations)
    stiffer = (*_STIFFER, *[1.0] * settings.iterations)
    for tolerance, factor in zip(tolerances, stiffer, strict=False):
        field = muscle_fit(tissue, field, tolerance, factor, settings).field()
    return field


def _settled(
    tissue: Tissue, field: FloatArray, settings: PreprocessSettings, until: tuple[float, int]
) -> _Settled:
    """Field after rounds, ``until`` one moves it by less than the first or there were so many."""
    settled, most = until
    for _ in range(most):
        before = field
        fit = muscle_fit(tissue, before, TOLERANCE, 1.0, settings)
        field = fit.field()
        if _change(tissue, before, field) < settled:
            break
    return field, fit


def _change(tissue: Tissue, one: FloatArray, other: FloatArray) -> float:
    """Largest difference of two fields in the body, up to a constant."""
    off = (one - other)[tissue.body]
    return float(np.abs(off - off.mean()).max())
