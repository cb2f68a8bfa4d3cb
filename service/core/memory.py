"""
Memory that nobody uses any more, and that is kept all the same: by the C library, and by errors.
"""

import ctypes
import traceback
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


def forget_locals(error: BaseException) -> None:
    """
    Let go of what the functions held through which an error, and those behind it, came; their lines stay.

    An error that is remembered would keep the answer that led to it, and all that was made of it.
    """
    behind: list[BaseException | None] = [error]
    known: set[int] = set()
    while behind:
        one = behind.pop()
        if one is None or id(one) in known:
            continue
        known.add(id(one))
        traceback.clear_frames(one.__traceback__)
        behind += [one.__cause__, one.__context__]


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return None
    return trim
