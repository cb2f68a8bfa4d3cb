"""
Unused memory that the C library, or an error, still holds.
"""

import ctypes
import traceback
from collections.abc import Callable
from functools import cache


def give_back_freed() -> None:
    """
    Return freed memory to the system: glibc keeps tens of megabytes in the arena of each thread.

    Without glibc this does nothing.
    """
    trim = _malloc_trim()
    if trim:
        trim(0)


def forget_locals(error: BaseException) -> None:
    """
    Clear the local variables in the traceback of an error and of its causes; the line numbers stay.

    Otherwise an error that is kept would also keep the answer that caused it, and everything parsed from it.
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
