"""Compile a numeric function with numba and keep its type for the type checker."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

_P = ParamSpec("_P")
_R = TypeVar("_R")


def compiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Give the function as machine code, kept on disk, that lets other threads run beside it."""
    machine_code: Callable[_P, _R] = numba.njit(cache=True, nogil=True)(function)
    return machine_code
