"""
Waits before the next try, as endless sequences of seconds.
"""

from collections.abc import Callable, Iterator
from itertools import chain, repeat


def backoff(random: Callable[[], float], *, first: float = 1.0, longest: float = 60.0) -> Iterator[float]:
    """
    Yield waits that double from `first` to `longest` seconds, each shortened by up to half.

    `random` returns numbers from 0 up to 1: a hundred rooms that lost one server must not return together.
    """
    wait = first
    while True:
        yield wait * (1 - random() / 2)
        wait = min(wait * 2, longest)


def pin_waits() -> Iterator[float]:
    """
    Yield the waits after a rejected PIN: five seconds, then six hours each.

    The second try is for an endpoint that was just starting. After it a person must act, and more tries could
    lock the PIN of an endpoint or a proxy that counts them.
    """
    return chain((5.0,), repeat(6 * 3600.0))
