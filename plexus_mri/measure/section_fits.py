"""Fits of all sections of all nerves: one pass."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from plexus_mri.core.anatomy import NerveKey
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.volume import Volume
from plexus_mri.measure.coat_along import coat_shares
from plexus_mri.measure.nerve_curve import NerveCurve
from plexus_mri.measure.nerve_fit import NerveFit, TwoFits, fit, fit_with_coat
from plexus_mri.measure.nerve_state import NerveState, NerveStates
from plexus_mri.measure.noise_along import Pull, along_nerve, pull_of
from plexus_mri.measure.point_spread import PointSpread
from plexus_mri.measure.section_core import core_variance
from plexus_mri.measure.section_problem import Section, section_at
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.measure.untraced import no_objects, with_untraced

_NO_CORE = (np.nan, np.nan)
# More variance of the blur, voxels², by which derivatives are taken.
BLUR_CHANGE = 0.01
# A row of `SectionFits` where there was nothing to fit.
_NO_FIT = (*[np.nan] * 11, 0.0, np.inf, 0.0, 0.0, 0.0, 0.0, *_NO_CORE)


@dataclass(frozen=True, eq=False)
class SectionFits:
    """Fitted sections of one nerve, one entry per node (n); NaN where there was nothing to fit.

    Parameters
    ----------
    offset_mm : (n, 2)
        Fitted centre in the section plane, relative to the node.
    offset_se_mm : (n,)
        Its standard error along the worse direction.
    log_radius, log_radius_se : (n,)
        Log of the area-equivalent radius in mm.
    stretch : (n, 2)
        Stretches of the ellipse.
    signal, signal_se, contrast, noise : (n,)
        Intensity of the nerve, its error, its height above its surroundings, the residuals' size.
    share_in_view, gap_mm : (n,)
        Share of the window inside the image; free space to the nearest traced neighbour.
    merged, settled : (n,)
        Whether a neighbour lies on the same axis; whether the fit came to rest.
    borrowed : (n, 2)
        Change of log radius and of signal by a unit of the signal that was expected.
    core_variance, core_variance_se : (n,)
        Variance of intensity inside the section, noise included, and its standard error; NaN
        where too few voxels lie inside it, and in all passes but the last.
    noise_covariance : (n, n)
        Of the log radii by noise alone; None in all passes but the last.
    by_blur : (n, 3)
        Change of log radius by a unit of the blur's variance (voxels²) that the fit did not know
        of, along each axis of the image; None in all passes but the last.
    blur_se : (n,)
        Standard error of log radius by how well the image's blur is known, the same blur for all.
    """

    offset_mm: FloatArray
    offset_se_mm: FloatArray
    log_radius: FloatArray
    log_radius_se: FloatArray
    stretch: FloatArray
    signal: FloatArray
    signal_se: FloatArray
    contrast: FloatArray
    noise: FloatArray
    share_in_view: FloatArray
    gap_mm: FloatArray
    merged: np.ndarray[tuple[int], np.dtype[np.bool_]]
    settled: np.ndarray[tuple[int], np.dtype[np.bool_]]
    borrowed: FloatArray
    core_variance: FloatArray
    core_variance_se: FloatArray
    noise_covariance: FloatArray | None = None
    by_blur: FloatArray | None = None
    blur_se: FloatArray | None = None

    def trusted(self, settings: MeasureSettings) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Whether each section (n,) was fitted well enough to be reported."""
        shift = np.linalg.norm(self.offset_mm, axis=1)
        return np.asarray(
            self.settled
            & (self.contrast >= settings.least_contrast_to_noise * self.noise)
            & (self.log_radius_se <= settings.largest_radius_error_percent / 100.0)
            & (shift <= settings.largest_shift_mm)
        )


@dataclass(frozen=True)
class Look:
    """How closely a pass looks.

    At every how many-th node; the image's noise once known; whether coats of fat are tried; how
    many voxels are as good as one, where the spread inside the sections is asked for; point
    spreads of a little more blur along each axis, where errors along the nerve are asked for.
    """

    every: int = 1
    noise: float | None = None
    coats: bool = False
    alike: float | None = None
    blurrier: Sequence[PointSpread] = ()


def fit_nerve(
    image: Volume,
    spread: PointSpread,
    states: NerveStates,
    key: NerveKey,
    look: Look,
    settings: MeasureSettings,
) -> SectionFits:
    """Fit the nodes of one nerve; given the image's noise, also what stands beside it.

    Nodes that are passed over have no fit.
    """
    looked = _looked(image, spread, states, key, look, settings)
    count = len(states[key].radius_mm)
    shares, turns = coat_shares(
        [looked[node][1] if node in looked else None for node in range(count)], settings
    )
    rows: list[Sequence[float]] = [[*_NO_FIT] for _ in range(count)]
    pulls: list[Pull | None] = [None] * count
    for node, (section, fits) in looked.items():
        fitted = fits.averaged(float(shares[node]))
        core = _NO_CORE
        if look.alike is not None:
            core = core_variance(section, fitted, look.alike, settings)
        if look.blurrier:
            wider = _blurrier(look, states[key].curve, node)
            pulls[node] = pull_of(section, fits, fitted, wider, BLUR_CHANGE)
        rows[node] = [*_row(section, fitted), *core]
    found = _fits_of(rows)
    if not look.blurrier:
        return found
    covariance, by_blur = along_nerve(pulls, states[key].signal_from, turns)
    return replace(found, noise_covariance=covariance, by_blur=by_blur)


def _looked(
    image: Volume,
    spread: PointSpread,
    states: NerveStates,
    key: NerveKey,
    look: Look,
    settings: MeasureSettings,
) -> dict[int, tuple[Section, TwoFits]]:
    """Sections of one nerve and their fits, by node, from its middle to both ends."""
    looked = {}
    count = len(states[key].radius_mm)
    middle = count // 2
    for run in (range(middle, count, look.every), range(middle - look.every, -1, -look.every)):
        beside = no_objects()
        for node in run:
            section = section_at(image, spread, states, (key, node), settings)
            if section is None:
                continue
            if look.noise is not None:
                section, beside = with_untraced(section, beside, look.noise, settings)
            fits = (
                fit_with_coat(section, settings) if look.coats else TwoFits(fit(section, settings))
            )
            looked[node] = section, fits
    return looked


def _blurrier(look: Look, curve: NerveCurve, node: int) -> FloatArray:
    """Whitening (3, 2, 2) of a node's section at a little more blur along each axis."""
    first, second = curve.first[node], curve.second[node]
    return np.stack([spread.whitening(first, second) for spread in look.blurrier])


def _fits_of(rows: Sequence[Sequence[float]]) -> SectionFits:
    """Rows of all nodes, one each, by their names."""
    t = np.array(rows).T
    return SectionFits(
        offset_mm=t[0:2].T,
        offset_se_mm=t[2],
        log_radius=t[3],
        log_radius_se=t[4],
        stretch=t[5:7].T,
        signal=t[7],
        signal_se=t[8],
        contrast=t[9],
        noise=t[10],
        share_in_view=t[11],
        gap_mm=t[12],
        merged=t[13] > 0,
        settled=t[14] > 0,
        borrowed=t[15:17].T,
        core_variance=t[17],
        core_variance_se=t[18],
    )


def _row(section: Section, fitted: NerveFit) -> Sequence[float]:
    """Numbers of `SectionFits` for one section, but those of its core."""
    x, y, log_radius, stretch_1, stretch_2, signal = fitted.values
    error = np.sqrt(np.maximum(fitted.variances, 0.0))
    return [
        x,
        y,
        max(error[0], error[1]),
        log_radius,
        error[2],
        stretch_1,
        stretch_2,
        signal,
        error[5],
        fitted.contrast,
        fitted.noise,
        section.share_in_view,
        section.nearest_gap_mm,
        float(section.merged),
        float(fitted.settled),
        *fitted.borrowed,
    ]


def fitted_points(state: NerveState, fits: SectionFits) -> FloatArray:
    """Fitted centres (n, 3), RAS+ mm; the node itself where nothing was fitted."""
    offset = np.nan_to_num(fits.offset_mm)
    curve = state.curve
    points: FloatArray = (
        curve.points_mm + offset[:, :1] * curve.first + offset[:, 1:] * curve.second
    )
    return points
