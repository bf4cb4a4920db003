"""The chance of a coat of fat at each section of a nerve, told by all sections near it.

A coat does not come and go from millimetre to millimetre, so what a section says of it counts for
its neighbours too. Symbols: n nodes of a nerve.
"""

from collections.abc import Sequence

import numpy as np

from plexus_mri.core.grid import FloatArray
from plexus_mri.measure.nerve_fit import TwoFits
from plexus_mri.measure.settings import MeasureSettings

_FURTHEST_LOG_ODDS = 30.0


def coat_shares(
    fits: Sequence[TwoFits | None], settings: MeasureSettings
) -> tuple[FloatArray, FloatArray]:
    """Chance (n,) of a coat at each node, and its change (n, n) by the evidence of each.

    The log odds of a node are their mean over its surroundings, a parabola of ``coat_run_mm``,
    times the number of sections in it that share no voxels. No node counts for less than one.
    """
    tried = [None if fit is None or fit.coated is None else fit for fit in fits]
    known = np.array([fit is not None for fit in tried], dtype=float)
    # What the blur's shape leaves in fat (the odds before looking) is left in every section anew.
    told = np.array([0.0 if fit is None else fit.evidence + fit.prior for fit in tried])
    apart = np.arange(len(tried)) * settings.node_step_mm / max(settings.coat_run_mm, 1e-6)
    weights = np.maximum(1.0 - (apart[:, None] - apart[None]) ** 2, 0.0) * known
    total = np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
    alike = 2.0 * settings.slab_half_length_mm / settings.node_step_mm
    around = settings.evidence_share * weights / total * np.maximum(total / alike, 1.0)
    odds = around @ told
    chance = known / (1.0 + np.exp(-np.clip(odds, -_FURTHEST_LOG_ODDS, _FURTHEST_LOG_ODDS)))
    change: FloatArray = (chance * (1.0 - chance))[:, None] * around
    return chance, change
