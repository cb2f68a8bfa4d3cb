"""
The settings of an endpoint: its address, the account whose lists it takes, and its clocks and waits.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from service.core.clock import Clock
from service.core.conference import Account


class SilenceTimer:
    """
    Counts the polls since something was last heard.

    It is too long once `polls` polls and the time `least` passed: a few polls in a row prove nothing alone.
    """

    def __init__(self, now: datetime, *, polls: int, least: timedelta) -> None:
        self._polls, self._least = polls, least
        self._asked, self._since = 0, now

    def reset(self, now: datetime) -> None:
        """Restart the count, because something was heard."""
        self._asked, self._since = 0, now

    def tick(self, now: datetime) -> timedelta | None:
        """Count a poll. Return the length of the silence before it where that is too long."""
        # A clock that was set back must not hide a silence until it has caught up.
        length = abs(now - self._since)
        if self._asked >= self._polls and length >= self._least:
            return length
        self._asked += 1
        return None


@dataclass(frozen=True, slots=True)
class EndpointConfig:
    """
    What the settings say about an endpoint; `url` passed `discovery.check_url`.
    """

    url: str
    pin: str | None
    fallback: Account
    """The account whose list it is if the endpoint names no account."""

    server: str | None = None
    pinned: Account | None = None
    """The only account whose lists are taken."""


@dataclass(frozen=True, slots=True)
class EndpointTiming:
    """
    The clocks and waits of an endpoint.

    `random` returns numbers from 0 up to 1; `sleep` passes the time before another try, `pace` that between
    two commands. The endpoint closes a connection after `silent_polls` polls and `silent_for` without any
    frame. It also closes one that long without a list, unless nobody is logged in.
    """

    random: Callable[[], float]
    now: Clock = lambda: datetime.now(UTC)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    pace: Callable[[float], Awaitable[None]] = asyncio.sleep
    silent_polls: int = 3
    silent_for: timedelta = timedelta(minutes=1)

    def silence_timer(self) -> SilenceTimer:
        """Return a timer that notices, from now on, a silence that is too long."""
        return SilenceTimer(self.now(), polls=self.silent_polls, least=self.silent_for)
