"""Sizes of memory and lengths of time as people type them."""

import re

from plexus_mri.errors import SettingsError

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?", re.IGNORECASE)
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)", re.IGNORECASE)
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
# A case's process takes about 400 MB before it has read a voxel.
_LEAST_MB = 500.0
_POWER = {"K": 1, "M": 2, "": 2, "G": 3, "T": 4}


def memory_mb(text: str | None) -> float | None:
    """Megabytes (10^6 bytes) of a size; a bare number is in MB.

    >>> memory_mb("6G"), memory_mb("800"), memory_mb("1GiB"), memory_mb(None)
    (6000.0, 800.0, 1073.741824, None)

    Raises
    ------
    SettingsError
        When the text is no size, or one that no case can keep to.
    """
    if text is None:
        return None
    match = _matched(_SIZE, text, "--memory-limit must be a size such as 6G or 800M")
    base = 1024 if match[3] else 1000
    size_mb = float(match[1]) * float(base ** _POWER[match[2].upper()]) / 1e6
    if size_mb < _LEAST_MB:
        msg = (
            f"--memory-limit must be at least {_LEAST_MB:.0f}M, or no case can start, got {text!r}"
        )
        raise SettingsError(msg)
    return size_mb


def seconds(text: str | None) -> float | None:
    """Seconds of a length of time; a bare number is in seconds.

    >>> seconds("90"), seconds("2h"), seconds("1.5m"), seconds(None)
    (90.0, 7200.0, 90.0, None)

    Raises
    ------
    SettingsError
        When the text is no time above zero.
    """
    if text is None:
        return None
    match = _matched(_TIME, text, "--case-timeout must be a time such as 30m or 2h")
    return float(match[1]) * _SECONDS[match[2].lower()]


def _matched(pattern: re.Pattern[str], text: str, rule: str) -> re.Match[str]:
    """Number above zero and its unit; the rule is told to whoever breaks it."""
    match = pattern.fullmatch(text.strip())
    if match is None or float(match[1]) <= 0:
        msg = f"{rule}, got {text!r}"
        raise SettingsError(msg)
    return match
