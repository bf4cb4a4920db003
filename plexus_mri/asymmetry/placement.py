"""What a comparison errs by because node 0 of a nerve is not known to the millimetre.

A nerve that grows along its course has another mean when its stretch begins elsewhere, and the
two sides are not begun at the same place. Symbols: ``n`` common usable nodes.
"""

from collections.abc import Callable

import numpy as np

from plexus_mri.asymmetry.noise import running_weights
from plexus_mri.asymmetry.pairing import PairedCourse
from plexus_mri.asymmetry.settings import AsymmetrySettings
from plexus_mri.core.anatomy import CORDS, ROOTS, Nerve
from plexus_mri.core.grid import FloatArray

# A number of arc lengths and values (n,).
Statistic = Callable[[FloatArray, FloatArray], float]


def start_error_mm(
    nerve: Nerve, settings: AsymmetrySettings, *, begins_anywhere: bool = False
) -> float:
    """One standard deviation of the place of node 0 along the nerve, per side."""
    if begins_anywhere:
        return settings.painted_end_error_mm
    if nerve in ROOTS:
        return settings.root_start_error_mm
    return settings.cord_start_error_mm if nerve in CORDS else settings.trunk_start_error_mm


def shift_error_of_means(pair: PairedCourse, settings: AsymmetrySettings) -> float:
    """Standard error of the log ratio of both means when node 0 of either side is off."""
    return _shift_error(pair, lambda _, values: float(values.mean()), settings)


def shift_error_of_maxima(pair: PairedCourse, settings: AsymmetrySettings) -> float:
    """The same of the largest values: nothing unless they lie at an end of the stretch."""

    def largest(arc_mm: FloatArray, values: FloatArray) -> float:
        return float((running_weights(arc_mm, settings.max_window_mm) @ values).max())

    return _shift_error(pair, largest, settings)


def _shift_error(pair: PairedCourse, of: Statistic, settings: AsymmetrySettings) -> float:
    """Standard error of the log ratio of a statistic of both sides when node 0 of either is off.

    The stretch is moved along the nerve by whole steps, as far as its own length allows: the
    statistic without its first nodes against that without its last ones, over that way, times
    the error.
    """
    error_mm = start_error_mm(pair.nerve, settings, begins_anywhere=pair.begins_anywhere)
    arc = pair.arc_length_mm
    longest = int((arc[-1] - arc[0]) / 2.0 / pair.step_mm + 1e-9)
    steps = min(max(round(error_mm / pair.step_mm), 1), longest)
    if steps < 1:
        return 0.0
    moved_mm = steps * pair.step_mm
    late, early = arc >= arc[0] + moved_mm - 1e-9, arc <= arc[-1] - moved_mm + 1e-9
    changes = [
        np.log(of(arc[late], values[late]) / of(arc[early], values[early]))
        for values in (pair.left, pair.right)
    ]
    return float(np.hypot(*sorted(changes, key=abs))) * error_mm / moved_mm


def shift_error_at(pair: PairedCourse, place_mm: float, settings: AsymmetrySettings) -> float:
    """Standard error of the log ratio at a distance from node 0 when either node 0 is off."""
    errors = node_shift_errors(pair, settings)
    return float(np.interp(place_mm, pair.arc_length_mm, errors))


def node_shift_errors(pair: PairedCourse, settings: AsymmetrySettings) -> FloatArray:
    """Standard error (n,) of the log ratio when node 0 of either side is off.

    The change of each side's logarithm over the error of its node 0, taken over that error to
    both sides of a node, so that the noise of single nodes makes no slope.
    """
    error_mm = start_error_mm(pair.nerve, settings, begins_anywhere=pair.begins_anywhere)
    arc = pair.arc_length_mm
    reach_mm = max(error_mm, pair.step_mm)
    before, after = np.maximum(arc - reach_mm, arc[0]), np.minimum(arc + reach_mm, arc[-1])
    apart_mm = np.maximum(after - before, pair.step_mm)
    slopes = [
        (np.interp(after, arc, log) - np.interp(before, arc, log)) / apart_mm
        for log in (np.log(pair.left), np.log(pair.right))
    ]
    errors: FloatArray = error_mm * np.hypot(*slopes)
    return errors
