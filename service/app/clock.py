"""
The daemon's clock, and the detection that somebody set it.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from service.core.clock import Clock

_NOTHING = timedelta(minutes=1)
"""Clocks are slewed and processes paused; only more than this counts."""


def utc_now() -> datetime:
    """Return the present moment; the only clock of the daemon."""
    return datetime.now(UTC)


def lease_clock() -> float:
    """
    Return the seconds of a clock that cannot be set and, where possible, goes on while the machine sleeps.
    """
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class ClockWatch:
    """
    Compares a clock, which may be set, with time as it passes (`time.monotonic`).
    """

    def __init__(self, clock: Clock, elapsed_seconds: Callable[[], float]) -> None:
        self._clock, self._elapsed_seconds = clock, elapsed_seconds
        self._before = clock(), elapsed_seconds()

    def set_forward(self) -> timedelta:
        """
        Return by how much the clock was set forward since the last call, zero where it was not.

        A machine that slept counts too, because it did not listen meanwhile.
        """
        (clock_before, elapsed_before), now = self._before, (self._clock(), self._elapsed_seconds())
        self._before = now
        ahead = now[0] - clock_before - timedelta(seconds=now[1] - elapsed_before)
        return ahead if ahead > _NOTHING else timedelta()
