"""
Unused memory that the C library or an error still holds, and what no collector need look through.
"""

import ctypes
import gc
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

_ARENA_MAX: Final = -8
_MMAP_THRESHOLD: Final = -3
"""Parameters of mallopt(3), as malloc.h of glibc numbers them."""


def give_back_freed() -> None:
    """
    Return freed memory to the system: glibc keeps tens of megabytes in the arena of each thread.

    Without glibc this does nothing.
    """
    trim = _of_c_library("malloc_trim")
    if trim:
        trim(0)


def keep_little() -> None:
    """
    Have the C library keep little of what is freed, from now on.

    glibc gives each thread an arena, up to eight for each core, and after the first large block that is freed
    it takes blocks of up to 32 MiB from the heap, where whatever outlives them keeps their memory. Two arenas
    are enough where one thread works at a time, and a block of its own goes back when it is freed.

    Without glibc this does nothing.
    """
    set_option = _of_c_library("mallopt")
    if set_option:
        set_option(_ARENA_MAX, 2)
        set_option(_MMAP_THRESHOLD, 256 * 1024)


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


@contextmanager
def pause_garbage_collection(*, for_good: bool = False) -> Iterator[None]:
    """
    Pause the garbage collector while many values are made that all stay: it would search them repeatedly.

    100,000 conferences load in half the time. What stays `for_good` is never searched later either; it is
    freed as soon as nobody refers to it, as it holds no cycles.
    """
    collected = gc.isenabled()
    if for_good:
        gc.collect()
    gc.disable()
    try:
        yield
        if for_good:
            gc.freeze()
    finally:
        if collected:
            gc.enable()


@cache
def _of_c_library(name: str) -> Callable[..., int] | None:
    try:
        function: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError, TypeError):
        return None
    return function
