"""The fit of one section's nerve, with and without a coat of fat, averaged by their evidence.

A nerve lies in a coat of fat. Where bright muscle surrounds a thin coat, the dark ring is lost in
the blur, and a fit that knows nothing of it makes up for the missing brightness by a narrower
nerve. Whether there is a coat can often not be told, so both fits count: each by its chance, and
their disagreement is part of the error [Hoeting et al. 1999, Stat Sci 14:382].
"""

import math
from dataclasses import dataclass

import numpy as np

from plexus_mri.core.grid import FloatArray
from plexus_mri.measure.section_fit import PER_NERVE, fit_section
from plexus_mri.measure.section_problem import Section
from plexus_mri.measure.settings import MeasureSettings

# The share of a window's voxels that are as dark as its fat. Noise lowers this quantile and lifts
# dark voxels of a magnitude image; the two about cancel.
_FAT_QUANTILE = 0.1
# How well a coat is known: log radius, stretches; its signal in units of the contrast.
_COAT_SPREAD = (0.25, 0.1, 0.1)
_COAT_SIGNAL = 0.07
# The window's middle intensity shows a coat fully when it is brighter than fat by this share of
# the nerve's contrast; muscle is by 0.3-0.6.
_SEEN = 0.2


@dataclass(frozen=True, eq=False)
class NerveFit:
    """What a section says of its nerve.

    Parameters
    ----------
    values, variances : (6,)
        Parameters of the nerve (see `section_fit`) and their variances.
    noise, contrast
        Size of the residuals; signal above what lies around the rim.
    settled
        Whether the fit came to rest.
    log_evidence
        Of the model, up to a constant of the section at its noise.
    pulls : (3, n)
        Derivatives of the nerve's log radius and signal, and of the log likelihood, by the value
        of each of the window's n voxels.
    borrowed : (2,)
        Change of log radius and of signal by a unit of the signal that was expected.
    """

    values: FloatArray
    variances: FloatArray
    noise: float
    contrast: float
    settled: bool
    log_evidence: float
    pulls: FloatArray
    borrowed: FloatArray


def fit(section: Section, settings: MeasureSettings, noise: float = 0.0) -> NerveFit:
    """Fit of the section as it stands, at a fixed noise unless it is 0."""
    return _fitted(section, settings, noise)[0]


@dataclass(frozen=True, eq=False)
class TwoFits:
    """The fits of a section without and with a coat of fat; the latter None where it failed.

    Parameters
    ----------
    evidence, prior
        Log odds of the coat by this section alone, and before looking.
    """

    plain: NerveFit
    coated: NerveFit | None = None
    evidence: float = 0.0
    prior: float = 0.0

    def averaged(self, share: float) -> NerveFit:
        """Both in one, the coat with this chance."""
        return self.plain if self.coated is None else average(self.plain, self.coated, share)


def fit_with_coat(section: Section, settings: MeasureSettings) -> TwoFits:
    """Fits without and with a coat of fat."""
    plain, theta = _fitted(section, settings, 0.0)
    if not plain.settled:
        return TwoFits(plain)
    coat, spread = _coat(theta, section.data[0], settings)
    coated_section = section.started_at(theta).with_objects(coat[None], spread)
    coated = fit(coated_section, settings, plain.noise)
    if not coated.settled or not np.isfinite(coated.log_evidence):
        return TwoFits(plain)
    evidence = coated.log_evidence - float(np.log(spread).sum()) - plain.log_evidence
    prior = _prior_log_odds(section, plain, float(coat[5]), settings)
    return TwoFits(plain, coated, evidence, prior)


def average(one: NerveFit, other: NerveFit, share: float) -> NerveFit:
    """Both fits in one, the other with a ``share`` of 0-1; their distance adds to the variance.

    >>> nothing = np.zeros((3, 1)), np.zeros(2)
    >>> a = NerveFit(np.zeros(6), np.ones(6), 1.0, 5.0, True, 0.0, *nothing)
    >>> b = NerveFit(np.full(6, 2.0), np.ones(6), 1.0, 5.0, True, 0.0, *nothing)
    >>> average(a, b, 0.5).variances.tolist()
    [2.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    """
    values = (1.0 - share) * one.values + share * other.values
    variances = (1.0 - share) * (one.variances + (one.values - values) ** 2)
    variances = variances + share * (other.variances + (other.values - values) ** 2)
    contrast = (1.0 - share) * one.contrast + share * other.contrast
    pulls = (1.0 - share) * one.pulls + share * other.pulls
    borrowed = (1.0 - share) * one.borrowed + share * other.borrowed
    return NerveFit(
        values, variances, one.noise, contrast, one.settled, one.log_evidence, pulls, borrowed
    )


def _fitted(
    section: Section, settings: MeasureSettings, noise: float
) -> tuple[NerveFit, FloatArray]:
    """Fit of a section and all its parameters."""
    robust = (settings.loss_turn_noise_units, section.least_noise, noise)
    theta, covariance, facts, pulls = fit_section(
        section.start, section.prior, section.data, section.scene, robust
    )
    off = float((section.prior[1] * (theta - section.prior[0]) ** 2).sum())
    # Laplace: the width of the posterior counts, measured by the robust covariance.
    width = float(np.linalg.slogdet(covariance)[1])
    evidence = -0.5 * (float(facts[1]) + off) + 0.5 * width
    own = slice(0, PER_NERVE)
    found = NerveFit(
        theta[own],
        np.diag(covariance)[own],
        float(facts[0]),
        float(facts[4]),
        bool(facts[3] > 0.0),
        evidence,
        pulls,
        facts[5:7],
    )
    return found, theta


def _prior_log_odds(
    section: Section, plain: NerveFit, fat: float, settings: MeasureSettings
) -> float:
    """Log odds of a coat before looking: even where tissue brighter than fat is near, else low.

    In fat a coat cannot be seen, and what looks like one is the blur's own shape.
    """
    around = float(np.median(section.data[0]))
    brighter = (around - fat) / max(abs(plain.contrast), 1e-9)
    return settings.coat_log_odds_in_fat * (1.0 - float(np.clip(brighter / _SEEN, 0.0, 1.0)))


def _coat(
    theta: FloatArray, values: FloatArray, settings: MeasureSettings
) -> tuple[FloatArray, FloatArray]:
    """Expected parameters (6,) of a coat around the nerve and their standard deviations (6,).

    It is painted over all else that lies behind the nerve.
    """
    fat = float(np.quantile(values, _FAT_QUANTILE))
    around = math.log(math.exp(theta[2]) + settings.coat_mm)
    coat = np.array([theta[0], theta[1], around, theta[3], theta[4], fat])
    centre_mm, signal = (
        settings.coat_centre_error_mm,
        _COAT_SIGNAL * max(abs(theta[5] - fat), 1e-6),
    )
    return coat, np.array([centre_mm, centre_mm, *_COAT_SPREAD, signal])
