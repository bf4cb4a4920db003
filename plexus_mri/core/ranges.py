"""The range of every numeric setting, from its default and its name: one rule for all (ADR-74).

>>> range_of("step_mm", 1.0), range_of("least_support", 0.25), range_of("iterations", 20)
((0.1, 10.0), (0.0, 1.0), (1, 200))
"""

import re
from collections.abc import Sequence

_FACTOR = 10
# Zero or nearly zero of these makes no sense, or never ends.
_NEVER_ZERO = re.compile(
    r"(?:^|_)(?:step|spacing|pixel|width|scales?|thickness|part|radius|slab)_|_(?:px|factor)$"
)
_LARGEST_DEG, _LARGEST_PERCENT = 180.0, 100.0

Number = float | int


def range_of(name: str, default: Number | Sequence[Number]) -> tuple[Number, Number]:
    """Smallest and largest value of a setting; of each of its numbers where it has several.

    Sizes and steps go from a tenth to ten times the default, limits from 0 to ten times it;
    percentages end at 100, angles at 180, and shares (no unit, default from 0 to 1) at 1.
    """
    values = list(default) if isinstance(default, Sequence) else [default]
    largest = max(map(abs, values), default=0)
    high = (largest or 1) * _FACTOR
    low = _low(name, values)
    if isinstance(default, int):
        return max(1, round(low)) if default else 0, int(min(high, _top(name, values)))
    return low, min(high, max(_top(name, values), largest))


def _low(name: str, values: Sequence[Number]) -> float:
    smallest = min(values, default=0)
    if smallest < 0:
        return float(smallest) * _FACTOR
    return round(smallest / _FACTOR, 9) if _NEVER_ZERO.search(name) else 0.0


def _top(name: str, values: Sequence[Number]) -> float:
    if name.endswith("_percent"):
        return _LARGEST_PERCENT
    if name.endswith("_deg"):
        return _LARGEST_DEG
    is_share = not re.search(r"_(?:voxels|units|noise|factor|ratio|z)$|_mm", name)
    is_share = is_share and all(isinstance(value, float) and value <= 1 for value in values)
    return 1.0 if is_share else float("inf")
