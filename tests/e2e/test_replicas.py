"""
Several daemons on one PostgreSQL: a burst of changes, and replicas that end, are killed or stopped.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from service.simulator.server import Simulator, SimulatorOptions
from service.store.sql import open_store
from tests.caldav.misbehaving import PASSWORD, USERNAME
from tests.caldav.relay import relayed
from tests.caldav.served import ServedCalDav, serve_caldav
from tests.contracts.conftest import NewDatabase
from tests.e2e.given import once
from tests.e2e.program import Daemon, Feed, Home
from tests.tools import LONG

ROOMS = 3
CONFERENCES = 42
LEASE_SECONDS = 3
"""Shorter than an operator's, so that a test need not wait long for one that expires."""

LONG_SECONDS = 60


@dataclass
class Site:
    """Three Rooms whose users take part in the same conferences, a CalDAV server, and a database."""

    home: Home
    rooms: list[Simulator]
    caldav: ServedCalDav
    database: str

    @property
    def settings(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database,
            "LEASE": f"PT{LEASE_SECONDS}S",
            "TARGETS__TEAM__URL": self.caldav.url,
            "TARGETS__TEAM__USERNAME": USERNAME,
            "TARGETS__TEAM__PASSWORD": PASSWORD,
            "TARGETS__TEAM__COLLECTION": "team",
            **{f"SOURCES__ROOM{n}__URL": room.url for n, room in enumerate(self.rooms)},
        }

    @asynccontextmanager
    async def replicas(self, many: int, **settings: str) -> AsyncIterator[list[Daemon]]:
        """Start so many daemons at once."""
        async with AsyncExitStack() as stack:
            starting = [self.home.daemon(**self.settings | settings) for _ in range(many)]
            yield list(await asyncio.gather(*map(stack.enter_async_context, starting)))

    async def tell(self, conferences: Sequence[dict[str, Any]]) -> None:
        """Have all Rooms send a list."""
        await asyncio.gather(*(room.set_conferences(list(conferences)) for room in self.rooms))


def conferences(topic: str) -> list[dict[str, Any]]:
    return [once(f"{n}", f"{topic} {n}") for n in range(CONFERENCES)]


@pytest.fixture
async def site(tmp_path: Path, postgresql: NewDatabase) -> AsyncIterator[Site]:
    (tmp_path / "home").mkdir()
    async with AsyncExitStack() as stack:
        rooms = []
        for number in range(ROOMS):
            options = SimulatorOptions(peer=f"room{number}@video.example.com", conferences=conferences("Old"))
            rooms.append(await stack.enter_async_context(Simulator(options)))
        caldav = await stack.enter_async_context(serve_caldav())
        yield Site(Home(tmp_path / "home"), rooms, caldav, postgresql())


async def reach(condition: Callable[[], bool], seconds: float = 30) -> float:
    """Wait until something is so, and return how long that took."""
    begun = asyncio.get_running_loop().time()
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 -- other processes do it
            await asyncio.sleep(0.05)
    return asyncio.get_running_loop().time() - begun


def says(feed: Feed, topic: str) -> bool:
    return [text.partition(" ")[0] for text in feed.topics.values()] == [topic] * CONFERENCES


def holds(caldav: ServedCalDav, topic: str) -> bool:
    return sum(f"SUMMARY:{topic} ".encode() in body for body in caldav.bodies) == CONFERENCES


def holder_of(daemons: Sequence[Daemon], lease: str) -> Daemon:
    """Return the daemon that said last that it took a lease."""
    return next(each for each in daemons if any(f'"{lease}"' in line for line in each.program.err))


@pytest.mark.parametrize("many", [2, 3])
async def test_a_burst_of_changes_is_recorded_and_published_once(site: Site, many: int) -> None:
    async with site.replicas(many) as daemons:
        await asyncio.gather(*(each.feed(lambda feed: says(feed, "Old")) for each in daemons))
        await reach(lambda: holds(site.caldav, "Old"))
        site.caldav.puts.clear()

        await site.tell(conferences("New"))

        feeds = await asyncio.gather(*(each.feed(lambda feed: says(feed, "New")) for each in daemons))
        await reach(lambda: holds(site.caldav, "New"))
        assert {vevent["SEQUENCE"] for feed in feeds for vevent in feed.vevents.values()} == {1}
        assert len({(feed.body, feed.etag, feed.changed_at) for feed in feeds}) == 1
        assert sorted(site.caldav.puts.values()) == [1] * CONFERENCES
        assert not [status for _, status in site.caldav.answers if status == 412]
        assert [room.connections for room in site.rooms] == [1] * ROOMS


async def test_three_that_start_at_once_on_an_empty_database_all_live(site: Site) -> None:
    async with site.replicas(3) as daemons:
        feeds = await asyncio.gather(*(each.feed(lambda feed: says(feed, "Old")) for each in daemons))

        assert len({feed.body for feed in feeds}) == 1
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
