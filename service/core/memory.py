"""
Memory that the C library keeps to itself.
"""

import ctypes
from collections.abc import Callable
from functools import cache


def give_back_freed() -> None:
    """
    Give back to the system what was freed: after tens of megabytes, glibc keeps them in each thread's arena.

    Elsewhere than with glibc nothing is done.
    """
    trim = _malloc_trim()
    if trim:
        trim(0)


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return None
    return trim
