"""
Replicas whose connections to the database the server ends, one by one or all at once.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.engine import create_engine
from service.store.migrate import migrate
from tests.e2e.program import DEADLINE_SECONDS
from tests.e2e.replicated import UNHURRIED, Site, agree

pytestmark = pytest.mark.thorough

MIGRATING = f"SELECT pg_advisory_xact_lock({int.from_bytes(b'confcal', 'big')})"
"""What a process holds that makes the tables, see `service.store.migrate`."""

JOINING = "LOCK TABLE replicas IN ACCESS EXCLUSIVE MODE"

_END = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
END_WAITING = text(f"{_END} AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'")


@asynccontextmanager
async def administrator(database: str, isolation: str = "AUTOCOMMIT") -> AsyncIterator[AsyncConnection]:
    """Connect beside the replicas."""
    engine = create_engine(database)
    try:
        async with engine.execution_options(isolation_level=isolation).connect() as db:
            yield db
    finally:
        await engine.dispose()


async def end_waiting(database: str, many: int) -> None:
    """Have the server end so many connections that wait for a lock."""
    ended = 0
    async with administrator(database) as db, asyncio.timeout(DEADLINE_SECONDS):
        while ended < many:
            ended += (await db.execute(END_WAITING)).scalar_one()
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("lock", [MIGRATING, JOINING], ids=["making_tables", "joining"])
async def test_replicas_whose_connections_end_while_they_start_all_live(site: Site, lock: str) -> None:
    if lock == JOINING:
        await migrate(site.database)
    async with AsyncExitStack() as stack:
        async with administrator(site.database, "READ COMMITTED") as holding:
            await holding.execute(text(lock))
            starting = asyncio.create_task(stack.enter_async_context(site.replicas(3, **UNHURRIED)))
            await end_waiting(site.database, 3)

        await agree(await starting, "Old")
