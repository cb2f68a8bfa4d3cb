"""
Hints between the processes of one PostgreSQL: something was written, so read the database.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.core.errors import StoreUnavailable
from service.core.ports import Hint
from service.store.failures import translate_errors

log = structlog.get_logger()

CHANNEL = "confcal"

_AGAIN_SECONDS = 5.0
_LEAST_SECONDS = 0.25
"""How long hints are gathered after one was passed on: a flood of them costs no flood of queries."""

_PROBE_SECONDS = 30.0
"""How often a silent connection is asked whether it still lives."""


async def notify_others(db: AsyncConnection, hint: Hint = Hint.STATE) -> None:
    """Notify all processes once the transaction is committed. On SQLite there is only one process."""
    if db.dialect.name == "postgresql":
        await db.execute(text("SELECT pg_notify(:channel, :hint)"), {"channel": CHANNEL, "hint": hint})


class HintGatherer:
    """
    Passes a hint on at once, and what comes soon after it as one.
    """

    def __init__(self, wake: Callable[[Hint], None], *, least_seconds: float = _LEAST_SECONDS) -> None:
        self._wake, self._least_seconds = wake, least_seconds
        self._hints: set[Hint] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, payload: str) -> None:
        """Take a notification, whoever sent it."""
        self._hints.add(Hint.STATE if payload == Hint.STATE else Hint.ANYTHING)
        if self._timer is None:
            self._pass_on()

    def close(self) -> None:
        """Pass nothing more on."""
        if self._timer:
            self._timer.cancel()

    def _pass_on(self) -> None:
        self._timer = None
        if self._hints:
            hint = Hint.ANYTHING if Hint.ANYTHING in self._hints else Hint.STATE
            self._hints.clear()
            self._timer = asyncio.get_running_loop().call_later(self._least_seconds, self._pass_on)
            self._wake(hint)


async def follow_wakeups(engine: AsyncEngine, wake: Callable[[Hint], None]) -> None:
    """
    Call `wake` soon after a process has written, until cancelled.

    It is a hint and may be lost: behind a pooler in transaction mode none arrives. Whoever must know polls.
    """
    if engine.dialect.name != "postgresql":
        await asyncio.Event().wait()
    failing = False
    while True:
        try:
            with translate_errors(engine.url):
                async with engine.connect() as connection:
                    failing = False
                    await _listen(connection, wake)
        except StoreUnavailable as error:
            if not failing:
                log.info("store.wakeups_interrupted", error=str(error))
            failing = True
        await asyncio.sleep(_AGAIN_SECONDS)


async def _listen(connection: AsyncConnection, wake: Callable[[Hint], None]) -> None:
    raw: Any = (await connection.get_raw_connection()).driver_connection
    gatherer, ended = HintGatherer(wake), asyncio.Event()

    def take_notification(_connection: object, _pid: int, _channel: str, payload: str) -> None:
        gatherer.add(payload)

    def note_end(_connection: object) -> None:
        ended.set()

    raw.add_termination_listener(note_end)
    await raw.add_listener(CHANNEL, take_notification)
    try:
        # Nobody is notified of what was written before the connection.
        gatherer.add(Hint.ANYTHING)
        while not ended.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_PROBE_SECONDS):
                    await ended.wait()
            await raw.fetchval("SELECT 1", timeout=_PROBE_SECONDS)
    finally:
        gatherer.close()
        # Back in the pool it must not keep listening.
        await connection.invalidate()
