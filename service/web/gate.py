"""
Protection of the admin token and the ingest tokens against guessing.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from starlette.types import Scope

from service.core.clock import Clock
from service.web.guesses import GuessBook, GuessRules
from service.web.network import Networks

log = structlog.get_logger()

_MOST_HELD = 100
"""Answers held back at once. Beyond that they go out at once: guessers must not fill the memory."""

Sleep = Callable[[float], Awaitable[object]]


class Gate:
    """
    Counts wrong tokens by network, and says when a network is blocked.

    Nothing is counted over all networks together, so one that guesses does not affect others. Right tokens
    are not counted.
    """

    def __init__(
        self,
        networks: Networks,
        rules: GuessRules,
        *,
        clock: Clock,
        pause: Sleep = asyncio.sleep,
    ) -> None:
        self._networks, self._rules = networks, rules
        self._clock, self._pause = clock, pause
        self._book = GuessBook(rules)
        self._held = 0

    def stop_seconds(self, scope: Scope, *, subject: str = "") -> int:
        """Return how long this network stays blocked, or 0 if it is not."""
        return self._book.of(self._key(scope, subject), self._clock()).stop_seconds(self._clock())

    async def fail(self, scope: Scope, *, way: str, subject: str = "") -> int:
        """
        Count a wrong token that came by this `way`, for this `subject` where there are several.

        Returns how many seconds the network has to wait where this one was too many, else 0. An answer that
        is only slowed down is held back here.
        """
        key, now = self._key(scope, subject), self._clock()
        waiting = self._book.of(key, now).wait_seconds(now)
        after = self._book.fail(key, now)
        network = self._networks.of(scope)
        log.warning("web.token_refused", network=network, way=way)
        stopped = after.stop_seconds(now)
        if stopped:
            unread = {"hint": "set CONFCAL_TRUSTED_PROXIES"} if self._networks.hides_others(scope) else {}
            log.warning("web.network_stopped", network=network, way=way, seconds=stopped, **unread)
        if stopped or waiting:
            return stopped or waiting
        await self._hold(after.delay_seconds(self._rules))
        return 0

    def _key(self, scope: Scope, subject: str) -> str:
        return f"{self._networks.of(scope)} {subject}"

    async def _hold(self, seconds: float) -> None:
        if not seconds or self._held >= _MOST_HELD:
            return
        self._held += 1
        try:
            await self._pause(seconds)
        finally:
            self._held -= 1
