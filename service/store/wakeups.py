"""
Hints between the processes of one PostgreSQL: something was written, so read the database.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.core.errors import StoreUnavailable
from service.store.failures import translate_errors

log = structlog.get_logger()

CHANNEL = "confcal"

_AGAIN_SECONDS = 5.0
_PROBE_SECONDS = 30.0
"""How often a silent connection is asked whether it still lives."""


async def notify_others(db: AsyncConnection) -> None:
    """Notify all processes once the transaction is committed. On SQLite there is only one process."""
    if db.dialect.name == "postgresql":
        await db.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})


async def follow_wakeups(engine: AsyncEngine, wake: Callable[[], None]) -> None:
    """
    Call `wake` whenever a process has written, until cancelled.

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


async def _listen(connection: AsyncConnection, wake: Callable[[], None]) -> None:
    raw: Any = (await connection.get_raw_connection()).driver_connection

    def wake_up(*_: object) -> None:
        wake()

    await raw.add_listener(CHANNEL, wake_up)
    try:
        # Nobody is notified of what was written before the connection.
        wake()
        while not raw.is_closed():
            await asyncio.sleep(_PROBE_SECONDS)
            await raw.fetchval("SELECT 1", timeout=_PROBE_SECONDS)
    finally:
        # Back in the pool it must not keep listening.
        await connection.invalidate()
