"""Mean and largest value along a nerve with their errors, the part of the image's noise apart.

Symbols: n nodes of a nerve.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from plexus_mri.core.grid import BoolArray, FloatArray
from plexus_mri.core.measurement import Quantity
from plexus_mri.measure.landmark import Estimate
from plexus_mri.measure.settings import MeasureSettings

_IN_A_MAXIMUM = 3


@dataclass(frozen=True, eq=False)
class Series:
    """Values along a nerve with their errors and the nodes that count, n each.

    ``noise`` (n, n) is the covariance of the relative errors by the image's noise, where known.
    """

    values: FloatArray
    errors: FloatArray
    usable: BoolArray
    noise: FloatArray | None = None


def mean_along(series: Series, settings: MeasureSettings) -> Estimate | None:
    """Mean over the usable nodes and its standard error; None when they are too few.

    The error is the larger of what the fits say and what the profile scatters about its own
    course, each divided by the number of independent nodes. Where it is known what noise does to
    all nodes together, that takes the place of noise's part in what the fits say.
    """
    used = series.usable
    if used.sum() * settings.node_step_mm < settings.shortest_mean_mm:
        return None
    values, errors = series.values[used], series.errors[used]
    rough = values - ndimage.gaussian_filter1d(
        values, settings.course_smoothing_mm / settings.node_step_mm, mode="nearest"
    )
    scatter = float((rough**2).mean())
    shared = 2.0 * settings.slab_half_length_mm / settings.node_step_mm
    nodes_apart = max(_correlation_nodes(rough), shared)
    independent = max(len(values) / nodes_apart, 1.0)
    stated, together = float((errors**2).mean()), 0.0
    if series.noise is not None:
        together = (error_of_mean(series.values, series.noise, used) or 0.0) ** 2
        single = float((values**2 * np.diag(series.noise)[used]).mean())
        stated = max(stated - single, 0.0)
    variance = max(stated / independent + together, scatter / independent)
    return float(values.mean()), float(np.sqrt(variance))


def maximum_along(series: Series, settings: MeasureSettings) -> Estimate | None:
    """Largest mean of three consecutive usable nodes, so that one node cannot make it."""
    first = _largest_window(series, settings)
    if first is None:
        return None
    three = slice(first, first + _IN_A_MAXIMUM)
    # The three share most of their voxels, so their errors do not average out.
    return float(series.values[three].mean()), float(series.errors[three].mean())


def _largest_window(series: Series, settings: MeasureSettings) -> int | None:
    """First of the three consecutive usable nodes whose mean is the largest."""
    if series.usable.sum() * settings.node_step_mm < settings.shortest_mean_mm:
        return None
    window = np.ones(_IN_A_MAXIMUM) / _IN_A_MAXIMUM
    whole = np.convolve(series.usable.astype(float), window, mode="valid") > 1.0 - 1e-9
    if not whole.any():
        return None
    running = np.convolve(np.where(series.usable, series.values, 0.0), window, mode="valid")
    return int(np.argmax(np.where(whole, running, -np.inf)))


def noise_errors(
    csa: Series, diameter: Series, settings: MeasureSettings
) -> Mapping[Quantity, float | None]:
    """Standard errors by the image's noise alone, of what rests on areas."""
    if csa.noise is None or diameter.noise is None:
        return {}
    largest = np.zeros(len(csa.values), dtype=bool)
    first = _largest_window(csa, settings)
    if first is not None:
        largest[first : first + _IN_A_MAXIMUM] = True
    return {
        Quantity.CSA_MEAN: error_of_mean(csa.values, csa.noise, csa.usable),
        Quantity.CSA_MAX: error_of_mean(csa.values, csa.noise, largest),
        Quantity.DIAMETER_MEAN: error_of_mean(diameter.values, diameter.noise, diameter.usable),
    }


def error_of_mean(values: FloatArray, covariance: FloatArray, used: BoolArray) -> float | None:
    """Standard error of the mean of the values that are used; None when there are none.

    Parameters
    ----------
    values : (n,)
        One a node.
    covariance : (n, n)
        Of their relative errors.
    used : (n,)
        Whether each counts.

    Examples
    --------
    Two values that err alike, and two that do not:

    >>> both = np.array([True, True])
    >>> error_of_mean(np.array([10.0, 10.0]), np.full((2, 2), 0.01), both)
    1.0
    >>> round(error_of_mean(np.array([10.0, 10.0]), np.diag([0.01, 0.01]), both), 3)
    0.707
    """
    count = int(used.sum())
    if count == 0:
        return None
    counted = values[used]
    variance = float(counted @ covariance[np.ix_(used, used)] @ counted)
    return math.sqrt(max(variance, 0.0)) / count


def _correlation_nodes(residual: FloatArray) -> float:
    """Nodes over which residuals (n,) are correlated: 1 + 2·Σ of the first positive lags."""
    power = float((residual**2).sum())
    if power <= 0.0:
        return 1.0
    total = 1.0
    for lag in range(1, len(residual) // 3):
        share = float((residual[lag:] * residual[:-lag]).sum()) / power
        if share <= 0.0:
            break
        total += 2.0 * share
    return total
