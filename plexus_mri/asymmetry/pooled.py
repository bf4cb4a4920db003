"""Nerves taken together, and the share of false ones among many differences."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from plexus_mri.asymmetry.family import false_discovery_rates
from plexus_mri.asymmetry.index import normal_quantile, percent_of_log_ratio, two_sided_p
from plexus_mri.asymmetry.settings import AsymmetrySettings
from plexus_mri.core.anatomy import ROOTS, Nerve
from plexus_mri.core.comparison import Comparison, PooledComparison, Region
from plexus_mri.core.measurement import Quantity
from plexus_mri.reasons import ReasonCode

POOLED_QUANTITIES = (Quantity.CSA_MEAN, Quantity.DIAMETER_MEAN, Quantity.SIGNAL_RATIO_MEAN)
NERVES_OF: Mapping[Region, frozenset[Nerve]] = {
    Region.ROOTS: frozenset(ROOTS),
    Region.PLEXUS: frozenset(Nerve),
}
LEAST_NERVES = 2
Row = TypeVar("Row", Comparison, PooledComparison)


def with_q_values(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Rows with the smallest false discovery rate at which each would be among the findings.

    Over all tested rows that are given, whatever their dependence: mean area and mean diameter
    are nearly one test.

    References
    ----------
    Benjamini & Yekutieli 2001, Ann Stat 29:1165.
    """
    p_values = np.array([row.p_value for row in rows if row.p_value is not None])
    q_values = iter(false_discovery_rates(p_values).tolist())
    return tuple(
        row if row.p_value is None else replace(row, q_value=next(q_values)) for row in rows
    )


def pool_sides(
    rows: Sequence[Comparison], settings: AsymmetrySettings
) -> tuple[PooledComparison, ...]:
    """Left against right of the roots, and of the whole plexus, for areas, diameters and ratios.

    The mean of the nerves' ``ln(left / right)``, each nerve once. Nerves are measured together, in
    one image and where they touch in one fit, so their errors may go together; how much is not
    known from one case. The error of the mean is therefore the mean of the errors, which holds
    whatever the correlation: it is reached when all nerves err alike.
    """
    pooled = [
        _pooled(region, [row for row in rows if row.quantity is quantity], settings)
        for region in Region
        for quantity in POOLED_QUANTITIES
        if any(row.quantity is quantity for row in rows)
    ]
    return with_q_values(pooled)


def _pooled(
    region: Region, rows: Sequence[Comparison], settings: AsymmetrySettings
) -> PooledComparison:
    """One quantity over the nerves of a region."""
    own = [row for row in rows if row.nerve in NERVES_OF[region]]
    known = [row for row in own if row.p_value is not None]
    nerves = tuple(nerve for nerve in Nerve if nerve in {row.nerve for row in known})
    quantity = rows[0].quantity
    if len(known) < LEAST_NERVES:
        reason = next((row.reason for row in own if row.reason), ReasonCode.SIDE_MISSING)
        return PooledComparison(region, quantity, nerves, reason=reason)
    # fsum: the order of the nerves changes no bit.
    mean = math.fsum(_log_ratio(row) for row in known) / len(known)
    error = math.fsum(row.log_ratio_se or 0.0 for row in known) / len(known)
    reach = normal_quantile(0.5 + settings.interval_percent / 200.0) * error
    return PooledComparison(
        region,
        quantity,
        nerves,
        asymmetry_percent=percent_of_log_ratio(mean),
        ci_low=percent_of_log_ratio(mean - reach),
        ci_high=percent_of_log_ratio(mean + reach),
        p_value=two_sided_p(mean, error),
    )


def _log_ratio(row: Comparison) -> float:
    """``ln(left / right)`` of a row that was tested."""
    return math.log(row.left or 1.0) - math.log(row.right or 1.0)
