"""
Several daemons on one PostgreSQL: a burst of changes, and replicas that end, are killed or stopped.
"""

import asyncio
import signal

import pytest
from sqlalchemy import make_url, text

from service.store.engine import create_engine
from service.store.sql import open_store
from tests.caldav.relay import relayed
from tests.e2e.program import DEADLINE_SECONDS, Daemon
from tests.e2e.replicated import (
    CONFERENCES,
    LEASE_SECONDS,
    ROOMS,
    UNHURRIED,
    Site,
    agree,
    conferences,
    holder_of,
    holds,
    reach,
    says,
    took,
)
from tests.tools import LONG, how_often

pytestmark = pytest.mark.thorough

PARTS = ("housekeeping", "target/team", *(f"source/room{n}" for n in range(ROOMS)))
LONG_SECONDS = 60
TAKEN_OVER_SECONDS = 45
"""In which a replica that starts has what a stopped one ran: 20 seconds, a start, and a renewal."""


@pytest.mark.parametrize("many", [2, 3])
async def test_a_burst_of_changes_is_recorded_and_published_once(site: Site, many: int) -> None:
    async with site.replicas(many, **UNHURRIED) as daemons:
        await asyncio.gather(*(each.feed(lambda feed: says(feed, "Old")) for each in daemons))
        await reach(lambda: holds(site.caldav, "Old"))
        site.caldav.puts.clear()

        await site.tell(conferences("New"))

        feeds = await agree(daemons, "New")
        await reach(lambda: holds(site.caldav, "New"))
        assert {vevent["SEQUENCE"] for feed in feeds for vevent in feed.vevents.values()} == {1}
        assert sorted(site.caldav.puts.values()) == [1] * CONFERENCES
        assert not [status for _, status in site.caldav.answers if status == 412]
        # The last replica to join may still be taking its share over.
        await reach(lambda: [room.connections for room in site.rooms] == [1] * ROOMS)


@pytest.mark.parametrize("_try", range(how_often(here=2, in_ci=1, long=50)))
async def test_three_that_start_at_once_on_an_empty_database_all_live(empty_site: Site, _try: int) -> None:
    async with empty_site.replicas(3, **UNHURRIED) as daemons:
        await agree(daemons, "Old")

        assert all(each.program.process.returncode is None for each in daemons)
        for each in daemons:
            assert await each.program.end() == 0


async def test_what_a_killed_holder_was_filling_is_filled_by_another(site: Site) -> None:
    site.caldav.delay_seconds = 0.05
    async with site.replicas(2) as daemons:
        await reach(lambda: len(site.caldav.bodies) > 5)
        holder = holder_of(daemons, "target/team")
        survivor = next(each for each in daemons if each is not holder)
        served = await survivor.feed(lambda feed: says(feed, "Old"))
        holder.program.process.kill()

        taken_over = await reach(lambda: holds(site.caldav, "Old"))
        assert taken_over < 30
        await reach(lambda: [room.connections for room in site.rooms] == [1] * ROOMS)
        await site.tell(conferences("New"))
        renewed = await survivor.feed(lambda feed: says(feed, "New"))
        await reach(lambda: holds(site.caldav, "New"))

        assert {vevent["SEQUENCE"] for vevent in renewed.vevents.values()} == {1}
        assert renewed.changed_at >= served.changed_at
        assert len(site.caldav.bodies) == CONFERENCES


async def stop_for(site: Site, seconds: float) -> None:
    async with site.replicas(2) as daemons:
        await reach(lambda: holds(site.caldav, "Old"))
        holder = holder_of(daemons, "target/team")
        survivor = next(each for each in daemons if each is not holder)
        holder.program.send(signal.SIGSTOP)
        await survivor.program.line(
            lambda line: "app.leases_taken" in line and "target/team" in line, err=True
        )
        # What the stopped one holds open is seen by the Rooms until it goes on.
        await site.tell(conferences("New"))
        await reach(lambda: holds(site.caldav, "New"))
        await asyncio.sleep(max(0.0, seconds - LEASE_SECONDS))
        site.caldav.answers.clear()
        holder.program.send(signal.SIGCONT)

        await asyncio.gather(*(each.feed(lambda feed: says(feed, "New")) for each in daemons))
        await reach(lambda: [room.connections for room in site.rooms] == [1] * ROOMS)
        await site.tell(conferences("Newer"))
        feeds = await asyncio.gather(*(each.feed(lambda feed: says(feed, "Newer")) for each in daemons))
        await reach(lambda: holds(site.caldav, "Newer"))
        assert {vevent["SEQUENCE"] for feed in feeds for vevent in feed.vevents.values()} == {2}
        refused = [
            status
            for (_, status), times in site.caldav.answers.items()
            if status == 412
            for _ in range(times)
        ]
        assert len(refused) <= 1


async def test_a_stopped_holder_records_nothing_when_it_goes_on(site: Site) -> None:
    await stop_for(site, 2 * LEASE_SECONDS)


@pytest.mark.skipif(not LONG, reason="it takes two minutes: LONG_TESTS=1 make test ONLY=...")
async def test_a_holder_that_was_stopped_for_a_minute_records_nothing_when_it_goes_on(site: Site) -> None:
    await stop_for(site, LONG_SECONDS)


async def test_a_replica_that_starts_beside_a_holder_stopped_within_a_statement_takes_its_parts_over(
    site: Site,
) -> None:
    async with site.home.daemon(**site.settings) as holder:
        await reach(lambda: holds(site.caldav, "Old"))
        await stop_within_a_statement(holder, site.database)
        async with site.home.daemon(**site.settings) as second:
            await reach(lambda: all(took(second, part) for part in PARTS), TAKEN_OVER_SECONDS)

            await site.tell(conferences("New"))
            await second.feed(lambda feed: says(feed, "New"))
            await reach(lambda: holds(site.caldav, "New"))
            holder.program.send(signal.SIGCONT)
            await holder.feed(lambda feed: says(feed, "New"))


async def stop_within_a_statement(holder: Daemon, database: str) -> None:
    """Stop a daemon while PostgreSQL waits for it to execute a statement, with leases locked already."""
    locking = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_xid IS NOT NULL AND state = 'active' AND wait_event = 'ClientRead'"
    )
    free = text("SELECT name FROM leases FOR UPDATE SKIP LOCKED")
    engine = create_engine(database)
    async with (
        asyncio.timeout(DEADLINE_SECONDS),
        engine.execution_options(isolation_level="AUTOCOMMIT").connect() as db,
    ):
        while True:
            if (await db.execute(locking)).scalar_one():
                holder.program.send(signal.SIGSTOP)
                await asyncio.sleep(0.05)
                locked = len((await db.execute(free)).all()) < len(PARTS)
                if locked and (await db.execute(locking)).scalar_one():
                    break
                holder.program.send(signal.SIGCONT)
    await engine.dispose()


async def test_a_replica_without_the_database_stops_and_the_other_goes_on(site: Site) -> None:
    direct = make_url(site.database)
    async with relayed(f"{direct.query['host']}/.s.PGSQL.5432") as line:
        through = direct.set(host="127.0.0.1", port=line.port, query={})
        cut = through.render_as_string(hide_password=False)
        async with (
            site.home.daemon(**site.settings | {"DATABASE_URL": cut}) as first,
            site.home.daemon(**site.settings) as second,
        ):
            await asyncio.gather(*(each.feed(lambda feed: says(feed, "Old")) for each in (first, second)))
            line.cut_requests_every = 1
            await first.program.event("app.leases_not_renewed")
            await reach(lambda: all(room.connections == 1 for room in site.rooms))
            await site.tell(conferences("New"))
            await second.feed(lambda feed: says(feed, "New"))
            assert says(await first.feed(), "Old"), "the last good feed goes on being served"
            line.cut_requests_every = 0
            await first.program.event("app.leases_renewed")
            await first.feed(lambda feed: says(feed, "New"))


async def test_an_orderly_end_hands_everything_over_at_once(site: Site) -> None:
    async with site.replicas(2, LEASE="PT60S") as daemons:
        await reach(lambda: holds(site.caldav, "Old"))
        first, second = daemons
        assert await first.program.end() == 0

        await reach(lambda: all(room.connections == 1 for room in site.rooms), 15)
        await site.tell(conferences("New"))
        await second.feed(lambda feed: says(feed, "New"))
        store = await open_store(site.database, migrate=False)
        assert {lease.holder for lease in (await store.leases.census()).leases.values()} == {
            replica.holder for replica in (await store.leases.census()).replicas
        }
        await store.close()
