"""
The daemon's clock, and the detection that somebody set it.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from service.core.clock import Clock

_NOTHING = timedelta(minutes=1)
"""Clocks are slewed and processes paused; only more than this counts."""


_TOLERATED = timedelta(minutes=1)
"""An answer of the database takes a while; clocks that are kept by NTP differ by less."""


class SharedClock:
    """
    The clock of this machine, or that of the database where the two differ by more than a minute.

    Lists carry the time of the replica that heard them. With one that is wrong, an older list would count
    as newer than those that other replicas hear.
    """

    def __init__(self, own: Clock) -> None:
        self.own = own
        self.ahead = timedelta()
        """By how much the clock of this machine is ahead of the database's, as far as that counts."""

    def __call__(self) -> datetime:
        """Return the present moment."""
        return self.own() - self.ahead

    def compare(self, database_now: datetime) -> bool:
        """Follow the database's clock where this machine's is wrong; return whether that changed."""
        ahead, before = self.own() - database_now, self.ahead
        if abs(ahead - before) > _TOLERATED:
            self.ahead = ahead if abs(ahead) > _TOLERATED else timedelta()
        return self.ahead != before


utc_now = SharedClock(lambda: datetime.now(UTC))
"""The only clock of the daemon."""


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
