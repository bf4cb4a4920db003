"""Work for the engine's tests, in a module that a new process imports in no time."""

import ctypes
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Announce = Callable[[str], None]


def double(number: int, announce: Announce) -> int:
    announce("doubling")
    return 2 * number


def crash_on_three(number: int, announce: Announce) -> int:
    if number == 3:
        announce("crashing")
        ctypes.string_at(0)
    return number


def raise_on_three(number: int, announce: Announce) -> int:
    announce("working")
    if number == 3:
        msg = "three is not possible"
        raise ValueError(msg)
    return number


def allocate(megabytes: int, announce: Announce) -> int:
    announce("allocating")
    return len(bytearray(megabytes * 1_000_000)) // 1_000_000


def wait_a_minute(number: int, announce: Announce) -> int:
    announce("waiting")
    time.sleep(60)
    return number


def leave_pid_and_wait(mark: str, announce: Announce) -> None:
    Path(f"{mark}.new").write_text(str(os.getpid()), encoding="ascii")
    Path(f"{mark}.new").rename(mark)
    announce("waiting")
    time.sleep(60)


def wait_seconds(seconds: float, announce: Announce) -> float:
    announce("waiting")
    time.sleep(seconds)
    return seconds


def count_up(end: int, _: Announce) -> int:
    number = 0
    while number < end:
        number += 1
    return number


def note_times(seconds: float, _: Announce) -> tuple[float, float]:
    """Start and end by the clock that all processes of a machine share."""
    started = time.monotonic()
    time.sleep(seconds)
    return started, time.monotonic()


def grow(_number: int, announce: Announce) -> None:
    announce("growing")
    kept = []
    while True:
        kept.append(b"x" * 5_000_000)
        time.sleep(0.005)


@dataclass(frozen=True)
class Said:
    word: str
    may_pass: bool = False


def fail_once(mark: Path, _: Announce) -> Said:
    if mark.exists():
        return Said("passed")
    mark.touch()
    return Said("not yet", may_pass=True)
